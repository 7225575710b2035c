"""The exercises of the part pooling."""

from bookkit.exercises.exercise import Exercise

POOLING: dict[str, Exercise] = {}

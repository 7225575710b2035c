"""The exercises of the part foundations."""

from bookkit.exercises.exercise import Exercise

FOUNDATIONS: dict[str, Exercise] = {}

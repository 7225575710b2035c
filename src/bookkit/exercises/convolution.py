"""The exercises of the part convolution."""

from bookkit.exercises.exercise import Exercise

CONVOLUTION: dict[str, Exercise] = {}

"""The exercises that check themselves, by label: `check("ex-max-2", scatter)` under each.

One module a part of the book holds its exercises; `exercise` says what one is.
"""

from collections.abc import Callable

from bookkit.exercises.convolution import CONVOLUTION
from bookkit.exercises.exercise import Exercise
from bookkit.exercises.foundations import FOUNDATIONS
from bookkit.exercises.networks import NETWORKS
from bookkit.exercises.pooling import POOLING
from bookkit.exercises.wrong import WRONG
from convpool.verify import Report

EXERCISES: dict[str, Exercise] = FOUNDATIONS | POOLING | CONVOLUTION | NETWORKS | WRONG


def check(label: str, *functions: Callable) -> Report:
    """The verdict on the functions that an exercise asks for, in the order of the exercise."""
    if label not in EXERCISES:
        raise ValueError(f"label must be one of {', '.join(EXERCISES)}, got {label!r}")
    return EXERCISES[label].examine(*functions)

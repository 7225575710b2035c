"""The arrays that questions are made of: random, and short enough to print. Seeds are in sight."""

import math

import numpy as np


def drawn(seed: int, *shape: int) -> np.ndarray:
    """Random numbers with one decimal, positive and negative."""
    return np.round(np.random.default_rng(seed).normal(scale=2, size=shape), 1) + 0.0


def distinct(seed: int, *shape: int) -> np.ndarray:
    """Whole numbers around zero in random order, no two alike."""
    return positive(seed, *shape) - math.prod(shape) // 2


def positive(seed: int, *shape: int) -> np.ndarray:
    """Whole numbers from one on in random order, no two alike."""
    return 1.0 + np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape)


def with_ties(seed: int, *shape: int) -> np.ndarray:
    """The whole numbers −1, 0 and 1, so that windows hold their maximum more than once."""
    return np.random.default_rng(seed).integers(-1, 2, size=shape) * 1.0


def whole(seed: int, *shape: int) -> np.ndarray:
    """Whole numbers from −9 to 9, none of them zero."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 10, shape) * rng.choice([-1.0, 1.0], shape)

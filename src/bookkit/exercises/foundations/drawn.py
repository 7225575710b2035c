"""Numbers for questions: random, and short enough to print."""

import numpy as np


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Random numbers with one decimal, positive and negative."""
    return np.round(np.random.default_rng(seed).normal(scale=2, size=shape), 1) + 0.0

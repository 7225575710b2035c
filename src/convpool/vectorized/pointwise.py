"""Functions of each number on its own, and dx from dy and what forward gave."""

import numpy as np


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0): :eq:`eq-relu`."""
    return np.maximum(x, x.dtype.type(0))


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy where y is positive, else 0: :eq:`eq-relu`."""
    return dy * (y > 0)


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e⁻ˣ): :eq:`eq-sigmoid`."""
    y = np.negative(x)
    with np.errstate(over="ignore"):  # 1 / (1 + ∞) is the 0 that it should be
        np.exp(y, out=y)
    y += 1
    return np.reciprocal(y, out=y)


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy (1 − y²): :eq:`eq-tanh`."""
    return dy * (1 - y * y)


def sigmoid_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy y (1 − y): :eq:`eq-sigmoid`."""
    return dy * y * (1 - y)

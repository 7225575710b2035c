"""Functions of each number on its own, and dx from dy and what forward gave, on all cores."""

import numpy as np
from numba import get_num_threads, njit, prange

from convpool.compiled.planes import ready


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0): :eq:`eq-relu`."""
    y = np.empty(x.shape, x.dtype)
    relu_of_all(flat(x), flat(y), get_num_threads())
    return y


def sigmoid(x: np.ndarray) -> np.ndarray:
    """1 / (1 + e⁻ˣ): :eq:`eq-sigmoid`. The powers are NumPy's, which takes several at once."""
    y = np.empty(x.shape, x.dtype)
    numbers, shares = flat(y), get_num_threads()
    negatives(flat(x), numbers, shares)
    with np.errstate(over="ignore"):  # 1 / (1 + ∞) is the 0 that it should be
        np.exp(numbers, out=numbers)
    odds_to_shares(numbers, shares)
    return y


def relu_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy where y is positive, else 0: :eq:`eq-relu`."""
    return _backward(relu_slopes, dy, y)


def tanh_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy (1 − y²): :eq:`eq-tanh`."""
    return _backward(tanh_slopes, dy, y)


def sigmoid_backward(dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    """dy y (1 − y): :eq:`eq-sigmoid`."""
    return _backward(sigmoid_slopes, dy, y)


def _backward(slopes, dy: np.ndarray, y: np.ndarray) -> np.ndarray:
    dx = np.empty(dy.shape, dy.dtype)
    slopes(flat(dy), flat(y), flat(dx), get_num_threads())
    return dx


def flat(array: np.ndarray) -> np.ndarray:
    """The numbers one behind the other."""
    return ready(array).reshape(-1)


@njit
def share(array, number, shares):
    """One of so many pieces, of nearly the same size."""
    return array[number * array.size // shares : (number + 1) * array.size // shares]


@njit
def share_of_each(dy, y, dx, number, shares):
    return share(dy, number, shares), share(y, number, shares), share(dx, number, shares)


@njit(parallel=True, cache=True, nogil=True)
def relu_of_all(x, y, shares):
    for number in prange(shares):
        mine, result = share(x, number, shares), share(y, number, shares)
        zero = mine.dtype.type(0)
        for k in range(result.size):
            cell = mine[k]
            result[k] = zero if cell < zero else cell


@njit(parallel=True, cache=True, nogil=True)
def negatives(x, y, shares):
    for number in prange(shares):
        mine, result = share(x, number, shares), share(y, number, shares)
        for k in range(result.size):
            result[k] = -mine[k]


@njit(parallel=True, cache=True, nogil=True, error_model="numpy")
def odds_to_shares(y, shares):
    """1 / (1 + y), in place."""
    for number in prange(shares):
        mine = share(y, number, shares)
        one = mine.dtype.type(1)
        for k in range(mine.size):
            mine[k] = one / (one + mine[k])


@njit(parallel=True, cache=True, nogil=True)
def relu_slopes(dy, y, dx, shares):
    for number in prange(shares):
        above, mine, result = share_of_each(dy, y, dx, number, shares)
        zero = mine.dtype.type(0)
        for k in range(result.size):
            upstream = above[k]
            result[k] = upstream if mine[k] > zero else zero


@njit(parallel=True, cache=True, nogil=True)
def tanh_slopes(dy, y, dx, shares):
    for number in prange(shares):
        above, mine, result = share_of_each(dy, y, dx, number, shares)
        one = mine.dtype.type(1)
        for k in range(result.size):
            result[k] = above[k] * (one - mine[k] * mine[k])


@njit(parallel=True, cache=True, nogil=True)
def sigmoid_slopes(dy, y, dx, shares):
    for number in prange(shares):
        above, mine, result = share_of_each(dy, y, dx, number, shares)
        one = mine.dtype.type(1)
        for k in range(result.size):
            result[k] = above[k] * mine[k] * (one - mine[k])

"""Wrong answers to the exercises, as people write them, each with the mistake that it makes.

They are written for themselves, and not like the typical wrong answers that the exercises know.
An exercise that is an operator is checked by the kit: its row has the kit's name of the mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided


@dataclass(frozen=True)
class Attempt:
    """Somebody's functions for an exercise, and what `check` or `conformance` must call it."""

    label: str
    functions: tuple[Callable, ...]
    diagnosis: str


ATTEMPTS: list[Attempt] = []


def attempt(label: str, diagnosis: str, *functions: Callable) -> None:
    ATTEMPTS.append(Attempt(label, functions, diagnosis))


# ---------------------------------------------------------------------------- foundations


def lower_triangle():
    dy = np.zeros((1, 1, 3, 3))
    dy[0, 0, 2, 0] = 1.0
    return dy


attempt("ex-index-1", "a cotangent that tells rows from columns", lower_triangle)
attempt("ex-index-1", "a constant", lambda: np.zeros((1, 1, 3, 3)))


def sum_of_diagonal_windows(x):
    total = 0.0
    for i in range(len(x) - 1):
        for u in range(2):
            if i + 1 < x.shape[1]:
                total += x[i + u, i + u]
    return total


attempt("ex-notation-1", "windows on the diagonal alone", sum_of_diagonal_windows)
attempt("ex-notation-1", "each cell counted once", lambda x: x.diagonal().sum())


def from_zero_on(divide):
    for a in range(41):
        for b in range(1, 6):
            for c in range(1, 6):
                if divide(divide(a, b), c) != divide(a, b * c):
                    return False
    return True


attempt("ex-notation-2", "nothing below zero", from_zero_on)


def with_int(h, k, s):
    return int(max((h - k + 1) / s, 0)), int(h / s)


attempt("ex-notation-3", "rounded down where up is meant", with_int)


def forgot_itemsize(address, shape, itemsize):
    return np.unravel_index(address % np.prod(shape), shape)


def fortran(address, shape, itemsize):
    return np.unravel_index(address // itemsize, shape, order="F")


attempt("ex-tensors-1", "bytes taken for numbers", forgot_itemsize)
attempt("ex-tensors-1", "the first axis fastest", fortran)


def blocks_of_four(x):
    x = x[:, :, : x.shape[2] - x.shape[2] % 2, : x.shape[3] - x.shape[3] % 2]
    N, C, H, W = x.shape
    return np.max(x.reshape(N, C, H // 2, W // 2, 2, 2), axis=(-1, -2))


attempt("ex-tensors-2", "four cells in a row", blocks_of_four)
attempt("ex-tensors-3", "the mean", lambda a: np.mean(a, axis=(0, 2, 3))[:, None, None])
attempt("ex-tensors-3", "the axes lost", lambda a: np.einsum("nchw->c", a))


def contiguous_view(x, k, s, d):
    N, C, H, W = x.shape
    H_out, W_out = ((n - d * (k - 1) - 1) // s + 1 for n in (H, W))
    size = x.itemsize
    plane, row = H * W * size, W * size
    steps = (C * plane, plane, s * row, s * size, d * row, d * size)
    return as_strided(x, (N, C, H_out, W_out, k, k), steps)


attempt("ex-tensors-4", "the memory taken to be in order", contiguous_view)


def not_limited(h, H_out, k, s, p):
    first = 0
    while first * s - p + k - 1 < h:
        first += 1
    return range(first, (h + p) // s + 1)


def exclusive(h, H_out, k, s, p):
    covering = [i for i in range(H_out) if i * s - p <= h < i * s - p + k]
    return covering[:-1]


def smallest_alone(n, k, s, p, q, d):
    return [n * s - s - p - q + d * k - d + 1]


def product_of_spans(n):
    return float(np.prod(1 + 2.0 ** np.arange(1, n + 1)))


def one_dilation_late(n):
    return 1 + sum(2 * 2**layer for layer in range(1, n + 1))


attempt("ex-windows-2", "windows after the last", not_limited)
attempt("ex-windows-2", "the last window left out", exclusive)
attempt("ex-windows-3", "the smallest size alone", smallest_alone)
attempt("ex-windows-4", "spans multiplied", lambda n: 3**n, product_of_spans)
attempt("ex-windows-4", "dilations from 2 on", lambda n: 2 * n + 1, one_dilation_late)


def logistic(dy, x):
    return np.exp(x) / (np.exp(x) + 1) * dy


def unweighted(dy, x):
    return np.exp(-np.logaddexp(0, -x))


attempt("ex-backward-1", "infinity over infinity", logistic)
attempt("ex-backward-1", "the cotangent forgotten", unweighted)


def overwritten(dy):
    dx = np.zeros(dy.size + 2)
    for i, gradient in enumerate(dy):
        dx[i : i + 3] = gradient / 3
    return dx


def without_the_ends(dy):
    return np.convolve(dy, np.ones(3), "full")[1:-1] / 3


attempt("ex-backward-2", "assignment in overlap, window by window", overwritten)
attempt("ex-backward-2", "as short as the output", without_the_ends)
attempt("ex-backward-2", "the share forgotten", lambda dy: np.convolve(dy, np.ones(3), "full"))
attempt("ex-backward-3", "ones", lambda: np.full((1, 1, 2, 2), 3.0))
attempt("ex-backward-3", "four numbers", lambda: np.random.default_rng(0).normal(size=(1, 1, 2, 2)))

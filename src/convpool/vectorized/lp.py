"""Lp pooling in NumPy: the p-norm of each window."""

import numpy as np

from convpool.arguments import check_upstream, on_images, pooling_window
from convpool.arguments import norm_type as checked_p
from convpool.geometry import Window
from convpool.vectorized.max import maxima
from convpool.vectorized.taps import taps


@on_images(x=4)
def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1):
    """The p-norm of each window: :eq:`eq-lp-forward`."""
    p = checked_p(norm_type)
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    return p_norms(np.abs(x), p, window)


@on_images(dy=4, x=4)
def lp_pool2d_backward(
    dy, x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1
):
    """Each cell's share grows with its part in the norm: :eq:`eq-lp-backward`."""
    p = checked_p(norm_type)
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    a, sign = np.abs(x), np.sign(x)
    norm = p_norms(a, p, window)
    dy = np.where(norm == 0, 0, dy)  # a norm has no gradient at zero: take 0
    norm[norm == 0] = 1
    dx = np.zeros(x.shape, x.dtype)
    for tap in taps(window):
        part = a[tap.cells] / norm[tap.outputs]
        dx[tap.cells] += dy[tap.outputs] * sign[tap.cells] * part ** (p - 1)
    return dx


def p_norms(a: np.ndarray, p: float, window: Window) -> np.ndarray:
    """(Σ aᵖ)^(1/p) of each window, scaled by its largest so that no power overflows.

    Implements :eq:`eq-lp-scaled`. A largest cell of 0, ∞ or NaN is itself the norm.
    """
    largest = maxima(a, window)
    ordinary = (0 < largest) & (largest < np.inf)
    scale = np.where(ordinary, largest, 1)
    total = np.zeros_like(largest)
    for tap in taps(window):
        total[tap.outputs] += (a[tap.cells] / scale[tap.outputs]) ** p
    return np.where(ordinary, largest * total ** (1 / p), largest)

"""Lp pooling by loops: the p-norm of each window."""

import numpy as np

from convpool.arguments import check_upstream, on_images, pooling_window
from convpool.arguments import norm_type as checked_p


@on_images(x=4)
def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1):
    """The p-norm of each window: :eq:`eq-lp-forward`."""
    p = checked_p(norm_type)
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = p_norm([abs(x[n, c, h, w]) for h, w in window.taps(i, j)], p)
    return y


@on_images(dy=4, x=4)
def lp_pool2d_backward(
    dy, x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1
):
    """Each cell's share grows with its part in the norm: :eq:`eq-lp-backward`."""
    p = checked_p(norm_type)
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.zeros(x.shape, x.dtype)
    for n, c, i, j in np.ndindex(dy.shape):
        taps = window.taps(i, j)
        norm = p_norm([abs(x[n, c, h, w]) for h, w in taps], p)
        for h, w in taps:
            if norm != 0:
                part = abs(x[n, c, h, w]) / norm
                dx[n, c, h, w] += dy[n, c, i, j] * np.sign(x[n, c, h, w]) * part ** (p - 1)
    return dx


def p_norm(sizes: list, p: float):
    """(Σ aᵖ)^(1/p), scaled by the largest so that no power overflows: :eq:`eq-lp-scaled`."""
    largest = np.max(sizes)
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * np.sum([(a / largest) ** p for a in sizes]) ** (1 / p)

"""Average pooling in NumPy: over windows, over bins, over the whole plane."""

import numpy as np

from convpool.arguments import (
    adaptive_window,
    check_upstream,
    flag,
    on_images,
    pooling_window,
)
from convpool.arguments import divisor_override as checked_divisor
from convpool.geometry import Window
from convpool.vectorized.taps import bins, taps


@on_images(x=4)
def avg_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    dilation=1,
):
    """The sum of each window over its divisor: :eq:`eq-avg-forward`."""
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.zeros((*x.shape[:2], *window.out), x.dtype)
    for tap in taps(window):
        y[tap.outputs] += x[tap.cells]
    y /= divisors(window, count_include_pad, divisor_override).astype(x.dtype)
    return y


@on_images(dy=4, x=4)
def avg_pool2d_backward(
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    dilation=1,
):
    """Each output's gradient is shared out among its window: :eq:`eq-avg-backward`."""
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    share = dy / divisors(window, count_include_pad, divisor_override).astype(x.dtype)
    dx = np.zeros(x.shape, x.dtype)
    for tap in taps(window):
        dx[tap.cells] += share[tap.outputs]
    return dx


def divisors(window: Window, count_include_pad: bool, divisor_override: int | None) -> np.ndarray:
    """What the sum of window (i, j) is divided by: :eq:`eq-avg-divisor`."""
    H_out, W_out = window.out
    override = checked_divisor(divisor_override)
    if flag("count_include_pad", count_include_pad):
        rows = [window.rows.padded_taps(i) for i in range(H_out)]
        cols = [window.cols.padded_taps(j) for j in range(W_out)]
    else:
        rows = [len(window.rows.taps(i)) for i in range(H_out)]
        cols = [len(window.cols.taps(j)) for j in range(W_out)]
    return np.outer(rows, cols) if override is None else np.full(window.out, override)


@on_images(x=4)
def adaptive_avg_pool2d(x, output_size):
    """The mean of each bin: :eq:`eq-adaptive-avg-forward`."""
    return _bin_means(x, adaptive_window(x, output_size))


@on_images(dy=4, x=4)
def adaptive_avg_pool2d_backward(dy, x, output_size):
    """Each bin's gradient is shared out among its cells: :eq:`eq-adaptive-avg-backward`."""
    window = adaptive_window(x, output_size)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    return _share_out_to_bins(dy, x, window)


@on_images(x=4)
def global_avg_pool2d(x):
    """The mean of each plane: :eq:`eq-global-avg-forward`."""
    return _bin_means(x, adaptive_window(x, 1))[:, :, 0, 0]


@on_images(dy=2, x=4)
def global_avg_pool2d_backward(dy, x):
    """Each plane's gradient is shared out among all its cells: :eq:`eq-global-avg-backward`."""
    check_upstream(dy, x.shape[:2], x)
    return _share_out_to_bins(dy[:, :, np.newaxis, np.newaxis], x, adaptive_window(x, 1))


def _bin_means(x: np.ndarray, window: Window) -> np.ndarray:
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    for outputs, cells in bins(window):
        y[outputs] = x[cells].mean(axis=(2, 3))
    return y


def _share_out_to_bins(dy: np.ndarray, x: np.ndarray, window: Window) -> np.ndarray:
    dx = np.zeros(x.shape, x.dtype)
    for outputs, cells in bins(window):
        held = dx[cells]
        held += dy[outputs][..., np.newaxis, np.newaxis] / (held.shape[2] * held.shape[3])
    return dx

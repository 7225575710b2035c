"""Average pooling by loops: over windows, over bins, over the whole plane."""

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
    return _average(x, window, divisors(window, count_include_pad, divisor_override))


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
    return _share_out(dy, x, window, divisors(window, count_include_pad, divisor_override))


@on_images(x=4)
def adaptive_avg_pool2d(x, output_size):
    """The mean of each bin: :eq:`eq-adaptive-avg-forward`."""
    bins = adaptive_window(x, output_size)
    return _average(x, bins, cells_inside(bins))


@on_images(dy=4, x=4)
def adaptive_avg_pool2d_backward(dy, x, output_size):
    """Each bin's gradient is shared out among its cells: :eq:`eq-adaptive-avg-backward`."""
    bins = adaptive_window(x, output_size)
    return _share_out(dy, x, bins, cells_inside(bins))


@on_images(x=4)
def global_avg_pool2d(x):
    """The mean of each plane: :eq:`eq-global-avg-forward`."""
    plane = adaptive_window(x, 1)
    return _average(x, plane, cells_inside(plane))[:, :, 0, 0]


@on_images(dy=2, x=4)
def global_avg_pool2d_backward(dy, x):
    """Each plane's gradient is shared out among all its cells: :eq:`eq-global-avg-backward`."""
    check_upstream(dy, x.shape[:2], x)
    plane = adaptive_window(x, 1)
    return _share_out(dy[:, :, np.newaxis, np.newaxis], x, plane, cells_inside(plane))


def _average(x: np.ndarray, window: Window, divisor: np.ndarray) -> np.ndarray:
    y = np.zeros((*x.shape[:2], *window.out), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        for h, w in window.taps(i, j):
            y[n, c, i, j] += x[n, c, h, w]
        y[n, c, i, j] /= divisor[i, j]
    return y


def _share_out(dy: np.ndarray, x: np.ndarray, window: Window, divisor: np.ndarray) -> np.ndarray:
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.zeros(x.shape, x.dtype)
    for n, c, i, j in np.ndindex(dy.shape):
        for h, w in window.taps(i, j):
            dx[n, c, h, w] += dy[n, c, i, j] / divisor[i, j]
    return dx


def divisors(window: Window, count_include_pad: bool, divisor_override: int | None) -> np.ndarray:
    """What the sum of window (i, j) is divided by: :eq:`eq-avg-divisor`."""
    override = checked_divisor(divisor_override)
    if not flag("count_include_pad", count_include_pad):
        divisor = cells_inside(window)
    else:
        H_out, W_out = window.out
        rows = [window.rows.padded_taps(i) for i in range(H_out)]
        cols = [window.cols.padded_taps(j) for j in range(W_out)]
        divisor = np.multiply.outer(rows, cols)
    return divisor if override is None else np.full(window.out, override)


def cells_inside(window: Window) -> np.ndarray:
    """How many cells of the input each window sees."""
    H_out, W_out = window.out
    return np.array([[len(window.taps(i, j)) for j in range(W_out)] for i in range(H_out)])

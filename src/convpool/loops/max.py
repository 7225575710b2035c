"""Max pooling by loops: over windows, over bins, over the whole plane; and its unpooling."""

import numpy as np

from convpool.arguments import (
    adaptive_window,
    check_indices,
    check_upstream,
    flag,
    on_images,
    pooling_window,
    unpool_shape,
)
from convpool.geometry import Window


@on_images(x=4)
def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest cell of each window: :eq:`eq-max-forward`, its place: :eq:`eq-max-argmax`."""
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    return _take_maxima(x, window, flag("return_indices", return_indices))


@on_images(dy=4, x=4)
def max_pool2d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Each output's gradient goes to the cell that won: :eq:`eq-max-backward`."""
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    return _route_to_maxima(dy, x, window)


@on_images(x=4)
def adaptive_max_pool2d(x, output_size, return_indices=False):
    """The largest cell of each bin: :eq:`eq-adaptive-max-forward`."""
    bins = adaptive_window(x, output_size)
    return _take_maxima(x, bins, flag("return_indices", return_indices))


@on_images(dy=4, x=4)
def adaptive_max_pool2d_backward(dy, x, output_size):
    """Each bin's gradient goes to the cell that won: :eq:`eq-adaptive-max-backward`."""
    return _route_to_maxima(dy, x, adaptive_window(x, output_size))


@on_images(x=4)
def global_max_pool2d(x):
    """The largest cell of each plane: :eq:`eq-global-max-forward`."""
    return _take_maxima(x, adaptive_window(x, 1), return_indices=False)[:, :, 0, 0]


@on_images(dy=2, x=4)
def global_max_pool2d_backward(dy, x):
    """Each plane's gradient goes to its largest cell: :eq:`eq-global-max-backward`."""
    check_upstream(dy, x.shape[:2], x)
    return _route_to_maxima(dy[:, :, np.newaxis, np.newaxis], x, adaptive_window(x, 1))


@on_images(y=4, indices=4)
def max_unpool2d(y, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Each value goes back to the cell that it came from, zeros elsewhere: :eq:`eq-max-unpool`."""
    H, W = unpool_shape(y, kernel_size, stride, padding, output_size)
    check_indices(indices, y, H * W)
    x = np.zeros((*y.shape[:2], H, W), y.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        h, w = divmod(indices[n, c, i, j], W)
        x[n, c, h, w] = y[n, c, i, j]
    return x


def _take_maxima(x: np.ndarray, window: Window, return_indices: bool):
    N, C, _, W = x.shape
    y = np.empty((N, C, *window.out), x.dtype)
    indices = np.empty(y.shape, np.int64)
    for n, c, i, j in np.ndindex(y.shape):
        h, w = first_maximum(x[n, c], window.taps(i, j))
        y[n, c, i, j] = x[n, c, h, w]
        indices[n, c, i, j] = h * W + w
    return (y, indices) if return_indices else y


def _route_to_maxima(dy: np.ndarray, x: np.ndarray, window: Window) -> np.ndarray:
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.zeros(x.shape, x.dtype)
    for n, c, i, j in np.ndindex(dy.shape):
        h, w = first_maximum(x[n, c], window.taps(i, j))
        dx[n, c, h, w] += dy[n, c, i, j]
    return dx


def first_maximum(plane: np.ndarray, taps: list[tuple[int, int]]) -> tuple[int, int]:
    """The tap that wins: the first NaN, or else the first of the largest cells."""
    best = taps[0]
    for tap in taps:
        if np.isnan(plane[tap]):
            return tap
        if plane[tap] > plane[best]:
            best = tap
    return best

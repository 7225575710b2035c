"""Max pooling in NumPy: over windows, over bins, over the whole plane; and its unpooling."""

from collections.abc import Iterator

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
from convpool.vectorized.taps import Index, Tap, bins, taps


@on_images(x=4)
def max_pool2d(
    x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False
):
    """The largest cell of each window: :eq:`eq-max-forward`, its place: :eq:`eq-max-argmax`."""
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    y = maxima(x, window)
    if not flag("return_indices", return_indices):
        return y
    numbers = cell_numbers(x)
    indices = np.zeros(y.shape, np.int64)
    for tap, wins in winners(x, y, window):
        np.copyto(indices[tap.outputs], numbers[tap.cells], where=wins)
    return y, indices


@on_images(dy=4, x=4)
def max_pool2d_backward(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    """Each output's gradient goes to the cell that won: :eq:`eq-max-backward`."""
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.zeros(x.shape, x.dtype)
    for tap, wins in winners(x, maxima(x, window), window):
        dx[tap.cells] += np.where(wins, dy[tap.outputs], 0)
    return dx


def maxima(x: np.ndarray, window: Window) -> np.ndarray:
    """The largest cell of each window; a NaN is larger than any."""
    y = np.full((*x.shape[:2], *window.out), -np.inf, x.dtype)
    for tap in taps(window):
        best = y[tap.outputs]
        np.maximum(best, x[tap.cells], out=best)
    return y


def winners(x: np.ndarray, y: np.ndarray, window: Window) -> Iterator[tuple[Tap, np.ndarray]]:
    """For each tap, the outputs that it wins: its cell is the maximum, and none before it was."""
    undecided = np.ones(y.shape, bool)
    for tap in taps(window):
        cells = x[tap.cells]
        wins = (cells == y[tap.outputs]) | np.isnan(cells)
        wins &= undecided[tap.outputs]
        undecided[tap.outputs] ^= wins
        yield tap, wins


@on_images(x=4)
def adaptive_max_pool2d(x, output_size, return_indices=False):
    """The largest cell of each bin: :eq:`eq-adaptive-max-forward`."""
    window = adaptive_window(x, output_size)
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    indices = np.empty(y.shape, np.int64)
    for outputs, largest in bin_winners(x, window):
        indices[outputs] = largest
        y[outputs] = np.take_along_axis(planes(x), largest[..., np.newaxis], -1)[..., 0]
    return (y, indices) if flag("return_indices", return_indices) else y


@on_images(dy=4, x=4)
def adaptive_max_pool2d_backward(dy, x, output_size):
    """Each bin's gradient goes to the cell that won: :eq:`eq-adaptive-max-backward`."""
    window = adaptive_window(x, output_size)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    return route_to_bins(dy, x, window)

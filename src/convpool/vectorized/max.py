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
from convpool.vectorized.taps import Tap, bins, taps


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
    """The largest cell of each window; a NaN counts as larger than any number."""
    y = np.full((*x.shape[:2], *window.out), -np.inf, x.dtype)
    for tap in taps(window):
        cells = x[tap.cells].copy()  # NumPy compares neighbours several times faster
        best = y[tap.outputs]
        np.maximum(best, cells, out=best)
    return y


def winners(x: np.ndarray, y: np.ndarray, window: Window) -> Iterator[tuple[Tap, np.ndarray]]:
    """For each tap, the outputs that it wins: its cell is the maximum, and no earlier one was."""
    undecided = np.ones(y.shape, bool)
    for tap in taps(window):
        cells = x[tap.cells].copy()
        wins = (cells == y[tap.outputs]) | np.isnan(cells)
        wins &= undecided[tap.outputs]
        undecided[tap.outputs] ^= wins
        yield tap, wins


@on_images(x=4)
def adaptive_max_pool2d(x, output_size, return_indices=False):
    """The largest cell of each bin: :eq:`eq-adaptive-max-forward`."""
    indices = bin_winners(x, adaptive_window(x, output_size))
    y = np.take(x, in_the_batch(indices, x.shape))
    return (y, indices) if flag("return_indices", return_indices) else y


@on_images(dy=4, x=4)
def adaptive_max_pool2d_backward(dy, x, output_size):
    """Each bin's gradient goes to the cell that won: :eq:`eq-adaptive-max-backward`."""
    window = adaptive_window(x, output_size)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    return _route_to_bin_winners(dy, x, window)


@on_images(x=4)
def global_max_pool2d(x):
    """The largest cell of each plane: :eq:`eq-global-max-forward`."""
    indices = bin_winners(x, adaptive_window(x, 1))
    return np.take(x, in_the_batch(indices, x.shape))[:, :, 0, 0]


@on_images(dy=2, x=4)
def global_max_pool2d_backward(dy, x):
    """Each plane's gradient goes to its largest cell: :eq:`eq-global-max-backward`."""
    check_upstream(dy, x.shape[:2], x)
    return _route_to_bin_winners(dy[:, :, np.newaxis, np.newaxis], x, adaptive_window(x, 1))


def bin_winners(x: np.ndarray, window: Window) -> np.ndarray:
    """The place in its plane of each bin's winner: the first NaN, or else the first maximum."""
    numbers = cell_numbers(x)
    indices = np.empty((*x.shape[:2], *window.out), np.int64)
    for outputs, cells in bins(window):
        held = x[cells].reshape(*x.shape[:2], numbers[cells].size)
        indices[outputs] = numbers[cells].ravel()[held.argmax(axis=-1)]
    return indices


def _route_to_bin_winners(dy: np.ndarray, x: np.ndarray, window: Window) -> np.ndarray:
    dx = np.zeros(x.shape, x.dtype)
    winners = in_the_batch(bin_winners(x, window), x.shape)
    np.add.at(dx.reshape(-1), winners.reshape(-1), dy.reshape(-1))  # bins may share a winner
    return dx


@on_images(y=4, indices=4)
def max_unpool2d(y, indices, kernel_size, stride=None, padding=0, output_size=None):
    """Each value goes back to the cell that it came from, zeros elsewhere: :eq:`eq-max-unpool`."""
    H, W = unpool_shape(y, kernel_size, stride, padding, output_size)
    check_indices(indices, y, H * W)
    x = np.zeros((*y.shape[:2], H, W), y.dtype)
    x.reshape(-1)[in_the_batch(indices, x.shape).reshape(-1)] = y.reshape(-1)
    return x


def cell_numbers(x: np.ndarray) -> np.ndarray:
    """The number of each cell in its H × W plane."""
    H, W = x.shape[2:]
    return np.arange(H * W).reshape(H, W)


def in_the_batch(indices: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Cells numbered within their planes, numbered through the whole (N, C, H, W) array."""
    N, C, H, W = shape
    plane_starts = H * W * np.arange(N * C).reshape(N, C, 1, 1)
    return plane_starts + indices.astype(np.int64)

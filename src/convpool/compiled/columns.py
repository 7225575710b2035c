"""Windows as the columns of a matrix, and back, compiled: unfold and its adjoint fold."""

import functools

import numpy as np
from numba import njit, prange

from convpool.arguments import folded_window, on_images, window
from convpool.compiled.planes import planes, ready
from convpool.geometry import Axis, Window


@on_images(x=4)
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The matrix whose columns are the windows of x, zeros in the padding: :eq:`eq-unfold`."""
    windows = window(x.shape[2:], kernel_size, stride, padding, dilation)
    N, C = x.shape[:2]
    by_tap = np.zeros((N * C, *taps_and_outputs(windows)), x.dtype)
    read_taps(planes(x), by_tap, *meetings(windows))
    kh, kw, H_out, W_out = by_tap.shape[1:]
    return by_tap.reshape(N, C * kh * kw, H_out * W_out)


@on_images(col=3)
def fold(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Each entry goes back to its cell, and adds where windows overlap: :eq:`eq-fold`."""
    windows = folded_window(col, output_size, kernel_size, dilation, padding, stride)
    kh, kw, H_out, W_out = taps_and_outputs(windows)
    N, C = len(col), col.shape[1] // (kh * kw)
    by_tap = ready(col).reshape(N * C, kh, kw, H_out, W_out)
    x = np.zeros((N, C, windows.rows.size, windows.cols.size), col.dtype)
    add_taps(by_tap, planes(x), *meetings(windows))
    return x


def taps_and_outputs(windows: Window) -> tuple[int, int, int, int]:
    """(kh, kw, H', W')."""
    return windows.rows.kernel, windows.cols.kernel, *windows.out


@functools.lru_cache(maxsize=128)
def meetings(windows: Window) -> tuple[np.ndarray, int, np.ndarray, int]:
    """For rows and columns, where outputs meet cells, and the stride."""
    return (
        meeting(windows.rows), windows.rows.stride, meeting(windows.cols), windows.cols.stride
    )  # fmt: skip


def meeting(axis: Axis) -> np.ndarray:
    """For each tap the outputs whose tap lies inside the input, and the first one's cell."""
    met = [axis.outputs(u) for u in range(axis.kernel)]
    return np.array([(o.start, o.stop, axis.tap(o.start, u)) for u, o in enumerate(met)], np.int64)


@njit(parallel=True, cache=True, nogil=True)
def read_taps(x, by_tap, heights, row_stride, widths, col_stride):
    """The cell under each tap of each window."""
    for p in prange(len(x)):
        for u, v in np.ndindex(by_tap.shape[1:3]):
            first, stop, w = widths[v]
            for i in range(heights[u, 0], heights[u, 1]):
                row = x[p, heights[u, 2] + (i - heights[u, 0]) * row_stride]
                outputs = by_tap[p, u, v, i]
                for j in range(first, stop):
                    outputs[j] = row[w + (j - first) * col_stride]


@njit(parallel=True, cache=True, nogil=True)
def add_taps(by_tap, x, heights, row_stride, widths, col_stride):
    """Each tap's entries added to the cells under it."""
    for p in prange(len(x)):
        for u, v in np.ndindex(by_tap.shape[1:3]):
            first, stop, w = widths[v]
            for i in range(heights[u, 0], heights[u, 1]):
                row = x[p, heights[u, 2] + (i - heights[u, 0]) * row_stride]
                outputs = by_tap[p, u, v, i]
                for j in range(first, stop):
                    row[w + (j - first) * col_stride] += outputs[j]

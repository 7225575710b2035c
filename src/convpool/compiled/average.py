"""Average pooling, compiled: over windows, over bins, over the whole plane."""

import functools
from typing import NamedTuple

import numpy as np
from numba import get_num_threads, njit, prange

from convpool.arguments import (
    adaptive_window,
    check_upstream,
    flag,
    on_images,
    pooling_window,
)
from convpool.arguments import divisor_override as checked_divisor
from convpool.compiled.planes import lie, planes
from convpool.geometry import Axis, Bins, Window


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
    return _average(x, window, divisors(x, window, count_include_pad, divisor_override))


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
    return _share_out(dy, x, window, divisors(x, window, count_include_pad, divisor_override))


@on_images(x=4)
def adaptive_avg_pool2d(x, output_size):
    """The mean of each bin: :eq:`eq-adaptive-avg-forward`."""
    bins = adaptive_window(x, output_size)
    return _average(x, bins, bin_divisors(x, bins))


@on_images(dy=4, x=4)
def adaptive_avg_pool2d_backward(dy, x, output_size):
    """Each bin's gradient is shared out among its cells: :eq:`eq-adaptive-avg-backward`."""
    bins = adaptive_window(x, output_size)
    return _share_out(dy, x, bins, bin_divisors(x, bins))


@on_images(x=4)
def global_avg_pool2d(x):
    """The mean of each plane: :eq:`eq-global-avg-forward`."""
    plane = adaptive_window(x, 1)
    return _average(x, plane, bin_divisors(x, plane))[:, :, 0, 0]


@on_images(dy=2, x=4)
def global_avg_pool2d_backward(dy, x):
    """Each plane's gradient is shared out among all its cells: :eq:`eq-global-avg-backward`."""
    check_upstream(dy, x.shape[:2], x)
    plane = adaptive_window(x, 1)
    dy = dy[:, :, np.newaxis, np.newaxis]
    return _share_out(dy, x, plane, bin_divisors(x, plane))


def _average(x: np.ndarray, window: Window, divisors: "Divisors") -> np.ndarray:
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    average(planes(x), planes(y), *divisors, *lie(window), get_num_threads())
    return y


def _share_out(dy: np.ndarray, x: np.ndarray, window: Window, divisors: "Divisors") -> np.ndarray:
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.empty(x.shape, x.dtype)
    share_out(planes(dy), planes(dx), *divisors, *lie(window), get_num_threads())
    return dx


class Divisors(NamedTuple):
    """What the sum of window (i, j) is divided by: the product by_row[i] · by_col[j].

    Powers of two are handed over as their reciprocals, by which to multiply: the result is the
    same to the last bit, and comes several times as fast.
    """

    by_row: np.ndarray
    by_col: np.ndarray
    reciprocal: bool


def divisors(x: np.ndarray, window: Window, count_include_pad, divisor_override) -> Divisors:
    """What each window's sum is divided by: :eq:`eq-avg-divisor`."""
    include_pad = flag("count_include_pad", count_include_pad)
    return _divisors(window, include_pad, checked_divisor(divisor_override), x.dtype)


@functools.lru_cache(maxsize=128)
def _divisors(window: Window, include_pad: bool, override: int | None, dtype: np.dtype) -> Divisors:
    def counts(axis: Axis | Bins) -> np.ndarray:
        if include_pad and isinstance(axis, Axis):
            return np.array([axis.padded_taps(i) for i in range(axis.out)], dtype)
        return np.array([len(axis.taps(i)) for i in range(axis.out)], dtype)

    by_row, by_col = counts(window.rows), counts(window.cols)
    if override is not None:
        by_row, by_col = np.full_like(by_row, override), np.ones_like(by_col)
    mantissas, _ = np.frexp(np.concatenate([by_row, by_col]))
    reciprocal = bool(np.all(np.abs(mantissas) == 0.5))
    return Divisors(1 / by_row, 1 / by_col, True) if reciprocal else Divisors(by_row, by_col, False)


def bin_divisors(x: np.ndarray, window: Window) -> Divisors:
    """The number of cells in each bin."""
    return _divisors(window, False, None, x.dtype)


# ---------------------------------------------------------------------------- one row of windows


@njit(forceinline=True)
def divide(sums, by_row, by_col, reciprocal):
    """One row of sums by its divisors, or times their reciprocals."""
    if reciprocal:
        for j in range(sums.size):
            sums[j] *= by_row * by_col[j]
    else:
        for j in range(sums.size):
            sums[j] /= by_row * by_col[j]


@njit(forceinline=True)
def sum_down(plane, first, stop, step, line):
    """The sum of each column."""
    top = plane[first]
    if stop - first == 2 * step:
        low = plane[first + step]
        for w in range(line.size):
            line[w] = top[w] + low[w]
    elif stop - first == 3 * step:
        mid, low = plane[first + step], plane[first + 2 * step]
        for w in range(line.size):
            line[w] = top[w] + mid[w] + low[w]
    else:
        for w in range(line.size):
            line[w] = top[w]
        for h in range(first + step, stop, step):
            row = plane[h]
            for w in range(line.size):
                line[w] += row[w]


@njit(forceinline=True)
def sum_along(line, sums, kernel, step):
    """The sum of the taps of a window that starts at each cell of the line."""
    if kernel == 2:
        near = line[step:]
        for w in range(sums.size):
            sums[w] = line[w] + near[w]
    elif kernel == 3:
        near, far = line[step:], line[2 * step :]
        for w in range(sums.size):
            sums[w] = line[w] + near[w] + far[w]
    else:
        for w in range(sums.size):
            sums[w] = line[w]
        for v in range(1, kernel):
            tap = line[v * step :]
            for w in range(sums.size):
                sums[w] += tap[w]


@njit(forceinline=True)
def sum_bins(line, sums, cols):
    """The sum of the cells of each bin of the line."""
    for j in range(sums.size):
        total = line[cols[j, 0]]
        for w in range(cols[j, 0] + 1, cols[j, 1]):
            total += line[w]
        sums[j] = total


# ---------------------------------------------------------------------------- forward


@njit(forceinline=True)
def average_pairs(plane, y, by_row, by_col, reciprocal):
    """Windows of 2 × 2 with stride 2, without a detour over a line."""
    for i in range(y.shape[0]):
        top, low, sums = plane[2 * i], plane[2 * i + 1], y[i]
        for j in range(sums.size):
            sums[j] = top[2 * j] + top[2 * j + 1] + low[2 * j] + low[2 * j + 1]
        divide(sums, by_row[i], by_col, reciprocal)


@njit(cache=True, nogil=True, error_model="numpy")
def average_planes(
    x, y, by_row, by_col, reciprocal,
    rows, row_step, cols, col_step, width, before, kernel, stride, pairs,
):  # fmt: skip
    line = np.zeros(width, x.dtype)
    inside = line[before : before + x.shape[2]]
    dense = np.empty(width - max(kernel - 1, 0) * col_step, x.dtype)
    for p in range(len(x)):
        if pairs:
            average_pairs(x[p], y[p], by_row, by_col, reciprocal)
            continue
        for i in range(y.shape[1]):
            sums = y[p, i]
            sum_down(x[p], rows[i, 0], rows[i, 1], row_step, inside)
            if kernel == 3 and stride > 1:  # one window in two or more: not worth all of them
                near, far = line[col_step:], line[2 * col_step :]
                for j in range(sums.size):
                    sums[j] = line[j * stride] + near[j * stride] + far[j * stride]
            elif kernel:
                sum_along(line, dense, kernel, col_step)
                for j in range(sums.size):
                    sums[j] = dense[j * stride]
            else:
                sum_bins(line, sums, cols)
            divide(sums, by_row[i], by_col, reciprocal)


@njit(parallel=True, cache=True, nogil=True)
def average(
    x, y, by_row, by_col, reciprocal,
    rows, row_step, cols, col_step, width, before, kernel, stride, pairs, shares,
):  # fmt: skip
    for share in prange(shares):
        mine = slice(share * len(x) // shares, (share + 1) * len(x) // shares)
        average_planes(
            x[mine], y[mine], by_row, by_col, reciprocal,
            rows, row_step, cols, col_step, width, before, kernel, stride, pairs,
        )  # fmt: skip


# ---------------------------------------------------------------------------- backward


@njit(forceinline=True)
def clear(plane, first, stop):
    for h in range(first, stop):
        row = plane[h]
        for w in range(row.size):
            row[w] = 0


@njit(forceinline=True)
def share_out_pairs(dy, dx, by_row, by_col, reciprocal, shares):
    """Windows of 2 × 2 with stride 2, without a detour over a line."""
    for i in range(dy.shape[0]):
        top, low, upstream = dx[2 * i], dx[2 * i + 1], dy[i]
        for j in range(shares.size):
            shares[j] = upstream[j]
        divide(shares, by_row[i], by_col, reciprocal)
        for j in range(shares.size):
            top[2 * j] = shares[j]
            top[2 * j + 1] = shares[j]
        for w in range(2 * shares.size, top.size):
            top[w] = 0
        for w in range(top.size):
            low[w] = top[w]
    clear(dx, 2 * dy.shape[0], dx.shape[0])


@njit(forceinline=True)
def spread_bins(shares, line, cols):
    """Each bin's share to each of its cells of the line."""
    for w in range(line.size):
        line[w] = 0
    for j in range(shares.size):
        for w in range(cols[j, 0], cols[j, 1]):
            line[w] += shares[j]


@njit(forceinline=True)
def add_down(line, plane, first, stop, step, written):
    """The line to each row of a window; rows from `written` on hold nothing yet."""
    for h in range(first, stop, step):
        row = plane[h]
        if h < written:
            for w in range(row.size):
                row[w] += line[w]
        else:
            clear(plane, written, h)
            for w in range(row.size):
                row[w] = line[w]
            written = h + 1
    return written


@njit(cache=True, nogil=True, error_model="numpy")
def share_out_planes(
    dy, dx, by_row, by_col, reciprocal,
    rows, row_step, cols, col_step, width, before, kernel, stride, pairs,
):  # fmt: skip
    frame = max(kernel - 1, 0) * col_step
    dense = np.zeros(frame + width, dy.dtype)
    starts = dense[frame:]
    line = np.zeros(width, dy.dtype)
    inside = line[before : before + dx.shape[2]]
    shares = np.empty(dy.shape[2], dy.dtype)
    for p in range(len(dx)):
        if pairs:
            share_out_pairs(dy[p], dx[p], by_row, by_col, reciprocal, shares)
            continue
        written = 0
        for i in range(dy.shape[1]):
            upstream = dy[p, i]
            for j in range(shares.size):
                shares[j] = upstream[j]
            divide(shares, by_row[i], by_col, reciprocal)
            if kernel:
                for j in range(shares.size):
                    starts[j * stride] = shares[j]
                sum_along(dense, line, kernel, col_step)
            else:
                spread_bins(shares, line, cols)
            written = add_down(inside, dx[p], rows[i, 0], rows[i, 1], row_step, written)
        clear(dx[p], written, dx.shape[1])


@njit(parallel=True, cache=True, nogil=True)
def share_out(
    dy, dx, by_row, by_col, reciprocal,
    rows, row_step, cols, col_step, width, before, kernel, stride, pairs, shares,
):  # fmt: skip
    for share in prange(shares):
        mine = slice(share * len(dx) // shares, (share + 1) * len(dx) // shares)
        share_out_planes(
            dy[mine], dx[mine], by_row, by_col, reciprocal,
            rows, row_step, cols, col_step, width, before, kernel, stride, pairs,
        )  # fmt: skip

"""Max pooling, compiled: over windows, over bins, over the whole plane; and its unpooling."""

import numpy as np
from numba import get_num_threads, njit, prange

from convpool.arguments import (
    adaptive_window,
    check_indices,
    check_upstream,
    flag,
    on_images,
    pooling_window,
    unpool_shape,
)
from convpool.compiled.planes import lie, planes
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
    x = np.empty((*y.shape[:2], H, W), y.dtype)
    places = planes(indices.astype(np.int64, copy=False))
    put_back(planes(y), places, planes(x))
    return x


def _take_maxima(x: np.ndarray, window: Window, return_indices: bool):
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    if return_indices:
        indices = np.empty(y.shape, np.int64)
        find_places(planes(x), planes(y), planes(indices), *lie(window), get_num_threads())
        return y, indices
    find_maxima(planes(x), planes(y), *lie(window), get_num_threads())
    return y


def _route_to_maxima(dy: np.ndarray, x: np.ndarray, window: Window) -> np.ndarray:
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.empty(x.shape, x.dtype)
    route(planes(dy), planes(x), planes(dx), *lie(window), get_num_threads())
    return dx


# ---------------------------------------------------------------------------- rows with a NaN
#
# NaN is neither larger nor smaller than anything, so the loops further down pass over it; they
# only notice that there was one. The row of windows is then settled here, cell by cell.


@njit(cache=True, nogil=True)
def first_maximum(plane, h_first, h_stop, h_step, w_first, w_stop, w_step):
    """The place h·W + w of the first NaN, or else of the first of the largest cells."""
    W = plane.shape[1]
    best, winner = plane[h_first, w_first], h_first * W + w_first
    for h in range(h_first, h_stop, h_step):
        for w in range(w_first, w_stop, w_step):
            value = plane[h, w]
            if value != value:
                return h * W + w
            if value > best:
                best, winner = value, h * W + w
    return winner


@njit(cache=True, nogil=True)
def first_maxima(plane, h_first, h_stop, h_step, cols, col_step, winners):
    """The places for one row of windows."""
    for j in range(winners.size):
        winners[j] = first_maximum(plane, h_first, h_stop, h_step, cols[j, 0], cols[j, 1], col_step)


# ---------------------------------------------------------------------------- forward


@njit(forceinline=True)
def larger(best, value):
    return value if value > best else best


@njit(forceinline=True)
def maxima_down(plane, first, stop, step, line):
    """The largest cell of each column. True if there was a NaN."""
    top = plane[first]
    nan = False
    if stop - first == 2 * step:
        low = plane[first + step]
        for w in range(line.size):
            line[w] = larger(top[w], low[w])
            nan |= (top[w] != top[w]) | (low[w] != low[w])
    elif stop - first == 3 * step:
        mid, low = plane[first + step], plane[first + 2 * step]
        for w in range(line.size):
            line[w] = larger(larger(top[w], mid[w]), low[w])
            nan |= (top[w] != top[w]) | (mid[w] != mid[w]) | (low[w] != low[w])
    else:
        for w in range(line.size):
            line[w] = top[w]
            nan |= top[w] != top[w]
        for h in range(first + step, stop, step):
            row = plane[h]
            for w in range(line.size):
                line[w] = larger(line[w], row[w])
                nan |= row[w] != row[w]
    return nan


@njit(forceinline=True)
def maxima_along(line, dense, kernel, step):
    """The largest tap of a window that starts at each cell of the line."""
    if kernel == 2:
        near = line[step:]
        for w in range(dense.size):
            dense[w] = larger(line[w], near[w])
    elif kernel == 3:
        near, far = line[step:], line[2 * step :]
        for w in range(dense.size):
            dense[w] = larger(larger(line[w], near[w]), far[w])
    else:
        for w in range(dense.size):
            dense[w] = line[w]
        for v in range(1, kernel):
            tap = line[v * step :]
            for w in range(dense.size):
                dense[w] = larger(dense[w], tap[w])


@njit(forceinline=True)
def maxima_of_bins(line, maxima, cols):
    """The largest cell of each bin of the line."""
    for j in range(maxima.size):
        best = line[cols[j, 0]]
        for w in range(cols[j, 0] + 1, cols[j, 1]):
            best = larger(best, line[w])
        maxima[j] = best


@njit(forceinline=True)
def maxima_of_pairs(plane, y):
    """Windows of 2 × 2 with stride 2, without a detour over a line."""
    for i in range(y.shape[0]):
        top, low, maxima = plane[2 * i], plane[2 * i + 1], y[i]
        for j in range(maxima.size):
            a, b, c, d = top[2 * j], top[2 * j + 1], low[2 * j], low[2 * j + 1]
            nan = (a != a) | (b != b) | (c != c) | (d != d)
            maxima[j] = np.nan if nan else larger(larger(a, b), larger(c, d))


@njit(cache=True, nogil=True)
def find_maxima_of_planes(
    x, y, rows, row_step, cols, col_step, width, before, kernel, stride, pairs
):
    line = np.full(width, -np.inf, x.dtype)
    inside = line[before : before + x.shape[2]]
    dense = np.empty(width - max(kernel - 1, 0) * col_step, x.dtype)
    winners = np.empty(y.shape[2], np.int64)
    for p in range(len(x)):
        plane = x[p]
        if pairs:
            maxima_of_pairs(plane, y[p])
            continue
        for i in range(y.shape[1]):
            maxima, first, stop = y[p, i], rows[i, 0], rows[i, 1]
            if maxima_down(plane, first, stop, row_step, inside):
                first_maxima(plane, first, stop, row_step, cols, col_step, winners)
                pick(plane, winners, maxima)
            elif kernel:
                maxima_along(line, dense, kernel, col_step)
                for j in range(maxima.size):
                    maxima[j] = dense[j * stride]
            else:
                maxima_of_bins(line, maxima, cols)


@njit(parallel=True, cache=True, nogil=True)
def find_maxima(
    x, y, rows, row_step, cols, col_step, width, before, kernel, stride, pairs, shares
):  # fmt: skip
    for share in prange(shares):
        mine = slice(share * len(x) // shares, (share + 1) * len(x) // shares)
        find_maxima_of_planes(
            x[mine], y[mine],
            rows, row_step, cols, col_step, width, before, kernel, stride, pairs,
        )  # fmt: skip


# ---------------------------------------------------------------------------- winners
#
# The same two steps, with the place h·W + w of each maximum beside it. A place is found anew for
# each row of windows and forgotten after it: none is kept from forward to backward.


@njit(forceinline=True)
def challenge(best, winner, value, place):
    """The larger value and its place; among equals the one that was there first."""
    return (value, place) if value > best else (best, winner)


@njit(forceinline=True)
def challenge_across(best, winner, value, place):
    """The larger value and its place; among equals the first place in row-major order."""
    wins = (value > best) | ((value == best) & (place < winner))
    return (value if wins else best), (place if wins else winner)


@njit(forceinline=True)
def lines_with_places(x, width, kernel, step):
    """The padded line and the line of its windows, and beside each the places of its cells."""
    line = np.full(width, -np.inf, x.dtype)
    behind_every_cell = x.shape[1] * x.shape[2]  # so that padding loses against −∞ too
    places = np.full(width, behind_every_cell, np.int64)
    dense = np.empty(width - max(kernel - 1, 0) * step, x.dtype)
    return line, places, dense, np.empty(dense.size, np.int64)


@njit(forceinline=True)
def winners_down(plane, first, stop, step, line, places):
    """The largest cell of each column, and its place. True if there was a NaN."""
    W = plane.shape[1]
    top, a = plane[first], first * W
    nan = False
    if stop - first == 2 * step:
        low, b = plane[first + step], (first + step) * W
        for w in range(line.size):
            line[w], place = challenge(top[w], a, low[w], b)
            places[w] = place + w
            nan |= (top[w] != top[w]) | (low[w] != low[w])
    elif stop - first == 3 * step:
        mid, b = plane[first + step], (first + step) * W
        low, c = plane[first + 2 * step], (first + 2 * step) * W
        for w in range(line.size):
            best, place = challenge(top[w], a, mid[w], b)
            line[w], place = challenge(best, place, low[w], c)
            places[w] = place + w
            nan |= (top[w] != top[w]) | (mid[w] != mid[w]) | (low[w] != low[w])
    else:
        for w in range(line.size):
            line[w], places[w] = top[w], a + w
            nan |= top[w] != top[w]
        for h in range(first + step, stop, step):
            row = plane[h]
            for w in range(line.size):
                line[w], places[w] = challenge(line[w], places[w], row[w], h * W + w)
                nan |= row[w] != row[w]
    return nan


@njit(forceinline=True)
def winners_along(line, places, dense, dense_places, kernel, step):
    """The largest tap of a window that starts at each cell of the line, and its place."""
    if kernel == 2:
        near, near_place = line[step:], places[step:]
        for w in range(dense.size):
            dense[w], dense_places[w] = challenge_across(line[w], places[w], near[w], near_place[w])
    elif kernel == 3:
        near, near_place = line[step:], places[step:]
        far, far_place = line[2 * step :], places[2 * step :]
        for w in range(dense.size):
            best, place = challenge_across(line[w], places[w], near[w], near_place[w])
            dense[w], dense_places[w] = challenge_across(best, place, far[w], far_place[w])
    else:
        for w in range(dense.size):
            dense[w], dense_places[w] = line[w], places[w]
        for v in range(1, kernel):
            tap, tap_place = line[v * step :], places[v * step :]
            for w in range(dense.size):
                dense[w], dense_places[w] = challenge_across(
                    dense[w], dense_places[w], tap[w], tap_place[w]
                )


@njit(forceinline=True)
def winners_of_bins(line, places, winners, cols):
    """The place of the largest cell of each bin of the line."""
    for j in range(winners.size):
        best, winner = line[cols[j, 0]], places[cols[j, 0]]
        for w in range(cols[j, 0] + 1, cols[j, 1]):
            best, winner = challenge_across(best, winner, line[w], places[w])
        winners[j] = winner


@njit(forceinline=True)
def winners_of_pairs(plane, i, winners):
    """Row i of windows of 2 × 2 with stride 2, without a detour over a line."""
    W = plane.shape[1]
    top, low, first = plane[2 * i], plane[2 * i + 1], 2 * i * W
    nan = False
    for j in range(winners.size):
        a, b, c, d = top[2 * j], top[2 * j + 1], low[2 * j], low[2 * j + 1]
        nan |= (a != a) | (b != b) | (c != c) | (d != d)
        best, winner = challenge(a, first, b, first + 1)
        best, winner = challenge(best, winner, c, first + W)
        best, winner = challenge(best, winner, d, first + W + 1)
        winners[j] = winner + 2 * j
    return nan


# ---------------------------------------------------------------------------- forward, with places


@njit(forceinline=True)
def pick(plane, winners, maxima):
    """The cells of the plane that won."""
    W = plane.shape[1]
    for j in range(maxima.size):
        maxima[j] = plane[winners[j] // W, winners[j] % W]


@njit(cache=True, nogil=True)
def find_places_of_planes(
    x, y, indices, rows, row_step, cols, col_step, width, before, kernel, stride
):
    W = x.shape[2]
    line, places, dense, dense_places = lines_with_places(x, width, kernel, col_step)
    inside, inside_places = line[before : before + W], places[before : before + W]
    for p in range(len(x)):
        plane = x[p]
        for i in range(y.shape[1]):
            winners, first, stop = indices[p, i], rows[i, 0], rows[i, 1]
            if winners_down(plane, first, stop, row_step, inside, inside_places):
                first_maxima(plane, first, stop, row_step, cols, col_step, winners)
            elif kernel:
                winners_along(line, places, dense, dense_places, kernel, col_step)
                for j in range(winners.size):
                    winners[j] = dense_places[j * stride]
            else:
                winners_of_bins(line, places, winners, cols)
            pick(plane, winners, y[p, i])


@njit(parallel=True, cache=True, nogil=True)
def find_places(
    x, y, indices, rows, row_step, cols, col_step, width, before, kernel, stride, pairs, shares
):
    for share in prange(shares):
        mine = slice(share * len(x) // shares, (share + 1) * len(x) // shares)
        find_places_of_planes(
            x[mine], y[mine], indices[mine],
            rows, row_step, cols, col_step, width, before, kernel, stride,
        )  # fmt: skip


# ---------------------------------------------------------------------------- backward


@njit(forceinline=True)
def add_to_winners(upstream, winners, flat):
    """Each gradient to the place that won, on top of what is there."""
    for j in range(upstream.size):
        flat[np.uint64(winners[j])] += upstream[j]  # unsigned: Numba need not look for −1, −2, …


@njit(cache=True, nogil=True)
def route_planes(dy, x, dx, rows, row_step, cols, col_step, width, before, kernel, stride, pairs):
    H, W = x.shape[1:]
    line, places, dense, dense_places = lines_with_places(x, width, kernel, col_step)
    inside, inside_places = line[before : before + W], places[before : before + W]
    winners = np.empty(dy.shape[2], np.int64)
    for p in range(len(x)):
        plane, flat = x[p], dx[p].reshape(H * W)
        for k in range(flat.size):
            flat[k] = 0
        if pairs:
            for i in range(dy.shape[1]):
                if winners_of_pairs(plane, i, winners):
                    first_maxima(plane, 2 * i, 2 * i + 2, 1, cols, 1, winners)
                add_to_winners(dy[p, i], winners, flat)
            continue
        for i in range(dy.shape[1]):
            first, stop = rows[i, 0], rows[i, 1]
            if winners_down(plane, first, stop, row_step, inside, inside_places):
                first_maxima(plane, first, stop, row_step, cols, col_step, winners)
            elif kernel:
                winners_along(line, places, dense, dense_places, kernel, col_step)
                for j in range(winners.size):
                    winners[j] = dense_places[j * stride]
            else:
                winners_of_bins(line, places, winners, cols)
            add_to_winners(dy[p, i], winners, flat)


@njit(parallel=True, cache=True, nogil=True)
def route(dy, x, dx, rows, row_step, cols, col_step, width, before, kernel, stride, pairs, shares):
    for share in prange(shares):
        mine = slice(share * len(x) // shares, (share + 1) * len(x) // shares)
        route_planes(
            dy[mine], x[mine], dx[mine],
            rows, row_step, cols, col_step, width, before, kernel, stride, pairs,
        )  # fmt: skip


# ---------------------------------------------------------------------------- unpooling


@njit(parallel=True, cache=True, nogil=True)
def put_back(y, indices, x):
    for p in prange(len(x)):
        flat = x[p].reshape(x.shape[1] * x.shape[2])
        for k in range(flat.size):
            flat[k] = 0
        for i in range(y.shape[1]):
            for j in range(y.shape[2]):
                flat[indices[p, i, j]] = y[p, i, j]

"""Lp pooling, compiled: the p-norm of each window."""

import numpy as np
from numba import njit, prange

from convpool.arguments import check_upstream, on_images, pooling_window
from convpool.arguments import norm_type as checked_p
from convpool.compiled.planes import lie, planes


@on_images(x=4)
def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1):
    """The p-norm of each window: :eq:`eq-lp-forward`."""
    p = checked_p(norm_type)
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    rows, row_step, cols, col_step, *_ = lie(window)
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    find_norms(planes(x), planes(y), p, rows, row_step, cols, col_step)
    return y


@on_images(dy=4, x=4)
def lp_pool2d_backward(
    dy, x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1
):
    """Each cell's share grows with its part in the norm: :eq:`eq-lp-backward`."""
    p = checked_p(norm_type)
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    rows, row_step, cols, col_step, *_ = lie(window)
    dx = np.empty(x.shape, x.dtype)
    share_by_part(planes(dy), planes(x), planes(dx), p, rows, row_step, cols, col_step)
    return dx


# ---------------------------------------------------------------------------- one window


@njit(forceinline=True)
def power(base, exponent):
    """base ** exponent for base ≥ 0, without the general power where a product will do."""
    if exponent == 0:
        return 1.0
    if exponent == 1:
        return base
    if exponent == 2:
        return base * base
    return base**exponent


@njit(cache=True, nogil=True, error_model="numpy")
def norm(plane, h_first, h_stop, h_step, w_first, w_stop, w_step, p):
    """(Σ aᵖ)^(1/p), scaled by the largest a so that no power overflows: :eq:`eq-lp-scaled`."""
    largest = 0.0
    for h in range(h_first, h_stop, h_step):
        for w in range(w_first, w_stop, w_step):
            size = abs(plane[h, w])
            if size != size:
                return size
            largest = max(largest, size)
    if largest == 0 or largest == np.inf:
        return largest
    total = 0.0
    for h in range(h_first, h_stop, h_step):
        for w in range(w_first, w_stop, w_step):
            total += power(abs(plane[h, w]) / largest, p)
    return largest * (np.sqrt(total) if p == 2 else power(total, 1 / p))


# ---------------------------------------------------------------------------- forward


@njit(parallel=True, cache=True, nogil=True)
def find_norms(x, y, p, rows, row_step, cols, col_step):
    for k in prange(len(x)):
        for i in range(y.shape[1]):
            first, stop = rows[i]
            for j in range(y.shape[2]):
                y[k, i, j] = norm(x[k], first, stop, row_step, cols[j, 0], cols[j, 1], col_step, p)


# ---------------------------------------------------------------------------- backward


@njit(cache=True, nogil=True, error_model="numpy")
def share_plane_by_part(dy, x, dx, p, rows, row_step, cols, col_step):
    for h in range(dx.shape[0]):
        for w in range(dx.shape[1]):
            dx[h, w] = 0
    for i in range(dy.shape[0]):
        for j in range(dy.shape[1]):
            h_first, h_stop, w_first, w_stop = rows[i, 0], rows[i, 1], cols[j, 0], cols[j, 1]
            whole = norm(x, h_first, h_stop, row_step, w_first, w_stop, col_step, p)
            if whole == 0:
                continue
            for h in range(h_first, h_stop, row_step):
                for w in range(w_first, w_stop, col_step):
                    part = power(abs(x[h, w]) / whole, p - 1)
                    dx[h, w] += dy[i, j] * np.sign(x[h, w]) * part


@njit(parallel=True, cache=True, nogil=True)
def share_by_part(dy, x, dx, p, rows, row_step, cols, col_step):
    for k in prange(len(x)):
        share_plane_by_part(dy[k], x[k], dx[k], p, rows, row_step, cols, col_step)

"""Lp pooling, compiled: the p-norm of each window."""

import numpy as np
from numba import get_num_threads, njit, prange

from convpool.arguments import check_upstream, on_images, pooling_window
from convpool.arguments import norm_type as checked_p
from convpool.compiled.planes import lie, planes


@on_images(x=4)
def lp_pool2d(x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1):
    """The p-norm of each window: :eq:`eq-lp-forward`."""
    p = x.dtype.type(checked_p(norm_type))
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    y = np.empty((*x.shape[:2], *window.out), x.dtype)
    lies = lie(window)
    norms(planes(x), p, planes(y), *lies[:4], get_num_threads())
    return y


@on_images(dy=4, x=4)
def lp_pool2d_backward(
    dy, x, norm_type, kernel_size, stride=None, ceil_mode=False, *, padding=0, dilation=1
):
    """Each cell's share grows with its part in the norm: :eq:`eq-lp-backward`."""
    p = x.dtype.type(checked_p(norm_type))
    window = pooling_window(x, kernel_size, stride, padding, dilation, ceil_mode)
    check_upstream(dy, (*x.shape[:2], *window.out), x)
    dx = np.empty(x.shape, x.dtype)
    lies = lie(window)
    share_by_part(planes(dy), planes(x), p, planes(dx), *lies[:4], get_num_threads())
    return dx


# ---------------------------------------------------------------------------- one window


@njit(forceinline=True)
def power(part, exponent):
    """part ** exponent, quickly for the exponents that most calls have."""
    if exponent == 1:
        return part
    if exponent == 2:
        return part * part
    return part**exponent


@njit(cache=True, nogil=True)
def norm_of(plane, p, h_first, h_stop, h_step, w_first, w_stop, w_step):
    """(Σ |x|ᵖ)^(1/p), scaled by the largest so that no power overflows: :eq:`eq-lp-scaled`."""
    largest = abs(plane[h_first, w_first])
    for h in range(h_first, h_stop, h_step):
        for w in range(w_first, w_stop, w_step):
            size = abs(plane[h, w])
            if size > largest or size != size:
                largest = size
            if largest != largest:
                return largest
    if largest == 0 or largest == np.inf:
        return largest
    total = plane.dtype.type(0)
    for h in range(h_first, h_stop, h_step):
        for w in range(w_first, w_stop, w_step):
            total += power(abs(plane[h, w]) / largest, p)
    return largest * total ** (1 / p)


# ---------------------------------------------------------------------------- forward


@njit(parallel=True, cache=True, nogil=True)
def norms(x, p, y, rows, row_step, cols, col_step, shares):
    for share in prange(shares):
        for n in range(share * len(x) // shares, (share + 1) * len(x) // shares):
            for i in range(len(rows)):
                top, bottom = rows[i]
                for j in range(len(cols)):
                    left, right = cols[j]
                    y[n, i, j] = norm_of(x[n], p, top, bottom, row_step, left, right, col_step)


# ---------------------------------------------------------------------------- backward


@njit(parallel=True, cache=True, nogil=True)
def share_by_part(dy, x, p, dx, rows, row_step, cols, col_step, shares):
    for share in prange(shares):
        for n in range(share * len(x) // shares, (share + 1) * len(x) // shares):
            plane, gradient = x[n], dx[n]
            gradient[:] = 0
            for i in range(len(rows)):
                top, bottom = rows[i]
                for j in range(len(cols)):
                    left, right = cols[j]
                    norm = norm_of(plane, p, top, bottom, row_step, left, right, col_step)
                    if norm == 0:
                        continue
                    for h in range(top, bottom, row_step):
                        for w in range(left, right, col_step):
                            part = power(abs(plane[h, w]) / norm, p - 1)
                            gradient[h, w] += dy[n, i, j] * np.sign(plane[h, w]) * part

"""Windows as the rows of a matrix, and back: im2col and its adjoint col2im."""

import math

import numpy as np

from convpool.arguments import check_columns, image_shape, on_images, window
from convpool.geometry import Window
from convpool.vectorized.taps import taps

TAPS_FIRST = (4, 5, 0, 3, 1, 2)  # (N, H', W', C, kh, kw) → (kh, kw, N, C, H', W')


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """The matrix whose rows are the windows of x, zeros in the padding: :eq:`eq-im2col`.

    Parameters
    ----------
    x : (N, C, H, W) array; a single image (C, H, W) is a batch of one
    kernel_size, stride, padding, dilation
        As everywhere.

    Returns
    -------
    (N·H'·W', C·kh·kw) array
        Rows in the order n, i, j; columns in the order c, u, v.
    """
    col = windows_as_rows(x, kernel_size, stride, padding, dilation)
    return col.reshape(math.prod(col.shape[:-3]), math.prod(col.shape[-3:]))


@on_images(x=4)
def windows_as_rows(x, kernel_size, stride, padding, dilation):
    """The matrix before its axes (N, H', W') become its rows and (C, kh, kw) its columns."""
    windows = window(x.shape[2:], kernel_size, stride, padding, dilation)
    col = np.zeros(matrix_axes(x.shape, windows), x.dtype)
    by_tap = col.transpose(TAPS_FIRST)
    for tap in taps(windows):
        by_tap[tap.u, tap.v][tap.outputs] = x[tap.cells]
    return col


def col2im(col, x_shape, kernel_size, stride=1, padding=0, dilation=1):
    """Each entry of col goes back to its cell, and adds where windows overlap: :eq:`eq-col2im`.

    The adjoint of `im2col`, not its inverse: a cell under k windows comes back k times.

    Parameters
    ----------
    col : (N·H'·W', C·kh·kw) array
    x_shape : (N, C, H, W) or (C, H, W)
        The shape of the result.
    kernel_size, stride, padding, dilation
        As everywhere.

    Returns
    -------
    array of shape x_shape
    """
    shape = image_shape(x_shape)
    batch = shape if len(shape) == 4 else (1, *shape)
    windows = window((batch[-2], batch[-1]), kernel_size, stride, padding, dilation)
    axes = matrix_axes(batch, windows)
    check_columns(col, (math.prod(axes[:3]), math.prod(axes[3:])), shape)
    by_tap = col.reshape(axes).transpose(TAPS_FIRST)
    x = np.zeros(batch, col.dtype)
    for tap in taps(windows):
        x[tap.cells] += by_tap[tap.u, tap.v][tap.outputs]
    return x.reshape(shape)


def matrix_axes(x_shape: tuple[int, ...], windows: Window) -> tuple[int, ...]:
    """The axes of the matrix before three of them become its rows and three its columns."""
    N, C = x_shape[:2]
    return N, *windows.out, C, windows.rows.kernel, windows.cols.kernel

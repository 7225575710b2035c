"""Windows as a matrix, and back: unfold and fold with one a column, im2col and col2im a row."""

import math

import numpy as np

from convpool.arguments import check_columns, folded_window, image_shape, on_images, window
from convpool.geometry import Window
from convpool.vectorized.taps import taps

TAPS_FIRST = (4, 5, 0, 3, 1, 2)  # (N, H', W', C, kh, kw) → (kh, kw, N, C, H', W')


# ---------------------------------------------------------------------------- windows as columns


@on_images(x=4)
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The matrix whose columns are the windows of x, zeros in the padding: :eq:`eq-unfold`."""
    return columns(x, window(x.shape[2:], kernel_size, stride, padding, dilation))


@on_images(col=3)
def fold(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Each entry goes back to its cell, and adds where windows overlap: :eq:`eq-fold`."""
    windows = folded_window(col, output_size, kernel_size, dilation, padding, stride)
    return from_columns(col, windows)


def columns(x: np.ndarray, windows: Window) -> np.ndarray:
    """(N, C, H, W) → (N, C·kh·kw, H'·W')."""
    N, C = x.shape[:2]
    kh, kw = windows.rows.kernel, windows.cols.kernel
    col = np.zeros((N, C, kh, kw, *windows.out), x.dtype)
    read_taps(x, windows, col.transpose(2, 3, 0, 1, 4, 5))
    return col.reshape(N, C * kh * kw, math.prod(windows.out))


def from_columns(col: np.ndarray, windows: Window) -> np.ndarray:
    """(N, C·kh·kw, H'·W') → (N, C, H, W), sums where windows overlap."""
    N, kh, kw = len(col), windows.rows.kernel, windows.cols.kernel
    C = math.prod(col.shape[1:-1]) // (kh * kw)
    x = np.zeros((N, C, windows.rows.size, windows.cols.size), col.dtype)
    by_tap = col.reshape(N, C, kh, kw, *windows.out).transpose(2, 3, 0, 1, 4, 5)
    add_taps(by_tap, windows, x)
    return x


# ---------------------------------------------------------------------------- windows as rows


def im2col(x, kernel_size, stride=1, padding=0, dilation=1):
    """The matrix whose rows are the windows of x, zeros in the padding: :eq:`eq-im2col`.

    Parameters
    ----------
    x : (N, C, H, W) array; a single image (C, H, W) is a batch of one
    kernel_size, stride, padding, dilation
        As in `convpool.window`.

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
    read_taps(x, windows, col.transpose(TAPS_FIRST))
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
        As in `convpool.window`.

    Returns
    -------
    array of shape x_shape
    """
    shape = image_shape(x_shape)
    batch = shape if len(shape) == 4 else (1, *shape)
    windows = window((batch[-2], batch[-1]), kernel_size, stride, padding, dilation)
    axes = matrix_axes(batch, windows)
    check_columns(col, (math.prod(axes[:3]), math.prod(axes[3:])), shape)
    x = np.zeros(batch, col.dtype)
    add_taps(col.reshape(axes).transpose(TAPS_FIRST), windows, x)
    return x.reshape(shape)


def matrix_axes(x_shape: tuple[int, ...], windows: Window) -> tuple[int, ...]:
    """The axes of the matrix before three of them become its rows and three its columns."""
    N, C = x_shape[:2]
    return N, *windows.out, C, windows.rows.kernel, windows.cols.kernel


# ---------------------------------------------------------------------------- one tap at a time


def read_taps(x: np.ndarray, windows: Window, by_tap: np.ndarray) -> None:
    """The cell under each tap of each window, into (kh, kw, N, C, H', W')."""
    for tap in taps(windows):
        by_tap[tap.u, tap.v][tap.outputs] = x[tap.cells]


def add_taps(by_tap: np.ndarray, windows: Window, x: np.ndarray) -> None:
    """Each tap's entries, from (kh, kw, N, C, H', W'), added to the cells under it."""
    for tap in taps(windows):
        x[tap.cells] += by_tap[tap.u, tap.v][tap.outputs]

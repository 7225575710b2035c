"""The product of two small matrices, in tiles of registers, on the threads of the other kernels.

A · B is a convolution with one tap: the rows of B are the channels, one behind the other on a
sheet, and a row of A holds the weights of a map. A large product is better left to NumPy.
"""

import numpy as np
from numba import get_num_threads, njit, prange

from convpool.compiled.convolution import multiply
from convpool.compiled.planes import ready
from convpool.compiled.sheets import copy
from convpool.compiled.tiles import (
    SHAPES,
    VECTOR_BYTES,
    block,
    lanes,
    store_block,
    tile_shape,
    turned,
    whole,
)


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b, of two matrices of one dtype, neither of them empty."""
    c = np.empty((len(a), b.shape[1]), a.dtype)
    tall, wide = tile_shape(len(a), SHAPES)
    pitch = whole(b.shape[1], VECTOR_BYTES // b.itemsize)
    sheet, shares = np.empty(len(b) * pitch, b.dtype), get_num_threads()
    fill_sheet(*by_rows(b), sheet, pitch, shares)
    multiply_rows(*by_rows(a), sheet, pitch, c, tall, wide, shares)
    return c


def by_rows(matrix: np.ndarray) -> tuple[np.ndarray, bool]:
    """The matrix as rows behind rows, or its transpose if that one lies so; and which it is."""
    if matrix.T.flags.carray and not matrix.flags.carray:
        return matrix.T, True
    return ready(matrix), False


@njit(parallel=True, cache=True, nogil=True)
def fill_sheet(b, transposed, sheet, pitch, shares):
    K = sheet.size // pitch
    for share in prange(shares):
        mine = range(share * K // shares, (share + 1) * K // shares)
        if transposed:
            turn_rows(b, mine, sheet, pitch)
        else:
            for k in mine:
                copy(b[k], 1, sheet[k * pitch :], 1, b.shape[1])


@njit
def turn_rows(b, columns, sheet, pitch):
    """Some columns of b become rows of the sheet."""
    size, cells = lanes(b), b.reshape(b.size)
    for n in range(0, len(b), size):
        for k in range(columns.start, columns.stop, size):
            deep = min(size, columns.stop - k)
            tile = block(cells, n * b.shape[1] + k, b.shape[1], min(size, len(b) - n), deep)
            store_block(turned(tile), sheet, k * pitch + n, pitch, deep, size)


@njit(parallel=True, cache=True, nogil=True)
def multiply_rows(a, transposed, sheet, pitch, c, tall, wide, shares):
    offsets = np.arange(sheet.size // pitch) * pitch
    tiles = (len(c) - 1) // len(tall) + 1
    for share in prange(shares):
        mine = range(share * tiles // shares, (share + 1) * tiles // shares)
        multiply_tiles(mine, a, transposed, sheet, offsets, c, tall, wide)


@njit(cache=True, nogil=True, error_model="numpy")
def multiply_tiles(tiles, a, transposed, sheet, offsets, c, tall, wide):
    K, N = offsets.size, c.shape[1]
    step = whole(N, len(wide) * lanes(c))
    sums = np.empty(len(tall) * step, c.dtype)
    weights = np.zeros((1 + K) * len(tall), c.dtype)  # sums begin with the zeros in front
    for tile in tiles:
        m = tile * len(tall)
        if transposed:
            pick_columns(a, m, weights[len(tall) :], len(tall))
        else:
            turn_some_rows(a, m, weights[len(tall) :], len(tall))
        multiply(weights, 0, len(tall), sheet, offsets, sums, N, step, tall, wide)
        for k in range(min(len(tall), len(c) - m)):
            copy(sums[k * step :], 1, c[m + k], 1, N)


@njit
def pick_columns(a, m, weights, tall):
    """So many columns of a from m on, side by side; zeros where there are no more."""
    count = min(tall, a.shape[1] - m)
    for k in range(len(a)):
        row, target = a[k, m:], weights[k * tall :]
        for i in range(count):
            target[i] = row[i]
        for i in range(count, tall):
            target[i] = 0


@njit
def turn_some_rows(a, m, weights, tall):
    """So many rows of a from m on, as columns side by side; zeros where there are no more."""
    size, K, cells = lanes(a), a.shape[1], a.reshape(a.size)
    for i in range(0, tall, size):
        rows = max(0, min(size, len(a) - m - i))
        for k in range(0, K, size):
            deep = min(size, K - k)
            tile = block(cells, (m + i) * K + k, K, rows, deep)
            store_block(turned(tile), weights, k * tall + i, tall, deep, min(size, tall - i))

"""Convolution, compiled: three sums in tiles of registers, over sheets that stay in cache."""

import math

import numpy as np
from numba import get_num_threads, njit, prange

from convpool.arguments import (
    Gradients,
    check_upstream,
    convolution,
    on_images,
    transposed_convolution,
)
from convpool.compiled.planes import ready
from convpool.compiled.sheets import (
    backward,
    deal_out,
    ends,
    forward,
    gather_up,
    hand_over,
    lay_out,
    new_sheets,
    new_sums,
    runs,
)
from convpool.compiled.tiles import (
    DOTS,
    SHAPES,
    add_dots,
    add_products,
    add_sums_of_lanes,
    everywhere,
    lanes,
    store,
    tile_shape,
    whole,
    zeros,
)
from convpool.geometry import Groups, Window

PARTS = 16  # of the batch whose weight gradients are summed apart: the same for any thread count
PARTS_BYTES = 1 << 26  # that all those sums may take


@on_images(x=4)
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Each window times the kernel, summed over its taps and channels: :eq:`eq-conv-forward`."""
    window, channels = convolution(x, weight, bias, stride, padding, dilation, groups)
    return correlate(x, weight, bias, window, channels)


@on_images(dy=4, x=4)
def conv2d_backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """The full convolution for x (:eq:`eq-conv-rot180`), and the sums of weight and bias.

    Implements :eq:`eq-conv-weight-gradient` and :eq:`eq-conv-bias-gradient`.
    """
    window, channels = convolution(x, weight, None, stride, padding, dilation, groups)
    check_upstream(dy, (len(x), len(weight), *window.out), x)
    return Gradients(
        scatter(dy, weight, None, window, channels),
        weight_gradient(dy, x, window, channels),
        bias_gradient(dy),
    )


@on_images(x=4)
def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The input gradient of a convolution, as a layer of its own: :eq:`eq-conv-transpose`."""
    window, channels = transposed_convolution(
        x, weight, bias, stride, padding, output_padding, groups, dilation
    )
    return scatter(x, weight, bias, window, channels)


@on_images(dy=4, x=4)
def conv_transpose2d_backward(
    dy, x, weight, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The transpose of a transpose is the convolution: :eq:`eq-conv-transpose-backward`."""
    window, channels = transposed_convolution(
        x, weight, None, stride, padding, output_padding, groups, dilation
    )
    maps = channels.count * channels.inputs
    check_upstream(dy, (len(x), maps, window.rows.size, window.cols.size), x)
    return Gradients(
        correlate(dy, weight, None, window, channels),
        weight_gradient(x, dy, window, channels),
        bias_gradient(dy),
    )


# ---------------------------------------------------------------------------- cells to outputs


def correlate(
    x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, window: Window, groups: Groups
) -> np.ndarray:
    """Tap times cell, into the output: :eq:`eq-conv-forward`."""
    rows, cols, lay, offsets = forward(window, groups, len(x), x.itemsize)
    tall, wide = tile_shape(groups.outputs, SHAPES)
    kernels = weight.reshape(groups.count, groups.outputs, offsets.size)
    y = np.empty((len(x), len(weight), *window.out), x.dtype)
    correlate_images(
        ready(x), in_panels(kernels, bias, len(tall)), offsets, y,
        rows, cols, lay, tall, wide, get_num_threads(),
    )  # fmt: skip
    return y


def in_panels(kernels: np.ndarray, bias: np.ndarray | None, tall: int) -> np.ndarray:
    """(G, M/G, R) → (G, tiles, 1 + R, tall): for a tile's rows the bias, then weight after weight.

    The rows of a tile lie side by side; zeros are added where there is no row or no bias.
    """
    G, M, R = kernels.shape
    tiles = -(-M // tall)
    panels = np.zeros((G, tiles * tall, 1 + R), kernels.dtype)
    panels[:, :M, 1:] = kernels
    if bias is not None:
        panels[:, :M, 0] = bias.reshape(G, M)
    return np.ascontiguousarray(panels.reshape(G, tiles, tall, 1 + R).swapaxes(2, 3))


@njit(parallel=True, cache=True, nogil=True)
def correlate_images(x, panels, offsets, y, rows, cols, lay, tall, wide, shares):
    tasks = lay.blocks * lay.bands
    for share in prange(shares):
        mine = range(share * tasks // shares, (share + 1) * tasks // shares)
        correlate_bands(mine, x, panels, offsets, y, rows, cols, lay, tall, wide)


@njit(cache=True, nogil=True, error_model="numpy")
def correlate_bands(tasks, x, panels, offsets, y, rows, cols, lay, tall, wide):
    G, tiles, panel, _ = panels.shape
    inputs, outputs = x.shape[1] // G, y.shape[1] // G
    sheets = new_sheets(inputs * rows.phases.size * cols.phases.size * lay.sheet, lay, x)
    sums, step = new_sums(lay, x, tall, wide)
    weights = panels.reshape(panels.size)
    for task in tasks:
        block, band = divmod(task, lay.bands)
        n, top = block * lay.images, band * lay.height
        some = range(n, min(n + lay.images, len(x)))
        height = min(lay.height, y.shape[2] - top)
        for g in range(G):
            channels = range(g * inputs, (g + 1) * inputs)
            deal_out(x, some, channels, top, rows, cols, lay, sheets)
            for tile in range(tiles):
                at = (g * tiles + tile) * panel * len(tall)
                correlate_band(weights, at, sheets, offsets, sums, step, height, lay, tall, wide)
                for k in range(min(len(tall), outputs - tile * len(tall))):
                    m = g * outputs + tile * len(tall) + k
                    hand_over(sums[k * step :], lay, y, some, m, top, height)


@njit
def correlate_band(weights, at, sheets, offsets, sums, step, height, lay, tall, wide):
    count, length = runs(lay, height)
    for i in range(count):
        near, line = sheets[i * lay.width :], sums[i * lay.pitch :]
        multiply(weights, at, at + len(tall), near, offsets, line, length, step, tall, wide)


@njit
def multiply(weights, start, at, sheets, offsets, sums, length, step, tall, wide):
    """sums[k, q] = weights[start + k] + Σ over r of weights[at + r, k] · sheets[offsets[r] + q]."""
    size = len(wide) * lanes(sums)
    narrow = length // size * size  # where a whole tile would reach beyond the end
    for q in range(0, narrow, size):
        multiply_tile(weights, start, at, sheets, offsets, sums, q, step, tall, wide)
    for q in range(narrow, length, lanes(sums)):
        multiply_tile(weights, start, at, sheets, offsets, sums, q, step, tall, (0,))


@njit
def multiply_tile(weights, start, at, sheets, offsets, sums, q, step, tall, wide):
    tile = everywhere(weights, start, tall, wide)
    for r in range(offsets.size):
        tile = add_products(tile, weights, at + r * len(tall), sheets, offsets[r] + q)
    store(tile, sums, q, step)


# ---------------------------------------------------------------------------- outputs to cells


def scatter(
    dy: np.ndarray, weight: np.ndarray, bias: np.ndarray | None, window: Window, groups: Groups
) -> np.ndarray:
    """Tap times output, into the cell: :eq:`eq-conv-scatter`, summed as :eq:`eq-conv-rot180`."""
    rows, cols, lay, offsets, order, starts = backward(window, groups, len(dy), dy.itemsize)
    tall, wide = tile_shape(groups.inputs, SHAPES)
    # (M, C/G, kh, kw) → (G, C/G, M/G·kh·kw)
    kernels = weight.reshape(groups.count, groups.outputs, groups.inputs, -1).swapaxes(1, 2)
    kernels = kernels.reshape(groups.count, groups.inputs, offsets.size)[:, :, order]
    C = groups.count * groups.inputs
    dx = np.zeros((len(dy), C, window.rows.size, window.cols.size), dy.dtype)
    scatter_images(
        ready(dy), in_panels(kernels, None, len(tall)), offsets, starts, dx,
        rows, cols, lay, tall, wide, get_num_threads(),
    )  # fmt: skip
    if bias is not None:
        dx += bias[:, np.newaxis, np.newaxis]
    return dx


@njit(parallel=True, cache=True, nogil=True)
def scatter_images(dy, panels, offsets, starts, dx, rows, cols, lay, tall, wide, shares):
    tasks = lay.blocks * lay.bands
    for share in prange(shares):
        mine = range(share * tasks // shares, (share + 1) * tasks // shares)
        scatter_bands(mine, dy, panels, offsets, starts, dx, rows, cols, lay, tall, wide)


@njit(cache=True, nogil=True, error_model="numpy")
def scatter_bands(tasks, dy, panels, offsets, starts, dx, rows, cols, lay, tall, wide):
    G, tiles, panel, _ = panels.shape
    inputs, outputs = dx.shape[1] // G, dy.shape[1] // G
    before = ends(cols, lay)
    sheets = new_sheets(before + outputs * lay.sheet, lay, dy)
    sums, step = new_sums(lay, dy, tall, wide)
    weights = panels.reshape(panels.size)
    for task in tasks:
        block, band = divmod(task, lay.bands)
        n, top = block * lay.images, rows.inner + band * lay.height
        some = range(n, min(n + lay.images, len(dy)))
        height = min(lay.height, rows.inner + rows.inners - top)
        for g in range(G):
            maps = range(g * outputs, (g + 1) * outputs)
            first, held = top - rows.reach, lay.height + rows.reach
            lay_out(dy, some, maps, first, held, lay.sheet, lay.width, lay, sheets[before:])
            for tile in range(tiles):
                c = g * inputs + tile * len(tall)
                at = (g * tiles + tile) * panel * len(tall)
                for phase, terms in enumerate(starts):
                    if terms[0, 0] == terms[-1, -1]:
                        continue  # no tap reads it
                    scatter_band(
                        weights, at, sheets, offsets, terms, sums, step, top, height,
                        rows, cols, lay, tall, wide,
                    )  # fmt: skip
                    for k in range(min(len(tall), (g + 1) * inputs - c)):
                        near, m = sums[k * step :], c + k
                        gather_up(near, top, height, phase, rows, cols, lay, dx, some, m)


@njit
def scatter_band(
    weights, at, sheets, offsets, terms, sums, step, top, height, rows, cols, lay, tall, wide
):
    """Rows of one phase of dx, from row `top` on."""
    if lay.images > 1:
        for i in range(height):
            near, line = sheets[i * lay.width :], sums[i * lay.pitch :]
            scatter_line(weights, at, near, offsets, terms, line, step, top + i, rows, cols, tall)
        return
    first, stop = terms[0, 0], terms[-1, -1]
    weight, some, length = at + (1 + first) * len(tall), offsets[first:stop], height * lay.pitch
    multiply(weights, at, weight, sheets, some, sums, length, step, tall, wide)


@njit
def scatter_line(weights, at, sheets, offsets, terms, sums, step, i, rows, cols, tall):
    """Row i of a crowd: cell j from those shifts (t, s) that have an output (i − t, j − s)."""
    t0, t1 = max(0, i - rows.out + 1), min(rows.reach, i) + 1
    for j in range(cols.out + cols.reach):
        s0, s1 = max(0, j - cols.out + 1), min(cols.reach, j) + 1
        q, tile = j * lanes(sums), everywhere(weights, at, tall, (0,))
        for t in range(t0, t1):
            for r in range(terms[t, s0], terms[t, s1]):
                tile = add_products(tile, weights, at + (1 + r) * len(tall), sheets, offsets[r] + q)
        store(tile, sums, q, step)


# ---------------------------------------------------------------------------- both to taps


def weight_gradient(dy: np.ndarray, x: np.ndarray, window: Window, groups: Groups) -> np.ndarray:
    """Cell times output, into the tap: :eq:`eq-conv-weight-gradient`."""
    rows, cols, lay, offsets = forward(window, groups, len(x), x.itemsize)
    tall, wide = tile_shape(groups.outputs, DOTS)
    down, across = -(-groups.outputs // len(tall)), -(-offsets.size // len(wide))
    tiles = groups.count, across, down, len(tall), len(wide)
    terms = np.resize(offsets, across * len(wide))
    parts = min(PARTS, lay.blocks * lay.bands, PARTS_BYTES // (math.prod(tiles) * x.itemsize))
    sums = np.zeros((max(parts, 1), *tiles), x.dtype)
    sum_parts(ready(dy), ready(x), terms, sums, rows, cols, lay, tall, wide)
    # (G, across, down, tall, wide) → (G, M/G, R), each rounded up to whole tiles
    by_map = sums.sum(axis=0).transpose(0, 2, 3, 1, 4).reshape(groups.count, -1, terms.size)
    dweight = by_map[:, : groups.outputs, : offsets.size]
    kernel = window.rows.kernel, window.cols.kernel
    return ready(dweight.reshape(dy.shape[1], groups.inputs, *kernel))


@njit(parallel=True, cache=True, nogil=True)
def sum_parts(dy, x, offsets, sums, rows, cols, lay, tall, wide):
    tasks, parts = lay.blocks * lay.bands, len(sums)
    for part in prange(parts):
        mine = range(part * tasks // parts, (part + 1) * tasks // parts)
        sum_bands(mine, dy, x, offsets, sums[part], rows, cols, lay, tall, wide)


@njit(cache=True, nogil=True, error_model="numpy")
def sum_bands(tasks, dy, x, offsets, sums, rows, cols, lay, tall, wide):
    G, across, down = sums.shape[:3]
    inputs, outputs = x.shape[1] // G, dy.shape[1] // G
    sheets = new_sheets(inputs * rows.phases.size * cols.phases.size * lay.sheet, lay, x)
    step = whole(lay.height * lay.pitch, lanes(x))
    lines = np.zeros(down * len(tall) * step, x.dtype)
    count, length = runs(lay, lay.height)
    flat = sums.reshape(sums.size)
    for task in tasks:
        block, band = divmod(task, lay.bands)
        n, top = block * lay.images, band * lay.height
        some = range(n, min(n + lay.images, len(x)))
        for g in range(G):
            channels = range(g * inputs, (g + 1) * inputs)
            deal_out(x, some, channels, top, rows, cols, lay, sheets)
            maps = range(g * outputs, (g + 1) * outputs)
            lay_out(dy, some, maps, top, lay.height, step, lay.pitch, lay, lines)
            for r in range(across):
                for m in range(down):
                    tile, right = zeros(sums, tall, wide), r * len(wide)
                    for i in range(count):
                        left, at = m * len(tall) * step + i * lay.pitch, i * lay.width
                        for q in range(0, length, lanes(x)):
                            tile = add_dots(
                                tile, lines, left + q, step, sheets, offsets, right, at + q
                            )
                    at = ((g * across + r) * down + m) * len(tall) * len(wide)
                    add_sums_of_lanes(tile, flat, at)


# ---------------------------------------------------------------------------- outputs to biases


def bias_gradient(dy: np.ndarray) -> np.ndarray:
    """Every output of a map has the map's bias in it once: :eq:`eq-conv-bias-gradient`."""
    dbias = np.zeros(dy.shape[1], dy.dtype)
    sum_maps(ready(dy), dbias)
    return dbias


@njit(parallel=True, cache=True, nogil=True, fastmath={"reassoc"})
def sum_maps(dy, dbias):
    """Image by image, so that a long batch costs no digits."""
    for m in prange(dbias.size):
        for n in range(len(dy)):
            cells = dy[n, m].reshape(-1)
            total = dbias[m] * 0
            for q in range(cells.size):
                total += cells[q]
            dbias[m] += total

"""How a convolution of any stride and dilation becomes one of stride 1: cells on sheets.

A stride of s deals the padded rows out into s phases: row i·s + a is row i of phase a. Tap u of
output i reads row i·s + u·d, which is row i + ⌊u·d / s⌋ of phase u·d mod s; the same along a row.
So each channel is copied to a *sheet* for each phase that a tap reads, zeros in the padding, and
on its sheet a tap is a shift. The rows of a sheet lie one behind the other, all as long as W' + the
longest shift. Then a tap is one number, its offset, an output is one number q, and a convolution is

    y[q] = Σ over channels and taps of weight · sheets[offset + q],

whatever the stride, dilation and padding were. Where q stands behind the W' outputs of its row, no
window is meant, and the sum is dropped.

Backward it is the same sum. But phase (a, b) of dx is made from those taps alone that read it, and
the shifts go the other way: dx[q] = Σ over maps and those taps of weight · dy[q − shift], with as
many zeros around dy as the longest shift. This is the full convolution with the turned kernel,
dealt out so that no product has one of the stride's zeros in it: :eq:`eq-conv-rot180`.

Sheets are made for a band of rows of one image and one group of channels, as many rows as stay in
the processor's cache: this is all the memory that a thread needs.

Where rows are short beside the longest shift, many of those sums are dropped. Then a *crowd* of
images is worked together, one for each lane of a vector, cell beside cell: a vector is one cell of
all of them, each row of sums ends where the windows end, and backward each cell is summed from
those taps alone that meet an output, so that dy needs no zeros around it. Cells come to a crowd,
and sums leave it, by transposing blocks of images × cells, or one by one where a stride leaves some
out.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba import njit
from numba.extending import register_jitable

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
from convpool.geometry import Axis, Groups, Window

CACHE_BYTES = 1 << 18  # for sheets: a part of the second-level cache; twice that for a crowd
SUMS_BYTES = 1 << 15  # for one row of a tile of sums, in a crowd
WORTH_A_CROWD = 1.1  # times as much work for each image alone
TASKS = 8  # at least, in a crowd: for that many cores
MARGIN = 256  # more than the cells of a row of the widest tile


class Side(NamedTuple):
    """One axis as plain numbers: `phases` are those that some tap reads, `reach` the longest shift.

    `inner` is the first row of dx's phases that lies inside the input, `inners` their number.
    """

    size: int
    stride: int
    before: int
    out: int
    phases: np.ndarray
    reach: int
    inner: int
    inners: int


class Lay(NamedTuple):
    """How sheets lie: `sheet` numbers in lines of `width`, for a band of `height` rows of sums.

    `images` are worked together, each with a number in every cell: one, or a crowd. The sums of two
    rows begin `pitch` numbers apart. There are `blocks` of images and `bands` of rows.
    """

    width: int
    pitch: int
    height: int
    sheet: int
    images: int
    blocks: int
    bands: int


class Forward(NamedTuple):
    """Where the taps of a group's channels lie on its sheets."""

    rows: Side
    cols: Side
    lay: Lay
    offsets: np.ndarray


class Backward(NamedTuple):
    """The taps that read phase p of dx, t rows and s cells off: `order[starts[p, t, s] : …]`."""

    rows: Side
    cols: Side
    lay: Lay
    offsets: np.ndarray
    order: np.ndarray
    starts: np.ndarray


@functools.lru_cache(maxsize=128)
def forward(window: Window, groups: Groups, batch: int, itemsize: int) -> Forward:
    """The sheets on which outputs are summed from cells."""
    (rows, phase_u, shift_u), (cols, phase_v, shift_v) = side(window.rows), side(window.cols)
    sheets = rows.phases.size * cols.phases.size
    crowd = cols.out + cols.reach, cols.out
    lay = _lay(rows, cols, rows.out, crowd, groups.inputs * sheets, batch, itemsize)
    sheet = np.arange(groups.inputs)[:, None, None] * sheets
    sheet = sheet + phase_u[:, None] * cols.phases.size + phase_v
    offsets = sheet * lay.sheet + shift_u[:, None] * lay.width + shift_v * lay.images
    return Forward(rows, cols, lay, offsets.ravel())


@functools.lru_cache(maxsize=128)
def backward(window: Window, groups: Groups, batch: int, itemsize: int) -> Backward:
    """The sheets on which cells are summed from outputs."""
    (rows, phase_u, shift_u), (cols, phase_v, shift_v) = side(window.rows), side(window.cols)
    chains = tile_shape(groups.inputs, SHAPES)[0]  # of sums, in a tile as wide as a cell
    crowd = (cols.out, cols.out + cols.reach) if len(chains) > 1 else None
    lay = _lay(rows, cols, rows.inners, crowd, groups.outputs, batch, itemsize)
    phase = rows.phases[phase_u][:, None] * cols.stride + cols.phases[phase_v]
    shift = shift_u[:, None] * lay.width + shift_v * lay.images
    first = np.arange(groups.outputs)[:, None] * lay.sheet + ends(cols, lay)
    offsets = first + rows.reach * lay.width - shift.ravel()
    # terms are (m, u, v): put together those of one phase, and in it those of one shift
    down, across = rows.reach + 1, cols.reach + 1
    place = ((phase * down + shift_u[:, None]) * across + shift_v).ravel()
    place_of_term = np.broadcast_to(place, offsets.shape).ravel()
    order = np.argsort(place_of_term, kind="stable")
    lines = np.arange(rows.stride * cols.stride * down)[:, None] * across
    starts = np.searchsorted(place_of_term[order], lines + np.arange(across + 1))
    starts = starts.reshape(-1, down, across + 1)
    return Backward(rows, cols, lay, offsets.ravel()[order], order, starts)


def side(axis: Axis) -> tuple[Side, np.ndarray, np.ndarray]:
    """The axis, and of each tap the place of its phase among the phases, and its shift."""
    taps = np.arange(axis.kernel) * axis.dilation
    phases, phase = np.unique(taps % axis.stride, return_inverse=True)
    shift = taps // axis.stride
    inner = axis.before // axis.stride
    inners = (axis.before + axis.size - 1) // axis.stride - inner + 1
    numbers = axis.size, axis.stride, axis.before, axis.out, phases, int(shift.max())
    return Side(*numbers, inner, inners), phase, shift


def _lay(
    rows: Side,
    cols: Side,
    out: int,
    crowd: tuple[int, int] | None,
    depth: int,
    batch: int,
    itemsize: int,
) -> Lay:
    """For `out` rows of sums. Of a crowd, if one is possible: the cells and the sums in a row."""
    images, along = VECTOR_BYTES // itemsize, cols.out + cols.reach
    alone = whole(out * along, images) * batch
    together = rows.out * cols.out * whole(batch, images)
    if crowd and alone > WORTH_A_CROWD * together:
        width, pitch = (cells * images for cells in crowd)
        blocks = -(-batch // images)
        held = 2 * CACHE_BYTES // (depth * width * itemsize) - rows.reach
        if held >= min(out, rows.reach + 1):
            few = min(held, SUMS_BYTES // (pitch * itemsize), out // -(-TASKS // blocks))
            return _lines(out, max(1, few), rows.reach, width, pitch, images, blocks)
    held = CACHE_BYTES // (depth * along * itemsize) - rows.reach
    return _lines(out, max(1, held), rows.reach, along, along, 1, batch)


def _lines(
    out: int, most: int, reach: int, width: int, pitch: int, images: int, blocks: int
) -> Lay:
    """`out` rows in bands of the same height, of `most` rows at most."""
    height = max(1, -(-out // max(1, -(-out // most))))
    bands = -(-out // height)
    return Lay(width, pitch, height, (height + reach) * width, images, blocks, bands)


# ---------------------------------------------------------------------------- kernels


@njit
def new_sheets(cells, lay, like):
    """So many cells, and behind them zeros, for sums that belong to no window read beyond."""
    return np.zeros(cells + lay.width + MARGIN, like.dtype)


@njit
def new_sums(lay, like, tall, wide):
    """A line of sums for each row of a tile, and how long a line is: whole tiles."""
    step = whole(lay.height * lay.pitch, len(wide) * lanes(like))
    return np.empty(len(tall) * step, like.dtype), step


@njit
def runs(lay, height):
    """How many runs of sums so many rows are, and how long one is: for a crowd each row is a run.

    One image's rows are taken in one go, with the sums between them that belong to no window.
    """
    return (height, lay.pitch) if lay.images > 1 else (1, height * lay.pitch)


@register_jitable
def ends(cols, lay):
    """The zeros in front of dy's sheets: a crowd needs none."""
    return cols.reach if lay.images == 1 else 0


@njit
def inside(side, phase, top, count):
    """Which of `count` rows of a phase from row `top` on lie inside: first, stop, first's cell."""
    start = top * side.stride + phase - side.before
    first = min(count, max(0, -(start // side.stride)))
    stop = max(first, min(count, (side.size - 1 - start) // side.stride + 1))
    return first, stop, start + first * side.stride


@njit
def deal_out(x, some, channels, top, rows, cols, lay, sheets):
    """What outputs from row `top` on read of these channels of some images, phase by phase.

    The ends of a line that lie in the padding do so every time: they stay the zeros they were.
    """
    at, steps = 0, (rows.stride, cols.stride)
    for c in channels:
        for a in rows.phases:
            i0, i1, h0 = inside(rows, a, top, lay.height + rows.reach)
            for b in cols.phases:
                j0, j1, w0 = inside(cols, b, 0, lay.width // lay.images)
                lines = sheets[at : at + lay.sheet]
                lines[: i0 * lay.width] = 0
                lines[i1 * lay.width :] = 0
                near, size = lines[i0 * lay.width + j0 * lay.images :], (i1 - i0, j1 - j0)
                to_lines(x, some, c, (h0, w0), steps, near, lay.width, lay, size)
                at += lay.sheet


@njit
def lay_out(dy, some, maps, top, height, sheet, pitch, lay, sheets):
    """`height` rows of these maps from `top` on, a line each, zeros wherever there is no cell.

    What lies behind the last row, or behind the last cell of one, stays the zeros it was.
    """
    i0, i1 = min(height, max(0, -top)), max(0, min(height, dy.shape[2] - top))
    for number, m in enumerate(maps):
        lines = sheets[number * sheet : number * sheet + height * pitch]
        lines[: i0 * pitch] = 0
        lines[i1 * pitch :] = 0
        size = max(0, i1 - i0), dy.shape[3]
        to_lines(dy, some, m, (top + i0, 0), (1, 1), lines[i0 * pitch :], pitch, lay, size)


@njit
def hand_over(sums, lay, y, some, m, top, height):
    """The sums that belong to a window, to the rows of one map of y."""
    from_lines(sums, lay, y, some, m, (top, 0), (1, 1), (height, y.shape[3]))


@njit
def gather_up(sums, top, height, phase, rows, cols, lay, dx, some, c):
    """The lines of one phase, from row `top` on, to one channel; the padding's are dropped."""
    a, b = divmod(phase, cols.stride)
    i0, i1, h0 = inside(rows, a, top, height)
    j0, j1, w0 = inside(cols, b, 0, lay.pitch // lay.images)
    near, steps = sums[i0 * lay.pitch + j0 * lay.images :], (rows.stride, cols.stride)
    from_lines(near, lay, dx, some, c, (h0, w0), steps, (i1 - i0, j1 - j0))


# From a cell (h, w) on, every `steps`-th row and cell of a channel, `size` of them.


@njit(forceinline=True)
def to_lines(x, some, c, first, steps, lines, pitch, lay, size):
    """Cells to lines: of one image, or of a crowd, with zeros for images that are missing."""
    (h, w), (down, along), (rows, count) = first, steps, size
    if lay.images == 1:
        plane = x[some.start, c]
        for i in range(rows):
            copy(plane[h + i * down, w:], along, lines[i * pitch :], 1, count)
        return
    crowd, step = lay.images, x.shape[3] * down
    if along > 1:
        for n in range(some.start, some.start + crowd):
            for i in range(rows):
                line = lines[i * pitch + n - some.start :]
                if n < some.stop:
                    copy(x[n, c, h + i * down, w:], along, line, crowd, count)
                else:
                    line[: count * crowd : crowd] = 0
        return
    cells, at, apart = place(x, some.start, c, h, w)
    if step == count and pitch == count * crowd:  # without a gap
        rows, count = 1, rows * count
    for i in range(rows):
        for j in range(0, count, crowd):
            wide = min(crowd, count - j)
            tile = block(cells, at + i * step + j, apart, len(some), wide)
            store_block(turned(tile), lines, i * pitch + j * crowd, crowd, wide, crowd)


@njit(forceinline=True)
def from_lines(sums, lay, x, some, c, first, steps, size):
    """Sums back to cells, the images of a crowd each to itself."""
    (h, w), (down, along), (rows, count) = first, steps, size
    if lay.images == 1:
        plane = x[some.start, c]
        for i in range(rows):
            copy(sums[i * lay.pitch :], 1, plane[h + i * down, w:], along, count)
        return
    crowd, step = lay.images, x.shape[3] * down
    if along > 1:
        for n in some:
            for i in range(rows):
                line = sums[i * lay.pitch + n - some.start :]
                copy(line, crowd, x[n, c, h + i * down, w:], along, count)
        return
    cells, at, apart = place(x, some.start, c, h, w)
    if step == count and lay.pitch == count * crowd:
        rows, count = 1, rows * count
    for i in range(rows):
        for j in range(0, count, crowd):
            wide = min(crowd, count - j)
            tile = block(sums, i * lay.pitch + j * crowd, crowd, wide, crowd)
            store_block(turned(tile), cells, at + i * step + j, apart, len(some), wide)


@njit
def place(x, n, c, h, w):
    """The numbers of x, where one of them is, and how far its neighbours in the batch are."""
    at = ((n * x.shape[1] + c) * x.shape[2] + h) * x.shape[3] + w
    return x.reshape(x.size), at, x.shape[1] * x.shape[2] * x.shape[3]


@njit(forceinline=True)
def copy(source, step, target, spacing, count):
    """target[::spacing] = source[::step], so many times"""
    if step == 1 and spacing == 1:
        for k in range(count):
            target[k] = source[k]
    else:
        for k in range(count):
            target[k * spacing] = source[k * step]

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
the processor's cache: this is all the memory that a thread needs. Where outputs are so small that
one image would not fill a tile, a sheet holds several, cell beside cell: then q counts images too.
"""

import functools
from typing import NamedTuple

import numpy as np
from numba import njit

from convpool.compiled.tiles import lanes, whole
from convpool.geometry import Axis, Groups, Window

CACHE_BYTES = 1 << 18  # for sheets: a part of the second-level cache
FILLED = 96  # sums a line should have, so that few of a tile's are to no purpose
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

    A line holds `images` numbers a cell, and there are `blocks` of images and `bands` of rows.
    """

    width: int
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
    """The taps that read each phase of dx: `order[starts[p] : starts[p + 1]]`, with offsets."""

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
    lay = _lay(rows, cols, rows.out, batch, groups.inputs * sheets * itemsize)
    sheet = np.arange(groups.inputs)[:, None, None] * sheets
    sheet = sheet + phase_u[:, None] * cols.phases.size + phase_v
    offsets = sheet * lay.sheet + shift_u[:, None] * lay.width + shift_v * lay.images
    return Forward(rows, cols, lay, offsets.ravel())


@functools.lru_cache(maxsize=128)
def backward(window: Window, groups: Groups, batch: int, itemsize: int) -> Backward:
    """The sheets on which cells are summed from outputs."""
    (rows, phase_u, shift_u), (cols, phase_v, shift_v) = side(window.rows), side(window.cols)
    lay = _lay(rows, cols, rows.inners, batch, groups.outputs * itemsize)
    phase = (rows.phases[phase_u][:, None] * cols.stride + cols.phases[phase_v]).ravel()
    shift = (shift_u[:, None] * lay.width + shift_v * lay.images).ravel()
    ends = cols.reach * lay.images + rows.reach * lay.width
    maps = np.arange(groups.outputs)[:, None] * lay.sheet
    phase_of_term = np.broadcast_to(phase, (groups.outputs, phase.size)).ravel()
    order = np.argsort(phase_of_term, kind="stable")  # terms are (m, u, v): one phase's together
    offsets = (maps + ends - shift).ravel()[order]
    starts = np.searchsorted(phase_of_term[order], np.arange(rows.stride * cols.stride + 1))
    return Backward(rows, cols, lay, offsets, order, starts)


def side(axis: Axis) -> tuple[Side, np.ndarray, np.ndarray]:
    """The axis, and of each tap the place of its phase among the phases, and its shift."""
    taps = np.arange(axis.kernel) * axis.dilation
    phases, phase = np.unique(taps % axis.stride, return_inverse=True)
    shift = taps // axis.stride
    inner = axis.before // axis.stride
    inners = (axis.before + axis.size - 1) // axis.stride - inner + 1
    numbers = axis.size, axis.stride, axis.before, axis.out, phases, int(shift.max())
    return Side(*numbers, inner, inners), phase, shift


def _lay(rows: Side, cols: Side, out: int, batch: int, bytes_a_cell: int) -> Lay:
    cells = cols.out + cols.reach
    bytes_a_row = bytes_a_cell * cells
    images = min(
        -(-FILLED // max(1, out * cells)),
        -(-batch // 2),
        CACHE_BYTES // (bytes_a_row * max(1, out + rows.reach)),
    )
    images = max(1, images)
    most = max(1, CACHE_BYTES // (bytes_a_row * images) - rows.reach)
    bands = max(1, -(-out // most))
    height, width = -(-out // bands), cells * images
    return Lay(width, height, (height + rows.reach) * width, images, -(-batch // images), bands)


# ---------------------------------------------------------------------------- kernels


@njit
def new_sheets(cells, lay, like):
    """So many cells, and behind them zeros, for sums that belong to no window read beyond."""
    return np.zeros(cells + lay.width + MARGIN, like.dtype)


@njit
def new_sums(lay, like, tall, wide):
    """A line of sums for each row of a tile, and how long a line is: whole tiles."""
    step = whole(lay.height * lay.width, len(wide) * lanes(like))
    return np.empty(len(tall) * step, like.dtype), step


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
    at = 0
    for c in channels:
        for a in rows.phases:
            i0, i1, h0 = inside(rows, a, top, lay.height + rows.reach)
            for b in cols.phases:
                j0, j1, w0 = inside(cols, b, 0, lay.width // lay.images)
                lines = sheets[at : at + lay.sheet]
                lines[: i0 * lay.width] = 0
                lines[i1 * lay.width :] = 0
                for k, n in enumerate(some):
                    plane = x[n, c]
                    for i in range(i0, i1):
                        row = plane[h0 + (i - i0) * rows.stride, w0:]
                        line = lines[i * lay.width + j0 * lay.images + k :]
                        copy(row, cols.stride, line, lay.images, j1 - j0)
                at += lay.sheet


@njit
def lay_out(dy, some, maps, top, height, sheet, lay, sheets):
    """`height` rows of these maps from `top` on, a line each, zeros wherever there is no cell.

    What lies behind the last row, or behind the last cell of one, stays the zeros it was.
    """
    i0, i1 = min(height, max(0, -top)), max(0, min(height, dy.shape[2] - top))
    for number, m in enumerate(maps):
        lines = sheets[number * sheet : number * sheet + height * lay.width]
        lines[: (i0 if len(some) == lay.images else height) * lay.width] = 0
        lines[i1 * lay.width :] = 0
        for k, n in enumerate(some):
            plane = dy[n, m]
            for i in range(i0, i1):
                copy(plane[top + i], 1, lines[i * lay.width + k :], lay.images, dy.shape[3])


@njit
def hand_over(sums, lay, bias, y, some, m, top, height):
    """The sums that belong to a window, and the bias, to the rows of one map of y."""
    for k, n in enumerate(some):
        plane = y[n, m]
        for i in range(height):
            add(sums[i * lay.width + k :], lay.images, bias, plane[top + i], 1, y.shape[3])


@njit
def gather_up(sums, top, height, phase, rows, cols, lay, dx, some, c):
    """The lines of one phase, from row `top` on, to one channel; the padding's are dropped."""
    a, b = divmod(phase, cols.stride)
    i0, i1, h0 = inside(rows, a, top, height)
    j0, j1, w0 = inside(cols, b, 0, lay.width // lay.images)
    for k, n in enumerate(some):
        plane = dx[n, c]
        for i in range(i0, i1):
            line = sums[i * lay.width + j0 * lay.images + k :]
            row = plane[h0 + (i - i0) * rows.stride, w0:]
            copy(line, lay.images, row, cols.stride, j1 - j0)


@njit(forceinline=True)
def copy(source, step, target, spacing, count):
    """target[::spacing] = source[::step], so many times"""
    if step == 1 and spacing == 1:
        for k in range(count):
            target[k] = source[k]
    else:
        for k in range(count):
            target[k * spacing] = source[k * step]


@njit(forceinline=True)
def add(source, step, bias, target, spacing, count):
    """target[::spacing] = source[::step] + bias, so many times"""
    if step == 1 and spacing == 1:
        for k in range(count):
            target[k] = source[k] + bias
    else:
        for k in range(count):
            target[k * spacing] = source[k * step] + bias

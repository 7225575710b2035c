"""Windows as slices: which outputs meet which cells of the input, for whole arrays at once."""

from collections.abc import Iterator
from types import EllipsisType
from typing import NamedTuple

import numpy as np

from convpool.geometry import Axis, Window

Index = tuple[slice | int | EllipsisType, ...]


class Tap(NamedTuple):
    """Tap (u, v) of every window: `x[cells]` lies under it, cell for cell, for `y[outputs]`."""

    u: int
    v: int
    outputs: Index
    cells: Index


def taps(window: Window) -> Iterator[Tap]:
    """The taps in row-major order, each with the outputs whose tap lies inside the input.

    Those outputs are a block, and their cells lie `stride` apart: a slice of y meets a slice of x,
    and padding never needs to exist. Two outputs never share a cell under one tap, so adding to
    `dx[cells]` loses nothing.
    """
    for u in range(window.rows.kernel):
        rows, heights = meeting(window.rows, u)
        for v in range(window.cols.kernel):
            cols, widths = meeting(window.cols, v)
            yield Tap(u, v, (..., rows, cols), (..., heights, widths))


def meeting(axis: Axis, u: int) -> tuple[slice, slice]:
    """Along one axis, the outputs whose tap u lies inside the input, and the cells under it."""
    outputs = axis.outputs(u)
    if not outputs:
        return slice(0), slice(0)
    first, last = axis.tap(outputs[0], u), axis.tap(outputs[-1], u)
    return slice(outputs.start, outputs.stop), slice(first, last + 1, axis.stride)


def bins(window: Window) -> Iterator[tuple[Index, Index]]:
    """For each bin, where it stands in the output and the block of cells that it holds."""
    for i, j in np.ndindex(window.out):
        rows, cols = window.rows.taps(i), window.cols.taps(j)
        yield (..., i, j), (..., slice(rows.start, rows.stop), slice(cols.start, cols.stop))

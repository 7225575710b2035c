"""Windows laid wrong: the slips in geometry that every operator with windows shares.

A *slip* is the shortest name of one way to go wrong. No slips, no mistake: then all that stands
here is what the operators do.
"""

from collections.abc import Iterator, Set
from dataclasses import replace

import numpy as np

from convpool.geometry import Axis, Window, span

Slips = Set[str]


def lay(window: Window, slips: Slips) -> Window:
    """The windows as somebody who makes these slips would lay them."""
    rows, cols = window.rows, window.cols
    for what in ("kernel", "stride", "dilation"):
        if f"{what} exchanged" in slips or "all exchanged" in slips:
            here, there = getattr(rows, what), getattr(cols, what)
            rows, cols = replace(rows, **{what: there}), replace(cols, **{what: here})
    if "kernel exchanged, and its stride" in slips:
        follows = rows.stride == rows.kernel and cols.stride == cols.kernel  # as by default
        rows, cols = (
            replace(axis, kernel=other.kernel, stride=other.kernel if follows else axis.stride)
            for axis, other in ((rows, cols), (cols, rows))
        )
    if "padding exchanged" in slips or "all exchanged" in slips:
        here, there = rows, cols
        rows = replace(rows, before=there.before, after=there.after)
        cols = replace(cols, before=here.before, after=here.after)
    return Window(_lay_axis(rows, slips), _lay_axis(cols, slips))


def _lay_axis(axis: Axis, slips: Slips) -> Axis:
    if "dilation ignored" in slips or "taps undilated" in slips:
        axis = replace(axis, dilation=1)
    if "dilation one more" in slips:
        axis = replace(axis, dilation=axis.dilation + 1)
    if "dilation one less" in slips:
        axis = replace(axis, dilation=axis.dilation - 1)
    if "stride is kernel" in slips:
        axis = replace(axis, stride=axis.kernel)
    if "padding ignored" in slips:
        axis = replace(axis, before=0, after=0)
    if "leading padding twice" in slips:
        axis = replace(axis, after=axis.before)
    return axis


def outputs(window: Window, ceil_mode: bool, slips: Slips) -> tuple[int, int]:
    """H' and W' as a forward pass with these slips counts them."""
    if "taps undilated" in slips:
        return window.out
    rows, cols = (_count(axis, ceil_mode, slips) for axis in (window.rows, window.cols))
    return rows, cols


def _count(axis: Axis, ceil_mode: bool, slips: Slips) -> int:
    if "size without padding" in slips:
        axis = replace(axis, before=0, after=0)
    room = axis.size + axis.before + axis.after - span(axis.kernel, axis.dilation)
    if "span too long" in slips:
        room -= axis.dilation - 1  # the span counted as kernel · dilation
    ceil = (ceil_mode and "ceil ignored" not in slips) or "ceil always" in slips
    out = (-(-room // axis.stride) if ceil else room // axis.stride) + 1
    if ceil and "ceil unbounded" not in slips:
        out = min(out, -(-(axis.size + axis.before) // axis.stride))
    return out - 1 if "one window short" in slips else out


def visited(
    dy: np.ndarray, window: Window, ceil_mode: bool, slips: Slips
) -> Iterator[tuple[int, ...]]:
    """The outputs (i, j) whose gradient a backward pass with these slips hands back."""
    H, W = dy.shape[2:]
    if "ceil ignored" in slips:
        rows, cols = outputs(window, ceil_mode, slips)
        H, W = min(H, rows), min(W, cols)
    if "one window short" in slips:
        H, W = dy.shape[2] - 1, dy.shape[3] - 1
    return iter(np.ndindex(H, W))


class Frame:
    """An array with its padding around it, and where the windows lie on that."""

    def __init__(self, window: Window) -> None:
        self.rows, self.cols = window.rows, window.cols

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of the padded plane."""
        rows, cols = (a.before + a.size + a.after for a in (self.rows, self.cols))
        return rows, cols

    def around(self, x: np.ndarray, fill: float) -> np.ndarray:
        """x with its padding."""
        sides = [(axis.before, axis.after) for axis in (self.rows, self.cols)]
        return np.pad(x, [(0, 0), (0, 0), *sides], constant_values=fill)

    def at(self, i: int, j: int) -> tuple:
        """The index of window (i, j) into the padded array, without what lies beyond its end."""
        rows, cols = (
            taps[(taps >= 0) & (taps < end)]
            for taps, end in zip(self.taps(i, j), self.shape, strict=True)
        )
        return (slice(None), slice(None), rows[:, np.newaxis], cols)

    def at_unpadded(self, i: int, j: int) -> tuple:
        """Window (i, j) cut from an array without padding: short, or empty, near its end."""
        cut = [
            slice(taps[0], taps[-1] + 1, max(axis.dilation, 1))
            for taps, axis in zip(self.taps(i, j), (self.rows, self.cols), strict=True)
        ]
        return (slice(None), slice(None), *cut)

    def taps(self, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the columns of window (i, j), counted from the padding's first cell."""
        rows, cols = self.rows, self.cols
        return (
            i * rows.stride + rows.dilation * np.arange(rows.kernel),
            j * cols.stride + cols.dilation * np.arange(cols.kernel),
        )

    def removed(self, padded: np.ndarray, slips: Slips) -> np.ndarray:
        """A padded gradient without its padding, cut as the slips would cut it."""
        (top, bottom), (left, right) = ((a.before, a.after) for a in (self.rows, self.cols))
        H, W = self.rows.size, self.cols.size
        if "padding not removed" in slips:
            return padded
        if "cut to minus zero" in slips:
            return padded[:, :, top : -bottom or 0, left : -right or 0]
        if "cut at the end" in slips:
            return padded[:, :, :H, :W]
        if "leading padding cut twice" in slips:
            return padded[:, :, top : padded.shape[2] - top, left : padded.shape[3] - left]
        inside = padded[:, :, top : top + H, left : left + W]
        if "remainder dropped" in slips:
            reach = [a.size + a.after - max(a.remainder, 0) for a in (self.rows, self.cols)]
            return inside[:, :, : reach[0], : reach[1]]
        return inside

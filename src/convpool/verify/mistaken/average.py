"""Average pooling with slips, forward and backward: over windows, and for `bins` over bins."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from convpool.arguments import window as window_of
from convpool.geometry import Window
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.max import Cells
from convpool.verify.mistaken.windows import Frame, Slips, lay, outputs, visited

Divisor = Callable[[int, int], float]


def avg_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    x = arrays["x"]
    window = _window(x, arguments, slips)
    frame = Frame(window)
    out = outputs(window, arguments["ceil_mode"], slips)
    return {"y": means(x, frame, out, _divisor(frame, arguments, slips), slips)}


def avg_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"], arrays["x"]
    window = _window(x, arguments, slips)
    frame = Frame(window)
    visits = visited(dy, window, arguments["ceil_mode"], slips)
    if "shares put into dx unpadded" in slips:
        slips = slips | {"cut at the end"}
    return {"dx": shared_out(dy, x, frame, visits, _divisor(frame, arguments, slips), slips)}


def _window(x: np.ndarray, arguments: dict[str, Any], slips: Slips) -> Window:
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    return lay(window_of(x.shape[2:], **{name: arguments[name] for name in names}), slips)


def _divisor(frame: Frame, arguments: dict[str, Any], slips: Slips) -> Divisor:
    """What the sum of window (i, j) is divided by."""
    override = None if "override ignored" in slips else arguments["divisor_override"]
    padding_counts = arguments["count_include_pad"] or "padding counted" in slips
    if "padding left out" in slips:
        padding_counts = False

    def divisor(i: int, j: int) -> float:
        if override is not None:
            return override
        rows, cols = (
            _counted(taps, axis, padding_counts, slips)
            for taps, axis in zip(frame.taps(i, j), (frame.rows, frame.cols), strict=True)
        )
        return divide_by(rows, cols, slips)

    return divisor


def _counted(taps: np.ndarray, axis: Any, padding_counts: bool, slips: Slips) -> int:
    first, stop = axis.before, axis.before + axis.size
    if padding_counts:
        first, stop = 0, stop + axis.after
        if "overhang counted" in slips:
            return len(taps)
    return int(((taps >= first) & (taps < stop)).sum())


def divide_by(rows: float, cols: float, slips: Slips) -> float:
    """rows · cols, or what `/ rows * cols` divides by."""
    return np.float64(rows) / cols if "no parentheses" in slips else rows * cols


def means(
    x: np.ndarray, frame: Cells, out: tuple[int, int], divisor: Divisor, slips: Slips
) -> np.ndarray:
    """The sum of each window over its divisor."""
    cells = frame.around(x, 0)
    y = np.empty((*x.shape[:2], *out), x.dtype)
    for i, j in np.ndindex(out):
        if "windows of x" in slips:
            patch = x[frame.at_unpadded(i, j)]
            y[:, :, i, j] = patch.sum(axis=(2, 3)) / patch[0, 0].size
        else:
            y[:, :, i, j] = cells[frame.at(i, j)].sum(axis=(2, 3)) / divisor(i, j)
    return y


def shared_out(
    dy: np.ndarray,
    x: np.ndarray,
    frame: Cells,
    visits: Iterable[tuple[int, ...]],
    divisor: Divisor,
    slips: Slips,
) -> np.ndarray:
    """dx: every output's gradient shared out among its window."""
    dcells = np.zeros(frame.around(x, 0).shape, x.dtype)
    for i, j in visits:
        share = dy[:, :, i, j, np.newaxis, np.newaxis]
        if "gradient 1" not in slips:
            share = share / divisor(i, j)
        if "assign" in slips:
            dcells[frame.at(i, j)] = share
        else:
            dcells[frame.at(i, j)] += share
    return frame.removed(dcells, slips)

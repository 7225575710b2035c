"""Windows as columns, and back, with slips: what the convolutions, unfold and fold share."""

from collections.abc import Set
from dataclasses import replace
from typing import Any

import numpy as np

from convpool.arguments import folded_window
from convpool.arguments import window as window_of
from convpool.geometry import Axis, Window, span
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.windows import Slips, lay, outputs


def unfold(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ col."""
    x = arrays["x"]
    names = ("kernel_size", "stride", "padding", "dilation")
    right = window_of(x.shape[2:], **{name: arguments[name] for name in names})
    window, out = laid(right, arguments, slips)
    col = ordered(gather(x, window, out, slips), slips)
    N, rows = len(x), x.shape[1] * window.rows.kernel * window.cols.kernel
    col = col.reshape(N, rows, out[0] * out[1])
    if "windows as rows" in slips:
        return {"col": col.swapaxes(1, 2)}
    if "one matrix of rows" in slips:
        return {"col": col.swapaxes(1, 2).reshape(-1, rows)}
    if "one matrix of columns" in slips:
        return {"col": col.swapaxes(0, 1).reshape(rows, -1)}
    return {"col": col}


def fold(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ x."""
    col = arrays["col"]
    names = ("output_size", "kernel_size", "dilation", "padding", "stride")
    right = folded_window(col, *(arguments[name] for name in names))
    window, (H_out, W_out) = laid(right, arguments, slips)
    kh, kw = window.rows.kernel, window.cols.kernel
    N, C = len(col), col.shape[1] // (kh * kw)
    if "rows as they stand" in slips:  # (N, C·kh·kw, L) read as if it were (N, L, C·kh·kw)
        col = col.reshape(N, col.shape[2], col.shape[1]).swapaxes(1, 2)
    if "columns first" in slips:
        by_tap = col.reshape(N, C, kh, kw, W_out, H_out).swapaxes(4, 5)
    else:
        by_tap = col.reshape(N, C, kh, kw, H_out, W_out)
    if "channels fastest" in slips:
        by_tap = col.reshape(N, kh, kw, C, H_out, W_out).transpose(0, 3, 1, 2, 4, 5)
    if "taps columns first" in slips:
        by_tap = col.reshape(N, C, kw, kh, H_out, W_out).swapaxes(2, 3)
    return {"x": scatter(by_tap, window, slips)}


def laid(right: Window, arguments: dict[str, Any], slips: Slips) -> tuple[Window, tuple[int, int]]:
    """Where the taps lie and how many outputs are counted: "… in taps" spares the counting."""
    counted = misplaced(right, arguments, slips)
    if "span too large" in slips:  # d·k cells for d·(k − 1) + 1
        counted = Window(*(_spanning(axis) for axis in (counted.rows, counted.cols)))
    out = outputs(counted, False, slips)
    if min(out) < 0:
        raise ValueError("no window fits")
    return misplaced(right, arguments, inside(slips, "taps")), out


def misplaced(right: Window, arguments: dict[str, Any], slips: Slips) -> Window:
    """The windows of a convolution, laid as the slips would lay them."""
    if "odd cell first" in slips and arguments["padding"] == "same":
        right = Window(_turned(right.rows), _turned(right.cols))
    if "same at every stride" in slips and arguments["padding"] == "same":
        right = Window(_kept(right.rows), _kept(right.cols))
    if "arguments exchanged" in slips:
        slips = slips | {"stride exchanged", "padding exchanged", "dilation exchanged"}
    if "stride ignored" in slips:
        right = Window(*(replace(axis, stride=1) for axis in (right.rows, right.cols)))
    return lay(right, slips)


def inside(slips: Slips, place: str) -> Set[str]:
    """The slips that are made in one place: those made everywhere, and those made only there."""
    return {slip.removesuffix(f" in {place}") for slip in slips} if slips else slips


def _spanning(axis: Axis) -> Axis:
    return replace(axis, kernel=axis.dilation * axis.kernel, dilation=1)


def _turned(axis: Axis) -> Axis:
    return replace(axis, before=axis.after, after=axis.before)


def _kept(axis: Axis) -> Axis:
    """As much padding as gives as many outputs as cells, whatever the stride."""
    total = (axis.size - 1) * axis.stride + span(axis.kernel, axis.dilation) - axis.size
    return replace(axis, before=total // 2, after=total - total // 2)


def ordered(col: np.ndarray, slips: Slips) -> np.ndarray:
    """(N, C, kh, kw, H', W'), its axes in the order in which the slips would put them."""
    if "channels fastest" in slips:
        return col.transpose(0, 2, 3, 1, 4, 5)
    if "taps columns first" in slips:
        return col.swapaxes(2, 3)
    if "columns first" in slips:
        return col.swapaxes(4, 5)
    return col


# ---------------------------------------------------------------------------- there


def places(axis: Axis, out: int, shift: int = 0) -> np.ndarray:
    """The padded cell under each tap of each window: (k, out)."""
    taps, steps = np.arange(axis.kernel), np.arange(out)
    return axis.dilation * taps[:, np.newaxis] + axis.stride * steps + shift


def gather(
    x: np.ndarray,
    window: Window,
    out: tuple[int, int],
    slips: Slips,
    shift: tuple[int, int] = (0, 0),
) -> np.ndarray:
    """(N, C, H, W) → (N, C, kh, kw, H', W'), zeros in the padding and beyond its end."""
    axes = (window.rows, window.cols)
    rows, cols = (places(*each) for each in zip(axes, out, shift, strict=True))
    starts = [axis.before for axis in axes]
    if "negative index" in slips:
        rows, cols = rows - starts[0], cols - starts[1]
        return x[:, :, rows[:, np.newaxis, :, np.newaxis], cols[:, np.newaxis, :]]
    room = [
        max(int(cells.max(initial=0)) + 1, start + size)
        for cells, start, size in zip((rows, cols), starts, x.shape[2:], strict=True)
    ]
    padded = np.zeros((*x.shape[:2], *room), x.dtype)
    padded[:, :, starts[0] : starts[0] + x.shape[2], starts[1] : starts[1] + x.shape[3]] = x
    return padded[:, :, rows[:, np.newaxis, :, np.newaxis], cols[:, np.newaxis, :]]


# ---------------------------------------------------------------------------- and back


def scatter(
    col: np.ndarray, window: Window, slips: Slips, shift: tuple[int, int] = (0, 0)
) -> np.ndarray:
    """(N, C, kh, kw, H', W') → (N, C, H, W), sums where windows overlap."""
    axes, out = (window.rows, window.cols), col.shape[4:]
    (top, height), (left, width) = (cut(a, n, slips) for a, n in zip(axes, out, strict=True))
    before = max(-top, 0), max(-left, 0)  # zeros in front of everything, if the cut begins there
    top, left = top + before[0], left + before[1]
    rows = places(axes[0], out[0], shift[0] + before[0])
    cols = places(axes[1], out[1], shift[1] + before[1])
    room = (
        max(int(rows.max(initial=0)) + 1, top + height),
        max(int(cols.max(initial=0)) + 1, left + width),
    )

    if "negative index" in slips:
        return _wrapped(col, rows - before[0] - top, cols - before[1] - left, (height, width))

    def added(col: np.ndarray) -> np.ndarray:
        padded = np.zeros((*col.shape[:2], *room), col.dtype)
        _add(col, rows, cols, padded, slips)
        return padded[:, :, top : top + height, left : left + width]

    if "inverse" in slips:
        return added(col) / np.maximum(added(np.ones_like(col)), 1)
    return added(col)


def _add(
    col: np.ndarray, rows: np.ndarray, cols: np.ndarray, padded: np.ndarray, slips: Slips
) -> None:
    if "assign" in slips:  # window after window
        for i, j in np.ndindex(col.shape[4:]):
            padded[:, :, rows[:, i, np.newaxis], cols[:, j]] = col[:, :, :, :, i, j]
        return
    for u, v in np.ndindex(col.shape[2:4]):
        cells = (slice(None), slice(None), rows[u][:, np.newaxis], cols[v])
        if "assign taps" in slips:
            padded[cells] = col[:, :, u, v]
        else:
            padded[cells] += col[:, :, u, v]


def _wrapped(
    col: np.ndarray, rows: np.ndarray, cols: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """What lies before the first cell comes in again at the last, as Python counts."""
    x = np.zeros((*col.shape[:2], *size), col.dtype)
    for u, v, i, j in np.ndindex(col.shape[2:]):
        x[:, :, rows[u, i], cols[v, j]] += col[:, :, u, v, i, j]
    return x


def cut(axis: Axis, out: int, slips: Slips) -> tuple[int, int]:
    """Where in its padding a gradient begins, and how long it is."""
    length = (out - 1) * axis.stride + 1  # from the first output to the last
    end, full = axis.before + axis.size + axis.after, length + span(axis.kernel, axis.dilation) - 1
    rules = {
        "padding not removed": (0, end),
        "full convolution not cut": (0, full),
        "cut to minus zero": (axis.before, axis.size if axis.after else 0),
        "cut at the end": (0, axis.size),
        "remainder not reached": (axis.before, min(axis.size, full - axis.before)),
        "remainder dropped": (axis.before, full - axis.before - axis.after),
        "cut alike at both ends": (axis.before, end - 2 * axis.before),
        "padding of the forward": (
            full - length - axis.before,
            2 * length - full + axis.before + axis.after,
        ),
    }
    start, size = next((rules[slip] for slip in rules if slip in slips), (axis.before, axis.size))
    if size < 0:
        raise ValueError("nothing is left")
    return start, size

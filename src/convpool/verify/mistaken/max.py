"""Max pooling with slips, forward and backward: over windows, and for `bins` over bins."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from convpool.arguments import window as window_of
from convpool.geometry import Axis, Window
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.windows import Frame, Slips, lay, outputs, visited

WINDOWS_OF_X = ("windows of x", "windows of x, by place", "windows of x, by kernel")


class Cells(Protocol):
    """Where the windows, or the bins, lie on an array and its padding."""

    def around(self, x: np.ndarray, fill: float) -> np.ndarray: ...
    def at(self, i: int, j: int) -> tuple: ...
    def at_unpadded(self, i: int, j: int) -> tuple: ...
    def taps(self, i: int, j: int) -> tuple[np.ndarray, np.ndarray]: ...
    def removed(self, padded: np.ndarray, slips: Slips) -> np.ndarray: ...


def max_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y, and with `return_indices` the indices."""
    x = arrays["x"]
    window = _window(x, arguments, slips)
    out = outputs(window, arguments["ceil_mode"], slips)
    y, indices = maxima(x, Frame(window), out, slips)
    return {"y": y, "indices": indices} if arguments["return_indices"] else {"y": y}


def max_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"], arrays["x"]
    if "windows of x in dx" in slips:  # cut from x and put into dx, neither of them padded
        slips = slips | {"padding ignored"}
    window = _window(x, arguments, slips)
    visits = visited(dy, window, arguments["ceil_mode"], slips)
    return {"dx": routed(dy, x, Frame(window), visits, slips)}


def _window(x: np.ndarray, arguments: dict[str, Any], slips: Slips) -> Window:
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    window = lay(window_of(x.shape[2:], **{name: arguments[name] for name in names}), slips)
    if "zero padding, overhang too" in slips:
        return Window(_reaching(window.rows), _reaching(window.cols))
    return window


def _reaching(axis: Axis) -> Axis:
    return replace(axis, after=axis.after + max(-axis.remainder, 0))


# ---------------------------------------------------------------------------- forward


def maxima(
    x: np.ndarray, frame: Cells, out: tuple[int, int], slips: Slips
) -> tuple[np.ndarray, np.ndarray]:
    """The maxima, and their places."""
    cells, places = frame.around(x, _fill(slips)), _places(x, frame, slips)
    from_x = not slips.isdisjoint(WINDOWS_OF_X)
    y = np.empty((*x.shape[:2], *out), x.dtype)
    indices = np.empty(y.shape, np.int64)
    for i, j in np.ndindex(out):
        at = frame.at(i, j)
        patch = x[frame.at_unpadded(i, j)] if from_x else cells[at]
        won = first_winner(patch, slips)
        y[:, :, i, j] = np.where(won, patch, 0).sum(axis=(2, 3))
        if "start at zero" in slips:
            y[:, :, i, j] = np.fmax(y[:, :, i, j], 0)
        if "places in the window" in slips:
            indices[:, :, i, j] = won.reshape(*x.shape[:2], -1).argmax(axis=2)
        else:
            at = frame.at_unpadded(i, j) if from_x else at
            indices[:, :, i, j] = np.where(won, places[at], 0).sum(axis=(2, 3))
    return y, indices


def _places(x: np.ndarray, frame: Cells, slips: Slips) -> np.ndarray:
    """The number of each cell, laid out like the padded x."""
    H, W = x.shape[2:]
    if "places with the padding" in slips:
        padded = frame.around(x, 0)[:1, :1]
        return np.arange(padded.size).reshape(padded.shape)
    if "places in the batch" in slips:
        return frame.around(np.arange(x.size).reshape(x.shape), -1)
    plane = np.arange(H * W).reshape(1, 1, H, W)
    if "divided by the height" in slips:
        plane = (H * np.arange(H)[:, np.newaxis] + np.arange(W)).reshape(1, 1, H, W)
    return plane if not slips.isdisjoint(WINDOWS_OF_X) else frame.around(plane, -1)


def _fill(slips: Slips) -> float:
    return 0.0 if not slips.isdisjoint(("zero padding", "zero padding, overhang too")) else -np.inf


# ---------------------------------------------------------------------------- backward


def routed(
    dy: np.ndarray, x: np.ndarray, frame: Cells, visits: Iterable[tuple[int, ...]], slips: Slips
) -> np.ndarray:
    """dx: every output's gradient at the cell that won."""
    cells = frame.around(x, _fill(slips))
    dcells = np.zeros(cells.shape, x.dtype)
    for i, j in visits:
        at = frame.at(i, j)
        patch = cells[at] if slips.isdisjoint(WINDOWS_OF_X) else x[frame.at_unpadded(i, j)]
        if width := _width(frame, patch, slips):
            _put(dcells, _target(frame, patch, (i, j), width, slips), dy[:, :, i, j], slips)
            continue
        share = shares(patch, slips)
        flow = share * dy[:, :, i, j, np.newaxis, np.newaxis]
        if "assign" in slips:
            dcells[at] = np.where(share != 0, flow, dcells[at])
        elif "assign window" in slips:
            dcells[at] = flow
        else:
            dcells[at] += flow
    return _in_planes(frame.removed(dcells, slips), slips)


def _width(frame: Cells, patch: np.ndarray, slips: Slips) -> int | None:
    """By what the winner's number is divided into a row and a column, where that matters."""
    if "divided by the height" in slips:
        return patch.shape[2]
    if "windows of x, by place" in slips:
        return patch.shape[3]
    return len(frame.taps(0, 0)[1]) if "windows of x, by kernel" in slips else None


def _target(
    frame: Cells, patch: np.ndarray, window: tuple[int, ...], width: int, slips: Slips
) -> tuple:
    """The padded cell (row, column) of every image's and channel's winner, as an index."""
    won = first_winner(patch, slips).reshape(*patch.shape[:2], -1).argmax(axis=2)  # (N, C)
    rows, cols = frame.taps(*window)
    steps = [taps[1] - taps[0] if len(taps) > 1 else 1 for taps in (rows, cols)]
    u, v = np.divmod(won, width)
    planes = np.ogrid[: won.shape[0], : won.shape[1]]
    return (*planes, rows[0] + steps[0] * u, cols[0] + steps[1] * v)


def _put(dcells: np.ndarray, target: tuple, flow: np.ndarray, slips: Slips) -> None:
    if "assign" in slips or "assign window" in slips:
        dcells[target] = flow
    else:
        dcells[target] += flow  # one cell in every plane: no place occurs twice


def _in_planes(dx: np.ndarray, slips: Slips) -> np.ndarray:
    if "first plane" not in slips:
        return dx
    together = np.zeros_like(dx)
    together[:1, :1] = dx.sum(axis=(0, 1), keepdims=True)
    return together


# ---------------------------------------------------------------------------- who wins


def shares(patch: np.ndarray, slips: Slips) -> np.ndarray:
    """The part of an output's gradient that each cell of its window gets: (N, C, kh, kw)."""
    if "all ties" in slips or "split ties" in slips:
        tied = patch == patch.max(axis=(2, 3), keepdims=True)
        return tied / tied.sum(axis=(2, 3), keepdims=True) if "split ties" in slips else tied * 1.0
    return first_winner(patch, slips) * 1.0


def first_winner(patch: np.ndarray, slips: Slips) -> np.ndarray:
    """Which cell of each window wins, as booleans: the first NaN, or the first maximum."""
    flat = patch.reshape(*patch.shape[:2], -1)
    if "NaN ignored" in slips or "start at zero" in slips:
        flat = np.where(np.isnan(flat), -np.inf, flat)
    if "last tie" in slips:
        won = flat.shape[2] - 1 - np.argmax(flat[:, :, ::-1], axis=2)
    else:
        won = np.argmax(flat, axis=2)
    if "start at zero" in slips:
        won = np.where(flat.max(axis=2) > 0, won, 0)
    return (np.arange(flat.shape[2]) == won[:, :, np.newaxis]).reshape(patch.shape)

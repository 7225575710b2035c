"""Max pooling with slips, forward and backward."""

from typing import Any

import numpy as np

from convpool.arguments import window as window_of
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.windows import Frame, Slips, lay, outputs


def max_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y, and with `return_indices` the indices."""
    x = arrays["x"]
    window = _window(x, arguments, slips)
    frame = Frame(window)
    cells = frame.around(x, _fill(slips))
    places = frame.around(np.arange(x[0, 0].size).reshape(1, 1, *x.shape[2:]), -1)
    y = np.empty((*x.shape[:2], *outputs(window, arguments["ceil_mode"], slips)), x.dtype)
    indices = np.empty(y.shape, np.int64)
    for i, j in np.ndindex(y.shape[2:]):
        at = frame.at(i, j)
        patch = cells[at]
        won = first_winner(patch, slips)
        y[:, :, i, j] = np.where(won, patch, 0).sum(axis=(2, 3))
        indices[:, :, i, j] = np.where(won, places[at], 0).sum(axis=(2, 3))
    return {"y": y, "indices": indices} if arguments["return_indices"] else {"y": y}


def max_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"], arrays["x"]
    frame = Frame(_window(x, arguments, slips))
    cells = frame.around(x, _fill(slips))
    dcells = np.zeros(cells.shape, x.dtype)
    for i, j in np.ndindex(dy.shape[2:]):
        at = frame.at(i, j)
        patch = x[at_slice(frame, i, j)] if "windows of x" in slips else cells[at]
        share = shares(patch, slips)
        flow = share * dy[:, :, i, j, np.newaxis, np.newaxis]
        if "assign" in slips:
            dcells[at] = np.where(share != 0, flow, dcells[at])
        elif "assign window" in slips:
            dcells[at] = flow
        else:
            dcells[at] += flow
    return {"dx": frame.removed(dcells, slips)}


def at_slice(frame: Frame, i: int, j: int) -> tuple:
    """Window (i, j) cut from an array without padding: short, or empty, near its end."""
    rows, cols = frame.taps(i, j)
    cut = [slice(taps[0], taps[-1] + 1, max(a.dilation, 1)) for taps, a in
           zip((rows, cols), (frame.rows, frame.cols), strict=True)]  # fmt: skip
    return (slice(None), slice(None), *cut)


def shares(patch: np.ndarray, slips: Slips) -> np.ndarray:
    """The part of an output's gradient that each cell of its window gets: (N, C, kh, kw)."""
    if "all ties" in slips or "split ties" in slips:
        tied = patch == patch.max(axis=(2, 3), keepdims=True)
        return tied / tied.sum(axis=(2, 3), keepdims=True) if "split ties" in slips else tied * 1.0
    return first_winner(patch, slips) * 1.0


def first_winner(patch: np.ndarray, slips: Slips) -> np.ndarray:
    """Which cell of each window wins, as booleans: the first NaN, or the first maximum."""
    flat = patch.reshape(*patch.shape[:2], -1)
    if "NaN ignored" in slips:
        flat = np.where(np.isnan(flat), -np.inf, flat)
    if "last tie" in slips:
        won = flat.shape[2] - 1 - np.argmax(flat[:, :, ::-1], axis=2)
    else:
        won = np.argmax(flat, axis=2)
    return (np.arange(flat.shape[2]) == won[:, :, np.newaxis]).reshape(patch.shape)


def _fill(slips: Slips) -> float:
    return 0.0 if "zero padding" in slips else -np.inf


def _window(x: np.ndarray, arguments: dict[str, Any], slips: Slips):
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    return lay(window_of(x.shape[2:], **{name: arguments[name] for name in names}), slips)

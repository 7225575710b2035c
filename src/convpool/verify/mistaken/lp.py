"""Lp pooling with slips, forward and backward."""

from typing import Any

import numpy as np

from convpool.arguments import window as window_of
from convpool.geometry import Window
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.windows import Frame, Slips, lay, outputs, visited


def lp_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    x, p = arrays["x"], _p(arguments, slips)
    window = _window(x, arguments, slips)
    frame = Frame(window)
    cells = frame.around(x, 0)
    y = np.empty((*x.shape[:2], *outputs(window, arguments["ceil_mode"], slips)), x.dtype)
    for i, j in np.ndindex(y.shape[2:]):
        patch = x[frame.at_unpadded(i, j)] if "windows of x" in slips else cells[frame.at(i, j)]
        y[:, :, i, j] = _norm(patch, p, slips)
        if "overhang counted" in slips:  # a mean over what is there, times a whole window
            y[:, :, i, j] *= (_taps(frame) / patch[0, 0].size) ** (1 / p)
    return {"y": y}


def _norm(patch: np.ndarray, p: float, slips: Slips) -> np.ndarray:
    """The p-norm of each window, relative to its largest cell: (N, C)."""
    if "signed" in slips:
        total = (patch**p).sum(axis=(2, 3))
        return total if "no root" in slips else total ** (1 / p)
    sizes = np.abs(patch)
    if "no root" in slips:
        return (sizes**p).sum(axis=(2, 3))
    scale = sizes.max(axis=(2, 3), initial=0)
    parts = sizes / np.where(scale > 0, scale, 1)[:, :, np.newaxis, np.newaxis]
    together = parts**p
    total = together.sum(axis=(2, 3))
    if "mean" in slips:
        total = total / patch[0, 0].size
    return scale * total ** (1 / p)


def lp_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x, p = arrays["dy"], arrays["x"], _p(arguments, slips)
    window = _window(x, arguments, slips)
    frame = Frame(window)
    cells = frame.around(x, 0)
    dcells = np.zeros(cells.shape, x.dtype)
    for i, j in visited(dy, window, arguments["ceil_mode"], slips):
        at = frame.at(i, j)
        patch = x[frame.at_unpadded(i, j)] if "windows of x" in slips else cells[at]
        flow = dy[:, :, i, j, np.newaxis, np.newaxis] * _partials(patch, p, slips)
        if "assign" in slips:
            dcells[at] = flow
        else:
            dcells[at] += flow
    return {"dx": frame.removed(dcells, slips)}


def _partials(patch: np.ndarray, p: float, slips: Slips) -> np.ndarray:
    """How the norm of each window grows with each of its cells: (N, C, kh, kw)."""
    if "signed" in slips:
        total = (patch**p).sum(axis=(2, 3), keepdims=True)
        return patch ** (p - 1) * total ** (1 / p - 1)
    sign = 1.0 if "sign lost" in slips else np.sign(patch)
    sizes = np.abs(patch)
    if "no root" in slips:
        return sign * p * sizes ** (p - 1)
    if "norm not divided" in slips:
        return sign * sizes ** (p - 1)
    norm = _norm(patch, p, frozenset())[:, :, np.newaxis, np.newaxis]
    if "zero over zero" not in slips:
        norm = np.where(norm > 0, norm, 1)
        sign = np.where(sizes > 0, sign, 0)
    if "power of x" in slips:
        return (patch / norm) ** (p - 1)
    parts = sign * (sizes / norm) ** (p - 1)
    return parts * patch[0, 0].size ** (-1 / p) if "mean" in slips else parts


def _taps(frame: Frame) -> int:
    return frame.rows.kernel * frame.cols.kernel


def _p(arguments: dict[str, Any], slips: Slips) -> float:
    return 2 if "always 2" in slips else arguments["norm_type"]


def _window(x: np.ndarray, arguments: dict[str, Any], slips: Slips) -> Window:
    names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
    return lay(window_of(x.shape[2:], **{name: arguments[name] for name in names}), slips)

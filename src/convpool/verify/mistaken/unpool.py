"""Max unpooling with slips."""

from typing import Any

import numpy as np

from convpool.arguments import paddings, pair
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.windows import Slips


def max_unpool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ x."""
    y, indices = arrays["y"], arrays["indices"]
    H, W = _size(y, arguments, slips)
    x = np.zeros((*y.shape[:2], H, W), y.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        plane = (0, 0) if "first plane" in slips else (n, c)
        at = _cell((i, j), int(indices[n, c, i, j]), (H, W), arguments, slips)
        if "add" in slips:
            x[*plane, *at] += y[n, c, i, j]
        else:
            x[*plane, *at] = y[n, c, i, j]
    return {"x": x}


def _cell(
    output: tuple[int, int],
    index: int,
    size: tuple[int, int],
    arguments: dict[str, Any],
    slips: Slips,
) -> tuple[int, int]:
    if "corners" in slips:
        rows, cols = _strides(arguments, slips)
        return output[0] * rows, output[1] * cols
    h, w = divmod(index, size[0] if "divided by the height" in slips else size[1])
    return h, w


def _size(y: np.ndarray, arguments: dict[str, Any], slips: Slips) -> tuple[int, int]:
    if arguments["output_size"] is not None and "output_size ignored" not in slips:
        H, W = pair("output_size", arguments["output_size"], 1)
        return H, W
    kernel, pads = pair("kernel_size", arguments["kernel_size"], 1), paddings(arguments["padding"])
    assert not isinstance(pads, str)  # padding in words does not say which size to go back to
    around = list(pads)
    if "padding ignored" in slips:
        around = [(0, 0), (0, 0)]
    if "leading padding twice" in slips:
        around = [(before, before) for before, _ in around]
    if "all exchanged" in slips or "kernel exchanged" in slips:
        kernel = kernel[1], kernel[0]
    H, W = (
        (out - 1) * stride - sum(pad) + taps
        for out, stride, pad, taps in zip(
            y.shape[2:], _strides(arguments, slips), around, kernel, strict=True
        )
    )
    return H, W


def _strides(arguments: dict[str, Any], slips: Slips) -> tuple[int, int]:
    stride = arguments["stride"]
    if stride is None or "stride is kernel" in slips:
        stride = arguments["kernel_size"]
    rows, cols = pair("stride", stride, 1)
    return (cols, rows) if "all exchanged" in slips or "stride exchanged" in slips else (rows, cols)

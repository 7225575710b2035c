"""Transposed convolution with slips: the input gradient of a convolution, and its way back.

Here x and dy have changed places with those of the convolution, and so have M and C.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from convpool.arguments import transposed_convolution
from convpool.geometry import Axis, Window, span
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.channels import misread, turned
from convpool.verify.mistaken.columns import inside, misplaced
from convpool.verify.mistaken.conv import (
    averaged,
    bias_gradient,
    biased,
    correlate,
    spread,
    weight_gradient,
)
from convpool.verify.mistaken.windows import Slips

ARGUMENTS = ("stride", "padding", "output_padding", "groups", "dilation")


def conv_transpose2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    x, weight, bias = arrays["x"], arrays["weight"], arrays.get("bias")
    right, groups = transposed_convolution(x, weight, bias, *(arguments[a] for a in ARGUMENTS))
    window = sized(right, arguments, slips)
    y = spread(x, turned(weight, groups, slips), window, groups, slips)
    if "output_padding appended" in slips:
        left_over = (right.rows.remainder, right.cols.remainder)
        y = np.pad(y, [(0, 0), (0, 0), *((0, n) for n in left_over)])
    return {"y": biased(y, bias, slips)}


def sized(right: Window, arguments: dict[str, Any], slips: Slips) -> Window:
    """Where the taps lie and how large y is: "… in taps" spares the size."""
    counted = misplaced(right, arguments, slips)
    taps = misplaced(right, arguments, inside(slips, "taps"))
    short = slips & {"output_padding ignored", "output_padding appended"}
    left_over = (0, 0) if short else (right.rows.remainder, right.cols.remainder)
    return Window(
        replace(taps.rows, size=_size(counted.rows, left_over[0])),
        replace(taps.cols, size=_size(counted.cols, left_over[1])),
    )


def _size(axis: Axis, left_over: int) -> int:
    reach = (axis.out - 1) * axis.stride + span(axis.kernel, axis.dilation)
    return reach - axis.before - axis.after + left_over


def conv_transpose2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx, dweight, dbias."""
    dy, x, weight = arrays["dy"], arrays["x"], arrays["weight"]
    right, groups = transposed_convolution(x, weight, None, *(arguments[a] for a in ARGUMENTS))
    in_dx, in_dweight = inside(slips, "dx"), inside(slips, "dweight")
    window, kernel = misplaced(right, arguments, in_dx), turned(weight, groups, in_dx)
    dx = correlate(dy, kernel, window, x.shape[2:], groups, in_dx)
    window = misplaced(right, arguments, in_dweight)
    dweight = weight_gradient(x, dy, window, groups, in_dweight)
    dbias = bias_gradient(misread(dy, groups, slips), slips)
    return averaged({"dx": dx, "dweight": dweight, "dbias": dbias}, len(x), slips)

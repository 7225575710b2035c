"""Convolution with slips, forward and backward: one product for each, on windows as columns.

A slip "… in dx" or "… in dweight" is made in that gradient alone.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from convpool.arguments import convolution
from convpool.geometry import Axis, Groups, Window, span
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.channels import (
    by_group,
    dealt,
    misread,
    read,
    retold,
    turned,
)
from convpool.verify.mistaken.columns import gather, inside, laid, misplaced, scatter
from convpool.verify.mistaken.windows import Slips

ARGUMENTS = ("stride", "padding", "dilation", "groups")


def conv2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    x, weight, bias = arrays["x"], arrays["weight"], arrays.get("bias")
    window, groups = convolution(x, weight, bias, *(arguments[name] for name in ARGUMENTS))
    if "kernel read as columns, rows" in slips:
        weight = weight.reshape(*weight.shape[:2], *weight.shape[:1:-1])
        window = convolution(x, weight, bias, *(arguments[name] for name in ARGUMENTS))[0]
    y = correlate(x, turned(weight, groups, slips), *laid(window, arguments, slips), groups, slips)
    return {"y": retold(biased(y, bias, slips), groups, slips)}


def conv2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx, dweight, dbias."""
    dy, x, weight = arrays["dy"], arrays["x"], arrays["weight"]
    right, groups = convolution(x, weight, None, *(arguments[name] for name in ARGUMENTS))
    in_dx, in_dweight = inside(slips, "dx"), inside(slips, "dweight")

    dx = spread(
        misread(dy, groups, in_dx),
        turned(weight, groups, in_dx),
        misplaced(right, arguments, in_dx),
        groups,
        in_dx,
    )
    dweight = weight_gradient(
        misread(dy, groups, in_dweight),
        x,
        misplaced(right, arguments, in_dweight),
        groups,
        in_dweight,
    )
    dbias = bias_gradient(misread(dy, groups, slips), slips)
    return averaged({"dx": dx, "dweight": dweight, "dbias": dbias}, len(x), slips)


# ---------------------------------------------------------------------------- the three products


def correlate(
    x: np.ndarray,
    weight: np.ndarray,
    window: Window,
    out: tuple[int, int],
    groups: Groups,
    slips: Slips,
) -> np.ndarray:
    """Kernels times columns: (G, M/G, R) · (N, G, R, L) → (N, M, H', W')."""
    N, M, L = len(x), len(weight), out[0] * out[1]
    reads, writes = dealt(groups, M, slips)
    col = read(gather(x, window, out, slips), reads, slips)  # (N, G, C/G, kh, kw, H', W')
    if "channels fastest" in slips:
        col = np.moveaxis(col, 2, 4)
    if "last channel" in slips:
        weight = np.concatenate([0 * weight[:, :-1], weight[:, -1:]], axis=1)
    to = dealt(groups, M, {"maps in turns"})[1] if "results in turns" in slips else writes
    y = np.empty((N, M, L), x.dtype)
    y[:, to] = by_group(weight, groups, writes) @ as_matrix(col)
    return y.reshape(N, M, *out)


def as_matrix(col: np.ndarray) -> np.ndarray:
    """(N, G, three axes, H', W') → (N, G, C/G·kh·kw, H'·W')."""
    return col.reshape(*col.shape[:2], math.prod(col.shape[2:5]), math.prod(col.shape[5:]))


def spread(
    dy: np.ndarray, weight: np.ndarray, window: Window, groups: Groups, slips: Slips
) -> np.ndarray:
    """Each output, times its kernel, over its window: (N, M, H', W') → dx."""
    N, M, *out = dy.shape
    if slips & DENSE.keys():
        window = Window(*(replace(axis, stride=1) for axis in (window.rows, window.cols)))
        slips = slips | {cut for slip, cut in DENSE.items() if slip in slips}
    if "padding of the columns" in slips:
        window = Window(_padded_as(window.rows, window.cols), window.cols)
    if "padding of the columns, own size" in slips:
        window = Window(_sized_as(window.rows, window.cols), window.cols)
    kh, kw = weight.shape[2:]
    reads, writes = dealt(groups, M, slips)
    kernels = by_group(weight, groups, writes)  # (G, M/G, R)
    flows = dy.reshape(N, M, -1)[:, writes]  # (N, G, M/G, L)
    if "own map only" in slips:
        kernels = kernels * own_map(kernels.shape, groups.inputs)
    if "assign maps" in slips:  # the last map of a group overwrites the others
        kernels, flows = kernels[:, -1:], flows[:, :, -1:]
        slips = slips | {"assign"}
    dcol = (kernels.swapaxes(1, 2) @ flows).reshape(N, groups.count, -1, kh, kw, *out)
    if "channels fastest" in slips:
        dcol = dcol.reshape(N, groups.count, kh, kw, -1, *out).transpose(0, 1, 4, 2, 3, 5, 6)
    if "every group for all" in slips:
        dcol = np.broadcast_to(dcol.sum(axis=1, keepdims=True), dcol.shape)
    col = np.zeros((N, groups.count * groups.inputs, *dcol.shape[3:]), dy.dtype)
    for g, channels in enumerate(reads):
        col[:, channels] += dcol[:, g]
    return scatter(col, window, slips, shift(window, slips))


def own_map(shape: tuple[int, ...], channels: int) -> np.ndarray:
    """1 where map c of a group meets its channel c: (M/G, R)."""
    maps, rows = shape[1], shape[2]
    if maps < channels:
        raise ValueError("a channel has no map of its number")
    return np.arange(maps)[:, np.newaxis] == np.arange(rows) // (rows // channels)


# What is cut from dx if dy is not spread: its size is that of x, what the formula gives, or what
# is there of `dx[p : p + H]`.
DENSE = {
    "stride zeros missing": "",
    "stride zeros missing, own size": "remainder dropped",
    "stride zeros missing, cut short": "remainder not reached",
}


def _padded_as(axis: Axis, other: Axis) -> Axis:
    """An axis whose full convolution is padded by the span of the other axis."""
    spans = span(axis.kernel, axis.dilation), span(other.kernel, other.dilation)
    return replace(axis, before=axis.before + spans[0] - spans[1])


def _sized_as(axis: Axis, other: Axis) -> Axis:
    """The same, with as many cells as that padding gives."""
    padded = _padded_as(axis, other)
    late = axis.before - padded.before
    if axis.size + 2 * late < 1:
        raise ValueError("nothing is left")
    return replace(padded, size=axis.size + 2 * late, after=axis.after - late)


def weight_gradient(
    dy: np.ndarray, x: np.ndarray, window: Window, groups: Groups, slips: Slips
) -> np.ndarray:
    """Outputs times columns: (N, G, M/G, L) · (N, G, L, R), summed over n → (M, C/G, kh, kw)."""
    out = dy.shape[2], dy.shape[3]
    kh, kw = window.rows.kernel, window.cols.kernel
    window = Window(meeting(window.rows, out[0], slips), meeting(window.cols, out[1], slips))
    if "last image" in slips:
        dy, x = dy[-1:], x[-1:]
    if "last window" in slips:
        dy = np.where(last(dy), dy, 0)
    N, M = dy.shape[:2]
    reads, writes = dealt(groups, M, slips)
    col = read(gather(x, window, out, slips, shift(window, slips)), reads, slips)
    flows = dy.reshape(N, M, -1)[:, writes]
    product = (flows @ as_matrix(col).swapaxes(2, 3)).sum(axis=0)  # (G, M/G, R)
    dweight = np.empty((M, *col.shape[2:5]), x.dtype)
    dweight[writes] = product.reshape(*writes.shape, *col.shape[2:5])
    if "remainder at the front" in slips:
        dweight = dweight[:, :, -kh:, -kw:]
    return written(dweight, groups, slips)


def meeting(axis: Axis, out: int, slips: Slips) -> Axis:
    """One axis of dweight, a correlation of x with dy: how far apart both lie, how many results."""
    if "stride zeros missing" in slips or "stride zeros missing, own size" in slips:
        axis = replace(axis, stride=1)
    if "stride and dilation not exchanged" in slips:
        axis = replace(axis, stride=axis.dilation, dilation=axis.stride)
    uncut = {
        "stride zeros missing, own size",
        "stride and dilation not exchanged",
        "remainder dropped",
        "remainder at the front",
    }
    if "padding ignored, own size" in slips:
        axis = replace(axis, before=0, after=0)
    if not uncut & slips and "padding ignored, own size" not in slips:
        return axis
    room = axis.before + axis.size + axis.after - (out - 1) * axis.stride - 1
    results = room // axis.dilation + 1
    if results < 0:
        raise ValueError("dy is larger than x")
    return replace(axis, kernel=results if uncut & slips else min(results, axis.kernel))


def written(dweight: np.ndarray, groups: Groups, slips: Slips) -> np.ndarray:
    """dweight as the slips would lay it out."""
    M, C, kh, kw = dweight.shape
    if "kernel flipped" in slips:
        return dweight[:, :, ::-1, ::-1]
    if "channels exchanged" in slips:
        return (
            dweight.reshape(groups.count, -1, C, kh, kw)
            .swapaxes(1, 2)
            .reshape(-1, M // groups.count, kh, kw)
        )
    if "maps last in memory" in slips:  # (C·kh·kw, M) taken for (M, C·kh·kw)
        rows = dweight.reshape(groups.count, M // groups.count, -1)
        return rows.swapaxes(1, 2).reshape(dweight.shape)
    if "channels fastest" in slips:  # (M, kh, kw, C) taken for (M, C, kh, kw)
        return np.ascontiguousarray(dweight.transpose(0, 2, 3, 1)).reshape(dweight.shape)
    return dweight


def shift(window: Window, slips: Slips) -> tuple[int, int]:
    """How many cells late everything lies where zeros are put in front of dy, not between."""
    late = "zeros in front" in slips
    return (window.rows.stride - 1, window.cols.stride - 1) if late else (0, 0)


def last(dy: np.ndarray) -> np.ndarray:
    """Where the last window of the last image is."""
    here = np.zeros(dy.shape, bool)
    here[-1, :, -1, -1] = True
    return here


# ---------------------------------------------------------------------------- the bias


def biased(y: np.ndarray, bias: np.ndarray | None, slips: Slips) -> np.ndarray:
    """y with a number for each map."""
    if bias is None or "bias forgotten" in slips:
        return y
    if "bias along the columns" in slips:
        return y + bias
    return y + bias[:, np.newaxis, np.newaxis]


def bias_gradient(dy: np.ndarray, slips: Slips) -> np.ndarray:
    """The sum over images and places, or over what the slips take for them."""
    named = next((slip for slip in slips if slip.startswith("dbias over ")), None)
    if named:
        axes, _, maps_last = named.removeprefix("dbias over ").partition(", ")
        total = np.asarray(dy.sum(axis=tuple(int(axis) for axis in axes)))
        if maps_last:  # as it comes out of dy with its channels last
            total = np.moveaxis(total, 1 - ("0" in axes), -1)
        # One number a map counts as (M,) in any shape: with a single image, that hides some slips.
        return total.reshape(-1) if total.size == max(total.shape, default=1) else total
    if "dbias the same for all" in slips:
        return np.full(dy.shape[1], dy.sum())
    if "last image" in slips:
        return dy[-1].sum(axis=(1, 2))
    if "last window" in slips:
        return dy[-1, :, -1, -1]
    total = dy.sum(axis=(0, 2, 3))
    if "dbias averaged" in slips:
        return total / (dy[:, 0].size)
    if "dbias averaged by batch" in slips:
        return total / len(dy)
    if "dbias averaged by places" in slips:
        return total / dy[0, 0].size
    return total


def averaged(results: Arrays, N: int, slips: Slips) -> Arrays:
    """Gradients divided by N, all of them or some."""
    divided = {
        "batch averaged": ("dx", "dweight", "dbias"),
        "parameters averaged": ("dweight", "dbias"),
        "dweight averaged": ("dweight",),
        "dx averaged": ("dx",),
    }
    for slip in divided.keys() & slips:
        results |= {name: results[name] / N for name in divided[slip]}
    return results

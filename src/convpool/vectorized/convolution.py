"""Convolution in NumPy: unfold, and then everything is one matrix product a group."""

import math

import numpy as np

from convpool.arguments import (
    Gradients,
    check_upstream,
    convolution,
    on_images,
    transposed_convolution,
)
from convpool.geometry import Groups, Window
from convpool.vectorized.columns import columns, from_columns


@on_images(x=4)
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Kernels as rows times windows as columns: :eq:`eq-conv-gemm`."""
    window, channels = convolution(x, weight, bias, stride, padding, dilation, groups)
    return add_bias(correlate(x, weight, window, channels), bias)


@on_images(dy=4, x=4)
def conv2d_backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """`fold(Wᵀ·dy)` for x, `dy·unfold(x)ᵀ` for the weight, sums of dy for the bias.

    Implements :eq:`eq-conv-gemm-dx`, :eq:`eq-conv-gemm-dw` and :eq:`eq-conv-bias-gradient`.
    """
    window, channels = convolution(x, weight, None, stride, padding, dilation, groups)
    check_upstream(dy, (len(x), len(weight), *window.out), x)
    return Gradients(
        scatter(dy, weight, window, channels),
        weight_gradient(dy, x, window, channels),
        bias_gradient(dy),
    )


@on_images(x=4)
def conv_transpose2d(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The input gradient of a convolution, as a layer of its own: :eq:`eq-conv-transpose`."""
    window, channels = transposed_convolution(
        x, weight, bias, stride, padding, output_padding, groups, dilation
    )
    return add_bias(scatter(x, weight, window, channels), bias)


@on_images(dy=4, x=4)
def conv_transpose2d_backward(
    dy, x, weight, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    """The transpose of a transpose is the convolution: :eq:`eq-conv-transpose-backward`."""
    window, channels = transposed_convolution(
        x, weight, None, stride, padding, output_padding, groups, dilation
    )
    maps = channels.count * channels.inputs
    check_upstream(dy, (len(x), maps, window.rows.size, window.cols.size), x)
    return Gradients(
        correlate(dy, weight, window, channels),
        weight_gradient(x, dy, window, channels),
        bias_gradient(dy),
    )


def correlate(x: np.ndarray, weight: np.ndarray, window: Window, groups: Groups) -> np.ndarray:
    """W · unfold(x): (G, M/G, R) · (N, G, R, L) → (N, G, M/G, L), R = C/G·kh·kw, L = H'·W'."""
    col = grouped(columns(x, window), groups)
    y = kernels_as_rows(weight, groups) @ col
    return y.reshape(len(x), len(weight), *window.out)


def scatter(dy: np.ndarray, weight: np.ndarray, window: Window, groups: Groups) -> np.ndarray:
    """fold(Wᵀ · dy): (G, R, M/G) · (N, G, M/G, L) → (N, G, R, L), R = C/G·kh·kw, L = H'·W'."""
    rows = kernels_as_rows(weight, groups)
    dcol = rows.swapaxes(1, 2) @ grouped(dy, groups)
    return from_columns(dcol, window)


def weight_gradient(dy: np.ndarray, x: np.ndarray, window: Window, groups: Groups) -> np.ndarray:
    """dy · unfold(x)ᵀ, summed over n: (N, G, M/G, L) · (N, G, L, R) → (N, G, M/G, R)."""
    col = grouped(columns(x, window), groups)
    dweight = (grouped(dy, groups) @ col.swapaxes(2, 3)).sum(axis=0)
    kernel = window.rows.kernel, window.cols.kernel
    return dweight.reshape(dy.shape[1], groups.inputs, *kernel)


def kernels_as_rows(weight: np.ndarray, groups: Groups) -> np.ndarray:
    """(M, C/G, kh, kw) → (G, M/G, C/G·kh·kw)."""
    return weight.reshape(groups.count, groups.outputs, weight[0].size)


def grouped(array: np.ndarray, groups: Groups) -> np.ndarray:
    """(N, rows, …) → (N, G, rows/G, L): the rows dealt out, places in one line."""
    N, rows = array.shape[:2]
    return array.reshape(N, groups.count, rows // groups.count, math.prod(array.shape[2:]))


def add_bias(y: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """One number for each map."""
    if bias is not None:
        y += bias[:, np.newaxis, np.newaxis]
    return y


def bias_gradient(dy: np.ndarray) -> np.ndarray:
    """Each map's gradients, summed over images and places: :eq:`eq-conv-bias-gradient`."""
    return dy.sum(axis=(0, 2, 3))

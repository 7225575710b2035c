"""Convolution by loops. All of it is three sums over the same triples of tap, cell and output.

Each of `correlate`, `scatter` and `weight_gradient` takes one product and adds it up in its own
place. `window` and `groups` are those of a convolution from images x to outputs y.
"""

import numpy as np

from convpool.arguments import (
    Gradients,
    check_upstream,
    convolution,
    on_images,
    transposed_convolution,
)
from convpool.geometry import Groups, Window


@on_images(x=4)
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    """Each window times the kernel, summed over its taps and channels: :eq:`eq-conv-forward`."""
    window, channels = convolution(x, weight, bias, stride, padding, dilation, groups)
    return add_bias(correlate(x, weight, window, channels), bias)


@on_images(dy=4, x=4)
def conv2d_backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """Back along every product: :eq:`eq-conv-scatter`, :eq:`eq-conv-weight-gradient`.

    And to the bias: :eq:`eq-conv-bias-gradient`.
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
    """Tap times cell, into the output: :eq:`eq-conv-forward` without the bias."""
    y = np.zeros((len(x), len(weight), *window.out), x.dtype)
    for n, m, i, j in np.ndindex(y.shape):
        for c, c_in in enumerate(groups.reads(m)):
            for u, v, h, w in window.numbered_taps(i, j):
                y[n, m, i, j] += weight[m, c, u, v] * x[n, c_in, h, w]
    return y


def scatter(dy: np.ndarray, weight: np.ndarray, window: Window, groups: Groups) -> np.ndarray:
    """Tap times output, into the cell: :eq:`eq-conv-scatter`."""
    C = groups.count * groups.inputs
    dx = np.zeros((len(dy), C, window.rows.size, window.cols.size), dy.dtype)
    for n, m, i, j in np.ndindex(dy.shape):
        for c, c_in in enumerate(groups.reads(m)):
            for u, v, h, w in window.numbered_taps(i, j):
                dx[n, c_in, h, w] += weight[m, c, u, v] * dy[n, m, i, j]
    return dx


def weight_gradient(dy: np.ndarray, x: np.ndarray, window: Window, groups: Groups) -> np.ndarray:
    """Cell times output, into the tap: :eq:`eq-conv-weight-gradient`."""
    kernel = window.rows.kernel, window.cols.kernel
    dweight = np.zeros((dy.shape[1], groups.inputs, *kernel), dy.dtype)
    for n, m, i, j in np.ndindex(dy.shape):
        for c, c_in in enumerate(groups.reads(m)):
            for u, v, h, w in window.numbered_taps(i, j):
                dweight[m, c, u, v] += x[n, c_in, h, w] * dy[n, m, i, j]
    return dweight


def bias_gradient(dy: np.ndarray) -> np.ndarray:
    """Every output of a map has the map's bias in it once: :eq:`eq-conv-bias-gradient`."""
    dbias = np.zeros(dy.shape[1], dy.dtype)
    for n, m, i, j in np.ndindex(dy.shape):
        dbias[m] += dy[n, m, i, j]
    return dbias


def add_bias(y: np.ndarray, bias: np.ndarray | None) -> np.ndarray:
    """One number for each map."""
    if bias is not None:
        for n, m, i, j in np.ndindex(y.shape):
            y[n, m, i, j] += bias[m]
    return y

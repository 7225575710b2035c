"""The gradients of a convolution are convolutions: what turns, what is cut, where zeros go.

A second way to what `conv2d_backward` adds up, for every stride, padding, dilation and remainder.
Nothing else in the package needs this room: it is here to be read, and to bear witness.
"""

import numpy as np

from convpool.arguments import check_upstream, convolution, on_images
from convpool.geometry import Axis, Groups, span
from convpool.loops.convolution import conv2d


def rot180(kernel: np.ndarray) -> np.ndarray:
    """Each kernel turned by 180°, rows and columns both reversed: :eq:`eq-rot180`."""
    kh, kw = kernel.shape[-2:]
    turned = np.zeros_like(kernel)
    for u, v in np.ndindex(kh, kw):
        turned[..., u, v] = kernel[..., kh - 1 - u, kw - 1 - v]
    return turned


def exchange_channels(weight: np.ndarray, groups: Groups) -> np.ndarray:
    """(M, C/G, kh, kw) → (C, M/G, kh, kw), outputs for inputs: :eq:`eq-exchange-channels`."""
    _, C_in_group, kh, kw = weight.shape
    exchanged = np.zeros((groups.count * C_in_group, groups.outputs, kh, kw), weight.dtype)
    for m in range(len(weight)):
        for c, c_in in enumerate(groups.reads(m)):
            exchanged[c_in, m % groups.outputs] = weight[m, c]
    return exchanged


def insert_zeros(dy: np.ndarray, stride: tuple[int, int]) -> np.ndarray:
    """`stride − 1` zeros between neighbours, none behind the last: :eq:`eq-insert-zeros`."""
    H_out, W_out = dy.shape[-2:]
    sh, sw = stride
    z = np.zeros((*dy.shape[:-2], (H_out - 1) * sh + 1, (W_out - 1) * sw + 1), dy.dtype)
    for i, j in np.ndindex(H_out, W_out):
        z[..., i * sh, j * sw] = dy[..., i, j]
    return z


def full_padding(axis: Axis) -> tuple[int, int]:
    """Zeros before and after, the forward's padding less: :eq:`eq-full-padding`.

    Below zero where the forward padded by more than the kernel's reach: then cells are cut off.
    """
    reach = span(axis.kernel, axis.dilation) - 1
    return reach - axis.before, reach - axis.after + axis.remainder


def pad_or_crop(z: np.ndarray, rows: tuple[int, int], cols: tuple[int, int]) -> np.ndarray:
    """Zeros around each plane, (before, after) on each axis; a negative number cuts cells off."""
    H, W = z.shape[-2:]
    padded = np.zeros((*z.shape[:-2], H + sum(rows), W + sum(cols)), z.dtype)
    H_padded, W_padded = padded.shape[-2:]
    for h, w in np.ndindex(H, W):
        if 0 <= h + rows[0] < H_padded and 0 <= w + cols[0] < W_padded:
            padded[..., h + rows[0], w + cols[0]] = z[..., h, w]
    return padded


@on_images(dy=4, x=4)
def input_gradient_by_rot180(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """dx as the full convolution of dy with the turned kernels: :eq:`eq-conv-rot180`.

    x is there for its shape, as the size of dx does not follow from dy where there is a remainder.
    """
    window, channels = convolution(x, weight, None, stride, padding, dilation, groups)
    check_upstream(dy, (len(x), len(weight), *window.out), x)
    rows, cols = window.rows, window.cols
    z = insert_zeros(dy, (rows.stride, cols.stride))
    full = pad_or_crop(z, full_padding(rows), full_padding(cols))
    turned = exchange_channels(rot180(weight), channels)
    return conv2d(full, turned, dilation=dilation, groups=groups)


def weight_gradient_by_correlation(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    """dweight as the correlation of the padded x with the spread dy: :eq:`eq-conv-dw-correlation`.

    Stride and dilation change places, batch and channels too. What is left over at the end of x
    would give more than kh × kw numbers: only the first kh × kw are taps. Batches only.
    """
    window, channels = convolution(x, weight, None, stride, padding, dilation, groups)
    check_upstream(dy, (len(x), len(weight), *window.out), x)
    rows, cols = window.rows, window.cols
    z = insert_zeros(dy, (rows.stride, cols.stride))
    padded = pad_or_crop(x, (rows.before, rows.after), (cols.before, cols.after))
    dweight = np.zeros_like(weight)
    for m in range(len(weight)):
        for c, c_in in enumerate(channels.reads(m)):
            images, kernels = padded[:, c_in], z[:, m]  # (N, H, W): the batch as channels
            taps = conv2d(images, kernels[np.newaxis], stride=(rows.dilation, cols.dilation))
            dweight[m, c] = taps[0, : rows.kernel, : cols.kernel]
    return dweight

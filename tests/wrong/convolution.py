"""Convolutions as people write them, and as they get them wrong.

Nothing here knows the package: each function is one that a reader might hand in. First come right
ones, by loops over the outputs, by full convolution with turned kernels, and by im2col; the wrong
ones are written on their parts, with one line that is not as it should be.
"""

import functools
import math

import numpy as np

WRONG: dict[str, list[tuple]] = {}


def makes(name, op):
    """Enter a wrong function: the operator that it should be, and the mistake that it makes."""

    def enter(function):
        WRONG.setdefault(op, []).append((name, function))
        return function

    return enter


# ============================================================================ parts


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


def sides(padding, size, kernel, stride, dilation):
    """→ ((top, bottom), (left, right))."""
    if padding == "same":
        both = []
        for n, k, s, d in zip(size, kernel, pair(stride), pair(dilation), strict=True):
            total = max((math.ceil(n / s) - 1) * s + d * (k - 1) + 1 - n, 0)
            both.append((total // 2, total - total // 2))
        return tuple(both)
    return tuple(pair(p) for p in pair(padding))


def with_padding(x, pads):
    return np.pad(x, [(0, 0), (0, 0), *pads])


def cells(i, j, u, v, stride, dilation):
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    return i * sh + u * dh, j * sw + v * dw


def slide(xp, weight, stride=1, dilation=1):
    """Correlate what is already padded."""
    (sh, sw), (dh, dw), (kh, kw) = pair(stride), pair(dilation), weight.shape[2:]
    H_out = (xp.shape[2] - dh * (kh - 1) - 1) // sh + 1
    W_out = (xp.shape[3] - dw * (kw - 1) - 1) // sw + 1
    y = np.zeros((len(xp), len(weight), H_out, W_out), xp.dtype)
    for i in range(H_out):
        for j in range(W_out):
            for u in range(kh):
                for v in range(kw):
                    h, w = cells(i, j, u, v, stride, dilation)
                    y[:, :, i, j] += xp[:, :, h, w] @ weight[:, :, u, v].T
    return y


def in_groups(forward):
    """A forward pass for groups: each on its own block of channels."""

    def grouped(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
        parts = zip(np.split(x, groups, 1), np.split(weight, groups), strict=True)
        y = np.concatenate([forward(*part, stride, padding, dilation) for part in parts], axis=1)
        return y if bias is None else y + bias[:, None, None]

    grouped.__name__ = forward.__name__
    return grouped


def in_groups_back(backward):
    """A backward pass for groups: each on its own block of channels and maps."""

    def grouped(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
        cut = np.split(dy, groups, 1), np.split(x, groups, 1), np.split(weight, groups)
        parts = [backward(*part, stride, padding, dilation) for part in zip(*cut, strict=True)]
        dx, dw, db = zip(*parts, strict=True)
        return np.concatenate(dx, axis=1), np.concatenate(dw), np.concatenate(db)

    grouped.__name__ = backward.__name__
    return grouped


def db_of(dy):
    return dy.sum(axis=(0, 2, 3))


# ============================================================================ right ones


@in_groups
def conv2d(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, pads), weight, stride, dilation)


def dx_by_loops(dy, x, weight, stride, padding, dilation):
    """→ the gradient with the padding still around it."""
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dxp = np.zeros_like(with_padding(x, pads))
    for i, j in np.ndindex(dy.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dxp[:, :, h, w] += dy[:, :, i, j] @ weight[:, :, u, v]
    return dxp


def without_padding(dxp, x, weight, stride, padding, dilation):
    (top, _), (left, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return dxp[:, :, top : top + x.shape[2], left : left + x.shape[3]]


def dx_of(dy, x, weight, stride, padding, dilation):
    dxp = dx_by_loops(dy, x, weight, stride, padding, dilation)
    return without_padding(dxp, x, weight, stride, padding, dilation)


def dw_of(dy, x, weight, stride, padding, dilation):
    xp = with_padding(x, sides(padding, x.shape[2:], weight.shape[2:], stride, dilation))
    dw = np.zeros_like(weight)
    for i, j in np.ndindex(dy.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dw[:, :, u, v] += dy[:, :, i, j].T @ xp[:, :, h, w]
    return dw


@in_groups_back
def conv2d_backward(dy, x, weight, *how):
    return dx_of(dy, x, weight, *how), dw_of(dy, x, weight, *how), db_of(dy)


def spread(dy, stride):
    """Zeros between the numbers."""
    sh, sw = pair(stride)
    N, M, H, W = dy.shape
    z = np.zeros((N, M, (H - 1) * sh + 1, (W - 1) * sw + 1), dy.dtype)
    z[:, :, ::sh, ::sw] = dy
    return z


def slide_full(z, kernels, dilation):
    """Correlate with zeros around, as many as the kernel reaches."""
    (dh, dw), (kh, kw) = pair(dilation), kernels.shape[2:]
    reach = (dh * (kh - 1), dw * (kw - 1))
    return slide(with_padding(z, [(r, r) for r in reach]), kernels, 1, dilation)


def cut_to(full, x, weight, stride, padding, dilation):
    """A full convolution's result, in the shape of x: no padding, zeros where nothing reached."""
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dxp = np.zeros_like(with_padding(x, pads))
    dxp[:, :, : full.shape[2], : full.shape[3]] = full
    return without_padding(dxp, x, weight, stride, padding, dilation)


def dx_with(kernels, dy, x, weight, stride, padding, dilation):
    """dx by full convolution with these (C, M, kh, kw)."""
    full = slide_full(spread(dy, stride), kernels, dilation)
    return cut_to(full, x, weight, stride, padding, dilation)


@in_groups_back
def conv2d_backward_by_rot180(dy, x, weight, *how):
    turned = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    return dx_with(turned, dy, x, weight, *how), dw_of(dy, x, weight, *how), db_of(dy)


def im2col(x, kernel, stride, padding, dilation):
    """→ (N, H', W', C, kh, kw)."""
    xp = with_padding(x, sides(padding, x.shape[2:], kernel, stride, dilation))
    (sh, sw), (dh, dw), (kh, kw) = pair(stride), pair(dilation), kernel
    H_out = (xp.shape[2] - dh * (kh - 1) - 1) // sh + 1
    W_out = (xp.shape[3] - dw * (kw - 1) - 1) // sw + 1
    col = np.zeros((len(x), H_out, W_out, x.shape[1], kh, kw), x.dtype)
    for u in range(kh):
        for v in range(kw):
            rows = slice(u * dh, u * dh + sh * (H_out - 1) + 1, sh)
            cols = slice(v * dw, v * dw + sw * (W_out - 1) + 1, sw)
            col[..., u, v] = xp[:, :, rows, cols].transpose(0, 2, 3, 1)
    return col


def col2im(col, x, stride, padding, dilation, assign=False):
    """(N, H', W', C, kh, kw) → the shape of x."""
    _, H_out, W_out, _, kh, kw = col.shape
    pads = sides(padding, x.shape[2:], (kh, kw), stride, dilation)
    (sh, sw), (dh, dw) = pair(stride), pair(dilation)
    padded = np.zeros_like(with_padding(x, pads))
    for u in range(kh):
        for v in range(kw):
            rows = slice(u * dh, u * dh + sh * (H_out - 1) + 1, sh)
            cols = slice(v * dw, v * dw + sw * (W_out - 1) + 1, sw)
            entries = col[..., u, v].transpose(0, 3, 1, 2)
            if assign:
                padded[:, :, rows, cols] = entries
            else:
                padded[:, :, rows, cols] += entries
    (top, _), (left, _) = pads
    return padded[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@in_groups
def conv2d_by_im2col(x, weight, stride, padding, dilation):
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    y = col.reshape(-1, weight[0].size) @ weight.reshape(len(weight), -1).T
    return y.reshape(*col.shape[:3], len(weight)).transpose(0, 3, 1, 2)


@in_groups_back
def conv2d_backward_by_im2col(dy, x, weight, stride, padding, dilation):
    M = len(weight)
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    flat = dy.transpose(0, 2, 3, 1).reshape(-1, M)
    dw = (flat.T @ col.reshape(len(flat), -1)).reshape(weight.shape)
    dcol = (flat @ weight.reshape(M, -1)).reshape(col.shape)
    return col2im(dcol, x, stride, padding, dilation), dw, flat.sum(axis=0)


def spread_out(x, weight, stride, dilation):
    """Every cell of x times its kernels, added where they lie."""
    (N, _, H, W), (kh, kw) = x.shape, weight.shape[2:]
    h, w = cells(H - 1, W - 1, kh - 1, kw - 1, stride, dilation)
    full = np.zeros((N, weight.shape[1], h + 1, w + 1), x.dtype)
    for i, j in np.ndindex(H, W):
        for u, v in np.ndindex(kh, kw):
            h, w = cells(i, j, u, v, stride, dilation)
            full[:, :, h, w] += x[:, :, i, j] @ weight[:, :, u, v]
    return full


def trimmed(full, padding, output_padding):
    oh, ow = pair(output_padding)
    (top, bottom), (left, right) = (pair(p) for p in pair(padding))
    full = np.pad(full, [(0, 0), (0, 0), (0, oh), (0, ow)])
    return full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]


def transposed_in_groups(forward):
    def grouped(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        how = stride, padding, output_padding, dilation
        parts = zip(np.split(x, groups, 1), np.split(weight, groups), strict=True)
        y = np.concatenate([forward(*part, *how) for part in parts], axis=1)
        return y if bias is None else y + bias[:, None, None]

    grouped.__name__ = forward.__name__
    return grouped


def transposed_in_groups_back(backward):
    def grouped(dy, x, weight, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
        cut = np.split(dy, groups, 1), np.split(x, groups, 1), np.split(weight, groups)
        parts = [backward(*part, stride, padding, dilation) for part in zip(*cut, strict=True)]
        dx, dw, db = zip(*parts, strict=True)
        return np.concatenate(dx, axis=1), np.concatenate(dw), np.concatenate(db)

    grouped.__name__ = backward.__name__
    return grouped


@transposed_in_groups
def conv_transpose2d(x, weight, stride, padding, output_padding, dilation):
    return trimmed(spread_out(x, weight, stride, dilation), padding, output_padding)


@transposed_in_groups
def conv_transpose2d_by_rot180(x, weight, stride, padding, output_padding, dilation):
    turned = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    return trimmed(slide_full(spread(x, stride), turned, dilation), padding, output_padding)


def tdx_of(dy, x, weight, stride, padding, dilation):
    """dx of a transposed convolution: as many outputs as x has cells, none from the remainder."""
    H, W = x.shape[2:]
    dyp = with_padding(dy, [pair(p) for p in pair(padding)])
    return slide(dyp, weight, stride, dilation)[:, :, :H, :W]


def tdw_of(dy, x, weight, stride, padding, dilation):
    dyp = with_padding(dy, [pair(p) for p in pair(padding)])
    dw = np.zeros_like(weight)
    for i, j in np.ndindex(x.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dw[:, :, u, v] += x[:, :, i, j].T @ dyp[:, :, h, w]
    return dw


@transposed_in_groups_back
def conv_transpose2d_backward(dy, x, weight, *how):
    return tdx_of(dy, x, weight, *how), tdw_of(dy, x, weight, *how), db_of(dy)


def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    col = im2col(x, pair(kernel_size), stride, padding, dilation)
    N, H_out, W_out, C, kh, kw = col.shape
    return col.transpose(0, 3, 4, 5, 1, 2).reshape(N, C * kh * kw, H_out * W_out)


def outputs(size, kernel_size, dilation, padding, stride):
    size, kernel = pair(size), pair(kernel_size)
    pads = sides(padding, size, kernel, stride, dilation)
    return tuple(
        (n + sum(p) - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, pair(dilation), pads, pair(stride), strict=True)
    )


def fold_padded(col, output_size, kernel_size, dilation, padding, stride):
    (H, W), (kh, kw) = pair(output_size), pair(kernel_size)
    H_out, W_out = outputs((H, W), (kh, kw), dilation, padding, stride)
    C = col.shape[1] // (kh * kw)
    pads = sides(padding, (H, W), (kh, kw), stride, dilation)
    padded = with_padding(np.zeros((len(col), C, H, W), col.dtype), pads)
    col = col.reshape(len(col), C, kh, kw, H_out, W_out)
    for i, j in np.ndindex(H_out, W_out):
        for u, v in np.ndindex(kh, kw):
            h, w = cells(i, j, u, v, stride, dilation)
            padded[:, :, h, w] += col[:, :, u, v, i, j]
    return padded, pads


def fold(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    padded, ((top, _), (left, _)) = fold_padded(
        col, output_size, kernel_size, dilation, padding, stride
    )
    H, W = pair(output_size)
    return padded[:, :, top : top + H, left : left + W]


RIGHT = {
    "conv2d": [conv2d, conv2d_by_im2col],
    "conv2d_backward": [
        conv2d_backward,
        conv2d_backward_by_rot180,
        conv2d_backward_by_im2col,
    ],
    "conv_transpose2d": [conv_transpose2d, conv_transpose2d_by_rot180],
    "conv_transpose2d_backward": [conv_transpose2d_backward],
    "unfold": [unfold],
    "fold": [fold],
}


# ============================================================================ wrong: conv2d


@makes("kernel flipped", "conv2d")
@in_groups
def true_convolution(x, weight, *how):
    return conv2d(x, weight[:, :, ::-1, ::-1], None, *how)


@makes("kernel flipped", "conv2d")
@in_groups
def flipped_with_its_channels(x, weight, *how):  # scipy.signal.convolve on whole images
    return conv2d(x, weight[:, ::-1, ::-1, ::-1], None, *how)


@makes("channels exchanged", "conv2d")
@in_groups
def weight_as_channels_by_maps(x, weight, *how):
    return conv2d(x, weight.transpose(1, 0, 2, 3), None, *how)


@makes("reshape instead of transpose", "conv2d")
def output_not_transposed(x, weight, bias=None, stride=1, padding=0, dilation=1):
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    N, H_out, W_out = col.shape[:3]
    y = col.reshape(N * H_out * W_out, -1) @ weight.reshape(len(weight), -1).T
    if bias is not None:
        y = y + bias
    return y.reshape(N, len(weight), H_out, W_out)


@makes("reshape instead of transpose", "conv2d")
def maps_before_images(x, weight, bias=None, stride=1, padding=0, dilation=1):
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    N, H_out, W_out = col.shape[:3]
    y = weight.reshape(len(weight), -1) @ col.reshape(N * H_out * W_out, -1).T
    if bias is not None:
        y = y + bias[:, None]
    return y.reshape(N, len(weight), H_out, W_out)


@makes("reshape instead of transpose", "conv2d")
def weight_not_transposed(x, weight, stride=1, padding=0, dilation=1):
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    y = col.reshape(-1, weight[0].size) @ weight.reshape(-1, len(weight))
    return y.reshape(*col.shape[:3], len(weight)).transpose(0, 3, 1, 2)


@makes("groups mixed", "conv2d")
def every_map_reads_the_first_channels(
    x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1
):
    return conv2d(x[:, : weight.shape[1]], weight, bias, stride, padding, dilation)


@makes("groups mixed", "conv2d")
def channels_dealt_out_in_turns(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    per = len(weight) // groups
    y = [
        conv2d(x[:, g::groups], weight[g * per : (g + 1) * per], None, stride, padding, dilation)
        for g in range(groups)
    ]
    y = np.concatenate(y, axis=1)
    return y if bias is None else y + bias[:, None, None]


@makes("groups mixed", "conv2d")
def depthwise_kernels_repeated(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return conv2d(x, np.tile(weight, (1, groups, 1, 1)), bias, stride, padding, dilation)


@makes("bias forgotten", "conv2d")
def no_bias_added(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return conv2d(x, weight, None, stride, padding, dilation, groups)


@makes("bias along the columns", "conv2d")
def bias_broadcast_as_it_is(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    y = conv2d(x, weight, None, stride, padding, dilation, groups)
    return y if bias is None else y + bias


@makes("columns in another order", "conv2d")
@in_groups
def taps_before_channels(x, weight, stride, padding, dilation):
    col = im2col(x, weight.shape[2:], stride, padding, dilation).transpose(0, 1, 2, 4, 5, 3)
    y = col.reshape(-1, weight[0].size) @ weight.reshape(len(weight), -1).T
    return y.reshape(*col.shape[:3], len(weight)).transpose(0, 3, 1, 2)


@makes("stride ignored", "conv2d")
@in_groups
def always_stride_1(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, pads), weight, 1, dilation)


@makes("stride taken as kernel size", "conv2d")
@in_groups
def kernel_by_kernel(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, pads), weight, weight.shape[2:], dilation)


@makes("padding ignored", "conv2d")
@in_groups
def never_padded(x, weight, stride, padding, dilation):
    return slide(x, weight, stride, dilation)


@makes("leading padding on both sides", "conv2d")
@in_groups
def padded_alike_on_both_sides(x, weight, stride, padding, dilation):
    (p, _), (q, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, [(p, p), (q, q)]), weight, stride, dilation)


@makes("odd cell of 'same' in front", "conv2d")
@in_groups
def same_with_the_odd_cell_first(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    if padding == "same":
        pads = [(after, before) for before, after in pads]
    return slide(with_padding(x, pads), weight, stride, dilation)


def same_of_the_input(padding, size, kernel, stride, dilation):
    """As much padding as keeps the size, and it takes more the longer the stride is."""
    if padding != "same":
        return sides(padding, size, kernel, stride, dilation)
    both = []
    for n, k, s, d in zip(size, kernel, pair(stride), pair(dilation), strict=True):
        total = s * (n - 1) + d * (k - 1) + 1 - n
        both.append((total // 2, total - total // 2))
    return tuple(both)


@makes("'same' at every stride", "conv2d")
@in_groups
def same_keeps_the_size(x, weight, stride, padding, dilation):
    pads = same_of_the_input(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, pads), weight, stride, dilation)


@makes("dilation ignored", "conv2d")
@in_groups
def never_dilated(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, pads), weight, stride, 1)


@makes("dilation off by one", "conv2d")
@in_groups
def dilation_counts_the_gaps(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dh, dw = pair(dilation)
    return slide(with_padding(x, pads), weight, stride, (dh + 1, dw + 1))


@makes("dilation off by one", "conv2d")
@in_groups
def dilation_zero_for_one(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dh, dw = pair(dilation)
    return slide(with_padding(x, pads), weight, stride, (dh - 1, dw - 1))


def turned_round(value):
    return value[::-1] if isinstance(value, tuple) else value


@makes("assignment instead of a sum", "conv2d")
@in_groups
def each_channel_overwrites_the_one_before(x, weight, *how):
    for c in range(x.shape[1]):
        y = conv2d(x[:, c : c + 1], weight[:, c : c + 1], None, *how)
    return y


@makes("dilated kernel taken too large", "conv2d")
@in_groups
def as_if_a_gap_followed_the_last_tap(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    (sh, sw), (dh, dw), (kh, kw) = pair(stride), pair(dilation), weight.shape[2:]
    xp = with_padding(x, pads)
    H_out = (xp.shape[2] - dh * kh) // sh + 1
    W_out = (xp.shape[3] - dw * kw) // sw + 1
    return slide(xp, weight, stride, dilation)[:, :, :H_out, :W_out]


@makes("negative index wraps around", "conv2d")
@in_groups
def minus_one_is_the_last_row(x, weight, stride, padding, dilation):
    (top, _), (left, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    y = np.zeros_like(conv2d(x, weight, None, stride, padding, dilation))
    for i, j in np.ndindex(y.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            y[:, :, i, j] += x[:, :, h - top, w - left] @ weight[:, :, u, v].T
    return y


@makes("height and width exchanged", "conv2d")
@in_groups
def pairs_as_width_height(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    xp = with_padding(x, pads[::-1])
    return slide(xp, weight, turned_round(stride), turned_round(dilation))


@makes("height and width exchanged", "conv2d")
@in_groups
def only_stride_as_width_height(x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return slide(with_padding(x, pads), weight, turned_round(stride), dilation)


@makes("height and width exchanged", "conv2d")
@in_groups
def kernel_as_width_height(x, weight, stride, padding, dilation):
    M, _, kw, kh = weight.shape
    col = im2col(x, (kh, kw), stride, padding, dilation)
    y = col.reshape(-1, weight[0].size) @ weight.reshape(M, -1).T
    return y.reshape(*col.shape[:3], M).transpose(0, 3, 1, 2)


# ============================================================================ wrong: dx of conv2d


def wrong_dx(name):
    """Enter a backward pass whose dx alone is wrong."""

    def enter(dx):
        @in_groups_back
        def backward(dy, x, weight, *how):
            return dx(dy, x, weight, *how), dw_of(dy, x, weight, *how), db_of(dy)

        backward.__name__ = dx.__name__
        return makes(name, "conv2d_backward")(backward)

    return enter


@wrong_dx("kernel not rotated")
def unturned(dy, x, weight, *how):
    return dx_with(weight.swapaxes(0, 1), dy, x, weight, *how)


@wrong_dx("kernel rotated along one axis")
def only_rows_reversed(dy, x, weight, *how):
    return dx_with(weight[:, :, ::-1].swapaxes(0, 1), dy, x, weight, *how)


@wrong_dx("kernel rotated along one axis")
def only_columns_reversed(dy, x, weight, *how):
    return dx_with(weight[..., ::-1].swapaxes(0, 1), dy, x, weight, *how)


@makes("kernel rotated about the wrong axes", "conv2d_backward")
def rot90_without_axes(dy, x, weight, stride=1, padding=0, dilation=1):
    how = stride, padding, dilation
    dx = dx_with(np.rot90(weight, 2).swapaxes(0, 1), dy, x, weight, *how)
    return dx, dw_of(dy, x, weight, *how), db_of(dy)


@makes("kernel rotated about the wrong axes", "conv2d_backward")
def flip_without_axes(dy, x, weight, stride=1, padding=0, dilation=1):
    how = stride, padding, dilation
    dx = dx_with(np.flip(weight).swapaxes(0, 1), dy, x, weight, *how)
    return dx, dw_of(dy, x, weight, *how), db_of(dy)


@wrong_dx("kernel rotated about the wrong axes")
def quarter_turn(dy, x, weight, *how):
    return dx_with(np.rot90(weight, 1, (2, 3)).swapaxes(0, 1), dy, x, weight, *how)


@wrong_dx("kernel rotated about the wrong axes")
def transposed_instead(dy, x, weight, *how):
    return dx_with(weight.transpose(1, 0, 3, 2), dy, x, weight, *how)


@wrong_dx("channels exchanged")
def channels_left_in_place(dy, x, weight, *how):
    return dx_with(weight[:, :, ::-1, ::-1], dy, x, weight, *how)


@wrong_dx("assignment in overlap")
def window_overwritten(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dxp = np.zeros_like(with_padding(x, pads))
    for i, j in np.ndindex(dy.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dxp[:, :, h, w] = dy[:, :, i, j] @ weight[:, :, u, v]
    return without_padding(dxp, x, weight, stride, padding, dilation)


@wrong_dx("assignment in overlap")
def window_overwritten_map_by_map(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dxp = np.zeros_like(with_padding(x, pads))
    for n, m, i, j in np.ndindex(dy.shape):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dxp[n, :, h, w] = dy[n, m, i, j] * weight[m, :, u, v]
    return without_padding(dxp, x, weight, stride, padding, dilation)


@wrong_dx("assignment in overlap")
def col2im_assigns(dy, x, weight, stride, padding, dilation):
    flat = dy.transpose(0, 2, 3, 1)
    dcol = flat @ weight.reshape(len(weight), -1)
    dcol = dcol.reshape(*flat.shape[:3], *weight.shape[1:])
    return col2im(dcol, x, stride, padding, dilation, assign=True)


@wrong_dx("col2im as an inverse")
def divided_by_coverage(dy, x, weight, stride, padding, dilation):
    ones = im2col(np.ones_like(x), weight.shape[2:], stride, padding, dilation)
    count = col2im(np.ones_like(ones), x, stride, padding, dilation)
    return dx_of(dy, x, weight, stride, padding, dilation) / np.where(count == 0, 1, count)


@wrong_dx("columns in another order")
def dcol_taps_before_channels(dy, x, weight, stride, padding, dilation):
    M, C, kh, kw = weight.shape
    flat = dy.transpose(0, 2, 3, 1)
    dcol = flat @ weight.reshape(M, -1)
    dcol = dcol.reshape(*flat.shape[:3], kh, kw, C).transpose(0, 1, 2, 5, 3, 4)
    return col2im(dcol, x, stride, padding, dilation)


@wrong_dx("stride zeros missing")
def dy_as_it_is(dy, x, weight, stride, padding, dilation):
    turned = weight[:, :, ::-1, ::-1].swapaxes(0, 1)
    full = slide_full(dy, turned, dilation)
    return cut_to(full, x, weight, stride, padding, dilation)


@wrong_dx("stride zeros missing")
def dy_as_it_is_and_dx_too_small(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    (top, bottom), (left, right) = pads
    full = slide_full(dy, weight[:, :, ::-1, ::-1].swapaxes(0, 1), dilation)
    return full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]


@wrong_dx("stride zeros missing")
def dy_as_it_is_cut_where_x_ends(dy, x, weight, stride, padding, dilation):
    (top, _), (left, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    full = slide_full(dy, weight[:, :, ::-1, ::-1].swapaxes(0, 1), dilation)
    return full[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong_dx("stride zeros in front")
def zeros_in_front(dy, x, weight, stride, padding, dilation):
    sh, sw = pair(stride)
    z = np.zeros((*dy.shape[:2], dy.shape[2] * sh, dy.shape[3] * sw), dy.dtype)
    z[:, :, sh - 1 :: sh, sw - 1 :: sw] = dy
    full = slide_full(z, weight[:, :, ::-1, ::-1].swapaxes(0, 1), dilation)
    (top, _), (left, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    H, W = x.shape[2:]
    full = np.pad(full, [(0, 0), (0, 0), (0, top + H), (0, left + W)])
    return full[:, :, top : top + H, left : left + W]


@wrong_dx("padding not removed")
def padding_left_on(dy, x, weight, *how):
    return dx_by_loops(dy, x, weight, *how)


@wrong_dx("padding not removed")
def cut_at_the_end_only(dy, x, weight, *how):
    return dx_by_loops(dy, x, weight, *how)[:, :, : x.shape[2], : x.shape[3]]


@wrong_dx("padding cut by minus zero")
def cut_by_minus_p(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    (top, bottom), (left, right) = pads
    dxp = dx_by_loops(dy, x, weight, stride, padding, dilation)
    return dxp[:, :, top:-bottom, left:-right]


@wrong_dx("padding of the forward pass")
def dy_padded_like_x(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    z = with_padding(spread(dy, stride), pads)
    return slide(z, weight[:, :, ::-1, ::-1].swapaxes(0, 1), 1, dilation)


@wrong_dx("remainder dropped")
def as_large_as_the_formula_says(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    (top, bottom), (left, right) = pads
    full = slide_full(spread(dy, stride), weight[:, :, ::-1, ::-1].swapaxes(0, 1), dilation)
    return full[:, :, top : full.shape[2] - bottom, left : full.shape[3] - right]


@wrong_dx("remainder dropped")
def as_far_as_the_windows_reach(dy, x, weight, stride, padding, dilation):
    (top, _), (left, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    full = slide_full(spread(dy, stride), weight[:, :, ::-1, ::-1].swapaxes(0, 1), dilation)
    return full[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong_dx("leading padding on both sides")
def cut_alike_on_both_sides(dy, x, weight, stride, padding, dilation):
    (p, _), (q, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dxp = dx_by_loops(dy, x, weight, stride, padding, dilation)
    return dxp[:, :, p : dxp.shape[2] - p, q : dxp.shape[3] - q]


@wrong_dx("negative index wraps around")
def dx_at_minus_one(dy, x, weight, stride, padding, dilation):
    (top, _), (left, _) = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dx = np.zeros_like(x)
    for i, j in np.ndindex(dy.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dx[:, :, h - top, w - left] += dy[:, :, i, j] @ weight[:, :, u, v]
    return dx


# ============================================================================ wrong: dW of conv2d


def wrong_dw(name):
    """Enter a backward pass whose dweight alone is wrong."""

    def enter(dw):
        @in_groups_back
        def backward(dy, x, weight, *how):
            return dx_of(dy, x, weight, *how), dw(dy, x, weight, *how), db_of(dy)

        backward.__name__ = dw.__name__
        return makes(name, "conv2d_backward")(backward)

    return enter


def dw_by_sliding(dy, x, weight, spacing, pads, step):
    """The padded x correlated with dy: batch and channels change places, as large as it gets."""
    xp = with_padding(x, pads)
    return slide(xp.swapaxes(0, 1), dy.swapaxes(0, 1), step, spacing).swapaxes(0, 1)


@wrong_dw("kernel flipped")
def dw_turned(dy, x, weight, *how):
    return dw_of(dy, x, weight, *how)[:, :, ::-1, ::-1]


@wrong_dw("channels exchanged")
def dw_as_channels_by_maps(dy, x, weight, *how):
    return dw_of(dy, x, weight, *how).swapaxes(0, 1)


@wrong_dw("reshape instead of transpose")
def dw_reshaped(dy, x, weight, stride, padding, dilation):
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    flat = dy.transpose(0, 2, 3, 1).reshape(-1, len(weight))
    return (col.reshape(len(flat), -1).T @ flat).reshape(weight.shape)


@wrong_dw("columns in another order")
def dw_taps_before_channels(dy, x, weight, stride, padding, dilation):
    col = im2col(x, weight.shape[2:], stride, padding, dilation).transpose(0, 1, 2, 4, 5, 3)
    flat = dy.transpose(0, 2, 3, 1).reshape(-1, len(weight))
    return (flat.T @ col.reshape(len(flat), -1)).reshape(weight.shape)


@wrong_dw("dW from the unpadded input")
def dw_from_x(dy, x, weight, stride, padding, dilation):
    (kh, kw), (sh, sw), (dh, dv) = weight.shape[2:], pair(stride), pair(dilation)
    dw = np.zeros_like(weight)
    for u, v in np.ndindex(kh, kw):
        seen = x[:, :, u * dh :: sh, v * dv :: sw][:, :, : dy.shape[2], : dy.shape[3]]
        met = dy[:, :, : seen.shape[2], : seen.shape[3]]
        dw[:, :, u, v] = np.einsum("nmij, ncij -> mc", met, seen)
    return dw


@wrong_dw("dW from the unpadded input")
def dw_by_sliding_over_x(dy, x, weight, stride, padding, dilation):
    kh, kw = weight.shape[2:]
    return dw_by_sliding(dy, x, weight, stride, [(0, 0), (0, 0)], dilation)[:, :, :kh, :kw]


@wrong_dw("stride zeros missing")
def dw_with_dy_as_it_is(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    kh, kw = weight.shape[2:]
    return dw_by_sliding(dy, x, weight, 1, pads, dilation)[:, :, :kh, :kw]


@wrong_dw("stride zeros missing")
def dw_with_dy_as_it_is_too_large(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return dw_by_sliding(dy, x, weight, 1, pads, dilation)


@wrong_dw("stride zeros missing")
def stride_and_dilation_in_place(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return dw_by_sliding(dy, x, weight, dilation, pads, stride)


@wrong_dw("stride zeros in front")
def dw_zeros_in_front(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    (sh, sw), (kh, kw) = pair(stride), weight.shape[2:]
    z = np.zeros((*dy.shape[:2], dy.shape[2] * sh, dy.shape[3] * sw), dy.dtype)
    z[:, :, sh - 1 :: sh, sw - 1 :: sw] = dy
    pads = [(before, after + s - 1) for (before, after), s in zip(pads, (sh, sw), strict=True)]
    return dw_by_sliding(z, x, weight, 1, pads, dilation)[:, :, :kh, :kw]


@wrong_dw("remainder dropped")
def dw_too_large(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return dw_by_sliding(dy, x, weight, stride, pads, dilation)


@wrong_dw("remainder dropped")
def dw_cut_at_the_wrong_end(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    kh, kw = weight.shape[2:]
    return dw_by_sliding(dy, x, weight, stride, pads, dilation)[:, :, -kh:, -kw:]


@wrong_dw("batch averaged")
def dw_mean(dy, x, weight, *how):
    return dw_of(dy, x, weight, *how) / len(x)


@wrong_dw("assignment instead of a sum")
def dw_of_the_last_window(dy, x, weight, stride, padding, dilation):
    xp = with_padding(x, sides(padding, x.shape[2:], weight.shape[2:], stride, dilation))
    dw = np.zeros_like(weight)
    for n, m, i, j in np.ndindex(dy.shape):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            dw[m, :, u, v] = dy[n, m, i, j] * xp[n, :, h, w]
    return dw


@wrong_dw("assignment instead of a sum")
def dw_assigned_in_the_loop(dy, x, weight, *how):
    for n in range(len(x)):
        dw = dw_of(dy[n : n + 1], x[n : n + 1], weight, *how)
    return dw


# ============================================================================ wrong: all of it


def wrong_db(name, op, db):
    """Enter a backward pass whose dbias alone is wrong."""
    right = conv2d_backward if op == "conv2d_backward" else conv_transpose2d_backward

    @makes(name, op)
    @functools.wraps(right)
    def backward(dy, x, weight, *how, **more):
        dx, dw, _ = right(dy, x, weight, *how, **more)
        return dx, dw, np.asarray(db(dy))

    return backward


for each in ("conv2d_backward", "conv_transpose2d_backward"):
    for axes in (0, (2, 3), (0, 1), (1, 2, 3), (0, 1, 2), None):
        wrong_db("bias gradient over the wrong axes", each, functools.partial(np.sum, axis=axes))
    wrong_db("bias gradient averaged", each, lambda dy: dy.mean(axis=(0, 2, 3)))
    wrong_db("bias gradient averaged", each, lambda dy: dy.mean(axis=0).sum(axis=(1, 2)))
    wrong_db("bias gradient averaged", each, lambda dy: dy.sum(axis=0).mean(axis=(1, 2)))


@makes("batch averaged", "conv2d_backward")
def everything_by_n(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    return conv2d_backward(dy / len(x), x, weight, stride, padding, dilation, groups)


@makes("batch averaged", "conv2d_backward")
def parameters_by_n(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    dx, dw, db = conv2d_backward(dy, x, weight, stride, padding, dilation, groups)
    return dx, dw / len(x), db / len(x)


@makes("assignment instead of a sum", "conv2d_backward")
def parameters_assigned_in_the_loop(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    dx = np.zeros_like(x)
    for n in range(len(x)):
        one = dy[n : n + 1], x[n : n + 1]
        dx_n, dw, db = conv2d_backward(*one, weight, stride, padding, dilation, groups)
        dx[n] = dx_n[0]
    return dx, dw, db


@makes("reshape instead of transpose", "conv2d_backward")
def dy_reshaped(dy, x, weight, stride=1, padding=0, dilation=1):
    M = len(weight)
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    flat = dy.reshape(-1, M)
    dw = (flat.T @ col.reshape(len(flat), -1)).reshape(weight.shape)
    dcol = (flat @ weight.reshape(M, -1)).reshape(col.shape)
    return col2im(dcol, x, stride, padding, dilation), dw, flat.sum(axis=0)


@makes("reshape instead of transpose", "conv2d_backward")
def dy_reshaped_for_dw(dy, x, weight, stride=1, padding=0, dilation=1):
    M = len(weight)
    col = im2col(x, weight.shape[2:], stride, padding, dilation)
    dw = (dy.reshape(M, -1) @ col.reshape(-1, weight[0].size)).reshape(weight.shape)
    return dx_of(dy, x, weight, stride, padding, dilation), dw, db_of(dy)


@makes("columns in another order", "conv2d_backward")
def all_taps_before_channels(dy, x, weight, stride=1, padding=0, dilation=1):
    M, C, kh, kw = weight.shape
    col = im2col(x, (kh, kw), stride, padding, dilation).transpose(0, 1, 2, 4, 5, 3)
    flat = dy.transpose(0, 2, 3, 1).reshape(-1, M)
    dw = (flat.T @ col.reshape(len(flat), -1)).reshape(weight.shape)
    dcol = (flat @ weight.reshape(M, -1)).reshape(*col.shape[:3], kh, kw, C)
    dcol = dcol.transpose(0, 1, 2, 5, 3, 4)
    return col2im(dcol, x, stride, padding, dilation), dw, flat.sum(axis=0)


@makes("groups mixed", "conv2d_backward")
def dx_of_groups_stacked(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    cut = np.split(dy, groups, 1), np.split(x, groups, 1), np.split(weight, groups)
    pieces = [
        dx_of(*part, stride, padding, dilation) for part in zip(*cut, strict=True)
    ]  # each (N, C/G, H, W)
    dx = np.stack(pieces, axis=2).reshape(x.shape)
    _, dw, db = conv2d_backward(dy, x, weight, stride, padding, dilation, groups)
    return dx, dw, db


@makes("groups mixed", "conv2d_backward")
def groups_in_turns(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    dx, dw, db = np.zeros_like(x), [], []
    for g, (dy_g, w_g) in enumerate(
        zip(np.split(dy, groups, 1), np.split(weight, groups), strict=True)
    ):
        dx[:, g::groups], dw_g, db_g = conv2d_backward(
            dy_g, x[:, g::groups], w_g, stride, padding, dilation
        )
        dw.append(dw_g)
        db.append(db_g)
    return dx, np.concatenate(dw), np.concatenate(db)


@makes("groups mixed", "conv2d_backward")
def all_groups_are_the_first(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    first = weight.shape[1]
    dx = np.zeros_like(x)
    dx[:, :first], dw, db = conv2d_backward(dy, x[:, :first], weight, stride, padding, dilation)
    return dx, dw, db


@makes("stride zeros missing", "conv2d_backward")
def dy_never_spread(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return conv2d_backward(dy, x, weight, 1, pads, dilation, groups)


@makes("stride taken as kernel size", "conv2d_backward")
def windows_side_by_side(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return conv2d_backward(dy, x, weight, weight.shape[2:], pads, dilation, groups)


@makes("padding ignored", "conv2d_backward")
def nothing_padded(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    (kh, kw), dx, dw = weight.shape[2:], np.zeros_like(x), np.zeros_like(weight)
    M, C = len(weight) // groups, weight.shape[1]
    for g in range(groups):
        maps, channels = slice(g * M, (g + 1) * M), slice(g * C, (g + 1) * C)
        for i, j in np.ndindex(dy.shape[2:]):
            for u, v in np.ndindex(kh, kw):
                h, w = cells(i, j, u, v, stride, dilation)
                if h < x.shape[2] and w < x.shape[3]:
                    dx[:, channels, h, w] += dy[:, maps, i, j] @ weight[maps, :, u, v]
                    dw[maps, :, u, v] += dy[:, maps, i, j].T @ x[:, channels, h, w]
    return dx, dw, db_of(dy)


@makes("odd cell of 'same' in front", "conv2d_backward")
def same_padding_turned(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    if padding == "same":
        pads = tuple((after, before) for before, after in pads)
    return conv2d_backward(dy, x, weight, stride, pads, dilation, groups)


@makes("'same' at every stride", "conv2d_backward")
def same_padding_of_the_input(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = same_of_the_input(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return conv2d_backward(dy, x, weight, stride, pads, dilation, groups)


@makes("rows padded as columns", "conv2d_backward")
@in_groups_back
def full_convolution_padded_by_the_width(dy, x, weight, stride, padding, dilation):
    (H, W), kernel, (sh, sw) = x.shape[2:], weight.shape[2:], pair(stride)
    (top, _), (left, _) = sides(padding, (H, W), kernel, stride, dilation)
    reach = pair(dilation)[1] * (kernel[1] - 1)  # of the columns, and taken for that of the rows
    apart = np.zeros((*dy.shape[:2], (dy.shape[2] - 1) * sh + 1, (dy.shape[3] - 1) * sw + 1))
    apart[:, :, ::sh, ::sw] = dy
    far = reach + H + W + top + left  # zeros enough on every side
    around = np.pad(apart, [(0, 0), (0, 0), (far, far), (far, far)])
    around = around[:, :, far - (reach - top) :, far - (reach - left) :]
    dx = slide(around, weight[:, :, ::-1, ::-1].swapaxes(0, 1), 1, dilation)[:, :, :H, :W]
    how = stride, padding, dilation
    return dx.astype(x.dtype), dw_of(dy, x, weight, *how), db_of(dy)


@makes("rows padded as columns", "conv2d_backward")
def as_large_as_the_width_gives(dy, x, weight, padding=0):
    kh, kw = weight.shape[2:]
    (top, bottom), (left, right) = sides(padding, x.shape[2:], (kh, kw), 1, 1)
    pads = [(kw - 1 - top, kw - 1 - bottom), (kw - 1 - left, kw - 1 - right)]
    around = np.pad(dy, [(0, 0), (0, 0), *pads])
    dx = slide(around, weight[:, :, ::-1, ::-1].swapaxes(0, 1), 1, 1)
    return dx, dw_of(dy, x, weight, 1, padding, 1), db_of(dy)


@makes("sum over maps left out", "conv2d_backward")
@in_groups_back
def channel_c_hears_map_c(dy, x, weight, stride, padding, dilation):
    dx = np.zeros_like(x)
    for c in range(x.shape[1]):
        own = dy[:, [c]], x[:, [c]], weight[[c]][:, [c]]
        dx[:, [c]] = dx_of(*own, stride, padding, dilation)
    return dx, dw_of(dy, x, weight, stride, padding, dilation), db_of(dy)


@makes("bias gradient over the wrong axes", "conv2d_backward")
def one_number_for_all_biases(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    dx, dw, db = conv2d_backward(dy, x, weight, stride, padding, dilation, groups)
    return dx, dw, np.zeros_like(db) + dy.sum()


@makes("dilation ignored", "conv2d_backward")
def no_dilation(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return conv2d_backward(dy, x, weight, stride, pads, 1, groups)


@wrong_dw("dilation ignored")
def dw_without_dilation(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return dw_of(dy, x, weight, stride, pads, 1)


@makes("dilation off by one", "conv2d_backward")
def dilation_less_one(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    dh, dw = pair(dilation)
    return conv2d_backward(dy, x, weight, stride, pads, (dh - 1, dw - 1), groups)


@makes("height and width exchanged", "conv2d_backward")
def width_before_height(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return conv2d_backward(
        dy, x, weight, turned_round(stride), pads[::-1], turned_round(dilation), groups
    )


@wrong_dx("height and width exchanged")
def padding_cut_as_width_height(dy, x, weight, stride, padding, dilation):
    pads = sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return dx_of(dy, x, weight, stride, pads[::-1], dilation)


# ============================================================================ wrong: transposed


def wrong_t(name):
    """Enter a transposed convolution."""

    def enter(forward):
        return makes(name, "conv_transpose2d")(transposed_in_groups(forward))

    return enter


def t_with(kernels, x, stride, padding, output_padding, dilation):
    """By full convolution with these (C_out, C_in, kh, kw)."""
    return trimmed(slide_full(spread(x, stride), kernels, dilation), padding, output_padding)


@wrong_t("kernel not rotated")
def t_unturned(x, weight, *how):
    return t_with(weight.swapaxes(0, 1), x, *how)


@wrong_t("kernel rotated along one axis")
def t_only_rows(x, weight, *how):
    return t_with(weight.swapaxes(0, 1)[:, :, ::-1], x, *how)


@makes("kernel rotated about the wrong axes", "conv_transpose2d")
def t_rot90_without_axes(x, weight, stride=1, padding=0, output_padding=0, dilation=1):
    return t_with(np.rot90(weight, 2).swapaxes(0, 1), x, stride, padding, output_padding, dilation)


@wrong_t("channels exchanged")
def t_weight_as_maps_by_channels(x, weight, *how):
    return conv_transpose2d(x, weight.swapaxes(0, 1), None, *how[:3], 1, how[3])


@makes("groups mixed", "conv_transpose2d")
def t_groups_interleaved(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    how = stride, padding, output_padding, 1, dilation
    parts = zip(np.split(x, groups, 1), np.split(weight, groups), strict=True)
    y = np.stack([conv_transpose2d(*part, None, *how) for part in parts], axis=2)
    y = y.reshape(len(x), -1, *y.shape[3:])
    return y if bias is None else y + bias[:, None, None]


@makes("bias forgotten", "conv_transpose2d")
def t_no_bias(x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    return conv_transpose2d(x, weight, None, stride, padding, output_padding, groups, dilation)


@makes("bias along the columns", "conv_transpose2d")
def t_bias_as_it_is(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    y = conv_transpose2d(x, weight, None, stride, padding, output_padding, groups, dilation)
    return y if bias is None else y + bias


@wrong_t("assignment in overlap")
def t_overwritten(x, weight, stride, padding, output_padding, dilation):
    full = np.zeros_like(spread_out(x, weight, stride, dilation))
    for i, j in np.ndindex(x.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            full[:, :, h, w] = x[:, :, i, j] @ weight[:, :, u, v]
    return trimmed(full, padding, output_padding)


@wrong_t("col2im as an inverse")
def t_averaged_in_overlap(x, weight, stride, padding, output_padding, dilation):
    full = spread_out(x, weight, stride, dilation)
    one = np.ones((1, 1, *weight.shape[2:]))
    count = spread_out(np.ones_like(x[:1, :1]), one, stride, dilation)
    return trimmed(full / np.maximum(count, 1), padding, output_padding)


@wrong_t("stride zeros missing")
def t_dense(x, weight, stride, padding, output_padding, dilation):
    return trimmed(spread_out(x, weight, 1, dilation), padding, output_padding)


@wrong_t("stride taken as kernel size")
def t_side_by_side(x, weight, stride, padding, output_padding, dilation):
    return trimmed(spread_out(x, weight, weight.shape[2:], dilation), padding, output_padding)


@wrong_t("padding not removed")
def t_not_cut(x, weight, stride, padding, output_padding, dilation):
    return trimmed(spread_out(x, weight, stride, dilation), 0, output_padding)


@wrong_t("padding cut by minus zero")
def t_cut_by_minus_p(x, weight, stride, padding, output_padding, dilation):
    (top, bottom), (left, right) = (pair(p) for p in pair(padding))
    full = trimmed(spread_out(x, weight, stride, dilation), 0, output_padding)
    return full[:, :, top:-bottom, left:-right]


@makes("padding of the forward pass", "conv_transpose2d")
def t_padded_like_a_convolution(x, weight, stride=1, padding=0, dilation=1, groups=1):
    y = []
    for x_g, w_g in zip(np.split(x, groups, 1), np.split(weight, groups), strict=True):
        z = with_padding(spread(x_g, stride), [pair(p) for p in pair(padding)])
        y.append(slide(z, w_g[:, :, ::-1, ::-1].swapaxes(0, 1), 1, dilation))
    return np.concatenate(y, axis=1)


@wrong_t("output_padding ignored")
def t_without_output_padding(x, weight, stride, padding, output_padding, dilation):
    return trimmed(spread_out(x, weight, stride, dilation), padding, 0)


@wrong_t("output_padding ignored")
def t_zeros_appended(x, weight, stride, padding, output_padding, dilation):
    oh, ow = pair(output_padding)
    y = trimmed(spread_out(x, weight, stride, dilation), padding, 0)
    return np.pad(y, [(0, 0), (0, 0), (0, oh), (0, ow)])


@wrong_t("leading padding on both sides")
def t_cut_alike(x, weight, stride, padding, output_padding, dilation):
    (p, _), (q, _) = (pair(p) for p in pair(padding))
    return trimmed(spread_out(x, weight, stride, dilation), ((p, p), (q, q)), output_padding)


@wrong_t("dilation ignored")
def t_never_dilated(x, weight, stride, padding, output_padding, dilation):
    return trimmed(spread_out(x, weight, stride, 1), padding, output_padding)


@wrong_t("dilation off by one")
def t_dilation_counts_gaps(x, weight, stride, padding, output_padding, dilation):
    dh, dw = pair(dilation)
    return trimmed(spread_out(x, weight, stride, (dh + 1, dw + 1)), padding, output_padding)


@wrong_t("height and width exchanged")
def t_width_before_height(x, weight, stride, padding, output_padding, dilation):
    full = spread_out(x, weight, turned_round(stride), turned_round(dilation))
    return trimmed(full, turned_round(padding), output_padding)


# ---------------------------------------------------------------------------- and its way back


def wrong_t_back(name):
    def enter(backward):
        wrong = transposed_in_groups_back(backward)
        return makes(name, "conv_transpose2d_backward")(wrong)

    return enter


@wrong_t_back("kernel flipped")
def tb_turned(dy, x, weight, *how):
    turned = weight[:, :, ::-1, ::-1]
    return tdx_of(dy, x, turned, *how), tdw_of(dy, x, weight, *how), db_of(dy)


@wrong_t_back("kernel flipped")
def tb_dw_turned(dy, x, weight, *how):
    dw = tdw_of(dy, x, weight, *how)
    return tdx_of(dy, x, weight, *how), dw[:, :, ::-1, ::-1], db_of(dy)


@wrong_t_back("channels exchanged")
def tb_weight_as_maps_by_channels(dy, x, weight, *how):
    exchanged = weight.swapaxes(0, 1)
    return tdx_of(dy, x, exchanged, *how), tdw_of(dy, x, weight, *how), db_of(dy)


@wrong_t_back("channels exchanged")
def tb_dw_as_maps_by_channels(dy, x, weight, *how):
    dw = tdw_of(dy, x, weight, *how)
    return tdx_of(dy, x, weight, *how), dw.swapaxes(0, 1), db_of(dy)


@makes("groups mixed", "conv_transpose2d_backward")
def tb_dx_of_groups_stacked(
    dy, x, weight, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    how = stride, padding, output_padding, groups, dilation
    dx, dw, db = conv_transpose2d_backward(dy, x, weight, *how)
    dx = np.stack(np.split(dx, groups, 1), axis=2).reshape(x.shape)
    return dx, dw, db


@makes("batch averaged", "conv_transpose2d_backward")
def tb_parameters_by_n(dy, x, weight, stride=1, padding=0, output_padding=0, groups=1, dilation=1):
    how = stride, padding, output_padding, groups, dilation
    dx, dw, db = conv_transpose2d_backward(dy, x, weight, *how)
    return dx, dw / len(x), db / len(x)


@wrong_t_back("assignment instead of a sum")
def tb_dw_assigned(dy, x, weight, *how):
    for n in range(len(x)):
        dw = tdw_of(dy[n : n + 1], x[n : n + 1], weight, *how)
    return tdx_of(dy, x, weight, *how), dw, db_of(dy)


def tdw_by_sliding(dy, x, spacing, pads, step):
    dyp = with_padding(dy, pads)
    return slide(dyp.swapaxes(0, 1), x.swapaxes(0, 1), step, spacing).swapaxes(0, 1)


@wrong_t_back("stride zeros missing")
def tb_dw_with_x_as_it_is(dy, x, weight, stride, padding, dilation):
    kh, kw = weight.shape[2:]
    pads = [pair(p) for p in pair(padding)]
    dw = tdw_by_sliding(dy, x, 1, pads, dilation)[:, :, :kh, :kw]
    return tdx_of(dy, x, weight, stride, padding, dilation), dw, db_of(dy)


@wrong_t_back("remainder dropped")
def tb_dw_too_large(dy, x, weight, stride, padding, dilation):
    dw = tdw_by_sliding(dy, x, stride, [pair(p) for p in pair(padding)], dilation)
    return tdx_of(dy, x, weight, stride, padding, dilation), dw, db_of(dy)


@wrong_t_back("stride ignored")
def tb_dx_cell_by_cell(dy, x, weight, stride, padding, dilation):
    dw = tdw_of(dy, x, weight, stride, padding, dilation)
    return tdx_of(dy, x, weight, 1, padding, dilation), dw, db_of(dy)


@wrong_t_back("stride taken as kernel size")
def tb_side_by_side(dy, x, weight, stride, padding, dilation):
    return transposed_back_somehow(dy, x, weight, weight.shape[2:], padding, dilation)


def transposed_back_somehow(dy, x, weight, stride, padding, dilation):
    """By loops that leave out what lies beyond dy."""
    dyp = with_padding(dy, [pair(p) for p in pair(padding)])
    dx, dw = np.zeros_like(x), np.zeros_like(weight)
    for i, j in np.ndindex(x.shape[2:]):
        for u, v in np.ndindex(weight.shape[2:]):
            h, w = cells(i, j, u, v, stride, dilation)
            if h < dyp.shape[2] and w < dyp.shape[3]:
                dx[:, :, i, j] += dyp[:, :, h, w] @ weight[:, :, u, v].T
                dw[:, :, u, v] += x[:, :, i, j].T @ dyp[:, :, h, w]
    return dx, dw, db_of(dy)


@wrong_t_back("dW from the unpadded input")
def tb_dw_from_dy_unpadded(dy, x, weight, stride, padding, dilation):
    _, dw, db = transposed_back_somehow(dy, x, weight, stride, 0, dilation)
    return tdx_of(dy, x, weight, stride, padding, dilation), dw, db


@wrong_t_back("padding ignored")
def tb_never_padded(dy, x, weight, stride, padding, dilation):
    return transposed_back_somehow(dy, x, weight, stride, 0, dilation)


@wrong_t_back("dilation ignored")
def tb_never_dilated(dy, x, weight, stride, padding, dilation):
    return transposed_back_somehow(dy, x, weight, stride, padding, 1)


@wrong_t_back("dilation off by one")
def tb_dilation_counts_gaps(dy, x, weight, stride, padding, dilation):
    dh, dw = pair(dilation)
    return transposed_back_somehow(dy, x, weight, stride, padding, (dh + 1, dw + 1))


@wrong_t_back("height and width exchanged")
def tb_width_before_height(dy, x, weight, stride, padding, dilation):
    return transposed_back_somehow(
        dy, x, weight, turned_round(stride), turned_round(padding), turned_round(dilation)
    )


# ============================================================================ wrong: unfold


@makes("columns in another order", "unfold")
def u_taps_before_channels(x, kernel_size, dilation=1, padding=0, stride=1):
    col = im2col(x, pair(kernel_size), stride, padding, dilation)
    N, H_out, W_out = col.shape[:3]
    return col.transpose(0, 4, 5, 3, 1, 2).reshape(N, -1, H_out * W_out)


@makes("columns in another order", "unfold")
def u_windows_column_by_column(x, kernel_size, dilation=1, padding=0, stride=1):
    col = im2col(x, pair(kernel_size), stride, padding, dilation)
    N, H_out, W_out = col.shape[:3]
    return col.transpose(0, 3, 4, 5, 2, 1).reshape(N, -1, H_out * W_out)


@makes("columns in another order", "unfold")
def u_windows_as_rows(x, kernel_size, dilation=1, padding=0, stride=1):
    col = im2col(x, pair(kernel_size), stride, padding, dilation)
    return col.reshape(len(x) * col.shape[1] * col.shape[2], -1)


@makes("stride ignored", "unfold")
def u_stride_1(x, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    return unfold(x, kernel_size, dilation, pads, 1)


@makes("stride taken as kernel size", "unfold")
def u_side_by_side(x, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    return unfold(x, kernel_size, dilation, pads, kernel_size)


@makes("padding ignored", "unfold")
def u_never_padded(x, kernel_size, dilation=1, padding=0, stride=1):
    return unfold(x, kernel_size, dilation, 0, stride)


@makes("leading padding on both sides", "unfold")
def u_padded_alike(x, kernel_size, dilation=1, padding=0, stride=1):
    (p, _), (q, _) = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    return unfold(x, kernel_size, dilation, (p, q), stride)


@makes("odd cell of 'same' in front", "unfold")
def u_odd_cell_first(x, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    if padding == "same":
        pads = tuple(p[::-1] for p in pads)
    return unfold(x, kernel_size, dilation, pads, stride)


@makes("dilation ignored", "unfold")
def u_never_dilated(x, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    return unfold(x, kernel_size, 1, pads, stride)


@makes("dilation off by one", "unfold")
def u_dilation_counts_gaps(x, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    dh, dw = pair(dilation)
    return unfold(x, kernel_size, (dh + 1, dw + 1), pads, stride)


@makes("dilated kernel taken too large", "unfold")
def u_as_if_a_gap_followed_the_last_tap(x, kernel_size, dilation=1, padding=0, stride=1):
    (kh, kw), (sh, sw), (dh, dw) = pair(kernel_size), pair(stride), pair(dilation)
    xp = with_padding(x, sides(padding, x.shape[2:], (kh, kw), stride, dilation))
    H_out = (xp.shape[2] - dh * kh) // sh + 1
    W_out = (xp.shape[3] - dw * kw) // sw + 1
    col = im2col(x, (kh, kw), stride, padding, dilation)[:, :H_out, :W_out]
    return col.transpose(0, 3, 4, 5, 1, 2).reshape(len(x), -1, H_out * W_out)


@makes("negative index wraps around", "unfold")
def u_minus_one_is_the_last_row(x, kernel_size, dilation=1, padding=0, stride=1):
    kh, kw = pair(kernel_size)
    (top, _), (left, _) = sides(padding, x.shape[2:], (kh, kw), stride, dilation)
    H_out, W_out = outputs(x.shape[2:], kernel_size, dilation, padding, stride)
    col = np.zeros((*x.shape[:2], kh, kw, H_out, W_out), x.dtype)
    for u, v, i, j in np.ndindex(col.shape[2:]):
        h, w = cells(i, j, u, v, stride, dilation)
        col[:, :, u, v, i, j] = x[:, :, h - top, w - left]
    return col.reshape(len(x), -1, H_out * W_out)


@makes("height and width exchanged", "unfold")
def u_kernel_as_width_height(x, kernel_size, dilation=1, padding=0, stride=1):
    return unfold(x, turned_round(kernel_size), dilation, padding, stride)


@makes("height and width exchanged", "unfold")
def u_all_as_width_height(x, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, x.shape[2:], pair(kernel_size), stride, dilation)
    return unfold(
        x, turned_round(kernel_size), turned_round(dilation), pads[::-1], turned_round(stride)
    )


# ============================================================================ wrong: fold


def folded(by_tap, output_size, dilation, padding, stride, assign=False):
    """(N, C, kh, kw, H', W') → the image, by slices, one tap after the other."""
    size = pair(output_size)
    x = np.zeros((*by_tap.shape[:2], *size), by_tap.dtype)
    col = by_tap.transpose(0, 4, 5, 1, 2, 3)
    return col2im(col, x, stride, padding, dilation, assign)


def axes_of(col, output_size, kernel_size, dilation, padding, stride):
    kh, kw = pair(kernel_size)
    out = outputs(output_size, kernel_size, dilation, padding, stride)
    return len(col), col.shape[1] // (kh * kw), kh, kw, *out


@makes("assignment in overlap", "fold")
def f_taps_assigned(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    axes = axes_of(col, output_size, kernel_size, dilation, padding, stride)
    return folded(col.reshape(axes), output_size, dilation, padding, stride, assign=True)


@makes("assignment in overlap", "fold")
def f_windows_assigned(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    padded, pads = fold_padded(col, output_size, kernel_size, dilation, padding, stride)
    by_tap = col.reshape(axes_of(col, output_size, kernel_size, dilation, padding, stride))
    for u, v, i, j in sorted(np.ndindex(by_tap.shape[2:]), key=lambda at: (at[2:], at[:2])):
        h, w = cells(i, j, u, v, stride, dilation)
        padded[:, :, h, w] = by_tap[:, :, u, v, i, j]
    (top, _), (left, _) = pads
    H, W = pair(output_size)
    return padded[:, :, top : top + H, left : left + W]


@makes("col2im as an inverse", "fold")
def f_undoes_unfold(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    how = output_size, kernel_size, dilation, padding, stride
    return fold(col, *how) / np.maximum(fold(np.ones_like(col), *how), 1)


@makes("columns in another order", "fold")
def f_taps_before_channels(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    N, C, kh, kw, *out = axes_of(col, output_size, kernel_size, dilation, padding, stride)
    by_tap = col.reshape(N, kh, kw, C, *out).transpose(0, 3, 1, 2, 4, 5)
    return folded(by_tap, output_size, dilation, padding, stride)


@makes("columns in another order", "fold")
def f_windows_first(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    N, C, kh, kw, *out = axes_of(col, output_size, kernel_size, dilation, padding, stride)
    by_tap = col.reshape(N, *out, C, kh, kw).transpose(0, 3, 4, 5, 1, 2)
    return folded(by_tap, output_size, dilation, padding, stride)


@makes("stride ignored", "fold")
def f_cell_by_cell(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    by_tap = col.reshape(axes_of(col, output_size, kernel_size, dilation, padding, stride))
    pads = sides(padding, pair(output_size), pair(kernel_size), stride, dilation)
    return folded(by_tap, output_size, dilation, pads, 1)


@makes("stride taken as kernel size", "fold")
def f_side_by_side(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    by_tap = col.reshape(axes_of(col, output_size, kernel_size, dilation, padding, stride))
    return beyond_left_out(by_tap, output_size, dilation, padding, stride, kernel_size)


def beyond_left_out(by_tap, output_size, dilation, padding, stride, moves):
    """By loops, with another step, that leave out what lies outside the image."""
    (H, W), kernel = pair(output_size), by_tap.shape[2:4]
    (top, _), (left, _) = sides(padding, (H, W), kernel, stride, dilation)
    x = np.zeros((*by_tap.shape[:2], H, W), by_tap.dtype)
    for u, v, i, j in np.ndindex(by_tap.shape[2:]):
        h, w = cells(i, j, u, v, moves, dilation)
        if 0 <= h - top < H and 0 <= w - left < W:
            x[:, :, h - top, w - left] += by_tap[:, :, u, v, i, j]
    return x


@makes("padding not removed", "fold")
def f_padding_left_on(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    return fold_padded(col, output_size, kernel_size, dilation, padding, stride)[0]


@makes("padding cut by minus zero", "fold")
def f_cut_by_minus_p(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    padded, pads = fold_padded(col, output_size, kernel_size, dilation, padding, stride)
    (top, bottom), (left, right) = pads
    return padded[:, :, top:-bottom, left:-right]


@makes("remainder dropped", "fold")
def f_without_what_is_left_over(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    padded, pads = fold_padded(col, output_size, kernel_size, dilation, padding, stride)
    out = outputs(output_size, kernel_size, dilation, padding, stride)
    ends = [
        (n - 1) * s + d * (k - 1) + 1 - after
        for n, s, d, k, (_, after) in zip(
            out, pair(stride), pair(dilation), pair(kernel_size), pads, strict=True
        )
    ]
    return padded[:, :, pads[0][0] : ends[0], pads[1][0] : ends[1]]


@makes("leading padding on both sides", "fold")
def f_cut_alike(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    padded, pads = fold_padded(col, output_size, kernel_size, dilation, padding, stride)
    (p, _), (q, _) = pads
    return padded[:, :, p : padded.shape[2] - p, q : padded.shape[3] - q]


@makes("odd cell of 'same' in front", "fold")
def f_odd_cell_first(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    pads = sides(padding, pair(output_size), pair(kernel_size), stride, dilation)
    if padding == "same":
        pads = tuple(p[::-1] for p in pads)
    return fold(col, output_size, kernel_size, dilation, pads, stride)


@makes("dilation ignored", "fold")
def f_never_dilated(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    by_tap = col.reshape(axes_of(col, output_size, kernel_size, dilation, padding, stride))
    pads = sides(padding, pair(output_size), pair(kernel_size), stride, dilation)
    return folded(by_tap, output_size, 1, pads, stride)


@makes("dilation off by one", "fold")
def f_dilation_zero_for_one(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    by_tap = col.reshape(axes_of(col, output_size, kernel_size, dilation, padding, stride))
    pads = sides(padding, pair(output_size), pair(kernel_size), stride, dilation)
    dh, dw = pair(dilation)
    return folded(by_tap, output_size, (dh - 1, dw - 1), pads, stride)


@makes("height and width exchanged", "fold")
def f_width_before_height(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    return fold(
        col,
        output_size,
        turned_round(kernel_size),
        turned_round(dilation),
        turned_round(padding) if padding != "same" else padding,
        turned_round(stride),
    )


@makes("negative index wraps around", "fold")
def f_minus_one_is_the_last_row(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    N, C, *out = axes_of(col, output_size, kernel_size, dilation, padding, stride)
    by_tap, (H, W) = col.reshape(N, C, *out), pair(output_size)
    (top, _), (left, _) = sides(padding, (H, W), pair(kernel_size), stride, dilation)
    x = np.zeros((N, C, H, W), col.dtype)
    for u, v, i, j in np.ndindex(by_tap.shape[2:]):
        h, w = cells(i, j, u, v, stride, dilation)
        x[:, :, h - top, w - left] += by_tap[:, :, u, v, i, j]
    return x

"""The exercises of the chapter convolution/im2col."""

from functools import partial

import numpy as np

from bookkit.exercises.convolution.questions import layer, without
from bookkit.exercises.drawn import whole
from bookkit.exercises.exercise import Exercise, Wrong, results
from convpool import vectorized
from convpool.vectorized import col2im, im2col

IM2COL: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- windows as rows


def _there_and_back(rows_conv2d, rows_conv2d_backward, dy, x, weight, bias, stride, padding):
    y = rows_conv2d(x, weight, bias, stride, padding)
    back = rows_conv2d_backward(dy, x, weight, bias, stride, padding)
    return {"y": y, **results(back, "dx", "dweight", "dbias")}


def _windows(weight, out, s):
    """Each output, and the slices of the padded input that its window covers."""
    kh, kw = weight.shape[2:]
    for i, j in np.ndindex(*out):
        yield i, j, np.s_[:, :, i * s : i * s + kh, j * s : j * s + kw]


def _forward(x, weight, bias, stride, padding):
    p, kernel = padding, weight.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    out = [(n - k) // stride + 1 for n, k in zip(padded.shape[2:], kernel, strict=True)]
    y = np.zeros((len(x), len(weight), *out))
    for i, j, cells in _windows(weight, out, stride):
        y[:, :, i, j] = np.einsum("ncuv,mcuv->nm", padded[cells], weight) + bias
    return y


def _backward(dy, x, weight, bias, stride, padding):
    p, (H, W) = padding, x.shape[2:]
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dpadded, dweight = np.zeros(padded.shape), np.zeros(weight.shape)
    for i, j, cells in _windows(weight, dy.shape[2:], stride):
        dpadded[cells] += np.einsum("nm,mcuv->ncuv", dy[:, :, i, j], weight)
        dweight += np.einsum("nm,ncuv->mcuv", dy[:, :, i, j], padded[cells])
    return dpadded[:, :, p : p + H, p : p + W], dweight, dy.sum(axis=(0, 2, 3))


def _forward_reshaped(x, weight, bias, stride, padding):
    y = _forward(x, weight, bias, stride, padding)
    return y.transpose(0, 2, 3, 1).reshape(y.shape)


def _backward_by_rows(dy, x, weight, bias, stride, padding, mistake):
    M, kernel = len(weight), weight.shape[2:]
    dY = dy.transpose(0, 2, 3, 1).reshape(-1, M)  # (N·L, M)
    if mistake == "dy reshaped":
        dY = dy.reshape(-1, M)
    if mistake == "images for maps":
        dY = dy.reshape(M, -1).T
    dx = col2im(dY @ weight.reshape(M, -1), x.shape, kernel, stride, padding)
    dW = im2col(x, kernel, stride, padding).T @ dY  # (R, M)
    if mistake != "dW reshaped":
        dW = dW.T
    return dx, dW.reshape(weight.shape), dY.mean(axis=0) if mistake == "mean" else dY.sum(axis=0)


def _bias(question, seed):
    bias = whole(seed, len(question["weight"]))
    return {**without(question, "dilation"), "bias": bias}


IM2COL["ex-conv-im2col-2"] = Exercise(
    ask=_there_and_back,
    questions={
        "one window": _bias(layer(0, (1, 1, 2, 2), (1, 1, 2, 2)), 3),
        "overlap": _bias(layer(4, (1, 1, 3, 3), (1, 1, 2, 2)), 7),
        "two maps": _bias(layer(8, (1, 1, 3, 3), (2, 1, 2, 2)), 11),
        "two images": _bias(layer(12, (2, 1, 3, 3), (1, 1, 2, 2)), 15),
        "stride with a remainder": _bias(
            layer(16, (1, 1, 6, 6), (1, 1, 3, 3), stride=2, padding=1), 19
        ),
        "images, channels, maps, non-square kernel": _bias(
            layer(20, (2, 3, 4, 5), (2, 3, 3, 2), padding=1), 23
        ),
    },
    solution=(_forward, _backward),
    wrong=(
        Wrong(
            "y reshaped, not transposed",
            "The product has the axes (N·L, M): the maps come last. Reshape to (N, H', W', M), "
            "then transpose M to its place.",
            (_forward_reshaped, _backward),
        ),
        Wrong(
            "dy reshaped, not transposed",
            "dy goes the way of y backward: transpose to (N, H', W', M) first, then reshape to "
            "(N·L, M).",
            (_forward, partial(_backward_by_rows, mistake="dy reshaped")),
        ),
        Wrong(
            "images taken for maps",
            "dy has the axes (N, M, H', W'): `dy.reshape(M, -1)` is right for a batch of one only. "
            "Transpose M to the end before you reshape.",
            (_forward, partial(_backward_by_rows, mistake="images for maps")),
        ),
        Wrong(
            "dweight reshaped, not transposed",
            "colᵀ·dY has the axes (C·kh·kw, M). Transpose it before you reshape it to the "
            "weight's shape.",
            (_forward, partial(_backward_by_rows, mistake="dW reshaped")),
        ),
        Wrong(
            "bias gradient averaged",
            "The bias is added in every window of every image. Its gradient is the sum of all "
            "these dy, not their mean.",
            (_forward, partial(_backward_by_rows, mistake="mean")),
        ),
    ),
    chapter="convolution/im2col",
)


# ---------------------------------------------------------------------------- the best image


def _closest(closest_image, z, output_size, kernel_size, stride):
    """Where a window looks, the image; where none does, any number will do."""
    image = closest_image(z, output_size, kernel_size, stride)
    seen = _copies(z, output_size, kernel_size, stride) > 0
    if np.shape(image) != seen.shape:
        return {"x": image}
    return {"x": np.where(seen | ~np.isfinite(image), image, 0)}


def _least_squares(z, output_size, kernel_size, stride):
    """The columns of the matrix are the unfolded unit images."""
    C, cells = z.shape[1] // np.prod(kernel_size), np.prod(output_size)
    units = np.eye(C * cells).reshape(-1, C, *output_size)
    A = vectorized.unfold(units, kernel_size, stride=stride).reshape(len(units), -1).T
    return np.linalg.lstsq(A, z.reshape(len(z), -1).T)[0].T.reshape(-1, C, *output_size)


def _copies(z, output_size, kernel_size, stride):
    """How many copies of each cell z holds, channel by channel."""
    return vectorized.fold(np.ones(z.shape), output_size, kernel_size, stride=stride)


def _sum_of_copies(z, output_size, kernel_size, stride):
    return vectorized.fold(z, output_size, kernel_size, stride=stride)


def _by_the_window(z, output_size, kernel_size, stride):
    return _sum_of_copies(z, output_size, kernel_size, stride) / np.prod(kernel_size)


def _nothing_by_nothing(z, *geometry):
    return _sum_of_copies(z, *geometry) / _copies(z, *geometry)


def _last_copy(z, output_size, kernel_size, stride):
    (kh, kw), s, (H, W) = kernel_size, stride, output_size
    H_out, W_out = (H - kh) // s + 1, (W - kw) // s + 1
    blocks = z.reshape(len(z), -1, kh, kw, H_out, W_out)
    x = np.zeros((len(z), blocks.shape[1], H, W))
    for i, j in np.ndindex(H_out, W_out):
        x[:, :, i * s : i * s + kh, j * s : j * s + kw] = blocks[..., i, j]
    return x


def _matrix(seed, shape, output_size, kernel_size, stride):
    z = whole(seed, *shape)
    return dict(z=z, output_size=output_size, kernel_size=kernel_size, stride=stride)


IM2COL["ex-conv-im2col-3"] = Exercise(
    ask=_closest,
    questions={
        "side by side": _matrix(30, (1, 4, 2), (2, 4), (2, 2), stride=2),
        "overlap": _matrix(31, (1, 4, 4), (3, 3), (2, 2), stride=1),
        "stride with a remainder": _matrix(32, (1, 9, 4), (5, 6), (3, 3), stride=2),
        "gaps that no window sees": _matrix(33, (1, 4, 4), (5, 5), (2, 2), stride=3),
        "images, channels, non-square kernel": _matrix(34, (2, 12, 6), (4, 4), (3, 2), stride=1),
    },
    solution=(_least_squares,),
    wrong=(
        Wrong(
            "the sum of the copies",
            "fold adds the copies of a cell up. The image that comes closest has their mean: "
            "divide by how many there are, the fold of ones.",
            (_sum_of_copies,),
        ),
        Wrong(
            "divided by the size of the window",
            "A window has kh·kw cells, but a cell is not under kh·kw windows: near the border it "
            "is under fewer. Divide by the coverage of each cell, the fold of ones.",
            (_by_the_window,),
        ),
        Wrong(
            "nothing divided by nothing",
            "A cell that no window sees has the coverage 0, and 0/0 is NaN. Every number is as "
            "good there: take 0, with `np.maximum(coverage, 1)` below the line.",
            (_nothing_by_nothing,),
        ),
        Wrong(
            "the last copy wins",
            "Each window overwrites what the one before it left. All copies of a cell count alike: "
            "add them, then divide by their number.",
            (_last_copy,),
        ),
    ),
    chapter="convolution/im2col",
)


# ---------------------------------------------------------------------------- gradients in blocks


def _blockwise(gradients_in_blocks, dy, x, weight, stride, block):
    return results(gradients_in_blocks(dy, x, weight, stride, block), "dx", "dweight")


def _all_at_once(dy, x, weight, stride, block):
    return _backward(dy, x, weight, None, stride, 0)[:2]


def _in_blocks(dy, x, weight, stride, block, mistake):
    dx, dweight = np.zeros(x.shape), np.zeros(weight.shape)
    H_out, kh = dy.shape[2], weight.shape[2]
    for top in range(0, H_out - block + 1 if mistake == "short" else H_out, block):
        bottom = min(top + block, H_out)
        strip = np.s_[:, :, top * stride : (bottom - 1) * stride + kh]
        back = _backward(dy[:, :, top:bottom], x[strip], weight, None, stride, 0)
        dx[strip] = back[0] if mistake == "dx" else dx[strip] + back[0]
        dweight = back[1] if mistake == "dweight" else dweight + back[1]
    return dx, dweight


def _block(question, block):
    return {**without(question, "padding", "dilation"), "block": block}


IM2COL["ex-conv-im2col-4"] = Exercise(
    ask=_blockwise,
    questions={
        "one block": _block(layer(40, (1, 1, 3, 3), (1, 1, 2, 2)), 2),
        "blocks that share rows": _block(layer(43, (1, 1, 5, 3), (1, 1, 3, 2)), 1),
        "a short last block": _block(layer(46, (1, 1, 4, 3), (1, 1, 2, 2)), 2),
        "a block larger than the output": _block(layer(49, (1, 1, 3, 3), (1, 1, 2, 2)), 5),
        "stride with a remainder": _block(layer(52, (1, 1, 8, 6), (1, 1, 3, 3), stride=2), 2),
        "stride beyond the kernel": _block(layer(55, (1, 1, 8, 5), (1, 1, 2, 2), stride=3), 1),
        "images, channels, maps": _block(layer(58, (2, 3, 6, 4), (2, 3, 3, 2)), 3),
    },
    solution=(_all_at_once,),
    wrong=(
        Wrong(
            "assignment where blocks overlap",
            "Two blocks that follow each other share kh − s rows of x, and both send gradient "
            "there. Add the strip: `dx[strip] += …`.",
            (partial(_in_blocks, mistake="dx"),),
        ),
        Wrong(
            "dweight of the last block",
            "Every window of every block uses the weights. Start dweight at zero and add each "
            "block's part.",
            (partial(_in_blocks, mistake="dweight"),),
        ),
        Wrong(
            "short last block dropped",
            "Where `block` does not divide H', the last block is shorter, but it counts: start a "
            "block at every `block`-th row below H', and let it end at H' at the latest.",
            (partial(_in_blocks, mistake="short"),),
        ),
    ),
    chapter="convolution/im2col",
)

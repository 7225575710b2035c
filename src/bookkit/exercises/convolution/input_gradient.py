"""The exercises of the chapter convolution/input-gradient."""

import numpy as np

from bookkit.exercises.convolution.questions import layer, without
from bookkit.exercises.exercise import Exercise, Wrong
from convpool import vectorized

INPUT_GRADIENT: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- one tap at a time


def _tapwise(by_taps, dy, x, weight, stride, padding, dilation):
    return {"dx": by_taps(dy, x, weight, stride, padding, dilation)}


def _cell_by_cell(dy, x, weight, stride, padding, dilation):
    """What raising one cell by 1 adds to each output, times dy."""
    cells = np.eye(x[0].size).reshape(-1, *x.shape[1:])  # one image for each cell
    added = vectorized.conv2d(cells, weight, None, stride, padding, dilation)
    return np.tensordot(dy, added, axes=([1, 2, 3], [1, 2, 3])).reshape(x.shape)


def _scatter_rows(dy, x, weight, stride, padding, dilation, assign=False):
    """The windows one after the other, with the padding around dx."""
    s, p, d, (kh, kw) = stride, padding, dilation, weight.shape[2:]
    padded = np.pad(np.zeros(x.shape), ((0, 0), (0, 0), (p, p), (p, p)))
    for u, v, i, j in np.ndindex(kh, kw, *dy.shape[2:]):
        share = dy[:, :, i, j] @ weight[:, :, u, v]  # (N, M) · (M, C) → (N, C)
        before = 0 if assign else padded[:, :, i * s + u * d, j * s + v * d]
        padded[:, :, i * s + u * d, j * s + v * d] = before + share
    return padded


def _assigned(dy, x, weight, stride, padding, dilation):
    (H, W), p = x.shape[2:], padding
    padded = _scatter_rows(dy, x, weight, stride, padding, dilation, assign=True)
    return padded[:, :, p : p + H, p : p + W]


def _turned(dy, x, weight, stride, padding, dilation):
    return _cell_by_cell(dy, x, weight[:, :, ::-1, ::-1], stride, padding, dilation)


def _cut_by_minus_zero(dy, x, weight, stride, padding, dilation):
    padded = _scatter_rows(dy, x, weight, stride, padding, dilation)
    return padded[:, :, padding:-padding, padding:-padding]


def _only_what_windows_reach(dy, x, weight, stride, padding, dilation):
    dx = _cell_by_cell(dy, x, weight, stride, padding, dilation)
    reach = [
        (out - 1) * stride + dilation * (k - 1) + 1 - 2 * padding
        for out, k in zip(dy.shape[2:], weight.shape[2:], strict=True)
    ]
    return dx[:, :, : reach[0], : reach[1]]


INPUT_GRADIENT["ex-input-gradient-3"] = Exercise(
    ask=_tapwise,
    questions={
        "no padding": layer(0, (1, 1, 3, 3), (1, 1, 2, 2)),
        "padding beyond the kernel's reach": layer(3, (1, 1, 2, 3), (1, 1, 2, 2), padding=3),
        "stride with a remainder": layer(6, (1, 1, 6, 6), (1, 1, 3, 3), stride=2, padding=1),
        "stride beyond the kernel": layer(9, (1, 1, 5, 5), (1, 1, 2, 2), stride=3),
        "dilation": layer(12, (1, 1, 5, 5), (1, 1, 3, 3), padding=1, dilation=2),
        "images, channels, maps": layer(15, (2, 3, 4, 5), (4, 3, 3, 2), stride=2, padding=1),
    },
    solution=(_cell_by_cell,),
    wrong=(
        Wrong(
            "assignment in overlap",
            "A cell under several taps receives from each. Start at zero and add: "
            "`padded[…] += share`.",
            (_assigned,),
        ),
        Wrong(
            "kernel turned",
            "The kernel turns when it slides over dy. Here each tap's share goes straight to the "
            "cells under that tap: use weight[:, :, u, v] for tap (u, v).",
            (_turned,),
        ),
        Wrong(
            "padding cut by minus zero",
            "With p = 0 the slice p:-p is 0:0, which is empty. Cut from p to p + H instead.",
            (_cut_by_minus_zero,),
        ),
        Wrong(
            "padding not removed",
            "dx has x's shape, without the padding that you put around it: return the part from p "
            "to p + H, and from p to p + W.",
            (_scatter_rows,),
        ),
        Wrong(
            "remainder dropped",
            "dx has x's shape. Cells that no window reaches stay zero, but they are there: size "
            "the array from x, not from dy.",
            (_only_what_windows_reach,),
        ),
    ),
    chapter="convolution/input-gradient",
)


# ---------------------------------------------------------------------- the gradient's gradient


def _twice_back(backward_of_backward, ddx, weight, stride, padding):
    return {"ddy": backward_of_backward(ddx, weight, stride, padding)}


def _output_by_output(ddx, weight, stride, padding):
    """What raising one entry of dy by 1 adds to each entry of dx, times ddx."""
    none = np.zeros((1, *ddx.shape[1:]))
    out = vectorized.conv2d(none, weight, None, stride, padding).shape[1:]
    ones = np.eye(np.prod(out, dtype=int)).reshape(-1, *out)  # one image for each output
    images = np.zeros((len(ones), *ddx.shape[1:]))
    added = vectorized.conv2d_backward(ones, images, weight, stride, padding).dx
    return np.tensordot(ddx, added, axes=([1, 2, 3], [1, 2, 3])).reshape(len(ddx), *out)


def _with_the_turned_kernel(ddx, weight, stride, padding):
    return _output_by_output(ddx, weight[:, :, ::-1, ::-1], stride, padding)


def _back_once_more(ddx, weight, stride, padding):
    return vectorized.conv_transpose2d(ddx, weight, None, stride, padding)


def _channels_exchanged(ddx, weight, stride, padding):
    return _output_by_output(ddx, weight.swapaxes(0, 1), stride, padding)


def _second(*args, **options):
    """What `backward_of_backward` is given."""
    question = without(layer(*args, **options), "dy", "dilation")
    return {"ddx": question.pop("x"), **question}


INPUT_GRADIENT["ex-input-gradient-4"] = Exercise(
    ask=_twice_back,
    questions={
        "one plane": _second(20, (1, 1, 3, 3), (1, 1, 2, 2)),
        "an output of the input's shape": _second(23, (1, 2, 3, 3), (2, 2, 3, 3), padding=1),
        "stride with a remainder": _second(26, (1, 1, 6, 6), (1, 1, 3, 3), stride=2, padding=1),
        "images, channels, maps": _second(29, (2, 2, 4, 5), (3, 2, 3, 2), stride=2, padding=1),
    },
    solution=(_output_by_output,),
    wrong=(
        Wrong(
            "kernel turned",
            "Turning the kernel led back from dy to dx, by the transposed matrix. Its transpose "
            "is the matrix of the layer itself, with the kernel as it stands.",
            (_with_the_turned_kernel,),
        ),
        Wrong(
            "backward once more",
            "You went back a second time, by the transposed matrix. The transpose of a transpose "
            "is the matrix itself: go forward.",
            (_back_once_more,),
        ),
        Wrong(
            "channels exchanged",
            "ddx has the input's channels and ddy the maps, as in the forward pass. The weight's "
            "first two axes stay as they are.",
            (_channels_exchanged,),
        ),
    ),
    chapter="convolution/input-gradient",
)

"""The exercises of the chapter convolution/forward."""

import numpy as np

from bookkit.exercises.drawn import whole
from bookkit.exercises.exercise import Exercise, Wrong

FORWARD: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- two thin kernels


def _thin(separable, x, column, row):
    return {"y": separable(x, column, row)}


def _separable(x, column, row):
    (H, W), kh, kw = x.shape, len(column), len(row)
    y = np.zeros((H - kh + 1, W - kw + 1))
    for i, j, u, v in np.ndindex(*y.shape, kh, kw):
        y[i, j] += column[u] * row[v] * x[i + u, j + v]
    return y


def _separable_flipped(x, column, row):
    return _separable(x, column[::-1], row[::-1])


def _separable_exchanged(x, column, row):
    return _separable(x, row, column)


def _separable_in_place(x, column, row):
    down = np.apply_along_axis(np.correlate, 0, x, column, "same")
    return np.apply_along_axis(np.correlate, 1, down, row, "same")


FORWARD["ex-conv-forward-2"] = Exercise(
    ask=_thin,
    questions={
        "square kernel": dict(x=whole(0, 4, 4), column=whole(1, 3), row=whole(2, 3)),
        "tall kernel": dict(x=whole(3, 6, 5), column=whole(4, 4), row=whole(5, 2)),
        "row of one tap": dict(x=whole(6, 5, 4), column=whole(7, 3), row=whole(8, 1)),
        "one output": dict(x=whole(9, 2, 3), column=whole(10, 2), row=whole(11, 3)),
    },
    solution=(_separable,),
    wrong=(
        Wrong(
            "kernel flipped",
            "You computed a true convolution, which turns the kernel. `np.convolve` does that; "
            "`np.correlate` does not.",
            (_separable_flipped,),
        ),
        Wrong(
            "column and row exchanged",
            "The column runs down, along axis 0 of x, and the row runs across, along axis 1.",
            (_separable_exchanged,),
        ),
        Wrong(
            "output as large as the input",
            "Windows that reach beyond the plane do not count without padding: there are "
            "H − kh + 1 rows of outputs. `np.correlate` calls this mode 'valid'.",
            (_separable_in_place,),
        ),
    ),
    chapter="convolution/forward",
)


# ---------------------------------------------------------------------------- two layers in one


def _one_kernel(composed, a, b):
    return {"kernel": composed(a, b)}


def _composed(a, b):
    (ah, aw), (bh, bw) = a.shape, b.shape
    kernel = np.zeros((ah + bh - 1, aw + bw - 1))
    for u, v, r, t in np.ndindex(ah, aw, bh, bw):
        kernel[u + r, v + t] += a[u, v] * b[r, t]
    return kernel


def _composed_turned(a, b):
    return _composed(a, b[::-1, ::-1])


def _composed_cut(a, b):
    return _composed(a, b)[: a.shape[0], : a.shape[1]]


def _composed_assigned(a, b):
    (ah, aw), (bh, bw) = a.shape, b.shape
    kernel = np.zeros((ah + bh - 1, aw + bw - 1))
    for u, v in np.ndindex(ah, aw):
        kernel[u : u + bh, v : v + bw] = a[u, v] * b
    return kernel


FORWARD["ex-conv-forward-3"] = Exercise(
    ask=_one_kernel,
    questions={
        "two rows": dict(a=whole(20, 1, 2), b=whole(21, 1, 3)),
        "two squares": dict(a=whole(22, 2, 2), b=whole(23, 2, 2)),
        "a column and a row": dict(a=whole(24, 3, 1), b=whole(25, 1, 2)),
        "different shapes": dict(a=whole(26, 3, 2), b=whole(27, 2, 3)),
        "one tap": dict(a=whole(28, 1, 1), b=whole(29, 2, 3)),
    },
    solution=(_composed,),
    wrong=(
        Wrong(
            "correlation of the kernels",
            "Tap r of b lies on the output that tap u of a feeds: together they reach the cell "
            "r + u. So neither kernel is turned, and the sum is a true convolution, not a "
            "correlation.",
            (_composed_turned,),
        ),
        Wrong(
            "kernel cut off",
            "The one kernel sees what both layers see: its height is the sum of the two heights, "
            "less one, and its width likewise.",
            (_composed_cut,),
        ),
        Wrong(
            "assignment in overlap",
            "Several pairs of taps meet in one place of the new kernel. Start at zero and add to "
            "it: `kernel[…] += …`.",
            (_composed_assigned,),
        ),
    ),
    chapter="convolution/forward",
)


# ---------------------------------------------------------------------------- channels last


def _channels_last(conv_channels_last, x, weight, s, p, d):
    """Asked with channels last; the verdict shows planes, so the question has them first."""
    images = x.transpose(0, 2, 3, 1).copy()  # (N, C, H, W) → (N, H, W, C)
    weights = weight.transpose(2, 3, 1, 0).copy()  # (M, C, kh, kw) → (kh, kw, C, M)
    y = conv_channels_last(images, weights, s, p, d)
    return {"y": np.moveaxis(y, -1, 1) if np.ndim(y) == 4 else y}  # → (N, M, H', W')


def _sum_over_taps(x, weight, s, p, d):
    (N, H, W, _), (kh, kw, _, M) = x.shape, weight.shape
    H_out = (H + 2 * p - d * (kh - 1) - 1) // s + 1
    W_out = (W + 2 * p - d * (kw - 1) - 1) // s + 1
    y = np.zeros((N, H_out, W_out, M))
    for i, j, u, v in np.ndindex(H_out, W_out, kh, kw):
        h, w = i * s - p + u * d, j * s - p + v * d
        if 0 <= h < H and 0 <= w < W:
            y[:, i, j] += x[:, h, w] @ weight[u, v]  # (N, C) · (C, M) → (N, M)
    return y


def _weights_reshaped(x, weight, s, p, d):
    """weight.reshape(M, kh·kw·C) where weight.reshape(kh·kw·C, M).T is meant."""
    kh, kw, C, M = weight.shape
    return _sum_over_taps(x, weight.reshape(M, kh, kw, C).transpose(1, 2, 3, 0), s, p, d)


def _no_step(x, weight, s, p, d):
    y = _sum_over_taps(x, weight, s, p, d)
    return _sum_over_taps(x, weight, 1, p, d)[:, : y.shape[1], : y.shape[2]]


def _taps_side_by_side(x, weight, s, p, d):
    y = _sum_over_taps(x, weight, s, p, d)
    return _sum_over_taps(x, weight, s, p, 1)[:, : y.shape[1], : y.shape[2]]


def _images(seed, x, weight, s=1, p=0, d=1):
    return dict(x=whole(seed, *x), weight=whole(seed + 1, *weight), s=s, p=p, d=d)


FORWARD["ex-conv-forward-4"] = Exercise(
    ask=_channels_last,
    questions={
        "one window": _images(30, (1, 1, 2, 2), (1, 1, 2, 2)),
        "channels and maps": _images(32, (2, 2, 3, 3), (3, 2, 2, 2)),
        "non-square kernel": _images(34, (1, 1, 4, 5), (1, 1, 3, 2)),
        "stride with a remainder": _images(36, (1, 1, 6, 8), (1, 1, 3, 3), s=2),
        "padding": _images(38, (1, 2, 3, 4), (1, 2, 3, 3), p=1),
        "dilation": _images(40, (1, 1, 6, 6), (1, 1, 3, 3), p=1, d=2),
    },
    solution=(_sum_over_taps,),
    wrong=(
        Wrong(
            "weights reshaped, not transposed",
            "`reshape` deals the numbers out anew, in memory order, and moves no axis: put M first "
            "with it, and the kernels are mixed. M is last, and may stay there: the axes of a "
            "window, (kh, kw, C), are the first three of the weights.",
            (_weights_reshaped,),
        ),
        Wrong(
            "stride left out of the slice",
            "The number of outputs is right, but window i must start at i·s on the padded image.",
            (_no_step,),
        ),
        Wrong(
            "dilation ignored",
            "The taps of a window lie d cells apart: the slice needs the step d, and stops one "
            "cell after its last tap, a span after its start.",
            (_taps_side_by_side,),
        ),
    ),
    chapter="convolution/forward",
)

"""The exercises of the chapter on im2col."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong
from convpool import vectorized

IM2COL: dict[str, Exercise] = {}


def _out(x, k, s):
    return tuple((size - k) // s + 1 for size in x.shape[2:])


def _window(x, k, s, n, c, i, j):
    return x[n, c, i * s : i * s + k, j * s : j * s + k]


# ---------------------------------------------------------------------------- ex-im2col-2


def _matrix(view_im2col, x, k, s):
    return {"col": view_im2col(x, k, s)}


def _im2col(x, k, s):
    rows = []
    for n, i, j in np.ndindex(len(x), *_out(x, k, s)):
        windows = [_window(x, k, s, n, c, i, j).ravel() for c in range(x.shape[1])]
        rows.append(np.concatenate(windows))
    return np.array(rows)


def _view(x, k):
    return np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))


def _channels_innermost(x, k, s):
    rows = _view(x, k)[:, :, ::s, ::s].transpose(0, 2, 3, 4, 5, 1)
    return rows.reshape(-1, x.shape[1] * k * k)


def _channels_as_rows(x, k, s):
    rows = _view(x, k)[:, :, ::s, ::s]
    return rows.reshape(-1, x.shape[1] * k * k)


def _stride_forgotten(x, k, s):
    return _view(x, k).transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * k * k)


IM2COL["ex-im2col-2"] = Exercise(
    ask=_matrix,
    questions={
        "side by side": dict(x=drawn(400, 1, 1, 4, 4), k=2, s=2),
        "overlap": dict(x=drawn(401, 1, 1, 4, 5), k=3, s=1),
        "remainder": dict(x=drawn(402, 1, 1, 6, 5), k=3, s=2),
        "channels": dict(x=drawn(403, 1, 3, 4, 4), k=2, s=2),
        "images and channels": dict(x=drawn(404, 2, 2, 5, 6), k=3, s=2),
    },
    solution=(_im2col,),
    wrong=(
        Wrong(
            "the stride forgotten",
            "sliding_window_view moves by one cell. Keep every s-th window: `[:, :, ::s, ::s]`.",
            (_stride_forgotten,),
        ),
        Wrong(
            "a reshape without a transpose",
            "The view's axes are N, C, H', W', k, k, so a reshape puts each channel into rows of "
            "its own. Move C behind W' first.",
            (_channels_as_rows,),
        ),
        Wrong(
            "columns in another order",
            "Your columns run through the taps first and the channels last. Column q counts "
            "channel by channel, and the taps row by row within each.",
            (_channels_innermost,),
        ),
    ),
    chapter="pooling/im2col",
)


# ---------------------------------------------------------------------------- ex-im2col-3


def _norms(im2col_norm_pool, im2col_norm_pool_backward, x, dy, k, s):
    return {"y": im2col_norm_pool(x, k, s), "dx": im2col_norm_pool_backward(dy, x, k, s)}


def _norm_pool(x, k, s):
    y = np.zeros((*x.shape[:2], *_out(x, k, s)))
    for at in np.ndindex(y.shape):
        y[at] = np.linalg.norm(_window(x, k, s, *at))
    return y


def _norm_pool_backward(dy, x, k, s):
    dx, y = np.zeros(x.shape), _norm_pool(x, k, s)
    for at in np.ndindex(dy.shape):
        if y[at]:
            _window(dx, k, s, *at)[...] += dy[at] * _window(x, k, s, *at) / y[at]
    return dx


def _rows(x, k, s):
    return vectorized.im2col(x, k, s).reshape(-1, k * k)


def _home(dcol, x, k, s):
    return vectorized.col2im(dcol.reshape(-1, x.shape[1] * k * k), x.shape, k, s)


def _divided_by_zero(dy, x, k, s):
    rows = _rows(x, k, s)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return _home(dy.transpose(0, 2, 3, 1).reshape(-1, 1) * rows / norms, x, k, s)


def _not_transposed(x, k, s):
    return np.linalg.norm(_rows(x, k, s), axis=1).reshape(*x.shape[:2], *_out(x, k, s))


def _not_transposed_backward(dy, x, k, s):
    rows = _rows(x, k, s)
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return _home(dy.reshape(-1, 1) * rows / np.where(norms == 0, 1, norms), x, k, s)


def _not_divided(dy, x, k, s):
    return _home(dy.transpose(0, 2, 3, 1).reshape(-1, 1) * _rows(x, k, s), x, k, s)


IM2COL["ex-im2col-3"] = Exercise(
    ask=_norms,
    questions={
        "side by side": dict(x=drawn(410, 1, 1, 4, 4), dy=drawn(411, 1, 1, 2, 2), k=2, s=2),
        "overlap": dict(x=drawn(412, 1, 1, 4, 5), dy=drawn(413, 1, 1, 2, 3), k=3, s=1),
        "remainder": dict(x=drawn(414, 1, 1, 6, 5), dy=drawn(415, 1, 1, 2, 2), k=3, s=2),
        "zeros": dict(x=np.zeros((1, 1, 4, 4)), dy=drawn(416, 1, 1, 2, 2), k=2, s=2),
        "images and channels": dict(x=drawn(417, 2, 3, 5, 6), dy=drawn(418, 2, 3, 3, 4), k=3, s=1),
    },
    solution=(_norm_pool, _norm_pool_backward),
    wrong=(
        Wrong(
            "zero divided by zero",
            "A window of zeros has the norm 0, and 0 / 0 is not a number. Give such a row the "
            "gradient 0: divide by 1 where the norm is 0.",
            (_norm_pool, _divided_by_zero),
        ),
        Wrong(
            "channels left behind",
            "The rows come in the order n, i, j, c. Reshape to (N, H', W', C), then move C to "
            "axis 1. Send dy the same way back.",
            (_not_transposed, _not_transposed_backward),
        ),
        Wrong(
            "the norm missing going back",
            "Your gradient is the row itself. The slope of a norm has length 1: divide each row by "
            "its norm.",
            (_norm_pool, _not_divided),
        ),
    ),
    chapter="pooling/im2col",
)

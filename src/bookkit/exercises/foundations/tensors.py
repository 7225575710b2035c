"""The exercises of the chapter foundations/tensors."""

from itertools import islice

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong

TENSORS: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- from an address


def _indices(index_at, shape, itemsize, addresses):
    return {"index": [index_at(address, shape, itemsize) for address in addresses]}


def _index_by_counting(address, shape, itemsize):
    return next(islice(np.ndindex(*shape), address // itemsize, None))


def _index_from(address, shape, first_axis_first):
    index = [0] * len(shape)
    for axis in range(len(shape)) if first_axis_first else reversed(range(len(shape))):
        address, index[axis] = divmod(address, shape[axis])
    return tuple(index)


TENSORS["ex-tensors-1"] = Exercise(
    ask=_indices,
    questions={
        "by hand": dict(shape=(10, 1, 28, 28), itemsize=8, addresses=(19992, 6280)),
        "the first and the last entry": dict(shape=(2, 3, 4, 5), itemsize=8, addresses=(0, 952)),
        "ends of rows, planes and images": dict(
            shape=(2, 3, 4, 5), itemsize=8, addresses=(32, 40, 152, 160, 472, 480)
        ),
        "float32": dict(shape=(2, 3, 4, 5), itemsize=4, addresses=(4, 76, 236, 300)),
        "a matrix": dict(shape=(3, 7), itemsize=8, addresses=(8, 56, 160)),
    },
    solution=(_index_by_counting,),
    wrong=(
        Wrong(
            "bytes taken for numbers",
            "An address counts bytes, and a number takes `itemsize` of them. Divide by it first.",
            (lambda address, shape, itemsize: _index_from(address, shape, False),),
        ),
        Wrong(
            "the first axis fastest",
            "In row-major order the last index runs fastest. Divide out the last axis first.",
            (lambda address, shape, itemsize: _index_from(address // itemsize, shape, True),),
        ),
        Wrong(
            "eight bytes for every number",
            "A float32 takes four bytes. Divide by `itemsize`, not by 8.",
            (lambda address, shape, itemsize: _index_from(address // 8, shape, False),),
        ),
    ),
    chapter="foundations/tensors",
)


# ---------------------------------------------------------------------------- pooling by reshape


def _pooled(pool_by_reshape, x):
    return {"y": pool_by_reshape(x)}


def _pool_by_slices(x):
    rows, columns = (n // 2 * 2 for n in x.shape[2:])
    corners = [x[:, :, u:rows:2, v:columns:2] for u, v in np.ndindex(2, 2)]
    return np.maximum.reduce(corners)


def _four_in_a_row(x):
    N, C, H, W = x.shape
    even = x[:, :, : H // 2 * 2, : W // 2 * 2]
    return even.reshape(N, C, H // 2, W // 2, 4).max(axis=4)


def _the_first_cut_off(x):
    return _pool_by_slices(x[:, :, x.shape[2] % 2 :, x.shape[3] % 2 :])


def _rounded_up(x):
    sides = [(0, n % 2) for n in x.shape[2:]]
    return _pool_by_slices(np.pad(x, [(0, 0), (0, 0), *sides], constant_values=-np.inf))


TENSORS["ex-tensors-2"] = Exercise(
    ask=_pooled,
    questions={
        "one window": dict(x=drawn(0, 1, 1, 2, 2)),
        "even": dict(x=drawn(1, 2, 3, 6, 8)),
        "an odd number of rows": dict(x=drawn(2, 1, 2, 5, 6)),
        "an odd number of columns": dict(x=drawn(3, 1, 2, 4, 7)),
        "all negative": dict(x=-1 - abs(drawn(4, 1, 1, 4, 4))),
    },
    solution=(_pool_by_slices,),
    wrong=(
        Wrong(
            "four cells in a row",
            "`reshape` keeps the reading order: four neighbours in memory stand in one row, not "
            "under one window. Split rows and columns into two axes each.",
            (_four_in_a_row,),
        ),
        Wrong(
            "the first row or column cut off",
            "Windows start at row 0 and column 0, so what is left over is the last row or column.",
            (_the_first_cut_off,),
        ),
        Wrong(
            "a window for the remainder",
            "A window that does not fit is not there. Cut the odd row or column off; filling it "
            "up to a window is `ceil_mode`.",
            (_rounded_up,),
        ),
    ),
    chapter="foundations/tensors",
)


# ---------------------------------------------------------------------------- spread out, summed


def _summed(spread_out_backward, a):
    return {"g": spread_out_backward(a)}


def _summed_one_by_one(a):
    g = np.zeros((a.shape[1], 1, 1))
    for n, c, h, w in np.ndindex(a.shape):
        g[c] += a[n, c, h, w]
    return g


TENSORS["ex-tensors-3"] = Exercise(
    ask=_summed,
    questions={
        "images and channels": dict(a=drawn(0, 2, 3, 4, 5)),
        "one image": dict(a=drawn(1, 1, 4, 3, 2)),
        "one channel": dict(a=drawn(2, 3, 1, 2, 2)),
        "as many columns as channels": dict(a=drawn(3, 2, 3, 2, 3)),
    },
    solution=(_summed_one_by_one,),
    wrong=(
        Wrong(
            "the mean",
            "Each entry of m is used N · H · W times, and every use counts in full. Do not divide.",
            (lambda a: a.mean(axis=(0, 2, 3)).reshape(-1, 1, 1),),
        ),
        Wrong(
            "the axes lost",
            "The gradient has the shape of what it is the gradient by, (C, 1, 1). With shape "
            "(C,) it would meet the columns. Give it its two axes back with `reshape`.",
            (lambda a: a.sum(axis=(0, 2, 3)),),
        ),
        Wrong(
            "an axis too many",
            "`keepdims=True` keeps the axis of the images as well. m has no such axis: its shape "
            "is (C, 1, 1).",
            (lambda a: a.sum(axis=(0, 2, 3), keepdims=True),),
        ),
        Wrong(
            "the images apart",
            "All images of the batch use the same m. Sum over them, too.",
            (lambda a: a.sum(axis=(2, 3), keepdims=True),),
        ),
    ),
    chapter="foundations/tensors",
)


# ---------------------------------------------------------------------------- windows with gaps


def _seen(dilated_windows, x, k, s, d, transposed=False):
    """The windows of x, which lies in the middle of a memory of NaN: see what reads outside."""
    room = np.full(201 * x.size, np.nan)
    N, C, H, W = x.shape
    laid = room[100 * x.size :][: x.size].reshape((N, C, W, H) if transposed else x.shape)
    placed = laid.swapaxes(2, 3) if transposed else laid
    placed[...] = x
    z = dilated_windows(placed, k, s, d)
    return {"z": z, "is a view": isinstance(z, np.ndarray) and np.may_share_memory(z, placed)}


def _strides(x, k, s, d, window, tap, steps=None):
    """All windows by memory strides: `window` and `tap` say how many cells one step is."""
    n, c, h, w = steps or x.strides
    out = [(size - d * (k - 1) - 1) // s + 1 for size in x.shape[2:]]
    steps = (n, c, window * h, window * w, tap * h, tap * w)
    return as_strided(x, (*x.shape[:2], *out, k, k), steps, writeable=False)


def _as_if_in_order(x, k, s, d):
    _, C, H, W = x.shape
    steps = tuple(8 * n for n in (C * H * W, H * W, W, 1))
    return _strides(x, k, s, d, window=s, tap=d, steps=steps)


def _slices_of_views(x, k, s, d):
    span = d * (k - 1) + 1
    return sliding_window_view(x, (span, span), axis=(2, 3))[:, :, ::s, ::s, ::d, ::d]


TENSORS["ex-tensors-4"] = Exercise(
    ask=_seen,
    questions={
        "one window": dict(x=drawn(0, 1, 1, 3, 3), k=2, s=1, d=2),
        "side by side": dict(x=drawn(1, 1, 2, 4, 6), k=2, s=2, d=1),
        "overlap": dict(x=drawn(2, 2, 3, 5, 7), k=3, s=2, d=1),
        "dilation": dict(x=drawn(3, 2, 1, 6, 7), k=3, s=1, d=2),
        "stride and dilation": dict(x=drawn(4, 1, 2, 9, 11), k=2, s=3, d=4),
        "columns first in memory": dict(x=drawn(5, 1, 2, 5, 6), k=2, s=2, d=2, transposed=True),
    },
    solution=(_slices_of_views,),
    wrong=(
        Wrong(
            "dilation ignored",
            "These are windows without gaps. One tap further is d cells further: the last two "
            "memory strides have the factor d.",
            (lambda x, k, s, d: _strides(x, k, s, d, window=s, tap=1),),
        ),
        Wrong(
            "stride and dilation exchanged",
            "From window to window it is s cells, from tap to tap d. The axes i and j have the "
            "factor s, the axes u and v the factor d.",
            (lambda x, k, s, d: _strides(x, k, s, d, window=d, tap=s),),
        ),
        Wrong(
            "dilation for the windows too",
            "Dilation moves the taps of a window apart, not the windows. The axes i and j have "
            "the factor s alone.",
            (lambda x, k, s, d: _strides(x, k, s, d, window=s * d, tap=d),),
        ),
        Wrong(
            "the memory taken to be in order",
            "x may be a transposed view. Then its memory strides do not follow from its shape: "
            "take them from `x.strides`.",
            (_as_if_in_order,),
        ),
        Wrong(
            "a copy",
            "The numbers are right, but they are all copied. `as_strided` shows the same memory "
            "with other strides, and needs none of its own.",
            (lambda x, k, s, d: _slices_of_views(x, k, s, d).copy(),),
        ),
    ),
    chapter="foundations/tensors",
)

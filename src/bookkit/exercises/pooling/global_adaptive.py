"""The exercises of the chapter on global and adaptive pooling."""

from math import ceil

import numpy as np

from bookkit.exercises.drawn import distinct, drawn, with_ties
from bookkit.exercises.exercise import Exercise, Wrong
from convpool import vectorized

GLOBAL_ADAPTIVE: dict[str, Exercise] = {}


def _bin(size, out, i):
    """The cells that part i of a line of `size` cells, cut into `out` parts, touches."""
    return [h for h in range(size) if h * out < (i + 1) * size and (h + 1) * out > i * size]


# ---------------------------------------------------------------------------- ex-global-adaptive-2


def _lengths(bin_length, size, out):
    return {"lengths": [bin_length(size, out, i) for i in range(out)]}


def _bin_length(size, out, i):
    return len(_bin(size, out, i))


def _parts_without_overlap(size, out, i):
    return size // out + (i < size % out)


def _one_length_for_all(size, out, i):
    return -(-size // out)


def _rounded_down(size, out, i):
    return size // out


def _in_fractions(size, out, i):
    return ceil(i * size / out % 1 + size / out)


GLOBAL_ADAPTIVE["ex-global-adaptive-2"] = Exercise(
    ask=_lengths,
    questions={
        "a whole number of cells each": dict(size=12, out=4),
        "shared cells": dict(size=10, out=4),
        "every cut inside a cell": dict(size=7, out=3),
        "one bin longer": dict(size=8, out=3),
        "as many bins as cells": dict(size=5, out=5),
        "more bins than cells": dict(size=3, out=5),
        "one bin": dict(size=7, out=1),
        "many bins": dict(size=100, out=49),
    },
    solution=(_bin_length,),
    wrong=(
        Wrong(
            "bins without overlap",
            "These are parts that share no cell, as np.array_split makes them. A cell that a cut "
            "goes through belongs to both bins, so it counts in both lengths.",
            (_parts_without_overlap,),
        ),
        Wrong(
            "one length for all",
            "⌈size/out⌉ is the length of the shortest bin. Where a bin starts inside a cell it may "
            "be one longer: the remainder i · size mod out decides.",
            (_one_length_for_all,),
        ),
        Wrong(
            "rounded down",
            "⌊size/out⌋ cells are no longer than the part of the line, and a bin holds every cell "
            "that its part touches. Round its left end down and its right end up.",
            (_rounded_down,),
        ),
        Wrong(
            "fractions that are not exact",
            "⌊x⌋ and ⌈x⌉ of a float jump if x is off by its last digit, as in 2⅓ + ⅔. Multiply "
            "everything by out, and round up by -(-a // b).",
            (_in_fractions,),
        ),
    ),
    chapter="pooling/global-adaptive",
)


# ---------------------------------------------------------------------------- ex-global-adaptive-3


_LEVELS = (1, 2, 4)


def _pyramids(pyramid, pyramid_backward, x, dy):
    return {"y": pyramid(x), "dx": pyramid_backward(dy, x)}


def _steps(x, cells_of=_bin):
    """The winner of every bin, level by level: image, place in the vector, cell of x."""
    for n in range(len(x)):
        place = 0
        for k in _LEVELS:
            for c, i, j in np.ndindex(x.shape[1], k, k):
                rows, cols = cells_of(x.shape[2], k, i), cells_of(x.shape[3], k, j)
                cells = [(n, c, h, w) for h in rows for w in cols]
                yield n, place, max(cells, key=lambda cell: x[cell])
                place += 1


def _pyramid(x, cells_of=_bin):
    y = np.zeros((len(x), 21 * x.shape[1]))
    for n, place, cell in _steps(x, cells_of):
        y[n, place] = x[cell]
    return y


def _pyramid_backward(dy, x, cells_of=_bin):
    dx = np.zeros(x.shape)
    for n, place, cell in _steps(x, cells_of):
        dx[cell] += dy[n, place]
    return dx


def _levels(dy, x):
    """The gradient of each level on its own."""
    N, C = x.shape[:2]
    parts = np.split(dy, [C, 5 * C], axis=1)
    for part, k in zip(parts, _LEVELS, strict=True):
        yield vectorized.adaptive_max_pool2d_backward(part.reshape(N, C, k, k), x, k)


def _last_level_only(dy, x):
    return list(_levels(dy, x))[-1]


def _levels_averaged(dy, x):
    return sum(_levels(dy, x)) / 3


def _by_channel(x):
    levels = [vectorized.adaptive_max_pool2d(x, k) for k in _LEVELS]
    joined = [level.reshape(*x.shape[:2], -1) for level in levels]
    return np.concatenate(joined, axis=2).reshape(len(x), -1)


def _by_channel_backward(dy, x):
    N, C = x.shape[:2]
    parts = np.split(dy.reshape(N, C, 21), [1, 5], axis=2)
    return _pyramid_backward(np.concatenate([p.reshape(N, -1) for p in parts], axis=1), x)


def _split(size, out, i):
    return np.array_split(np.arange(size), out)[i]


def _split_pyramid(x):
    return _pyramid(x, _split)


def _split_pyramid_backward(dy, x):
    return _pyramid_backward(dy, x, _split)


GLOBAL_ADAPTIVE["ex-global-adaptive-3"] = Exercise(
    ask=_pyramids,
    questions={
        "a square of four": dict(x=distinct(200, 1, 1, 4, 4), dy=drawn(201, 1, 21)),
        "bins that share cells": dict(x=distinct(202, 1, 1, 7, 5), dy=drawn(203, 1, 21)),
        "more bins than cells": dict(x=distinct(204, 1, 1, 3, 6), dy=drawn(205, 1, 21)),
        "ties": dict(x=with_ties(206, 1, 1, 5, 5), dy=drawn(207, 1, 21)),
        "images and channels": dict(x=distinct(208, 2, 3, 5, 4), dy=drawn(209, 2, 63)),
    },
    solution=(_pyramid, _pyramid_backward),
    wrong=(
        Wrong(
            "the last level alone",
            "Each level overwrites the gradient of the one before. All three see the same x, so "
            "their gradients add.",
            (_pyramid, _last_level_only),
        ),
        Wrong(
            "the levels averaged",
            "You divide the sum of the three gradients by three. Several uses of x add, and "
            "nothing divides them.",
            (_pyramid, _levels_averaged),
        ),
        Wrong(
            "channel by channel",
            "Your vector holds all bins of channel 0, then of channel 1. Flatten each level first "
            "and join the levels after: all channels with one bin, then with 2 × 2, then 4 × 4.",
            (_by_channel, _by_channel_backward),
        ),
        Wrong(
            "bins without overlap",
            "np.array_split makes parts that share no cell. Where a cut goes through a cell, both "
            "bins hold it: leave the bins to adaptive_max_pool2d.",
            (_split_pyramid, _split_pyramid_backward),
        ),
    ),
    chapter="pooling/global-adaptive",
)


# ---------------------------------------------------------------------------- ex-global-adaptive-4


def _read_by(selected, z, x, output_size):
    return {"y": selected(z, x, output_size)}


def _selected(z, x, output_size):
    y = np.zeros((*x.shape[:2], *output_size))
    for n, c, i, j in np.ndindex(y.shape):
        rows = _bin(x.shape[2], output_size[0], i)
        cols = _bin(x.shape[3], output_size[1], j)
        cells = [(n, c, h, w) for h in rows for w in cols]
        y[n, c, i, j] = z[max(cells, key=lambda cell: x[cell])]
    return y


def _maxima_of_z(z, x, output_size):
    return vectorized.adaptive_max_pool2d(z, output_size)


def _maxima_of_x(z, x, output_size):
    return vectorized.adaptive_max_pool2d(x, output_size)


def _from_the_first_plane(z, x, output_size):
    return z.reshape(-1)[vectorized.adaptive_max_pool2d(x, output_size, return_indices=True)[1]]


def _pair(seed, *shape, output_size, draw=distinct):
    return dict(z=drawn(seed, *shape), x=draw(seed + 1, *shape), output_size=output_size)


GLOBAL_ADAPTIVE["ex-global-adaptive-4"] = Exercise(
    ask=_read_by,
    questions={
        "one bin": _pair(220, 1, 1, 3, 3, output_size=(1, 1)),
        "bins that share cells": _pair(222, 1, 1, 5, 7, output_size=(2, 3)),
        "more bins than cells": _pair(224, 1, 1, 3, 8, output_size=(5, 3)),
        "ties": _pair(226, 1, 1, 4, 4, output_size=(2, 2), draw=with_ties),
        "images and channels": _pair(228, 2, 3, 5, 4, output_size=(2, 2)),
    },
    solution=(_selected,),
    wrong=(
        Wrong(
            "the maxima of z",
            "The places are to stay while z changes, or the map is not linear. Look for the "
            "winners in x, and read z there.",
            (_maxima_of_z,),
        ),
        Wrong(
            "the maxima of x",
            "You found the right places, and read x there. Read z.",
            (_maxima_of_x,),
        ),
        Wrong(
            "every plane read from the first",
            "The indices count within one H × W plane. Flatten only the last two axes of z, and "
            "let np.take_along_axis take each plane's own.",
            (_from_the_first_plane,),
        ),
    ),
    chapter="pooling/global-adaptive",
)

"""The exercises of the chapter on max pooling."""

import numpy as np

from bookkit.exercises.drawn import distinct, drawn, positive, with_ties
from bookkit.exercises.exercise import Exercise, Wrong, shaped
from convpool import vectorized
from convpool.verify.examination import Unfit

MAX: dict[str, Exercise] = {}


def _cells(shape, i, j, k, s, p=0):
    """The cells of window (i, j) that lie inside an image, row by row."""
    taps = ((i * s - p + u, j * s - p + v) for u in range(k) for v in range(k))
    return [(h, w) for h, w in taps if 0 <= h < shape[2] and 0 <= w < shape[3]]


# ---------------------------------------------------------------------------- ex-max-2


def _scattered(scatter, x, dy, kernel_size, stride):
    _, m = vectorized.max_pool2d(x, kernel_size, stride, return_indices=True)
    return {"dx": scatter(dy, m, x.shape)}


def _scatter(dy, m, shape):
    dx = np.zeros(shape)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c, *divmod(m[n, c, i, j], shape[3])] += dy[n, c, i, j]
    return dx


def _scatter_buffered(dy, m, shape):
    N, C, H, W = shape
    dx = np.zeros((N * C, H * W))
    dx[np.arange(N * C)[:, np.newaxis], m.reshape(N * C, -1)] += dy.reshape(N * C, -1)
    return dx.reshape(shape)


def _scatter_one_plane(dy, m, shape):
    dx = np.zeros(shape)
    np.add.at(dx.reshape(-1), m.reshape(-1), dy.reshape(-1))
    return dx


MAX["ex-max-2"] = Exercise(
    ask=_scattered,
    questions={
        "side by side": dict(
            x=distinct(0, 1, 1, 4, 4), dy=drawn(1, 1, 1, 2, 2), kernel_size=2, stride=2
        ),
        "overlap": dict(
            x=distinct(2, 1, 1, 5, 5), dy=drawn(3, 1, 1, 3, 3), kernel_size=3, stride=1
        ),
        "images and channels": dict(
            x=distinct(4, 2, 3, 5, 7), dy=drawn(5, 2, 3, 2, 3), kernel_size=3, stride=2
        ),
    },
    solution=(_scatter,),
    wrong=(
        Wrong(
            "buffered addition",
            "A place that occurs twice keeps only the last. So it is with `=`, and with `+=` at an "
            "array of indices, which reads every place before it writes one. `np.add.at` adds one "
            "after another.",
            (_scatter_buffered,),
        ),
        Wrong(
            "every plane in the first",
            "The indices count within one H × W plane. Each image and channel needs its own.",
            (_scatter_one_plane,),
        ),
    ),
    chapter="pooling/max",
)


# ---------------------------------------------------------------------------- ex-max-3


def _pooled_by_minimum(min_pool2d, min_pool2d_backward, x, dy, k, s, p):
    return {"y": min_pool2d(x, k, s, p), "dx": min_pool2d_backward(dy, x, k, s, p)}


def _least(x, n, c, cells):
    return min(cells, key=lambda cell: (x[n, c][cell], cell))


def _min_pool2d(x, k, s, p):
    y = np.zeros((*x.shape[:2], *((size + 2 * p - k) // s + 1 for size in x.shape[2:])))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = min(x[n, c][cell] for cell in _cells(x.shape, i, j, k, s, p))
    return y


def _min_pool2d_backward(dy, x, k, s, p):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c][_least(x, n, c, _cells(x.shape, i, j, k, s, p))] += dy[n, c, i, j]
    return dx


def _max_of_negative(x, k, s, p):
    return vectorized.max_pool2d(-x, k, s, p)


def _min_among_zeros(x, k, s, p):
    rim = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    return -vectorized.max_pool2d(-rim, k, s)


def _one_minus_back(dy, x, k, s, p):
    return -vectorized.max_pool2d_backward(dy, -x, k, s, p)


def _to_the_largest(dy, x, k, s, p):
    return vectorized.max_pool2d_backward(dy, x, k, s, p)


MAX["ex-max-3"] = Exercise(
    ask=_pooled_by_minimum,
    questions={
        "side by side": dict(x=distinct(10, 1, 1, 4, 4), dy=drawn(11, 1, 1, 2, 2), k=2, s=2, p=0),
        "overlap and remainder": dict(
            x=distinct(12, 1, 1, 6, 5), dy=drawn(13, 1, 1, 2, 2), k=3, s=2, p=0
        ),
        "ties": dict(x=with_ties(14, 1, 1, 4, 4), dy=drawn(15, 1, 1, 3, 3), k=2, s=1, p=0),
        "padding around positive cells": dict(
            x=positive(16, 1, 1, 5, 5), dy=drawn(17, 1, 1, 3, 3), k=3, s=2, p=1
        ),
        "images and channels": dict(
            x=distinct(18, 2, 3, 6, 7), dy=drawn(19, 2, 3, 3, 4), k=3, s=2, p=1
        ),
    },
    solution=(_min_pool2d, _min_pool2d_backward),
    wrong=(
        Wrong(
            "the outer minus missing",
            "max(−x) is minus the smallest cell. Turn the sign of the result once more.",
            (_max_of_negative, _min_pool2d_backward),
        ),
        Wrong(
            "the maximum of −x",
            "These are the two passes of max(−x), and they fit together. The smallest cell is "
            "minus that: a minus goes in front of the result, and one in front of dx.",
            (_max_of_negative, _one_minus_back),
        ),
        Wrong(
            "one minus going back",
            "Your forward pass is right. Going back, dy meets two minus signs, the outer one and "
            "the one in −x. They cancel: drop the minus in front.",
            (_min_pool2d, _one_minus_back),
        ),
        Wrong(
            "the gradient sent to the largest cell",
            "Your backward pass looks for the maximum of x. The smallest cell of x is the largest "
            "of −x: give the backward pass −x.",
            (_min_pool2d, _to_the_largest),
        ),
        Wrong(
            "zeros in the padding",
            "A zero in the padding is smaller than every positive cell, and wins. Leave the "
            "padding to max_pool2d: its −∞ around −x is +∞ around x.",
            (_min_among_zeros, _min_pool2d_backward),
        ),
    ),
    chapter="pooling/max",
)


# ---------------------------------------------------------------------------- ex-max-4


def _shared(shared_backward, x, dy, k):
    return {"dx": shared_backward(dy, x, k)}


def _shared_backward(dy, x, k):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        cells = _cells(x.shape, i, j, k, k)
        top = max(x[n, c][cell] for cell in cells)
        winners = [cell for cell in cells if x[n, c][cell] == top]
        for cell in winners:
            dx[n, c][cell] = dy[n, c, i, j] / len(winners)
    return dx


def _spread(a, k):
    return a.repeat(k, axis=2).repeat(k, axis=3)


def _each_takes_all(dy, x, k):
    return _spread(dy, k) * (x == _spread(vectorized.max_pool2d(x, k), k))


def _first_takes_all(dy, x, k):
    return vectorized.max_pool2d_backward(dy, x, k)


def _divided_by_cells(dy, x, k):
    return _each_takes_all(dy, x, k) / k**2


MAX["ex-max-4"] = Exercise(
    ask=_shared,
    questions={
        "no ties": dict(x=distinct(20, 1, 1, 4, 4), dy=drawn(21, 1, 1, 2, 2), k=2),
        "ties": dict(x=with_ties(22, 1, 1, 4, 4), dy=drawn(23, 1, 1, 2, 2), k=2),
        "a blank page": dict(x=np.zeros((1, 1, 2, 2)), dy=drawn(24, 1, 1, 1, 1), k=2),
        "windows of three": dict(x=with_ties(25, 1, 1, 6, 3), dy=drawn(26, 1, 1, 2, 1), k=3),
        "images and channels": dict(x=with_ties(27, 2, 3, 4, 6), dy=drawn(28, 2, 3, 2, 3), k=2),
    },
    solution=(_shared_backward,),
    wrong=(
        Wrong(
            "each takes all",
            "Every tied cell receives the whole gradient of its window, so a window with two "
            "winners hands out twice what it got. Count its winners, and divide by the count.",
            (_each_takes_all,),
        ),
        Wrong(
            "the first takes all",
            "This is the package's convention: one winner, the first. Here all cells that equal "
            "the maximum share: compare the window with its maximum.",
            (_first_takes_all,),
        ),
        Wrong(
            "divided by the cells of the window",
            "You divide by k², the number of cells. Divide by the number of those that hold the "
            "maximum: a single winner keeps everything.",
            (_divided_by_cells,),
        ),
    ),
    chapter="pooling/max",
)


# ---------------------------------------------------------------------------- ex-max-5


def _two_small_windows(twice_backward, contrary, x=None, dy=None):
    """Either the gradient through two layers, or what is true of the reader's image."""
    if x is not None:
        return {"dx": twice_backward(dy, x)}
    image = _checked_image(contrary())
    dy = drawn(36, 1, 1, image.shape[2] - 2, image.shape[3] - 2)
    large = vectorized.max_pool2d_backward(dy, image, 3, 1)
    return {
        "has_ties": np.unique(image).size < image.size,
        "gradients_differ": not np.allclose(_twice_backward(dy, image), large),
    }


def _checked_image(image):
    if image is None:
        raise Unfit("the image is nothing: does the function return it?")
    image = np.asarray(image, dtype=float)
    if image.ndim != 4 or image.shape[:2] != (1, 1):
        raise Unfit(f"the image has shape {image.shape}, expected (1, 1, H, W)")
    if min(image.shape[2:]) < 3:
        raise Unfit(f"the image has shape {image.shape}: a 3 × 3 window does not fit in")
    if not np.isfinite(image).all():
        raise Unfit("the image must be finite")
    return image


def _twice_backward(dy, x):
    """Each output of the second layer is followed to the cell that it stands for."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dy.shape):
        tops = [max(_cells(x.shape, a, b, 2, 1), key=_value(x[n, c])) for a, b in _square(i, j)]
        dx[n, c][max(tops, key=_value(x[n, c]))] += dy[n, c, i, j]
    return dx


def _square(i, j):
    return [(i, j), (i, j + 1), (i + 1, j), (i + 1, j + 1)]


def _value(plane):
    return lambda cell: plane[cell]


def _contrary():
    return np.array([[[[0.0, 0, 5], [5, 0, 0], [0, 0, 0]]]])


def _large_backward(dy, x):
    return vectorized.max_pool2d_backward(dy, x, 3, 1)


def _without_ties():
    return np.arange(9.0).reshape(1, 1, 3, 3)


def _all_alike():
    return np.zeros((1, 1, 3, 3))


MAX["ex-max-5"] = Exercise(
    ask=_two_small_windows,
    questions={
        "no ties": dict(x=distinct(30, 1, 1, 4, 4), dy=drawn(31, 1, 1, 2, 2)),
        "ties": dict(x=with_ties(32, 1, 1, 5, 5), dy=drawn(33, 1, 1, 3, 3)),
        "images and channels": dict(x=with_ties(34, 2, 2, 4, 5), dy=drawn(35, 2, 2, 2, 3)),
        "the image": dict(),
    },
    solution=(_twice_backward, _contrary),
    wrong=(
        Wrong(
            "one large window for two small ones",
            "Without ties that is the same, with ties it is not. Go back through the second layer, "
            "where its input is y, and then through the first, where it is x.",
            (_large_backward, _contrary),
        ),
        Wrong(
            "an image without ties",
            "Where no two cells are equal, both find the same winner. Let the maximum occur twice.",
            (_twice_backward, _without_ties),
        ),
        Wrong(
            "ties on which both agree",
            "Your image has ties, and both still find the same winners, as they do on an image of "
            "one value. Let the maximum occur in row 0, but outside the first small window, and "
            "once more in row 1, inside it.",
            (_twice_backward, _all_alike),
        ),
    ),
    chapter="pooling/max",
)


# ---------------------------------------------------------------------------- ex-max-6


def _gap(euler_gap, x, dy, kernel_size, stride, padding, rule):
    gap = euler_gap(_RULES[rule], x, dy, kernel_size, stride, padding)
    return {"gap": np.round(shaped("gap", gap, ()), 9) + 0.0}


def _every_tie(dy, x, kernel_size, stride, padding):
    return _each_takes_all(dy, x, kernel_size)


def _assigned(dy, x, kernel_size, stride, padding):
    y, m = vectorized.max_pool2d(x, kernel_size, stride, padding, return_indices=True)
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(y.shape):
        dx[n, c].flat[m[n, c, i, j]] = dy[n, c, i, j]
    return dx


_RULES = {
    "the package's": vectorized.max_pool2d_backward,
    "each takes all": _every_tie,
    "assigned where windows overlap": _assigned,
}


def _euler_gap(backward, x, dy, kernel_size, stride, padding):
    dx, gap = backward(dy, x, kernel_size, stride, padding), 0.0
    for n, c, i, j in np.ndindex(dy.shape):
        cells = _cells(x.shape, i, j, kernel_size, stride, padding)
        gap += max(x[n, c][cell] for cell in cells) * dy[n, c, i, j]
    return gap - sum(x[at] * dx[at] for at in np.ndindex(x.shape))


def _difference_of_sums(backward, x, dy, *geometry):
    return dy.sum() - backward(dy, x, *geometry).sum()


def _with_ones(backward, x, dy, *geometry):
    ones = np.ones_like(dy)
    y = vectorized.max_pool2d(x, *geometry)
    return np.sum(y * ones) - np.sum(x * backward(ones, x, *geometry))


def _turned(backward, x, dy, *geometry):
    return -_euler_gap(backward, x, dy, *geometry)


def _difference_of_means(backward, x, dy, *geometry):
    y = vectorized.max_pool2d(x, *geometry)
    return np.mean(y * dy) - np.mean(x * backward(dy, x, *geometry))


def _euler(x, dy, kernel_size=2, stride=2, padding=0, rule="the package's"):
    return dict(x=x, dy=dy, kernel_size=kernel_size, stride=stride, padding=padding, rule=rule)


MAX["ex-max-6"] = Exercise(
    ask=_gap,
    questions={
        "side by side": _euler(distinct(40, 1, 1, 4, 4), drawn(41, 1, 1, 2, 2)),
        "overlap and padding": _euler(
            distinct(42, 2, 2, 5, 5), drawn(43, 2, 2, 3, 3), kernel_size=3, padding=1
        ),
        "ties": _euler(with_ties(44, 1, 1, 4, 4), drawn(45, 1, 1, 2, 2)),
        "each takes all": _euler(
            2 * with_ties(46, 1, 1, 4, 4), drawn(47, 1, 1, 2, 2), rule="each takes all"
        ),
        "assigned where windows overlap": _euler(
            distinct(48, 1, 1, 4, 4),
            drawn(55, 1, 1, 3, 3),
            stride=1,
            rule="assigned where windows overlap",
        ),
    },
    solution=(_euler_gap,),
    wrong=(
        Wrong(
            "the sums of the gradients",
            "That dy and dx have the same sum is another law. Weigh first: the sum of y · dy, less "
            "the sum of x · dx.",
            (_difference_of_sums,),
        ),
        Wrong(
            "a gradient of ones",
            "You replace dy by ones. The identity is to hold for every dy: take the one given.",
            (_with_ones,),
        ),
        Wrong(
            "the other way round",
            "Your number is right but for its sign: subtract ⟨x, dx⟩ from ⟨y, dy⟩.",
            (_turned,),
        ),
        Wrong(
            "means for sums",
            "y and x have different numbers of entries, so a mean divides the two sides by "
            "different numbers. Take sums.",
            (_difference_of_means,),
        ),
    ),
    chapter="pooling/max",
)

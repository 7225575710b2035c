"""The exercises of the foundations, and of the first page."""

from collections.abc import Callable, Iterable
from itertools import islice, product

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from bookkit.exercises.exercise import Exercise, Wrong, results, shaped
from convpool import loops
from convpool.verify import gradcheck
from convpool.verify.examination import Unfit

FOUNDATIONS: dict[str, Exercise] = {}


def _numbers(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


# ---------------------------------------------------------------------------- the first page


def _unseen(cotangent, about, seed=0):
    dy = shaped("the cotangent", cotangent(), (1, 1, 3, 3))
    if about == "numbers":
        return {"has different numbers": np.ptp(dy) > 1e-3}

    def exchanged(dy, x):
        return loops.max_pool2d_backward(np.swapaxes(dy, 2, 3), x, 2)

    x = _numbers(seed, 1, 1, 6, 6)
    return {"passes": gradcheck(lambda x: loops.max_pool2d(x, 2), exchanged, x, dy=dy).passed}


def _mirrored():
    half = np.arange(9.0).reshape(3, 3)
    return (half + half.T)[np.newaxis, np.newaxis]


FOUNDATIONS["ex-index-1"] = Exercise(
    ask=_unseen,
    questions={
        "not constant": dict(about="numbers"),
        "not noticed": dict(about="an image", seed=0),
        "not noticed on another image": dict(about="an image", seed=1),
    },
    solution=(_mirrored,),
    wrong=(
        Wrong(
            "a constant",
            "It passes, as ones do: a constant has no order that one could mix up. Keep what the "
            "mistake cannot see, and let the numbers differ.",
            (lambda: np.full((1, 1, 3, 3), 2.0),),
        ),
        Wrong(
            "a cotangent that tells rows from columns",
            "The mistake reads `dy[n, c, j, i]` for `dy[n, c, i, j]`. It stays hidden only if "
            "these are the same number, for every i and j. Look at the pairs across the diagonal.",
            (lambda: np.arange(9.0).reshape(1, 1, 3, 3),),
        ),
    ),
    chapter="foundations/backward",
)


# ---------------------------------------------------------------------------- notation


def _sum(diagonal_sum, x):
    return {"sum": diagonal_sum(x)}


def _literally(x):
    H, W = x.shape
    total = 0.0
    for i, j, h, w in product(range(H - 1), range(W - 1), range(H), range(W)):
        in_window = i <= h <= i + 1 and j <= w <= j + 1
        total += in_window * (h == w) * x[h, w]
    return total


def _diagonal_of_each_window(x):
    return np.sum(x[:-1, :-1] + x[1:, 1:])


def _windows_on_the_diagonal(x):
    return sum(x[i, i] + x[i + 1, i + 1] for i in range(min(x.shape) - 1))


FOUNDATIONS["ex-notation-1"] = Exercise(
    ask=_sum,
    questions={
        "by hand": dict(x=np.arange(1.0, 10.0).reshape(3, 3)),
        "one window": dict(x=_numbers(0, 2, 2)),
        "more columns than rows": dict(x=_numbers(1, 3, 6)),
        "more rows than columns": dict(x=_numbers(2, 5, 3)),
    },
    solution=(_literally,),
    wrong=(
        Wrong(
            "each cell counted once",
            "The sum runs over windows first, so a cell counts once for each window that covers "
            "it: the 5 in the middle four times.",
            (lambda x: np.trace(x),),
        ),
        Wrong(
            "the diagonal of each window",
            "In [h = w] the row and the column count in the plane, not in the window. Window "
            "(0, 1) begins at column 1: its upper left cell is no cell of the diagonal.",
            (_diagonal_of_each_window,),
        ),
        Wrong(
            "windows on the diagonal alone",
            "Window (0, 1) covers a cell of the diagonal too, in its lower left corner. Let i and "
            "j run independently of each other.",
            (_windows_on_the_diagonal,),
        ),
    ),
    chapter="foundations/notation",
)

_ROUNDED: dict[str, Callable[[int, int], int]] = {
    "down": lambda a, b: a // b,
    "up": lambda a, b: -(-a // b),
    "to the nearest": lambda a, b: (2 * a + b) // (2 * b),
    "to the nearest below zero": lambda a, b: a // b if a >= 0 else (2 * a + b) // (2 * b),
    "down, but wrong by 6": lambda a, b: a // b + (b == 6),
}


def _whether(twice_is_once, rounded):
    return {"twice is once": twice_is_once(_ROUNDED[rounded])}


def _counterexamples(divide, numerators, denominators):
    return [
        (a, b, c)
        for a, (b, c) in product(numerators, denominators)
        if divide(divide(a, b), c) != divide(a, b * c)
    ]


_SMALL = range(-40, 41)
_PAIRS = list(product(range(1, 6), repeat=2))

FOUNDATIONS["ex-notation-2"] = Exercise(
    ask=_whether,
    questions={
        "rounded down": dict(rounded="down"),
        "rounded up": dict(rounded="up"),
        "rounded to the nearest": dict(rounded="to the nearest"),
        "rounded to the nearest, but only below zero": dict(rounded="to the nearest below zero"),
        "rounded down, but wrong where the divisor is 6": dict(rounded="down, but wrong by 6"),
    },
    solution=(lambda divide: len(_counterexamples(divide, _SMALL, _PAIRS)) == 0,),
    wrong=(
        Wrong(
            "nothing below zero",
            "A division can be right for all a ≥ 0 and wrong below, and rows in the padding have "
            "negative numbers. Let a begin at −40.",
            (lambda divide: not _counterexamples(divide, range(41), _PAIRS),),
        ),
        Wrong(
            "one case that agrees is enough",
            "“For all” is `all(…)`. With `any(…)` a single case that agrees decides.",
            (lambda divide: len(_counterexamples(divide, _SMALL, _PAIRS)) < 81 * 25,),
        ),
        Wrong(
            "two equal divisors alone",
            "b and c run independently of each other. With b = c the products are squares, and "
            "what goes wrong at 2 · 3 is not seen.",
            (lambda divide: not _counterexamples(divide, _SMALL, [(b, b) for b in range(1, 6)]),),
        ),
    ),
    chapter="foundations/notation",
)


def _edges(first_and_last, k, s):
    """The first and the last window on each of twelve cells, −1 where there is none."""
    found = [results(first_and_last(h, k, s), "first", "last") for h in range(12)]
    found = [f if f["first"] <= f["last"] else {"first": -1, "last": -1} for f in found]
    return {name: [f[name] for f in found] for name in ("first", "last")}


def _edges_by_trying(h, k, s):
    on = [i for i in range(h + 1) if h in range(i * s, i * s + k)]
    return (on[0], on[-1]) if on else (1, 0)


FOUNDATIONS["ex-notation-3"] = Exercise(
    ask=_edges,
    questions={
        "overlap": dict(k=3, s=2),
        "side by side": dict(k=3, s=3),
        "gaps": dict(k=2, s=3),
        "many windows on a cell": dict(k=5, s=1),
        "one cell, one window": dict(k=1, s=1),
    },
    solution=(_edges_by_trying,),
    wrong=(
        Wrong(
            "windows with negative numbers",
            "On the first cells the lower bound is negative, but windows are counted from 0. Take "
            "the larger of the bound and 0.",
            (lambda h, k, s: (-(-(h - k + 1) // s), h // s),),
        ),
        Wrong(
            "rounded down where up is meant",
            "i is at least (h − k + 1)/s, so the first window is the ceiling of that. In Python "
            "it is `-(-a // s)`; `a // s` may be a window that ends before h.",
            (lambda h, k, s: (max(0, (h - k + 1) // s), h // s),),
        ),
        Wrong(
            "windows of k + 1 cells",
            "Window i ends at cell is + k − 1: it has k cells, and the first of them is is. "
            "Without the 1 a window reaches a cell too far.",
            (lambda h, k, s: (max(0, -(-(h - k) // s)), h // s),),
        ),
    ),
    chapter="foundations/notation",
)


# ---------------------------------------------------------------------------- tensors


def _indices(index_at, shape, itemsize, addresses):
    return {"index": [index_at(address, shape, itemsize) for address in addresses]}


def _index_by_counting(address, shape, itemsize):
    return next(islice(np.ndindex(*shape), address // itemsize, None))


def _index_from(address, shape, first_axis_first):
    index = [0] * len(shape)
    for axis in range(len(shape)) if first_axis_first else reversed(range(len(shape))):
        address, index[axis] = divmod(address, shape[axis])
    return tuple(index)


FOUNDATIONS["ex-tensors-1"] = Exercise(
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


FOUNDATIONS["ex-tensors-2"] = Exercise(
    ask=_pooled,
    questions={
        "one window": dict(x=_numbers(0, 1, 1, 2, 2)),
        "even": dict(x=_numbers(1, 2, 3, 6, 8)),
        "an odd number of rows": dict(x=_numbers(2, 1, 2, 5, 6)),
        "an odd number of columns": dict(x=_numbers(3, 1, 2, 4, 7)),
        "all negative": dict(x=-1 - _numbers(4, 1, 1, 5, 5) ** 2),
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


def _summed(spread_out_backward, a):
    return {"g": spread_out_backward(a)}


def _summed_one_by_one(a):
    g = np.zeros((a.shape[1], 1, 1))
    for n, c, h, w in np.ndindex(a.shape):
        g[c] += a[n, c, h, w]
    return g


FOUNDATIONS["ex-tensors-3"] = Exercise(
    ask=_summed,
    questions={
        "images and channels": dict(a=_numbers(0, 2, 3, 4, 5)),
        "one image": dict(a=_numbers(1, 1, 4, 3, 2)),
        "one channel": dict(a=_numbers(2, 3, 1, 2, 2)),
        "as many columns as channels": dict(a=_numbers(3, 2, 3, 2, 3)),
    },
    solution=(_summed_one_by_one,),
    wrong=(
        Wrong(
            "the mean",
            "Each entry of m is used N · H · W times, and every use counts in full. Sum, do not divide.",
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


FOUNDATIONS["ex-tensors-4"] = Exercise(
    ask=_seen,
    questions={
        "one window": dict(x=_numbers(0, 1, 1, 3, 3), k=2, s=1, d=2),
        "side by side": dict(x=_numbers(1, 1, 2, 4, 6), k=2, s=2, d=1),
        "overlap": dict(x=_numbers(2, 2, 3, 5, 7), k=3, s=2, d=1),
        "dilation": dict(x=_numbers(3, 2, 1, 6, 7), k=3, s=1, d=2),
        "stride and dilation": dict(x=_numbers(4, 1, 2, 9, 11), k=2, s=3, d=4),
        "columns first in memory": dict(x=_numbers(5, 1, 2, 5, 6), k=2, s=2, d=2, transposed=True),
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


# ---------------------------------------------------------------------------- windows


def _ends(windows):
    """The first, the last and the number of some whole numbers; −1 where there are none."""
    if not isinstance(windows, Iterable):
        raise Unfit(f"returns {windows!r}, expected a range")
    numbers = list(islice(windows, 1000))
    first, last = (min(numbers), max(numbers)) if numbers else (-1, -1)
    return {"first": first, "last": last, "number": len(numbers)}


def _covered(covering_range, H, H_out, k, s, p):
    ends = [_ends(covering_range(h, H_out, k, s, p)) for h in range(H)]
    return {name: [e[name] for e in ends] for name in ("first", "last", "number")}


def _covering_by_trying(h, H_out, k, s, p):
    return [i for i in range(H_out) if h in range(i * s - p, i * s - p + k)]


FOUNDATIONS["ex-windows-2"] = Exercise(
    ask=_covered,
    questions={
        "overlap": dict(H=7, H_out=3, k=3, s=2, p=0),
        "side by side": dict(H=6, H_out=3, k=2, s=2, p=0),
        "gaps": dict(H=8, H_out=3, k=2, s=3, p=0),
        "a remainder": dict(H=8, H_out=2, k=3, s=3, p=0),
        "padding": dict(H=5, H_out=3, k=3, s=2, p=1),
        "much padding": dict(H=4, H_out=4, k=5, s=1, p=2),
    },
    solution=(_covering_by_trying,),
    wrong=(
        Wrong(
            "windows before the first",
            "Near the first cell the lower bound is negative, and no window has a negative number. "
            "Take the larger of the bound and 0.",
            (lambda h, n, k, s, p: range(-((k - 1 - h - p) // s), min(n - 1, (h + p) // s) + 1),),
        ),
        Wrong(
            "windows after the last",
            "Near the last cell the upper bound is a window that did not fit. There are `H_out` "
            "windows, so the last is H_out − 1.",
            (lambda h, n, k, s, p: range(max(0, -((k - 1 - h - p) // s)), (h + p) // s + 1),),
        ),
        Wrong(
            "padding ignored",
            "Window i starts at i · s − p. Solve for i with the p in it: every h becomes h + p.",
            (lambda h, n, k, s, p: range(max(0, -((k - 1 - h) // s)), min(n - 1, h // s) + 1),),
        ),
        Wrong(
            "the last window left out",
            "A `range` stops before its end. If `last` is to be in it, the end is last + 1.",
            (
                lambda h, n, k, s, p: range(
                    max(0, -((k - 1 - h - p) // s)), min(n - 1, (h + p) // s)
                ),
            ),
        ),
    ),
    chapter="foundations/windows",
)


def _sizes(input_sizes, n, k, s, p, q, d):
    return _ends(input_sizes(n, k, s, p, q, d))


def _sizes_by_pushing(n, k, s, p, q, d):
    def windows(H):
        last_taps = range(-p + d * (k - 1), H + q, s)
        return len(last_taps)

    return [H for H in range(1, 60) if windows(H) == n]


FOUNDATIONS["ex-windows-3"] = Exercise(
    ask=_sizes,
    questions={
        "stride 1": dict(n=5, k=3, s=1, p=0, q=0, d=1),
        "stride 3": dict(n=4, k=2, s=3, p=0, q=0, d=1),
        "one window": dict(n=1, k=4, s=2, p=0, q=0, d=1),
        "padding on both sides": dict(n=4, k=3, s=2, p=1, q=1, d=1),
        "uneven padding": dict(n=4, k=3, s=2, p=0, q=2, d=1),
        "dilation": dict(n=3, k=3, s=2, p=1, q=1, d=3),
    },
    solution=(_sizes_by_pushing,),
    wrong=(
        Wrong(
            "the smallest size alone",
            "H' does not change until there is room for one stride more. So s sizes in a row give "
            "the same n.",
            (lambda n, k, s, p, q, d: [(n - 1) * s + d * (k - 1) + 1 - p - q],),
        ),
        Wrong(
            "the kernel size for the span",
            "With dilation a window reaches over d (k − 1) + 1 cells, its span. Use `span(k, d)`.",
            (lambda n, k, s, p, q, d: range((n - 1) * s + k - p - q, n * s + k - p - q),),
        ),
        Wrong(
            "both paddings taken to be p",
            "The padding after the last cell is q. Only the sum p + q counts, and it is not 2 p.",
            (lambda n, k, s, p, q, d: (H + q - p for H in _sizes_by_pushing(n, k, s, p, q, d)),),
        ),
        Wrong(
            "one size too many",
            "The room is at most n · s − 1. With a room of n · s one more window fits.",
            (
                lambda n, k, s, p, q, d: range(
                    (n - 1) * s + d * (k - 1) + 1 - p - q, n * s + d * (k - 1) + 2 - p - q
                ),
            ),
        ),
    ),
    chapter="foundations/windows",
)


def _cells(plain, doubling, n):
    return {"plain": plain(n), "doubling": doubling(n)}


def _cells_followed(dilations):
    """The cells that a tap after a tap leads to, counted."""
    cells = {0}
    for d in dilations:
        cells = {h + u * d for h in cells for u in range(3)}
    return max(cells) + 1


FOUNDATIONS["ex-windows-4"] = Exercise(
    ask=_cells,
    questions={
        "no layer": dict(n=0),
        "one layer": dict(n=1),
        "two layers": dict(n=2),
        "three layers": dict(n=3),
        "eight layers": dict(n=8),
    },
    solution=(
        lambda n: _cells_followed([1] * n),
        lambda n: _cells_followed([2**layer for layer in range(n)]),
    ),
    wrong=(
        Wrong(
            "spans added",
            "One cell is counted again by each layer: a layer adds its span less one, 2 d cells, "
            "to the 1 that you begin with.",
            (lambda n: 3 * n, lambda n: 2 * (2**n - 1) + n),
        ),
        Wrong(
            "spans multiplied",
            "Strides multiply, and here they are all 1. The windows of neighbouring outputs "
            "overlap, so each layer only adds its span less one.",
            (lambda n: 3**n, lambda n: np.prod([2.0 ** (layer + 1) + 1 for layer in range(n)])),
        ),
        Wrong(
            "dilations from 2 on",
            "The first layer has the dilation 1: the last of n layers has 2^(n − 1), and together "
            "they add 2 (2^n − 1) cells.",
            (lambda n: 1 + 2 * n, lambda n: 1 + 2 * (2 ** (n + 1) - 2)),
        ),
    ),
    chapter="foundations/windows",
)


# ---------------------------------------------------------------------------- the backward pass


def _sent_back(softplus_backward, dy, x):
    return {"dx": softplus_backward(dy, x)}


FOUNDATIONS["ex-backward-1"] = Exercise(
    ask=_sent_back,
    questions={
        "at zero": dict(dy=np.array([3.0]), x=np.array([0.0])),
        "a matrix": dict(dy=_numbers(0, 3, 4), x=_numbers(1, 3, 4)),
        "images": dict(dy=_numbers(2, 2, 3, 4, 5), x=4 * _numbers(3, 2, 3, 4, 5)),
        "large values": dict(dy=_numbers(4, 4), x=np.array([-800.0, -40.0, 40.0, 800.0])),
    },
    solution=(lambda dy, x: dy * (1 + np.tanh(x / 2)) / 2,),
    wrong=(
        Wrong(
            "the cotangent forgotten",
            "This is the derivative alone. The chain rule multiplies it by dy, entry by entry.",
            (lambda dy, x: 1 / (1 + np.exp(-x)),),
        ),
        Wrong(
            "the function for its derivative",
            "dy is multiplied by log(1 + e^x) itself. Take the derivative first.",
            (lambda dy, x: dy * np.logaddexp(0, x),),
        ),
        Wrong(
            "infinity over infinity",
            "The formula is right, but e^800 is more than a float holds. Divide both sides of the "
            "fraction by e^x: what is left goes to 0 or 1 where x is large.",
            (lambda dy, x: dy * np.exp(x) / (1 + np.exp(x)),),
        ),
        Wrong(
            "a minus lost",
            "1 / (1 + e^x) falls from 1 to 0. The slope of softplus rises: the exponent is −x.",
            (lambda dy, x: dy / (1 + np.exp(x)),),
        ),
    ),
    chapter="foundations/backward",
)


def _averages_sent_back(moving_average_adjoint, dy):
    return {"dx": moving_average_adjoint(dy)}


def _matrix_transposed(dy):
    A = [[(i <= h <= i + 2) / 3 for h in range(len(dy) + 2)] for i in range(len(dy))]
    return np.array(A).T @ dy


def _added_up(dy, add):
    dx = np.zeros(len(dy) + 2)
    for u in range(3):
        window = slice(u, u + len(dy))
        dx[window] = add(dx[window], dy / 3)
    return dx


FOUNDATIONS["ex-backward-2"] = Exercise(
    ask=_averages_sent_back,
    questions={
        "one window": dict(dy=np.array([3.0])),
        "two windows": dict(dy=_numbers(0, 2)),
        "all entries alike": dict(dy=3 * np.ones(6)),
        "a long line": dict(dy=_numbers(1, 12)),
    },
    solution=(_matrix_transposed,),
    wrong=(
        Wrong(
            "assignment in overlap",
            "A cell gets a part from each window that covers it. `=` keeps the last part alone; "
            "`+=` adds them.",
            (lambda dy: _added_up(dy, lambda before, part: part),),
        ),
        Wrong(
            "the share forgotten",
            "Each of three cells has the weight ⅓ in the average, and the same ⅓ on the way back.",
            (lambda dy: 3 * _added_up(dy, np.add),),
        ),
        Wrong(
            "divided by the coverage",
            "An adjoint is no inverse. The parts add, they are not averaged: a cell under three "
            "windows gets three parts.",
            (lambda dy: _added_up(dy, np.add) / _added_up(np.full(len(dy), 3.0), np.add),),
        ),
        Wrong(
            "as short as the output",
            "The gradient has the shape of the input, n entries for n − 2 outputs. The cells at "
            "both ends get a gradient too.",
            (lambda dy: _added_up(dy, np.add)[1:-1],),
        ),
    ),
    chapter="foundations/backward",
)


def _convicted(cotangent, about, seed=0):
    dy = shaped("the cotangent", cotangent(), (1, 1, 2, 2))
    if about == "numbers":
        return {"entries that are not zero": np.count_nonzero(dy)}

    def suspect(dy, x):
        return loops.avg_pool2d_backward(np.flip(dy, axis=2), x, 2)

    x = _numbers(seed, 1, 1, 4, 4)
    return {"passes": gradcheck(lambda x: loops.avg_pool2d(x, 2), suspect, x, dy=dy).passed}


FOUNDATIONS["ex-backward-3"] = Exercise(
    ask=_convicted,
    questions={
        "a single entry": dict(about="numbers"),
        "the suspect is caught": dict(about="an image", seed=0),
        "caught on another image": dict(about="an image", seed=1),
    },
    solution=(lambda: np.array([[[[0.0, 0.0], [0.0, -2.0]]]]),),
    wrong=(
        Wrong(
            "ones",
            "That is the check which the suspect has passed already. A cotangent of ones sees the "
            "sum of all contributions, not where each belongs.",
            (lambda: np.ones((1, 1, 2, 2)),),
        ),
        Wrong(
            "nothing but zeros",
            "The gradient of nothing is zero, whatever the code. One entry must be something else.",
            (lambda: np.zeros((1, 1, 2, 2)),),
        ),
        Wrong(
            "four numbers",
            "It is caught, but the picture mixes four outputs. Set three of them to zero, and "
            "every cell of dx that is not zero belongs to the fourth.",
            (lambda: np.array([[[[1.0, 2.0], [3.0, 4.0]]]]),),
        ),
    ),
    chapter="foundations/backward",
)

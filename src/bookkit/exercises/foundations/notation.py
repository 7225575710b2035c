"""The exercises of the chapter foundations/notation."""

from collections.abc import Callable
from itertools import product

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong, results

NOTATION: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- a formula aloud


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


NOTATION["ex-notation-1"] = Exercise(
    ask=_sum,
    questions={
        "by hand": dict(x=np.arange(1.0, 10.0).reshape(3, 3)),
        "one window": dict(x=drawn(0, 2, 2)),
        "more columns than rows": dict(x=drawn(1, 3, 6)),
        "more rows than columns": dict(x=drawn(2, 5, 3)),
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

# ---------------------------------------------------------------------------- two strides in a row


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

NOTATION["ex-notation-2"] = Exercise(
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


# ---------------------------------------------------------------------------- the windows on a cell


def _edges(first_and_last, k, s):
    """The first and the last window on each of ten cells, −1 where there is none."""
    names = ("first window", "last window")
    found = [results(first_and_last(h, k, s), *names) for h in range(10)]
    none = dict.fromkeys(names, -1)
    found = [f if f["first window"] <= f["last window"] else none for f in found]
    return {name: [f[name] for f in found] for name in names}


def _edges_by_trying(h, k, s):
    on = [i for i in range(h + 1) if h in range(i * s, i * s + k)]
    return (on[0], on[-1]) if on else (1, 0)


NOTATION["ex-notation-3"] = Exercise(
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
            "rounded toward zero",
            "`int(a / b)` is the floor above zero and the ceiling below. You need the ceiling "
            "everywhere, `-(-a // s)`, and no window below 0.",
            (lambda h, k, s: (int((h - k + 1) / s), h // s),),
        ),
        Wrong(
            "rounded down and below zero",
            "There are two things to mend: the first window is the ceiling of (h − k + 1)/s, in "
            "Python `-(-a // s)`, and it is at least 0.",
            (lambda h, k, s: ((h - k + 1) // s, h // s),),
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

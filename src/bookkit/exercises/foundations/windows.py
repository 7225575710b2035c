"""The exercises of the chapter foundations/windows."""

from collections.abc import Iterable
from itertools import islice

import numpy as np

from bookkit.exercises.exercise import Exercise, Wrong
from convpool.verify.examination import Unfit

WINDOWS: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- the windows of a cell


def _ends(windows):
    """The smallest and the largest of some whole numbers, −1 if there are none; how many."""
    if not isinstance(windows, Iterable):
        raise Unfit(f"returns {windows!r}, expected a range")
    numbers = list(islice(windows, 1000))
    smallest, largest = (min(numbers), max(numbers)) if numbers else (-1, -1)
    return {"smallest": smallest, "largest": largest, "how many": len(numbers)}


def _covered(covering_range, H, H_out, k, s, p):
    ends = [_ends(covering_range(h, H_out, k, s, p)) for h in range(H)]
    return {f"{name} at each cell": [e[name] for e in ends] for name in ends[0]}


def _covering_by_trying(h, H_out, k, s, p):
    return [i for i in range(H_out) if h in range(i * s - p, i * s - p + k)]


WINDOWS["ex-windows-2"] = Exercise(
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


# ---------------------------------------------------------------------------- which inputs


def _sizes(input_sizes, n, k, s, p, q, d):
    return _ends(input_sizes(n, k, s, p, q, d))


def _sizes_by_pushing(n, k, s, p, q, d):
    def windows(H):
        last_taps = range(-p + d * (k - 1), H + q, s)
        return len(last_taps)

    return [H for H in range(1, 60) if windows(H) == n]


WINDOWS["ex-windows-3"] = Exercise(
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


# ---------------------------------------------------------------------------- seeing far


def _cells(plain, doubling, n):
    return {"plain": plain(n), "doubling": doubling(n)}


def _cells_followed(dilations):
    """The cells that a tap after a tap leads to, counted."""
    cells = {0}
    for d in dilations:
        cells = {h + u * d for h in cells for u in range(3)}
    return max(cells) + 1


WINDOWS["ex-windows-4"] = Exercise(
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

"""The smallest failing case as planes of numbers that a reader can look through."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from convpool.verify.examination import Finding, differing

SIDE = 10  # rows and columns of a plane that are shown
PLANES = 6  # of one input

LETTERS = {"x": "n, c, h, w", "dx": "n, c, h, w", "y": "n, c, i, j", "indices": "n, c, i, j"}


@dataclass(frozen=True)
class Plane:
    """Numbers to show: whose, which, and which of them are wrong (or due, beside wrong ones)."""

    title: str
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[tuple[int, int]] = frozenset()
    role: str = "given"  # or "expected", "actual"


def first_wrong(finding: Finding) -> str:
    """Where the numbers first go wrong, in words."""
    for name in finding.wrong:
        expected, actual = finding.trial.expected[name], finding.actual[name]
        if expected.shape != actual.shape:
            continue
        index = _first(finding, name)
        due, got = as_text(expected[index], actual[index])((expected[index], actual[index]))
        if not index:
            return f"{name}: {due} expected, {got} given."
        place = ", ".join(map(str, index))
        letters = f" ({LETTERS[name]})" if name in LETTERS and len(index) == 4 else ""
        return f"{name} first differs at [{place}]{letters}: {due} expected, {got} given."
    return ""


def given(finding: Finding) -> list[Plane]:
    """The arrays that the function was given."""
    return [
        plane
        for name, array in finding.trial.arrays.items()
        for plane in _input(finding, name, array)
    ]


def outcomes(finding: Finding) -> list[tuple[Plane, Plane]]:
    """Each wrong result, (expected, actual): the plane with its first wrong entry."""
    return [_outcome(finding, name) for name in finding.wrong]


def _outcome(finding: Finding, name: str) -> tuple[Plane, Plane]:
    expected, actual = finding.trial.expected[name], finding.actual[name]
    if expected.shape != actual.shape:
        return (
            _plane(f"expected {name}, shape {expected.shape}", expected, role="expected"),
            _plane(f"actual {name}, shape {actual.shape}", actual, role="actual"),
        )
    at = _first(finding, name)
    wrong = differing(expected, actual, finding.trial)
    told = as_text(_cut(expected, at), _cut(actual, at), _cut(wrong, at))
    marked = frozenset((int(i), int(j)) for i, j in np.argwhere(_cut(wrong, at)))
    where = _where(name, expected, at)
    return (
        Plane(f"expected {where}", _told(_cut(expected, at), told), marked, "expected"),
        Plane(f"actual {where}", _told(_cut(actual, at), told), marked, "actual"),
    )


def _input(finding: Finding, name: str, array: np.ndarray) -> list[Plane]:
    """The plane of an input that the wrong entry hangs on, or all where channels are mixed."""
    wrong = finding.wrong[0]
    expected = finding.trial.expected[wrong]
    alone = "weight" not in finding.trial.arrays and expected.shape == finding.actual[wrong].shape
    at = _first(finding, wrong) if alone else ()
    if alone and array.ndim == expected.ndim > 2 and array.shape[:-2] == expected.shape[:-2]:
        return [_plane(_where(name, array, at), array, (*at[:-2], 0, 0))]
    leads = list(np.ndindex(array.shape[:-2]))[:PLANES]
    planes = [_plane(_where(name, array, (*lead, 0, 0)), array, (*lead, 0, 0)) for lead in leads]
    if np.prod(array.shape[:-2]) > PLANES:
        first = planes[0]
        planes[0] = Plane(f"{first.title} of {name} {array.shape}", first.rows)
    return planes


def _plane(title: str, array: np.ndarray, at: tuple[int, ...] = (), role: str = "given") -> Plane:
    cut = _cut(array, at)
    return Plane(title, _told(cut, as_text(cut)), role=role)


def _first(finding: Finding, name: str) -> tuple[int, ...]:
    """The index of the first wrong entry of a result."""
    wrong = differing(finding.trial.expected[name], finding.actual[name], finding.trial)
    return tuple(int(i) for i in np.argwhere(wrong)[0])


def _cut(array: np.ndarray, at: tuple[int, ...] = ()) -> np.ndarray:
    """The part around an index that is shown: (rows, columns), at most SIDE of each."""
    if 0 in array.shape:
        return np.empty((0, 0), array.dtype)
    at = at or (0,) * array.ndim
    plane = np.atleast_2d(array[at[:-2]] if array.ndim > 2 else array)
    row, column = (0, 0, *at)[-2:]
    rows, columns = (_span(i, n) for i, n in zip((row, column), plane.shape, strict=True))
    return plane[rows, columns]


def _span(at: int, size: int) -> slice:
    start = 0 if at < SIDE else min(at - SIDE // 2, size - SIDE)
    return slice(start, min(start + SIDE, size))


def _where(name: str, array: np.ndarray, at: tuple[int, ...]) -> str:
    """A name with the place of its plane, where there is more than one, and of what is cut out."""
    several = any(n > 1 for n in array.shape[:-2])
    parts = [str(i) for i in at[:-2]] if several else []
    if any(n > SIDE for n in array.shape[-2:]):
        sizes = array.shape[-2:]
        spans = [_span(i, n) for i, n in zip(at[-len(sizes) :], sizes, strict=True)]
        parts = [str(i) for i in at[:-2]] + [f"{s.start}:{s.stop}" for s in spans]
    return f"{name}[{', '.join(parts)}]" if parts else name


# ---------------------------------------------------------------------------- numbers

Told = Callable[[Sequence[float]], tuple[str, ...]]


def _told(cut: np.ndarray, told: Told) -> tuple[tuple[str, ...], ...]:
    return tuple(told(row) for row in cut)


def as_text(
    cut: np.ndarray, other: np.ndarray | None = None, wrong: np.ndarray | None = None
) -> Told:
    """How numbers are written: with as few digits as tell the wrong ones from the right."""
    both = [np.asarray(a) for a in (cut, other) if a is not None]
    if all(array.dtype == bool for array in both):
        return lambda row: tuple("yes" if value else "no" for value in row)
    digits = 2
    while other is not None and digits < 12 and _alike(cut, other, wrong, both, digits):
        digits += 1
    return lambda row: tuple(_number(value, _style(both, digits)) for value in row)


def _alike(cut, other, wrong, both, digits) -> bool:
    """Whether two numbers that differ would read the same."""
    style = _style(both, digits)
    pairs = zip(np.ravel(cut), np.ravel(other), strict=True)
    differ = np.ravel(wrong) if wrong is not None else [True]
    return any(
        _number(a, style) == _number(b, style) for (a, b), w in zip(pairs, differ, strict=True) if w
    )


def _style(arrays: list[np.ndarray], digits: int) -> str:
    values = np.concatenate([np.ravel(array).astype(float) for array in arrays])
    finite = np.abs(values[np.isfinite(values)])
    largest = float(finite.max(initial=0.0))
    if largest < 1e6 and bool((finite == np.floor(finite)).all()):
        return ".0f"
    return f".{digits}f" if 0.01 <= largest < 1e4 else f".{digits}e"


def _number(value: float, style: str) -> str:
    told = format(float(value), style)
    return told.lstrip("-") if float(told) == 0 else told

"""Exhibits for the chapter on wrong gradients: a backward pass that somebody published, retold, and
the checks to which it is put, as its author could have done.

The usual setting is what people test first; the awkward one has overlap, padding and a remainder. A
function is asked only what it can be asked: arguments that it does not take stay at their defaults.
"""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

import convpool
from convpool.verify import Report, adjoint_check, conformance, gradcheck

Settings = dict[str, tuple[tuple[int, ...], dict[str, Any]]]

USUAL: Settings = {
    "max_pool2d_backward": ((1, 1, 4, 4), dict(kernel_size=2, stride=2)),
    "avg_pool2d_backward": ((1, 1, 4, 4), dict(kernel_size=2, stride=2)),
    "conv2d_backward": ((1, 1, 5, 5), dict(weight=(1, 1, 3, 3))),
    "fold": ((1, 1, 4, 4), dict(kernel_size=2, stride=2)),
}
AWKWARD: Settings = {
    "max_pool2d_backward": ((2, 2, 6, 7), dict(kernel_size=3, stride=2, padding=1)),
    "avg_pool2d_backward": ((2, 2, 6, 7), dict(kernel_size=3, stride=2, padding=1, ceil_mode=True)),
    "conv2d_backward": ((2, 4, 6, 7), dict(weight=(4, 4, 3, 2), stride=2, padding=1, groups=2)),
    "fold": ((2, 2, 6, 7), dict(kernel_size=3, stride=2, padding=1)),
}


# ---------------------------------------------------------------------------- images


def distinct(shape: tuple[int, ...]) -> np.ndarray:
    """Whole numbers around zero in random order, no two alike: no kink is near."""
    cells = math.prod(shape)
    return np.random.default_rng(0).permutation(cells).reshape(shape) - cells // 2 + 0.5


def ties(shape: tuple[int, ...]) -> np.ndarray:
    """Few values, so that most windows have several maxima."""
    return np.random.default_rng(1).integers(0, 3, shape) - 1.0


def negative(shape: tuple[int, ...]) -> np.ndarray:
    """Nothing above zero."""
    return distinct(shape) - math.prod(shape)


def with_nan(shape: tuple[int, ...]) -> np.ndarray:
    """One cell of each plane is not a number."""
    x = distinct(shape)
    x[..., 2, 1] = np.nan
    return x


# ---------------------------------------------------------------------------- a question


@dataclass(frozen=True)
class Question:
    """A layer at one place: `forward(*arrays)`, `backward(dy, *arrays)` → a gradient an array."""

    forward: Callable[..., np.ndarray]
    backward: Callable[..., tuple]
    arrays: tuple[np.ndarray, ...]
    linear: tuple[Callable, ...]  # the layer as a linear map of each array, the others held fixed


def _question(
    exhibit: "Exhibit",
    settings: Settings,
    draw: Callable = distinct,
    like: "Exhibit | None" = None,
) -> Question:
    """With the arguments that the exhibit takes, or those that another one takes."""
    shape, arguments = settings[exhibit.op]
    takes = inspect.signature((like or exhibit).backward).parameters
    told = {k: v for k, v in arguments.items() if k in takes and k != "weight"}
    layer = exhibit.forward or getattr(convpool, FORWARD[exhibit.op])
    arrays: tuple[np.ndarray, ...] = (draw(shape),)
    if "weight" in arguments:
        M, C, kh, kw = arguments["weight"]
        weight = (M, C // told.get("groups", 1), kh, kw)
        rng = np.random.default_rng(2)
        arrays = (draw(shape), rng.normal(size=weight), rng.normal(size=M))
    forward = partial(layer, **told)
    backward = partial(BACKWARD[exhibit.op], partial(exhibit.backward, **told))
    linear = tuple(partial(_change, forward, arrays, k) for k in range(len(arrays)))
    if exhibit.op == "max_pool2d_backward":
        linear = (partial(_pick, arrays[0], told),)
    return Question(forward, backward, arrays, linear)


FORWARD = {
    "max_pool2d_backward": "max_pool2d",
    "avg_pool2d_backward": "avg_pool2d",
    "conv2d_backward": "conv2d",
    "fold": "unfold",
}
BACKWARD: dict[str, Callable[..., tuple]] = {
    "max_pool2d_backward": lambda backward, dy, x: (backward(dy, x),),
    "avg_pool2d_backward": lambda backward, dy, x: (backward(dy, x),),
    "conv2d_backward": lambda backward, dy, x, weight, bias: tuple(backward(dy, x, weight)),
    "fold": lambda fold, dcol, x: (fold(dcol, x.shape[2:]),),
}


def _change(forward: Callable, arrays: tuple, k: int, z: np.ndarray) -> np.ndarray:
    """What the output owes to array k being z: linear in z for everything but a maximum."""

    def at(value: np.ndarray) -> np.ndarray:
        return forward(*arrays[:k], value, *arrays[k + 1 :])

    return at(z) - at(np.zeros_like(z))


def _pick(x: np.ndarray, told: Mapping, z: np.ndarray) -> np.ndarray:
    """The cells of z where x has its winners: max pooling with the winners held fixed."""
    _, winners = convpool.max_pool2d(x, **told, return_indices=True)
    cells = z.reshape(*z.shape[:2], -1)
    return np.take_along_axis(cells, winners.reshape(*z.shape[:2], -1), 2).reshape(winners.shape)


# ---------------------------------------------------------------------------- the checks


def usual_with_ones(exhibit: "Exhibit") -> bool:
    """gradcheck on the usual windows, the upstream gradient all ones."""
    q = _question(exhibit, USUAL)
    ones = np.ones_like(q.forward(*q.arrays))
    return gradcheck(q.forward, q.backward, *q.arrays, dy=ones).passed


def usual_at_random(exhibit: "Exhibit") -> bool:
    """The same, the upstream gradient drawn at random."""
    q = _question(exhibit, USUAL)
    return gradcheck(q.forward, q.backward, *q.arrays).passed


def usual_adjoint(exhibit: "Exhibit") -> bool:
    """⟨A z, dy⟩ = ⟨z, dx⟩ on the usual windows; without derivatives, so the image may have ties."""
    q = _question(exhibit, USUAL, ties)
    return all(
        adjoint_check(A, lambda dy, k=k: q.backward(dy, *q.arrays)[k], q.arrays[k].shape).passed
        for k, A in enumerate(q.linear)
    )


def awkward_at_random(exhibit: "Exhibit") -> bool:
    """gradcheck where windows overlap, with padding and a remainder, dy drawn at random."""
    q = _question(exhibit, AWKWARD)
    return gradcheck(q.forward, q.backward, *q.arrays).passed


def reference_vectors(exhibit: "Exhibit") -> bool:
    """The right answers, known beforehand, on four images: distinct, tied, negative, with a NaN."""
    for draw in (distinct, ties, negative, with_nan):
        q = _question(exhibit, AWKWARD, draw)
        known = _question(exhibit.right, AWKWARD, draw, like=exhibit)
        dy = np.random.default_rng(3).normal(size=known.forward(*known.arrays).shape)
        pairs = zip(q.backward(dy, *q.arrays), known.backward(dy, *known.arrays), strict=True)
        if not all(np.allclose(a, b, equal_nan=True) for a, b in pairs):
            return False
    return True


CHECKS: dict[str, Callable[["Exhibit"], bool]] = {
    "ones": usual_with_ones,
    "random": usual_at_random,
    "adjoint": usual_adjoint,
    "overlap": awkward_at_random,
    "vectors": reference_vectors,
}


# ---------------------------------------------------------------------------- exhibits


@dataclass(frozen=True)
class Exhibit:
    """A backward pass, the operator that it means to be, and its author's own forward pass, if the
    author wrote one that is not the package's.
    """

    backward: Callable
    op: str
    forward: Callable | None = None

    @property
    def right(self) -> "Exhibit":
        """The package's, in its place."""
        return Exhibit(getattr(convpool, self.op), self.op)

    def passes(self, check: str) -> bool:
        """Whether one of `CHECKS` accepts it. What crashes does not pass: a crash is noticed."""
        try:
            return bool(CHECKS[check](self))
        except Exception:
            return False

    @property
    def caught(self) -> dict[str, bool]:
        """For each check, whether it notices."""
        return {check: not self.passes(check) for check in CHECKS}

    @property
    def report(self) -> Report:
        """What `convpool.verify.conformance` finds."""
        return _report(self.backward, self.op)

    @property
    def diagnosis(self) -> str | None:
        """What it calls the mistake."""
        return self.report.diagnosis

    @property
    def says(self) -> str:
        """The same in a line."""
        return f"conformance: {self.diagnosis or 'wrong, without a name'}"

    def picture(self, *, result: int = 0, hidden: tuple[str, ...] = (), **given: Any):
        """What it is given, the right answer ≠ its own; where they differ is marked.

        Arrays are given as lists, one plane, or (1, C, H, W); the rest are the arguments. Arrays
        that do not matter can be hidden.
        """
        from bookkit import figures  # only here: `import bookkit` must not bring matplotlib

        names = [name for name in ("dy", "x", "weight", "col") if name in given]
        arrays = {name: _batch(name, given.pop(name)) for name in names}
        shown = [name for name in names if name not in hidden]
        right, wrong = (
            _plane(_chosen(f(**arrays, **given), result))
            for f in (getattr(convpool, self.op), self.backward)
        )
        what = (_RESULTS.get(self.op) or ("dx",))[result]
        different = right.shape == wrong.shape and ~np.isclose(right, wrong, equal_nan=True)
        marks = [*[None] * (len(shown) + 1), [(int(h), int(w)) for h, w in np.argwhere(different)]]
        return figures.grids(
            *(_plane(arrays[name]) for name in shown),
            right,
            wrong,
            titles=[*(f"*{name}*" for name in shown), "right", "wrong"],
            signs=[*[" "] * (len(shown) - 1), f"→ *{what}*", "≠"],
            marks=marks,
        )


_RESULTS = {"conv2d_backward": ("dx", "dw", "db"), "fold": ("x",)}


@cache
def _report(backward: Callable, op: str) -> Report:
    return conformance(backward, op)


def _batch(name: str, values: Any) -> np.ndarray:
    array = np.array(values, dtype=float)
    return array.reshape((1,) * ((3 if name == "col" else 4) - array.ndim) + array.shape)


def _chosen(answer: Any, result: int) -> np.ndarray:
    return answer[result] if isinstance(answer, tuple) else answer


def _plane(array: np.ndarray) -> np.ndarray:
    """Planes below each other; planes of one cell as a row, a weight (M, C, 1, 1) as M × C."""
    if array.shape[-2:] == (1, 1):
        array = array[..., 0, 0]
    return array.reshape(-1, array.shape[-1]) + 0.0

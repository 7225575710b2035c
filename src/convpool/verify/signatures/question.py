"""A trial in a function's own words: what each parameter takes, in the function's spelling."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from inspect import Parameter
from typing import Any

import numpy as np

from convpool import arguments
from convpool.verify import mistaken
from convpool.verify.cases import defaults
from convpool.verify.examination import NotSupported, Trial
from convpool.verify.signatures import names
from convpool.verify.signatures.layouts import Layout

SIZES = ("kernel_size", "stride", "dilation", "output_size", "output_padding")


@dataclass(frozen=True)
class Spelling:
    """How a function wants its numbers.

    `pairs` are written where "no" parameter asks for them by its default, in parameters without a
    default ("bare"), or in "all". `padding` is spelled like the rest, as a "pair", as "four"
    numbers (top, bottom, left, right), or as a "number or four" where the sides differ. `mode` is
    the word for the kind of pooling.
    """

    pairs: str = "no"
    padding: str = ""
    mode: str = "max"


class Question:
    """The values that the parameters of a function may ask for in one trial, by role."""

    def __init__(self, trial: Trial, op: str, layout: Layout, spelling: Spelling) -> None:
        self.trial, self.op, self.layout, self.spelling = trial, op, layout, spelling
        self.arrays = {name: layout.give(name, a) for name, a in trial.arrays.items()}
        self.handed: dict[str, Any] = dict(self.arrays)  # as arrays, or as what shares their memory
        self.settings = Settings(self)
        self._before = {name: array.copy() for name, array in self.arrays.items()}

    @property
    def forward_op(self) -> str:
        """The operator whose backward pass is asked for, or the operator itself."""
        return self.op.removesuffix("_backward")

    def faults(self) -> tuple[str, ...]:
        """Which arrays were written to since they were handed over."""
        return tuple(
            f"writes into {name}"
            for name, array in self.arrays.items()
            if not np.array_equal(array, self._before[name], equal_nan=True)
        )

    def says(self, role: str) -> bool:
        """Whether the trial has anything to say about a role."""
        return role in {*self.handed, *DERIVED, *self.trial.arguments, "kernel_size"}

    def value(self, role: str, default: Any) -> Any:
        """What a parameter with this role takes; `default` is its own, or `Parameter.empty`."""
        if role in self.handed:
            return self.handed[role]
        if role in DERIVED:
            return DERIVED[role](self)
        given = self.trial.arguments[role] if role in self.trial.arguments else self.pair(role)
        if role == "padding":
            return self._padding(default)
        if role == "stride" and given is None and default is not None:
            given = self.pair("kernel_size")
        return self._sizes(given, default) if role in SIZES else given

    def pair(self, role: str) -> tuple[Any, Any]:
        """A number for the rows and one for the columns."""
        if role == "padding":
            rows, cols = self._sides
            if rows[0] != rows[1] or cols[0] != cols[1]:
                raise NotSupported("takes one padding for both sides")
            return rows[0], cols[0]
        if role == "kernel_size" and role not in self.trial.arguments:
            kh, kw = self.trial.arrays["weight"].shape[2:]
            return kh, kw
        given = self.trial.arguments[role]
        if given is None and role == "stride":
            return self.pair("kernel_size")
        rows, cols = given if isinstance(given, tuple) else (given, given)
        if role == "output_size":  # None keeps the size
            H, W = self.x_shape[-2:]
            return H if rows is None else rows, W if cols is None else cols
        return rows, cols

    @cached_property
    def x_shape(self) -> tuple[int, ...]:
        """The shape of the images that the operator reads, or that it writes."""
        arrays = self.trial.arrays if "x" in self.trial.arrays else self.trial.expected
        return arrays["x"].shape

    @property
    def in_channels(self) -> int:
        return self.x_shape[-3]

    @property
    def out_channels(self) -> int:
        if "weight" not in self.trial.arrays:
            return self.in_channels
        weight = self.trial.arrays["weight"]
        transposed = "transpose" in self.op
        return weight.shape[1] * self.trial.arguments["groups"] if transposed else len(weight)

    def weight_shape(self) -> tuple[int, ...]:
        """The shape of the weights; of those that an unfold has in mind, with one output."""
        if "weight" in self.arrays:
            return self.arrays["weight"].shape
        shape = (1, self.in_channels, *self.pair("kernel_size"))
        return tuple(shape[axis] for axis in self.layout.weights)

    def bias(self) -> np.ndarray:
        """Zeros, where a function asks for a bias and the trial has none."""
        return np.zeros(self.out_channels, self.trial.arrays["x"].dtype)

    def output(self) -> np.ndarray:
        """What the forward pass gave, where a backward pass asks for it."""
        usual = defaults(self.forward_op)
        same = {name: self.trial.arguments.get(name, value) for name, value in usual.items()}
        return self.layout.give("y", mistaken.answer(self.forward_op, self.trial.arrays, same)["y"])

    @property
    def _sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        sides = arguments.paddings(self.trial.arguments["padding"])
        if isinstance(sides, str):
            raise NotSupported(f"takes no padding={sides!r}")
        return sides

    def _sizes(self, given: Any, default: Any) -> Any:
        """A number, or a pair of them, for a parameter with this default."""
        if given is None or isinstance(given, str):
            return given
        rows, cols = given if isinstance(given, tuple) else (given, given)
        pairs = self.spelling.pairs
        bare = pairs == "bare" and default in (None, Parameter.empty)
        if isinstance(default, tuple) or bare or pairs == "all" or rows != cols:
            return rows, cols
        return rows

    def _padding(self, default: Any) -> Any:
        if isinstance(self.trial.arguments["padding"], str):
            return self.trial.arguments["padding"]
        rows, cols = self._sides
        four = (*rows, *cols)
        if self.spelling.padding == "four" or ("four" in self.spelling.padding and uneven(four)):
            return four
        if rows[0] != rows[1] or cols[0] != cols[1]:
            return rows, cols
        if self.spelling.padding == "pair":
            return rows[0], cols[0]
        return self._sizes((rows[0], cols[0]), default)


def uneven(numbers: tuple[int, ...]) -> bool:
    """Whether not all are one number."""
    return len(set(numbers)) > 1


# Roles that are half of an argument: its number for the rows, or for the columns.
HALVES = {
    "kernel": "kernel_size",
    "stride": "stride",
    "padding": "padding",
    "dilation": "dilation",
    "output": "output_size",
}
PARTS = {f"{half}_{side}": HALVES[half] for half in HALVES for side in ("rows", "cols")}


def _part(role: str) -> Callable[[Question], Any]:
    return lambda question: question.pair(PARTS[role])[role.endswith("cols")]


DERIVED: dict[str, Callable[[Question], Any]] = {
    **{role: _part(role) for role in PARTS},
    "x_shape": lambda question: question.layout.shape(question.x_shape),
    "x_rows": lambda question: question.x_shape[-2],
    "x_cols": lambda question: question.x_shape[-1],
    "weight_shape": Question.weight_shape,
    "in_channels": lambda question: question.in_channels,
    "out_channels": lambda question: question.out_channels,
    "bias": Question.bias,
    "y": Question.output,
    "mode": lambda question: question.spelling.mode,
    "layout": lambda question: "NHWC" if question.layout.channels_last else "NCHW",
    "settings": lambda question: question.settings,
    "learning_rate": lambda question: 0.0,  # gradients are examined, and no step is taken
}


def told(role: str, op: str) -> str:
    """The argument of the operator that a parameter with this role tells, or the role itself."""
    if role in PARTS:
        return PARTS[role]
    if role == "x_shape" and op in ("fold", "max_unpool2d"):
        return "output_size"
    return "kernel_size" if role == "weight_shape" else role


class Settings(dict):
    """A dict of hyperparameters, as `conv_param={"stride": 1, "pad": 0}`, that knows what was read.

    Every key that the tables know as a name of an argument is in it.
    """

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.read: set[str] = set()

    def __getitem__(self, key: str) -> Any:
        role = names.role(key, self.question.op)
        if role is None or not self._has(role):
            raise NotSupported(f"reads {key!r}, which is no argument of {self.question.op}")
        self.read.add(told(role, self.question.op))
        return self.question.value(role, 1)

    def __contains__(self, key: object) -> bool:
        role = names.role(str(key), self.question.op)
        return role is not None and self._has(role)

    def get(self, key: str, default: Any = None) -> Any:
        """As of any dict."""
        return self[key] if key in self else default  # noqa: SIM401 (this is `get`)

    def _has(self, role: str) -> bool:
        return told(role, self.question.op) in self.question.trial.arguments

"""One exercise that checks itself: questions, right answers, and the typical wrong ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from reprlib import repr as shortly
from typing import Any

import numpy as np

from convpool.verify import Report
from convpool.verify.examination import (
    Answer,
    Arrays,
    Suspect,
    Trial,
    Unfit,
    diagnose,
    examine,
)

LIMIT = 5.0  # seconds for one question: a learner waits for the verdict


@dataclass(frozen=True)
class Wrong:
    """A typical wrong answer: its name, a hint that a learner can act on, and the code itself."""

    name: str
    hint: str
    functions: tuple[Callable, ...]


@dataclass(frozen=True)
class Exercise:
    """What `check` needs to know of one exercise.

    `ask(*functions, **question)` puts one question to the reader's functions and returns what they
    gave, by name; `questions` are the cases by name; `solution` are functions known to be right,
    written apart from the solution that the chapter shows. Where many answers are right, `ask`
    returns what must hold of them.
    """

    ask: Callable[..., Mapping[str, Any]]
    questions: Mapping[str, Mapping[str, Any]]
    solution: tuple[Callable, ...]
    wrong: tuple[Wrong, ...]
    chapter: str

    def examine(self, *functions: Callable) -> Report:
        """The verdict on a reader's functions, whatever these do."""
        self._must_be_as_many(functions)
        findings = examine(
            lambda trial: self._answer(functions, trial),
            self.trials(),
            limit=LIMIT,
            refusals=False,
        )
        suspects = [Suspect(w.name, w.hint, self.chapter, frozenset([w.name])) for w in self.wrong]
        verdict = diagnose(findings, suspects, self._answers)
        names = ", ".join(getattr(f, "__name__", shortly(f)) for f in functions)
        return Report(names, "exercise", findings, verdict)

    def trials(self) -> list[Trial]:
        """The questions with their answers."""
        return [
            Trial(name, *_split(question), expected=_arrays(self.ask(*self.solution, **question)))
            for name, question in self.questions.items()
        ]

    def _must_be_as_many(self, functions: tuple[Callable, ...]) -> None:
        for function in functions:
            if not callable(function):
                raise TypeError(f"give the function itself, without calling it; got {function!r}")
        if len(functions) != len(self.solution):
            plural = "s" * (len(self.solution) != 1)
            raise TypeError(
                f"the exercise asks for {len(self.solution)} function{plural}, got {len(functions)}"
            )

    def _answer(self, functions: tuple[Callable, ...], trial: Trial) -> Answer:
        given = {name: array.copy() for name, array in trial.arrays.items()}
        gave = _arrays(self.ask(*functions, **given, **trial.arguments))
        touched = [
            f"writes into {name}, which belongs to the caller"
            for name, array in trial.arrays.items()
            if not np.array_equal(array, given[name], equal_nan=True)
        ]
        return Answer(gave, tuple(touched))

    def _answers(self, trial: Trial, slips: frozenset[str]) -> Arrays:
        if len(slips) > 1:
            raise ValueError("each wrong answer is a whole function: two cannot be combined")
        (wrong,) = (w for w in self.wrong if w.name in slips)
        try:
            return self._answer(wrong.functions, trial).results
        except Exception as error:
            raise ValueError(f"{wrong.name} does not run here") from error


# ---------------------------------------------------------------------------- for `ask`


def results(value: Any, *names: str) -> dict[str, Any]:
    """What a function returned that gives several results, by their names."""
    if isinstance(value, (tuple, list)) and len(value) == len(names):
        return dict(zip(names, value, strict=True))
    count = len(value) if isinstance(value, (tuple, list)) else "nothing" if value is None else 1
    raise Unfit(f"returns {count}, expected {len(names)} results: {', '.join(names)}")


def shaped(name: str, value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """A reader's array of finite numbers, where the question itself goes on from it."""
    array = _array(name, value)
    if array.shape != shape:
        raise Unfit(f"{name} has shape {array.shape}, expected {shape}")
    if not np.isfinite(array).all():
        raise Unfit(f"{name} must be finite")
    return array.astype(float)


# ---------------------------------------------------------------------------- what comes back


def _split(question: Mapping[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    arrays = {name: value for name, value in question.items() if isinstance(value, np.ndarray)}
    return arrays, {name: value for name, value in question.items() if name not in arrays}


def _arrays(gave: Mapping[str, Any]) -> Arrays:
    return {name: _array(name, value) for name, value in gave.items()}


def _array(name: str, value: Any) -> np.ndarray:
    if value is None or (isinstance(value, list) and any(part is None for part in value)):
        raise Unfit(f"{name} is nothing: does the function return it?")
    try:
        array = np.asarray(value)
    except ValueError:
        raise Unfit(f"{name} is {shortly(value)}, which makes no array") from None
    if array.dtype.kind not in "fiub":
        raise Unfit(f"{name} is {shortly(value)}, expected real numbers")
    return array

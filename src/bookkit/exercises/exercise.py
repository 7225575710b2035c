"""One exercise that checks itself: questions, right answers, and the typical wrong ones."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from convpool.verify import Report
from convpool.verify.examination import Answer, Arrays, Suspect, Trial, Unfit, diagnose, examine


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
    written apart from the solution that the chapter shows.
    """

    ask: Callable[..., Mapping[str, Any]]
    questions: Mapping[str, Mapping[str, Any]]
    solution: tuple[Callable, ...]
    wrong: tuple[Wrong, ...]
    chapter: str

    def examine(self, *functions: Callable) -> Report:
        """The verdict on a reader's functions."""
        findings = examine(
            lambda trial: Answer(self._asked(functions, trial)), self.trials(), refusals=False
        )
        suspects = [Suspect(w.name, w.hint, self.chapter, frozenset([w.name])) for w in self.wrong]
        verdict = diagnose(findings, suspects, self._answers)
        names = ", ".join(function.__name__ for function in functions)
        return Report(names, "exercise", findings, verdict)

    def trials(self) -> list[Trial]:
        """The questions with their answers."""
        return [
            Trial(name, *_split(question), expected=_arrays(self.ask(*self.solution, **question)))
            for name, question in self.questions.items()
        ]

    def _asked(self, functions: tuple[Callable, ...], trial: Trial) -> Arrays:
        arrays = {name: array.copy() for name, array in trial.arrays.items()}
        return _arrays(self.ask(*functions, **arrays, **trial.arguments))

    def _answers(self, trial: Trial, slips: frozenset[str]) -> Arrays:
        if len(slips) > 1:
            raise ValueError("each wrong answer is a whole function: two cannot be combined")
        (wrong,) = (w for w in self.wrong if w.name in slips)
        return self._asked(wrong.functions, trial)


def _split(question: Mapping[str, Any]) -> tuple[Arrays, dict[str, Any]]:
    arrays = {name: value for name, value in question.items() if isinstance(value, np.ndarray)}
    return arrays, {name: value for name, value in question.items() if name not in arrays}


def _arrays(results: Mapping[str, Any]) -> Arrays:
    return {name: _array(name, value) for name, value in results.items()}


def _array(name: str, value: Any) -> np.ndarray:
    if value is None:
        raise Unfit(f"{name} is nothing: does the function return it?")
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise Unfit(f"{name} is {value!r}, expected numbers")
    return array

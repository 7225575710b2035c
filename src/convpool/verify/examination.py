"""A function under examination: trials with known answers, what came of each, and which known
mistake explains the wrong ones. Nothing here knows what the function computes.
"""

import dis
import traceback
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import TracebackType
from typing import Any

import numpy as np

from convpool.verify.clock import TimeUp, within

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Trial:
    """One question to a function: what it is given, by name, and the right answer."""

    name: str
    arrays: Arrays
    arguments: dict[str, Any]
    expected: Arrays

    @property
    def size(self) -> int:
        """How many numbers a reader would have to look at."""
        return sum(array.size for array in (*self.arrays.values(), *self.expected.values()))


@dataclass(frozen=True)
class Answer:
    """What a function gave back, by name, and what is wrong with it besides the numbers."""

    results: Arrays
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """What came of one trial: "passed", "failed", "not supported" or "not run", and why."""

    trial: Trial
    status: str
    reason: str = ""
    actual: Arrays = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the results that differ from the expected ones."""
        return tuple(name for name in self.actual if not self._agrees(self.actual, name))

    def agrees(self, results: Arrays) -> bool:
        """Whether other results are, number for number, what this function gave."""
        return all(
            name in results and same(results[name], array, self.trial)
            for name, array in self.actual.items()
        )

    def _agrees(self, results: Arrays, name: str) -> bool:
        return same(self.trial.expected[name], results[name], self.trial)


@dataclass(frozen=True)
class Suspect:
    """A mistake that people make: its name, what it is and how to mend it, where that is derived.

    `slips` are the switches that make it: see `diagnose`.
    """

    name: str
    explanation: str
    chapter: str
    slips: frozenset[str]


Ask = Callable[[Trial], Answer]
Answers = Callable[[Trial, frozenset[str]], Arrays]


class NotSupported(Exception):
    """The function cannot be asked this: it has no such argument."""


class Unfit(Exception):
    """The function answered, but not with arrays that can be compared."""


def examine(
    ask: Ask,
    trials: Iterable[Trial],
    *,
    limit: float = 2.0,
    begin: Callable[[Trial], None] = lambda trial: None,
) -> tuple[Finding, ...]:
    """Ask every trial, at most `limit` seconds each; after one that took longer, no more."""
    findings: list[Finding] = []
    stopped = False
    for trial in trials:
        if stopped:
            findings.append(Finding(trial, "not run", "an earlier case ran out of time"))
            continue
        begin(trial)
        findings.append(_find(ask, trial, limit))
        stopped = findings[-1].reason.startswith("still running")
    return tuple(findings)


def _find(ask: Ask, trial: Trial, limit: float) -> Finding:
    try:
        answer = within(limit, lambda: _quietly(ask, trial))
    except TimeUp:
        return Finding(trial, "failed", f"still running after {limit:g} s")
    except NotSupported as error:
        return Finding(trial, "not supported", str(error))
    except Unfit as error:
        return Finding(trial, "failed", str(error))
    except Exception as error:  # whatever somebody's code may raise
        status = "not supported" if _is_refusal(error, trial) else "failed"
        return Finding(trial, status, _told(error))
    finding = Finding(trial, "passed", "", answer.results, answer.notes)
    reasons = [*answer.faults, *(_difference(trial, finding.actual, n) for n in finding.wrong)]
    if not reasons:
        return finding
    return Finding(trial, "failed", "; ".join(reasons), answer.results, answer.notes)


def _quietly(ask: Ask, trial: Trial) -> Answer:
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return ask(trial)


def same(expected: np.ndarray, actual: np.ndarray, trial: Trial) -> bool:
    """Whether two results agree in shape and, up to rounding, in every number."""
    if expected.shape != actual.shape:
        return False
    single = any(array.dtype == np.float32 for array in trial.arrays.values())
    tolerance = 1e-4 if single else 1e-8
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max(initial=0.0))
    with np.errstate(all="ignore"):
        return np.allclose(actual, expected, tolerance, tolerance * scale, equal_nan=True)


def _difference(trial: Trial, actual: Arrays, name: str) -> str:
    expected, array = trial.expected[name], actual[name]
    if array.shape != expected.shape:
        return f"{name} has shape {array.shape}, expected {expected.shape}"
    wrong = ~np.isclose(array, expected, 1e-4, 1e-8, equal_nan=True)
    count = max(int(wrong.sum()), 1)
    return f"{name} differs in {count} of {expected.size} entries"


# ---------------------------------------------------------------------------- who did it


@dataclass(frozen=True)
class Diagnosis:
    """Who did it, one suspect or two together, and who else would explain it as well."""

    culprits: tuple[Suspect, ...] = ()
    others: tuple[Suspect, ...] = ()


def diagnose(
    findings: Sequence[Finding], suspects: Sequence[Suspect], answers: Answers
) -> Diagnosis:
    """The suspects, alone or two together, that give every wrong number and every right one.

    `answers(trial, slips)` gives what a function that makes these slips would give, or raises where
    it would not run. Trials without numbers (an exception, out of time) are evidence for nobody.
    """
    failed = [f for f in findings if f.status == "failed" and f.wrong]
    failed.sort(key=lambda finding: finding.trial.size)
    evidence = [*failed, *(f for f in findings if f.status == "passed")]
    if not failed:
        return Diagnosis()

    def explain(slips: frozenset[str]) -> bool:
        return all(_gives(answers, slips, finding) for finding in evidence)

    alone = [suspect for suspect in suspects if explain(suspect.slips)]
    if alone:
        others = {s.name: s for s in alone if s.name != alone[0].name}
        return Diagnosis((alone[0],), tuple(others.values()))
    for one, other in combinations(suspects, 2):
        if one.name != other.name and explain(one.slips | other.slips):
            return Diagnosis((one, other))
    return Diagnosis()


def _gives(answers: Answers, slips: frozenset[str], finding: Finding) -> bool:
    try:
        with np.errstate(all="ignore"):
            return finding.agrees(answers(finding.trial, slips))
    except (ValueError, IndexError, ZeroDivisionError):  # the mistake would not run here
        return False


# ---------------------------------------------------------------------------- exceptions


def _is_refusal(error: Exception, trial: Trial) -> bool:
    """Whether the function said no, where others fell over: by `raise`, `assert`, or a pair."""
    if isinstance(error, NotImplementedError):
        return True
    if isinstance(error, (TypeError, ValueError, AssertionError)) and _raised_on_purpose(error):
        return True
    pairs = any(isinstance(value, (tuple, str)) for value in trial.arguments.values())
    return pairs and isinstance(error, (TypeError, ValueError))


def _raised_on_purpose(error: Exception) -> bool:
    last = _last(error.__traceback__)
    if last is None or last.tb_frame.f_globals.get("__name__", "").split(".")[0] == "numpy":
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _last(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames


def _told(error: Exception) -> str:
    message = " ".join(str(error).split())
    told = f"raises {type(error).__name__}" + (f": {message}" if message else "")
    frames = traceback.extract_tb(error.__traceback__)
    return f"{told} (line {frames[-1].lineno}: {frames[-1].line})" if frames[-1].line else told

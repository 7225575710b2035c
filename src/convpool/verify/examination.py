"""A function under examination: trials with known answers, what came of each, and which known
mistake explains the wrong ones. Nothing here knows what the function computes.
"""

import dis
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import TracebackType
from typing import Any

import numpy as np

from convpool.verify.clock import CASE, TimeUp, within

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
    """What came of one trial: "passed", "failed", "not supported" or "not run", and why.

    `raised_in` is the name of the function whose line raised an exception, if one did.
    """

    trial: Trial
    status: str
    reason: str = ""
    actual: Arrays = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    raised_in: str = ""

    @property
    def wrong(self) -> tuple[str, ...]:
        """The names of the results that differ from the expected ones."""
        expected = self.trial.expected
        return tuple(
            name
            for name, array in self.actual.items()
            if not same(expected[name], array, self.trial)
        )

    def agrees(self, results: Arrays) -> bool:
        """Whether other results are, number for number, what this function gave."""
        return all(
            name in results and same(results[name], array, self.trial)
            for name, array in self.actual.items()
        )


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
    limit: float = CASE,
    refusals: bool = True,
    each: Callable[[Finding], None] = lambda finding: None,
) -> tuple[Finding, ...]:
    """Ask every trial, at most `limit` seconds each; after one that took longer, no more.

    With `refusals` a function may say no to a trial by raising; without, it must answer them all.
    `each` is told every finding as it comes.
    """
    findings: list[Finding] = []
    stopped = False
    for trial in trials:
        if stopped:
            finding = Finding(trial, "not run", "an earlier case ran out of time")
        else:
            finding = _find(ask, trial, limit, refusals)
            stopped = finding.reason.startswith("still running")
        findings.append(finding)
        each(finding)
    return tuple(findings)


def _find(ask: Ask, trial: Trial, limit: float, refusals: bool) -> Finding:
    try:
        answer = within(limit, lambda: _quietly(ask, trial))
    except TimeUp:
        return Finding(trial, "failed", f"still running after {limit:g} s")
    except NotSupported as error:
        return Finding(trial, "not supported", str(error))
    except Unfit as error:
        return Finding(trial, "failed", str(error))
    except (Exception, SystemExit) as error:  # whatever somebody's code may raise
        refused = refusals and _is_refusal(error, trial)
        reason, where = told(error)
        return Finding(trial, "not supported" if refused else "failed", reason, raised_in=where)
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
    return expected.shape == actual.shape and not differing(expected, actual, trial).any()


def differing(expected: np.ndarray, actual: np.ndarray, trial: Trial) -> np.ndarray:
    """Where two results of one shape differ by more than rounding, entry by entry."""
    single = any(array.dtype == np.float32 for array in trial.arrays.values())
    tolerance = 1e-4 if single else 1e-8
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max(initial=0.0))
    with np.errstate(all="ignore"):
        return ~np.isclose(actual, expected, tolerance, tolerance * scale, equal_nan=True)


def _difference(trial: Trial, actual: Arrays, name: str) -> str:
    expected, array = trial.expected[name], actual[name]
    if array.shape != expected.shape:
        return f"{name} has shape {array.shape}, expected {expected.shape}"
    count = int(differing(expected, array, trial).sum())
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
    for one, other in _pairs(suspects, failed, answers):
        if explain(one.slips | other.slips):
            return Diagnosis((one, other))
    return Diagnosis()


def _pairs(
    suspects: Sequence[Suspect], failed: Sequence[Finding], answers: Answers
) -> Iterator[tuple[Suspect, Suspect]]:
    """Who may have done it together: who spoils, between them, what is wrong in the smallest trial.

    Whoever spoils anything else there, or nothing anywhere, is out: of thousands of pairs, which
    all take time to try, few are left.
    """
    smallest, wrong = failed[0], set(failed[0].wrong)
    usable = []
    for suspect in suspects:
        spoilt = _spoilt(answers, suspect.slips, smallest)
        if spoilt <= wrong and any(_spoilt(answers, suspect.slips, f) for f in failed):
            usable.append((suspect, spoilt))
    for (one, by_one), (other, by_other) in combinations(usable, 2):
        if one.name != other.name and by_one | by_other == wrong:
            yield one, other


def _spoilt(answers: Answers, slips: frozenset[str], finding: Finding) -> set[str]:
    """The results, of those that the function gave, that these slips get wrong."""
    try:
        with np.errstate(all="ignore"):
            results = answers(finding.trial, slips)
    except (ValueError, IndexError, ZeroDivisionError):
        return set(finding.actual)
    expected = finding.trial.expected
    return {
        name
        for name in finding.actual
        if name not in results or not same(expected[name], results[name], finding.trial)
    }


def _gives(answers: Answers, slips: frozenset[str], finding: Finding) -> bool:
    try:
        with np.errstate(all="ignore"):
            return finding.agrees(answers(finding.trial, slips))
    except (ValueError, IndexError, ZeroDivisionError):  # the mistake would not run here
        return False


# ---------------------------------------------------------------------------- exceptions


def _is_refusal(error: BaseException, trial: Trial) -> bool:
    """Whether the function said no, where others fell over: by `raise`, `assert`, or a pair."""
    if isinstance(error, NotImplementedError):
        return True
    if isinstance(error, (TypeError, ValueError, AssertionError)) and _raised_on_purpose(error):
        return True
    pairs = any(_takes_more_than_a_number(value) for value in trial.arguments.values())
    kinds = {kind.__name__ for kind in type(error).__mro__}
    return pairs and not kinds.isdisjoint(("TypeError", "ValueError", "TypingError"))  # Numba's


def _takes_more_than_a_number(value: Any) -> bool:
    """Whether an argument is a word, or numbers that differ: equal ones can be told as one."""
    if not isinstance(value, tuple):
        return isinstance(value, str)
    sides = (side if isinstance(side, tuple) else (side,) for side in value)
    return len({number for side in sides for number in side}) > 1


def _raised_on_purpose(error: BaseException) -> bool:
    last = _last(error.__traceback__)
    if last is None or last.tb_frame.f_globals.get("__name__", "").split(".")[0] == "numpy":
        return False
    return last.tb_frame.f_code.co_code[last.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _last(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None and frames.tb_next is not None:
        frames = frames.tb_next
    return frames


def told(error: BaseException) -> tuple[str, str]:
    """What an exception says, with the line of somebody's own code that led to it; its function."""
    message = " ".join(str(error).split())
    said = f"raises {type(error).__name__}" + (f": {message}" if message else "")
    where = None
    for (frame, line), summary in zip(
        traceback.walk_tb(error.__traceback__),
        traceback.extract_tb(error.__traceback__),
        strict=True,
    ):
        if _is_somebodys(frame.f_globals.get("__name__") or ""):
            where = line, summary
    if where is None or not where[1].line:
        return said, ""
    return f"{said} (line {where[0]}: {where[1].line})", where[1].name


def _is_somebodys(module: str) -> bool:
    """Whether a line of this module is one that a reader wrote, not one of a library."""
    library = module.partition(".")[0]
    return library not in {"numpy", "convpool", "bookkit", *sys.stdlib_module_names}

"""The sentences of a report."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from convpool.verify.examination import Finding, Suspect

if TYPE_CHECKING:
    from convpool.verify.report import Report

EXERCISE = "exercise"
UNWRITTEN = "raises NotImplementedError"


def verdict(report: "Report") -> str:
    """The report in one line."""
    total, failed = len(report.findings), len(report.failures)
    subject = _subject(report)
    if unwritten(report):
        names = _listed(
            [f"`{n}`" for n in dict.fromkeys(f.raised_in for f in report.failures) if n]
        )
        return (
            f"Not written yet: replace `raise NotImplementedError` in {names or subject} and run "
            "both cells again."
        )
    are = "are" if "` and `" in subject else "is"
    if failed:
        verb = "fails" if failed == 1 else "fail"
        return f"{subject} {are} wrong: {failed} of {cases(total)} {verb}."
    if not report.passed:
        return f"{subject} could not be asked: it supports none of the {cases(total)}."
    counts = [f"{cases(len(report.having('passed')))} passed"]
    if report.unsupported:
        counts.append(f"{len(report.unsupported)} not supported")
    return f"{subject} {are} right: {', '.join(counts)}."


def unwritten(report: "Report") -> bool:
    """Whether the reader of an exercise has not yet begun."""
    return report.examined_for == EXERCISE and all(
        finding.reason.startswith(UNWRITTEN) for finding in report.findings
    )


def diagnosis(report: "Report") -> list[tuple[str, str]]:
    """(name, what it is and how to mend it) of each culprit."""
    return [(culprit.name, culprit.explanation) for culprit in report.verdict.culprits]


def others(report: "Report") -> str:
    """Who else would explain the numbers, or that nobody does; else nothing."""
    if not any(finding.wrong for finding in report.failures):
        return ""
    if not report.verdict.culprits:
        return "" if report.examined_for == EXERCISE else "No known mistake gives these numbers."
    names = [other.name for other in report.verdict.others]
    return f"On these cases {_listed(names)} would give the same numbers." if names else ""


def chapters(report: "Report") -> list[str]:
    """Where the mistakes are explained, as in "pooling/max"; an exercise stands in its chapter."""
    culprits: Iterable[Suspect] = report.verdict.culprits
    if report.examined_for == EXERCISE:
        return []
    return list(dict.fromkeys(culprit.chapter for culprit in culprits))


def groups(findings: Iterable[Finding]) -> list[tuple[str, list[str]]]:
    """(reason, the names of its cases), the most frequent first."""
    named: dict[str, list[str]] = {}
    for finding in findings:
        named.setdefault(finding.reason, []).append(finding.trial.name)
    return sorted(named.items(), key=lambda item: -len(item[1]))


def notes(report: "Report") -> list[str]:
    """What else a reader should know."""
    counts = Counter(note for finding in report.findings for note in set(finding.notes))
    often = sorted(counts.items(), key=lambda item: -item[1])
    return [f"{note} ({cases(count)})." for note, count in often]


def arguments(given: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> str:
    """The arguments that are not the usual ones, as in a call."""
    usual = usual or {}
    return ", ".join(
        f"{name}={value_as_typed(value)}"
        for name, value in given.items()
        if name not in usual or not _equal(value, usual[name])
    )


def defaults(op: str) -> dict[str, Any]:
    """The default arguments of an operator; an exercise has none."""
    from convpool.verify import cases as tables

    return tables.defaults(op) if op in tables.CASES else {}


def cases(count: int) -> str:
    """As in "1 case"."""
    return f"{count} case" if count == 1 else f"{count} cases"


def _subject(report: "Report") -> str:
    """The function, or as in "`f` and `g`" the functions of an exercise."""
    if report.examined_for != EXERCISE:
        return report.subject
    return _listed([f"`{name}`" for name in report.subject.split(", ")])


def _listed(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _equal(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)


def value_as_typed(value: Any) -> str:
    """A value as one would type it: the same on every machine, so no addresses."""
    if isinstance(value, np.ndarray):
        return f"array of shape {value.shape}"
    if isinstance(value, np.generic):
        value = value.item()
    if callable(value):
        return getattr(value, "__name__", type(value).__name__)
    said = repr(value)
    return type(value).__name__ if " at 0x" in said or len(said) > 60 else said

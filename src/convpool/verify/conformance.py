"""Somebody's operator against the case table, and the mistake that it makes."""

from collections.abc import Callable, Sequence
from typing import Any

from convpool.verify import cases, mistaken, mistakes
from convpool.verify.examination import Arrays, Finding, Trial, diagnose, examine
from convpool.verify.report import Report
from convpool.verify.signatures import adapt


def conformance(
    function: Any,
    op: str,
    *,
    forward: Any = None,
    signature: str = "auto",
    layout: str = "NCHW",
    weights: str | None = None,
    returns: str | None = None,
    limit: float = 5.0,
    each: Callable[[Finding], None] = lambda finding: None,
) -> Report:
    """Run a function against every case of an operator, and name the mistake that it makes.

    (docstring to come)
    """
    ask = adapt(
        function,
        op,
        forward=forward,
        signature=signature,
        layout=layout,
        weights=weights,
        returns=returns,
    )
    findings = examine(ask, cases.trials(op), limit=limit, each=each)
    return judge(name_of(function), op, findings)


def judge(subject: str, op: str, findings: Sequence[Finding]) -> Report:
    """The report on findings: which known mistake of the operator explains them."""

    def answers(trial: Trial, slips: frozenset[str]) -> Arrays:
        return mistaken.answer(op, trial.arrays, trial.arguments, slips)

    diagnosis = diagnose(findings, mistakes.suspects(op), answers)
    return Report(subject, op, tuple(findings), diagnosis)


def name_of(function: Any) -> str:
    """What a function, a class or an object is called."""
    return getattr(function, "__name__", type(function).__name__)

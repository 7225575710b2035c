"""Somebody's operator against the case table, and the mistake that it makes."""

from collections.abc import Callable
from typing import Any

from convpool.verify import cases, mistaken, mistakes
from convpool.verify.examination import Arrays, Trial, diagnose, examine
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
    limit: float = 2.0,
    begin: Callable[[Trial], None] = lambda trial: None,
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
    findings = examine(ask, cases.trials(op), limit=limit, begin=begin)

    def answers(trial: Trial, slips: frozenset[str]) -> Arrays:
        return mistaken.answer(op, trial.arrays, trial.arguments, slips)

    diagnosis = diagnose(findings, mistakes.suspects(op), answers)
    return Report(getattr(function, "__name__", type(function).__name__), op, findings, diagnosis)

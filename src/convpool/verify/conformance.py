"""Somebody's operator against the case table, and the mistake that it makes."""

from collections.abc import Sequence
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
) -> Report:
    """Run a function against every case of an operator, and name the mistake that it makes.

    The function may have its own names, layout and form: plain arguments, a layer with `forward`
    and `backward`, `(out, cache)` pairs, a context, or PyTorch's modules and functions. It need not
    support everything: what it has no argument for, or refuses by raising, is not held against it.
    Cotangents are random, never ones.

    Parameters
    ----------
    function : callable, class or object
        The code to check. It runs in this process; `python -m convpool.verify` gives it its own.
    op : str
        The operator that it is, as in "max_pool2d_backward".
    forward : callable, optional
        The forward pass that makes what the backward pass takes, such as a cache.
    signature : str
        How the function is called: "auto" finds out; "arguments", "rows", "columns", "layer",
        "cache", "context" or "torch" say it.
    layout : str
        "NCHW" or "NHWC", the order of the axes of images.
    weights : str, optional
        The order of the axes of weights, as in "HWIO".
    returns : str, optional
        What a function returns that returns only a part, as in "dx,dweight".
    limit : float
        Seconds for one case. After one that takes longer no more are tried.

    Returns
    -------
    Report
        True if it passed. Printed, it shows the diagnosis and the smallest failing case.

    Raises
    ------
    ValueError
        If there is no such operator, or no way to call the function for it.

    Examples
    --------
    >>> conformance(convpool.vectorized.fold, "fold").passed
    True
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
    findings = examine(ask, cases.trials(op), limit=limit)
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

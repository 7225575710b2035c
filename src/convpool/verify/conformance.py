"""Somebody's operator against the case table, and the mistake that it makes."""

from collections.abc import Sequence
from typing import Any

from convpool.verify import cases, mistaken, mistakes
from convpool.verify.clock import CASE
from convpool.verify.examination import Arrays, Finding, Trial, diagnose, examine
from convpool.verify.report import Report
from convpool.verify.signatures import adapt
from convpool.verify.signatures.names import called


def conformance(
    function: Any,
    op: str,
    *,
    forward: Any = None,
    signature: str = "auto",
    layout: str = "NCHW",
    weights: str | None = None,
    returns: str | None = None,
    limit: float = CASE,
) -> Report:
    """Run a function against every case of an operator, and name the mistake that it makes.

    Each case is one edge: overlap, a remainder, padding on one side, dilation, ties, NaN. Upstream
    gradients are random, never ones. The function is asked in its own words. Parameters are known
    by the names that people give them (`dout`, `next_dz`, `A_prev`, `pool_h`, `conv_param`, …), and
    where a name says nothing, by their place; sizes come as numbers or as pairs, as its defaults
    have them or as it runs. It need not support everything: a case that it has no argument for, or
    refuses by raising, is reported as not supported and does not count against it.

    Parameters
    ----------
    function : callable, class or object
        The code to check. It runs in this process; `python -m convpool.verify` gives it its own.
        A class is made anew for each case, with its hyperparameters and weights; an object is
        asked the cases that it fits.
    op : str
        The public operator that it should be, as "max_pool2d_backward".
    forward : callable, optional
        The forward pass that returns (out, cache), for a backward pass that takes the cache.
    signature : str
        How the function is called. "auto" finds out, and the others say it:

        - "arguments": `f(dy, x, kernel_size, …)`;
        - "rows", "columns": `im2col` and `col2im` as `unfold` and `fold`, with a window in each
          row of one matrix, or in each column and the images of a batch next to each other;
        - "layer": `forward(x)` and `backward(dy)`, gradients returned or kept as `dw`, `grads`, …;
        - "cache": `backward(dout, cache)` after `forward`;
        - "context": static `forward(ctx, x, …)` and `backward(ctx, grad_output)`;
        - "torch": functions and modules on tensors, backward through autograd.
    layout : "NCHW" or "NHWC"
        Where the function has the channels of x, dy and dx.
    weights : "OIHW", "HWIO", "IOHW" or "HWOI", optional
        The axes of its weights: O outputs, I inputs, H rows, W columns. By default they are as the
        operator has them, and (rows, columns, inputs, outputs) in NHWC, unless the function has a
        parameter `layout` as the package's own.
    returns : str, optional
        What the function returns, in its order, as "dweight, dbias, dx" or "dx". By default it is
        all that the operator returns, a dict by name, or the first of it alone.
    limit : float
        Seconds for one case, the compilation of a kernel included. After one that takes longer no
        more are tried.

    Returns
    -------
    Report
        True if it passed. `.failures`, `.unsupported` and `.diagnosis` say what was found; printed,
        it shows the diagnosis and the smallest failing case.

    Raises
    ------
    ValueError
        If there is no such operator or option, or a parameter of the function has no meaning for
        the operator; it names what was found and what would be valid.

    Examples
    --------
    The mean of each plane, and a gradient that forgets to divide by the cells of the plane:

    >>> import numpy as np
    >>> def backward(dz, z):
    ...     return np.ones_like(z) * dz[:, :, np.newaxis, np.newaxis]
    >>> report = conformance(backward, "global_avg_pool2d_backward")
    >>> report.passed
    False
    >>> report.diagnosis
    "mean's gradient taken as 1"
    >>> def mended(dz, z):
    ...     return backward(dz, z) / z[0, 0].size
    >>> conformance(mended, "global_avg_pool2d_backward").passed
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
    return judge(called(function), op, findings)


def judge(subject: str, op: str, findings: Sequence[Finding]) -> Report:
    """The report on findings: which known mistake of the operator explains them."""

    def answers(trial: Trial, slips: frozenset[str]) -> Arrays:
        return mistaken.answer(op, trial.arrays, trial.arguments, slips)

    diagnosis = diagnose(findings, mistakes.suspects(op), answers)
    return Report(subject, op, tuple(findings), diagnosis)

"""How people write these functions: adapters from a trial to a call, and from what it returns back.

`adapt` chooses one. An adapter is called with a `Trial` whose arrays are N, C, H, W and whose
weights are (C_out, C_in/groups, kh, kw), lays them out as the function wants them, calls it,
watches that it leaves them alone, and gives an `Answer` laid out like the trial.

`names` holds the tables of what people call things, `binding` finds out what each parameter takes,
`question` says it in the function's own spelling, and `asking` is what all adapters share. Each of
the others is one way to write these functions.
"""

import inspect
from typing import Any

from convpool.verify.cases import CASES
from convpool.verify.examination import Ask
from convpool.verify.signatures import names, tensors
from convpool.verify.signatures.arguments import Arguments
from convpool.verify.signatures.asking import Custom
from convpool.verify.signatures.cache import Cache
from convpool.verify.signatures.context import Contextual
from convpool.verify.signatures.instance import Instance
from convpool.verify.signatures.layer import Layer
from convpool.verify.signatures.layouts import Layout, channels_last, weight_axes

KINDS = ("auto", "arguments", "rows", "columns", "layer", "cache", "context", "torch")


def adapt(
    function: Any,
    op: str,
    *,
    forward: Any = None,
    signature: str = "auto",
    layout: str = "NCHW",
    weights: str | None = None,
    returns: str | None = None,
) -> Ask:
    """The way to ask `function` for `op`; a `ValueError` if there is none."""
    if op not in CASES:
        raise ValueError(f"op must be one of {names.listed(CASES)}, got {op!r}")
    if signature not in KINDS:
        raise ValueError(f"signature must be one of {names.listed(KINDS)}, got {signature!r}")
    kind = _recognised(function, op, forward) if signature == "auto" else signature
    _check(kind, function, op, forward)
    custom = Custom(op, _layout(function, op, kind, layout, weights), _returned(op, returns))
    match kind:
        case "torch":
            return tensors.Tensors(function, custom)
        case "context":
            return Contextual(function, custom)
        case "layer":
            return (Layer if inspect.isclass(function) else Instance)(function, custom)
        case "cache":
            return Cache(function, forward, custom)
    return Arguments(function, custom)


def _recognised(function: Any, op: str, forward: Any) -> str:
    """The kind that a function looks like."""
    if tensors.fits(function):
        return "torch"
    if Contextual.fits(function):
        return "context"
    if inspect.isclass(function) or _is_layer(function):
        return "layer"
    taken = names.roles(function, op)
    if op.endswith("_backward") and (forward is not None or "cache" in taken):
        return "cache"
    return _matrix(function, taken) if op in ("fold", "unfold") else "arguments"


def _matrix(function: Any, taken: set[str | None]) -> str:
    """Whether an unfold or a fold has one matrix, with windows as rows or as columns, or many."""
    if not taken:  # it does not show its parameters
        return "arguments"
    if "weight_shape" in taken or "field" in "".join(inspect.signature(function).parameters):
        return "columns"
    if {"kernel_rows", "x_shape"} & taken or "im2col" in names.plain(names.called(function)):
        return "rows"
    return "arguments"


def _is_layer(function: Any) -> bool:
    return hasattr(function, "forward") or hasattr(function, "backward")


def _check(kind: str, function: Any, op: str, forward: Any) -> None:
    """A `ValueError` if a function cannot be asked in this way."""
    called = names.called(function)
    if kind == "layer" and not inspect.isclass(function) and not _is_layer(function):
        raise ValueError(f"signature 'layer': {called} has no method forward or backward")
    if kind == "context" and not Contextual.fits(function):
        raise ValueError(f"signature 'context': {called} has no static method forward(ctx, …)")
    if kind == "cache" and forward is None:
        raise ValueError(f"{called} takes a cache: hand in the function that makes it as forward=")
    if kind in ("rows", "columns") and op not in ("fold", "unfold"):
        raise ValueError(f"signature {kind!r} is for unfold and fold, not for {op}")
    if not callable(function) and not _is_layer(function):
        raise ValueError(f"{function!r} is neither a function nor a layer")


def _layout(function: Any, op: str, kind: str, layout: str, weights: str | None) -> Layout:
    last, told = channels_last(layout), "layout" in names.roles(function, op)
    axes = weight_axes(op, weights, last and not told)
    matrix = kind if kind in ("rows", "columns") else "last" if last and told else ""
    return Layout(last, axes, matrix)


def _returned(op: str, returns: str | None) -> tuple[str, ...] | None:
    """The names in `returns`, if the operator has such results."""
    if returns is None:
        return None
    possible = _results(op)
    given = tuple(name.strip() for name in returns.split(","))
    unknown = [name for name in given if name not in possible]
    if unknown or len(set(given)) < len(given):
        raise ValueError(f"returns must name some of {names.listed(possible)}, got {returns!r}")
    return given


def _results(op: str) -> tuple[str, ...]:
    if op.endswith("_backward"):
        return ("dx", "dweight", "dbias") if "conv" in op else ("dx",)
    special = {"unfold": ("col",), "fold": ("x",), "max_unpool2d": ("x",)}
    return special.get(op, ("y", "indices") if "max" in op else ("y",))

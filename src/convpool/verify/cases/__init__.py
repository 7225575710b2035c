"""The case table: for every operator the edges on which backward passes go wrong, one row each.

A row gives the shape of the input and the arguments that differ from the operator's defaults; the
numbers are drawn at random from the row's own name, so every run asks the same questions. Shapes
are as small as the edge allows: a failing case is there to be read.
"""

import inspect
import zlib
from typing import Any

import numpy as np

from convpool import operators
from convpool.verify import mistaken
from convpool.verify.cases.case import Case, image
from convpool.verify.cases.convolution import CONVOLUTION, CONVOLUTION_INPUTS
from convpool.verify.cases.pooling import POOLING, POOLING_INPUTS
from convpool.verify.examination import Arrays, Trial

ARRAYS = ("dy", "x", "weight", "bias", "col", "y", "indices")


CASES: dict[str, tuple[Case, ...]] = POOLING | CONVOLUTION
INPUTS = POOLING_INPUTS | CONVOLUTION_INPUTS  # of operators that take more than an image


def trials(op: str) -> list[Trial]:
    """Every row of an operator's table, drawn and answered."""
    return [_trial(op, case) for case in CASES[op]]


def defaults(op: str) -> dict[str, Any]:
    """The arguments of an operator that are not arrays, with their defaults (or `empty`)."""
    parameters = inspect.signature(getattr(operators, op)).parameters
    return {
        name: parameter.default
        for name, parameter in parameters.items()
        if name not in ARRAYS and name != "layout"
    }


def _trial(op: str, case: Case) -> Trial:
    rng = np.random.default_rng(zlib.crc32(f"{op}: {case.name}".encode()))
    arguments = defaults(op) | case.arguments
    arrays = _arrays(op, case, arguments, rng)
    return Trial(case.name, arrays, arguments, mistaken.answer(op, arrays, arguments))


def _arrays(op: str, case: Case, arguments: dict[str, Any], rng: np.random.Generator) -> Arrays:
    """The operator's arrays in its order; a backward pass gets a random cotangent, never ones."""
    forward = op.removesuffix("_backward")
    arrays = INPUTS.get(forward, _image)(case, arguments, rng)
    if forward == op:
        return arrays
    told = {name: arguments[name] for name in defaults(forward) if name in arguments}
    y = mistaken.answer(forward, arrays, defaults(forward) | told)["y"]
    arrays.pop("bias", None)
    return {"dy": rng.normal(size=y.shape).astype(case.dtype), **arrays}


def _image(case: Case, arguments: dict[str, Any], rng: np.random.Generator) -> Arrays:
    return {"x": image(case, rng)}

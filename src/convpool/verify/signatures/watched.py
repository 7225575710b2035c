"""Calling somebody's function with arrays that it must not touch."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from convpool.verify.examination import Answer, Arrays, Trial, Unfit


def call(function: Callable, arrays: Mapping[str, np.ndarray], *args: Any, **kwargs: Any):
    """(what the function returns, the faults) where `arrays` are among its arguments."""
    before = {name: array.copy() for name, array in arrays.items()}
    result = function(*args, **kwargs)
    touched = [
        f"writes into {name}"
        for name, array in arrays.items()
        if not np.array_equal(array, before[name], equal_nan=True)
    ]
    return result, tuple(touched)


def named(result: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What a function returned, by the names of the results: one, or a tuple of as many."""
    values = result if isinstance(result, (tuple, list)) else (result,)
    if len(values) > len(names):
        raise Unfit(f"returns {len(values)} results, expected {len(names)}: {', '.join(names)}")
    return dict(zip(names, values, strict=False))


def answer(trial: Trial, results: Mapping[str, Any], faults: tuple[str, ...] = ()) -> Answer:
    """The results as an `Answer`, if they are arrays of numbers."""
    arrays: Arrays = {}
    notes = []
    for name, value in results.items():
        if not isinstance(value, np.ndarray) and not isinstance(value, np.generic):
            what = "nothing" if value is None else f"a {type(value).__name__}"
            raise Unfit(f"{name} is {what}, expected an array")
        if value.dtype.kind not in "fiub":
            raise Unfit(f"{name} holds {value.dtype}, expected numbers")
        arrays[name] = np.asarray(value)
        wanted = trial.expected[name].dtype
        if value.dtype != wanted:
            notes.append(f"{name} is {value.dtype} where the input is {wanted}")
    return Answer(arrays, faults, tuple(notes))

"""One row of a case table."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Case:
    """One row: the edge that it stands on, the shape of x, and what differs from the defaults.

    `values` says how x is drawn: "normal", "ties" (small integers), "positive", "negative", "nan",
    "large", "zeros", "half zeros" (the left half).
    """

    name: str
    x: tuple[int, ...]
    arguments: dict[str, Any] = field(default_factory=dict)
    weight: tuple[int, ...] | None = None
    values: str = "normal"
    dtype: str = "float64"
    bias: bool = False


def case(name: str, x: tuple[int, ...], values="normal", dtype="float64", **arguments) -> Case:
    return Case(name, x, arguments, None, values, dtype)


def image(case: Case, rng: np.random.Generator) -> np.ndarray:
    """The x of a case."""
    x: np.ndarray = rng.normal(size=case.x)
    if case.values == "ties":
        x = rng.integers(0, 3, case.x) * 1.0
    elif case.values == "positive":
        x = 1 + np.abs(x)
    elif case.values == "negative":
        x = -1 - np.abs(x)
    elif case.values == "large":
        x = x * 1e30
    elif case.values == "zeros":
        x = x * 0.0
    elif case.values == "half zeros":
        x[..., : case.x[-1] // 2] = 0
    elif case.values == "nan":
        x[..., 1, 2] = np.nan
    return x.astype(case.dtype)

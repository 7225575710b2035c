"""The edge of the networks: what constructors are told is checked here, and made plain Python."""

import math
from typing import Any

import numpy as np

from convpool.arguments import integer


def plain(value: Any) -> Any:
    """The same as JSON can hold it: NumPy's numbers as Python's, data types by their names."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple | list):
        return tuple(map(plain, value))
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    return value


def whole(name: str, value: Any, at_least: int = 1) -> int:
    """A whole number that is large enough."""
    try:
        return integer(name, value, at_least)
    except TypeError:
        raise TypeError(f"{name} must be a whole number, got {value!r}") from None


def number(name: str, value: Any, below: float = math.inf) -> float:
    """A finite number, at least 0."""
    if isinstance(value, bool | np.bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not 0 <= value < below:
        limit = "finite" if below == math.inf else f"below {below:g}"
        raise ValueError(f"{name} must be at least 0 and {limit}, got {value}")
    return float(value)


def float_name(dtype: Any) -> str:
    """The name of the parameters' data type."""
    name = plain(dtype)
    if name not in ("float32", "float64"):
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    return name


def generator(rng: Any) -> np.random.Generator:
    """What random numbers are drawn from."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    return rng

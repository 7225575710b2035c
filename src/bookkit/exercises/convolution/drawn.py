"""Numbers for questions: random, and short enough to print."""

from typing import Any

import numpy as np

from convpool import window


def numbers(seed: int, *shape: int) -> np.ndarray:
    """Whole numbers from −9 to 9, none of them zero."""
    rng = np.random.default_rng(seed)
    return rng.integers(1, 10, shape) * rng.choice([-1.0, 1.0], shape)


def layer(
    seed: int,
    x: tuple[int, int, int, int],
    weight: tuple[int, int, int, int],
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
) -> dict[str, Any]:
    """dy, x and weight of a layer with these shapes, and its geometry."""
    out = window(x[2:], weight[2:], stride, padding, dilation).out
    return dict(
        dy=numbers(seed, x[0], weight[0], *out),
        x=numbers(seed + 1, *x),
        weight=numbers(seed + 2, *weight),
        stride=stride,
        padding=padding,
        dilation=dilation,
    )


def without(question: dict[str, Any], *names: str) -> dict[str, Any]:
    """The question, less what the function is not given."""
    return {name: value for name, value in question.items() if name not in names}

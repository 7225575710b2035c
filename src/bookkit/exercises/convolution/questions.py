"""Questions about a layer: its arrays, drawn at random, and its geometry."""

from typing import Any

from bookkit.exercises.drawn import whole
from convpool import window


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
        dy=whole(seed, x[0], weight[0], *out),
        x=whole(seed + 1, *x),
        weight=whole(seed + 2, *weight),
        stride=stride,
        padding=padding,
        dilation=dilation,
    )


def without(question: dict[str, Any], *names: str) -> dict[str, Any]:
    """The question, less what the function is not given."""
    return {name: value for name, value in question.items() if name not in names}

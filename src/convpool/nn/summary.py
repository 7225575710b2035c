"""A model in a table: its layers, their outputs, parameters and receptive fields."""

from collections.abc import Iterator

import numpy as np

from convpool.arguments import window
from convpool.geometry import Window, receptive_field
from convpool.nn.activations import Affine, LeakyReLU, ReLU, Sigmoid, Tanh
from convpool.nn.convolution import Conv2d
from convpool.nn.layer import Layer
from convpool.nn.linear import Flatten, Linear
from convpool.nn.pooling import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    MaxPool2d,
)
from convpool.nn.regularisation import BatchNorm2d, Dropout

Seen = list[Window] | str
WHOLE = (Flatten, Linear, GlobalAvgPool2d, GlobalMaxPool2d)
EACH_CELL = (Sigmoid, Tanh, ReLU, LeakyReLU, Affine, BatchNorm2d, Dropout)


def summary(model: Layer, image_shape: tuple[int, int, int], dtype: str | None = None) -> str:
    """A line a layer: output shape, parameters, receptive field.

    Parameters
    ----------
    model : Layer
        It stays as it is.
    image_shape : (int, int, int)
        C, H, W of an image.
    dtype : "float32" or "float64", optional
        Of the images; that of the parameters, if nothing is said.

    Raises
    ------
    TypeError, ValueError
        If the model does not take such images.

    Notes
    -----
    The receptive field is what one output depends on: height × width in cells of the image; "all"
    where it is the whole image, and "differs" behind a layer whose outputs see more or less by
    their place, as those of a transposed convolution do.
    """
    rows = [("layer", "output", "parameters", "receptive field")]
    rows += [(name, shape, f"{count:,}", field) for name, shape, count, field in
             _rows(model, image_shape, dtype)]  # fmt: skip
    total = sum(array.size for array in model.params.values())
    widths = [max(len(row[k]) for row in rows) for k in range(4)]
    lines = [
        f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}"
        for row in rows
    ]
    return "\n".join([*lines, f"{total:,} parameters"])


def _rows(
    model: Layer, image_shape: tuple[int, int, int], dtype: str | None
) -> Iterator[tuple[str, str, int, str]]:
    param = next(iter(model.params.values()), np.zeros(0, np.float32))
    x = np.zeros((1, *image_shape), dtype or param.dtype)
    seen: Seen = []
    with model.evaluating():
        for layer in model.layers():
            seen = _seen(layer, x.shape, seen)
            x = layer.forward(x)
            count = sum(array.size for array in layer.params.values())
            yield type(layer).__name__, " × ".join(map(str, x.shape[1:])), count, _field(seen)


def _seen(layer: Layer, shape: tuple[int, ...], seen: Seen) -> Seen:
    """The windows from the image to this layer's output, or a word for what they have become."""
    if isinstance(layer, WHOLE) or _is_one_bin(layer):
        return "all"
    if isinstance(seen, str) or isinstance(layer, EACH_CELL):
        return seen
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        told = {name: layer.hyperparams[name] for name in names if name in layer.hyperparams}
        return [*seen, window((shape[2], shape[3]), **told)]
    return "differs"


def _is_one_bin(layer: Layer) -> bool:
    return isinstance(layer, AdaptiveAvgPool2d) and layer.hyperparams["output_size"] in (1, (1, 1))


def _field(seen: Seen) -> str:
    if isinstance(seen, str):
        return seen
    rows, cols = receptive_field(w.rows for w in seen), receptive_field(w.cols for w in seen)
    return f"{rows.size} × {cols.size}"

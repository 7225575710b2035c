"""A model in a table: its layers, their outputs, parameters and receptive fields."""

from collections.abc import Iterator

import numpy as np

from convpool.arguments import window
from convpool.geometry import Window, receptive_field
from convpool.nn.activations import Affine, LeakyReLU, ReLU, Sigmoid, Tanh
from convpool.nn.convolution import Conv2d
from convpool.nn.layer import Layer
from convpool.nn.pooling import AvgPool2d, MaxPool2d
from convpool.nn.regularisation import BatchNorm2d, Dropout

EACH_CELL = (Sigmoid, Tanh, ReLU, LeakyReLU, Affine, BatchNorm2d, Dropout)


def summary(model: Layer, image_shape: tuple[int, int, int], dtype: str = "float32") -> str:
    """A line a layer, for images of (C, H, W): output shape, parameters, receptive field.

    The receptive field is what one output depends on: height × width in cells of the image, or
    "all" where it is the whole image.
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
    model: Layer, image_shape: tuple[int, int, int], dtype: str
) -> Iterator[tuple[str, str, int, str]]:
    x = np.zeros((1, *image_shape), dtype)
    seen: list[Window] | None = []
    was_training = model.training
    model.eval()
    for layer in model.layers():
        seen = _seen(layer, x.shape, seen)
        x = layer.forward(x)
        count = sum(array.size for array in layer.params.values())
        yield type(layer).__name__, " × ".join(map(str, x.shape[1:])), count, _field(seen)
    if was_training:
        model.train()


def _seen(layer: Layer, shape: tuple[int, ...], seen: list[Window] | None) -> list[Window] | None:
    """The windows from the image to this layer's output, or None if an output sees everything."""
    if seen is None or isinstance(layer, EACH_CELL):
        return seen
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        told = {name: layer.hyperparams[name] for name in names if name in layer.hyperparams}
        return [*seen, window((shape[2], shape[3]), **told)]
    return None


def _field(seen: list[Window] | None) -> str:
    if seen is None:
        return "all"
    rows, cols = receptive_field(w.rows for w in seen), receptive_field(w.cols for w in seen)
    return f"{rows.size} × {cols.size}"

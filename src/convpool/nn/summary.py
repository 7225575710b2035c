"""A model in a table: its layers, their outputs, parameters and receptive fields."""

from collections.abc import Iterator

import numpy as np

from convpool.arguments import window
from convpool.geometry import Window, receptive_field
from convpool.nn.activations import Affine, LeakyReLU, ReLU, Sigmoid, Tanh
from convpool.nn.convolution import Conv2d
from convpool.nn.layer import Layer
from convpool.nn.linear import Flatten, Linear
from convpool.nn.pooling import AvgPool2d, GlobalAvgPool2d, GlobalMaxPool2d, MaxPool2d
from convpool.nn.regularisation import BatchNorm2d, Dropout

Seen = list[Window] | str
WHOLE = (Flatten, Linear, GlobalAvgPool2d, GlobalMaxPool2d)
EACH_CELL = (Sigmoid, Tanh, ReLU, LeakyReLU, Affine, BatchNorm2d, Dropout)


def summary(model: Layer, image_shape: tuple[int, int, int], dtype: str = "float32") -> str:
    """A line a layer, for images of (C, H, W): output shape, parameters, receptive field.

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
    model: Layer, image_shape: tuple[int, int, int], dtype: str
) -> Iterator[tuple[str, str, int, str]]:
    x = np.zeros((1, *image_shape), dtype)
    seen: Seen = []
    was_training = model.training
    model.eval()
    for layer in model.layers():
        seen = _seen(layer, x.shape, seen)
        x = layer.forward(x)
        count = sum(array.size for array in layer.params.values())
        yield type(layer).__name__, " × ".join(map(str, x.shape[1:])), count, _field(seen)
    if was_training:
        model.train()


def _seen(layer: Layer, shape: tuple[int, ...], seen: Seen) -> Seen:
    """The windows from the image to this layer's output, or a word for what they have become."""
    if isinstance(layer, WHOLE):
        return "all"
    if isinstance(seen, str) or isinstance(layer, EACH_CELL):
        return seen
    if isinstance(layer, (Conv2d, MaxPool2d, AvgPool2d)):
        names = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
        told = {name: layer.hyperparams[name] for name in names if name in layer.hyperparams}
        return [*seen, window((shape[2], shape[3]), **told)]
    return "differs"


def _field(seen: Seen) -> str:
    if isinstance(seen, str):
        return seen
    rows, cols = receptive_field(w.rows for w in seen), receptive_field(w.cols for w in seen)
    return f"{rows.size} × {cols.size}"

"""A network as a row of what its layers give: planes for images, columns for vectors."""

from typing import Any

import numpy as np

from bookkit.figures.base import INDEX, LABEL, THIN, Canvas, Figure, width_of

TOP, GAP = 48, 5  # the names above a picture; from one plane to the next
LONGEST = 146  # of a column
BOLDER = 1.15  # how much wider bold letters are

Box = tuple[float, float, float, float]  # x, y, width, height


def network(model: Any, image_shape: tuple[int, int, int], caption: str | None = None) -> Figure:
    """What each layer makes of an image (C, H, W), drawn to scale; layers that keep the shape are
    named with the one before."""
    stages = _stages(model, image_shape)
    tallest = max(_size(_boxes(shape))[1] for _, shape in stages)
    canvases = [_drawn(names, shape, tallest) for names, shape in stages]
    items: list[Canvas | str] = [canvases[0]]
    for canvas in canvases[1:]:
        items += ["→", canvas]
    return Figure(items, caption)


def _stages(model: Any, image_shape: tuple[int, ...]) -> list[tuple[list[str], tuple[int, ...]]]:
    """(names of layers, the shape that they give) wherever the shape changes, the image first."""
    dtype = next((array.dtype for array in model.params.values()), np.dtype(float))
    x = np.zeros((1, *image_shape), dtype)
    stages = [(["image"], tuple(image_shape))]
    was_training = model.training
    model.eval()
    for layer in model.layers():
        x = layer.forward(x)
        if x.shape[1:] == stages[-1][1]:
            stages[-1][0].append(type(layer).__name__)
        else:
            stages.append(([type(layer).__name__], x.shape[1:]))
    if was_training:
        model.train()
    return stages


def _drawn(names: list[str], shape: tuple[int, ...], tall: float) -> Canvas:
    name, after = names[0], ", ".join(names[1:])
    told = " × ".join(map(str, shape))
    boxes = _boxes(shape)
    width, height = _size(boxes)
    words = BOLDER * width_of(name, LABEL), width_of(after, INDEX), width_of(told, INDEX)
    across = max(width, *words) + 2
    what = told if len(shape) == 3 else f"{shape[0]} numbers"
    canvas = Canvas(across, TOP + tall + 26, f"{' and '.join(names)}: {what}.")
    canvas.text(across / 2, 12, name, size=LABEL, bold=True)
    if after:
        canvas.note(across / 2, 32, after)
    left, top = (across - width) / 2, TOP + (tall - height) / 2
    for x, y, w, h in boxes:
        canvas.rectangle(left + x, top + y, w, h, fill="cell", stroke="blue", weight=THIN)
    canvas.text(across / 2, TOP + tall + 14, told, size=INDEX)
    return canvas


def _boxes(shape: tuple[int, ...]) -> list[Box]:
    """The planes of (C, H, W), the last in front; or one column for a vector."""
    if len(shape) == 1:
        return [(0, 0, 12, min(LONGEST, 8 + 0.5 * shape[0]))]
    channels, height, width = shape
    scale = 70 / max(28, height, width)
    gap = min(GAP, 75 / max(1, channels - 1))
    return [(k * gap, k * gap, 3 + scale * width, 3 + scale * height) for k in range(channels)]


def _size(boxes: list[Box]) -> tuple[float, float]:
    """The width and height of all boxes together."""
    return max(x + w for x, _, w, _ in boxes), max(y + h for _, y, _, h in boxes)

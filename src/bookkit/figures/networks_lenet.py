"""A network as a row of what its layers give: planes for images, columns for vectors."""

from typing import Any

import numpy as np

from bookkit.figures.base import INDEX, LABEL, THIN, Canvas, Figure, width_of

TOP, GAP = 48, 5  # the names above a picture; from one plane to the next
TALLEST = 146  # of all pictures together, so that they stand on one line


def network(model: Any, image_shape: tuple[int, int, int], caption: str | None = None) -> Figure:
    """What each layer makes of an image (C, H, W), drawn to scale; layers that keep the shape are
    named with the one before."""
    canvases = [_drawn(names, shape) for names, shape in _stages(model, image_shape)]
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


def _drawn(names: list[str], shape: tuple[int, ...]) -> Canvas:
    name, after = names[0], ", ".join(names[1:])
    size = " × ".join(map(str, shape))
    boxes = _planes(*shape) if len(shape) == 3 else _column(shape[0])
    width = max(x + w for x, _, w, _ in boxes)
    height = max(y + h for _, y, _, h in boxes)
    texts = [(name, LABEL), (after, INDEX), (size, INDEX)]
    across = max([width, *(width_of(text, points) for text, points in texts)]) + 2
    what = f"{shape[0]} planes" if len(shape) == 3 else f"{shape[0]} numbers"
    alt = f"{' and '.join(names)}: {size if len(shape) == 3 else what}."
    canvas = Canvas(across, TOP + TALLEST + 26, alt)
    canvas.text(across / 2, 12, name, size=LABEL, bold=True)
    if after:
        canvas.note(across / 2, 32, after)
    left, top = (across - width) / 2, TOP + (TALLEST - height) / 2
    for x, y, w, h in boxes:
        canvas.rectangle(left + x, top + y, w, h, fill="cell", stroke="blue", weight=THIN)
    canvas.text(across / 2, TOP + TALLEST + 14, size, size=INDEX)
    return canvas


def _planes(channels: int, height: int, width: int) -> list[tuple[float, float, float, float]]:
    """Boxes (x, y, width, height), the first plane behind and the last in front."""
    scale = 70 / max(28, height, width)
    gap = min(GAP, 75 / max(1, channels - 1))
    return [(k * gap, k * gap, 3 + scale * width, 3 + scale * height) for k in range(channels)]


def _column(count: int) -> list[tuple[float, float, float, float]]:
    return [(0, 0, 12, min(TALLEST, 6 + 0.5 * count))]

"""Pictures with frames: what the outputs of a network see of an image."""

from collections.abc import Sequence

import numpy as np

from bookkit.figures.base import BOLD, Figure, dash, hue
from bookkit.figures.pictures import _digit

Frame = tuple[range, range]  # rows and columns of a picture


def fields(
    images: Sequence,
    frames: Sequence[Sequence[Frame]],
    titles: Sequence[str] = (),
    width: float = 150,
    caption: str | None = None,
) -> Figure:
    """Small pictures as in `digits`, on each of them frames around blocks of pixels.

    `frames` holds a list for each picture; a frame is a pair of ranges, rows and columns. What of
    it lies outside of the picture, in padding, is not drawn.
    """
    titles = list(titles) or [""] * len(images)
    if not len(images) == len(frames) == len(titles):
        raise ValueError(
            "each picture has its frames and its title: "
            f"got {len(images)}, {len(frames)} and {len(titles)}"
        )
    drawn = zip(images, frames, titles, strict=True)
    return Figure([_framed(image, own, title, width) for image, own, title in drawn], caption)


def _framed(image, frames: Sequence[Frame], title: str, width: float):
    canvas = _digit(image, title, width)
    size = np.shape(image)[-2:]
    side, height = width / size[1], round(width * size[0] / size[1], 2)
    left, top = (canvas.width - width) / 2, canvas.height - height - 1
    told = []
    for k, frame in enumerate(frames):
        rows, cols = (_inside(cells, n) for cells, n in zip(frame, size, strict=True))
        corner = (left + cols.start * side, top + rows.start * side)
        box = (*corner, len(cols) * side, len(rows) * side)
        canvas.rectangle(*box, stroke="paper", weight=BOLD + 2)
        canvas.rectangle(*box, stroke=hue(k), weight=BOLD, style=dash(k))
        told.append(f"rows {_ends(rows)}, columns {_ends(cols)}")
    if told:
        canvas.alt += f" Framed: {'; '.join(told)}."
    return canvas


def _inside(cells: range, size: int) -> range:
    """The part of a range of cells that a picture of this size has."""
    if cells.step != 1 or not len(part := range(max(cells.start, 0), min(cells.stop, size))):
        raise ValueError(f"a frame must meet the {size} pixels of its axis, got {cells}")
    return part


def _ends(cells: range) -> str:
    return f"{cells[0]} to {cells[-1]}"

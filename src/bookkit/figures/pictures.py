"""Figures of pictures: photographs and digits, before and after, and signed gradient maps."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from PIL import Image

from bookkit.figures.base import LABEL, THIN, Canvas, Figure, width_of

HEADING = 24
LEVELS = 16  # shades of a digit
SIGNS = {1: (30, 125, 214), -1: (222, 108, 20)}  # blue above zero, orange below; on any ground


def photographs(
    images: Sequence, titles: Sequence[str], width: float = 220, caption: str | None = None
) -> Figure:
    """Pictures in a row, (C, H, W) or (H, W): in [0, 1], or signed where any entry is below 0.

    One with fewer pixels than its place on the page shows them as squares. A signed one is a map of
    its sign: blue above zero, orange below, the page's own ground at zero.
    """
    _same_length(images, titles)
    return Figure([_photograph(i, t, width) for i, t in zip(images, titles, strict=True)], caption)


def digits(
    images: Sequence, titles: Sequence[str] = (), width: float = 88, caption: str | None = None
) -> Figure:
    """Small pictures in a row, (H, W) or (1, H, W): 0 is the page's ground, 1 or more its ink.

    One with any entry below 0 is signed: blue above zero, orange and hatched below, its largest
    entry in full colour.
    """
    titles = list(titles) or [""] * len(images)
    _same_length(images, titles)
    return Figure([_digit(i, t, width) for i, t in zip(images, titles, strict=True)], caption)


def _same_length(images, titles) -> None:
    if len(images) != len(titles):
        raise ValueError(f"each picture has a title: got {len(images)} and {len(titles)}")


def _framed(
    title: str, width: float, rows: int, cols: int, kind: str
) -> tuple[Canvas, tuple[float, float, float, float]]:
    """A canvas with a title and a frame, and the box inside the frame."""
    height, heading = round(width * rows / cols, 2), HEADING if title else 0
    shift = max(0.0, (width_of(title, LABEL) - width) / 2)
    alt = (f"{title}: " if title else "") + f"{kind} of {rows} × {cols} pixels."
    canvas = Canvas(width + 2 * shift + 2, height + heading + 2, alt)
    box = (shift + 1, heading + 1, width, height)
    if title:
        canvas.text(shift + 1 + width / 2, 10, title, size=LABEL, bold=True)
    return canvas, box


# ---------------------------------------------------------------------------- photographs


def _photograph(array, title: str, width: float) -> Canvas:
    image = np.asarray(array, float)
    image = image[np.newaxis] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"a picture is (3, H, W), (1, H, W) or (H, W), got {np.shape(array)}")
    _, rows, cols = image.shape
    signed = bool((image < 0).any())
    picture = _signed(image.sum(axis=0), width) if signed else _colours(image, width)
    canvas, box = _framed(title, width, rows, cols, "signed map" if signed else "picture")
    canvas.image(*box, picture, crisp=cols <= width)
    canvas.rectangle(*box, stroke="rule", weight=THIN)
    return canvas


def _colours(image: np.ndarray, width: float) -> Image.Image:
    """At most a little finer than its place on the page, in 128 colours."""
    _, rows, cols = image.shape
    levels = np.rint(np.round(image * 255, 6))  # so that a half is one on every machine
    levels = np.clip(levels, 0, 255).astype(np.uint8)
    pixels = np.broadcast_to(levels, (3, rows, cols)).transpose(1, 2, 0)
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if cols > width:
        size = round(width * 1.25), round(width * 1.25 * rows / cols)
        picture = picture.resize(size, Image.Resampling.BOX)
    return picture.quantize(128, dither=Image.Dither.NONE)


def _signed(plane: np.ndarray, width: float) -> Image.Image:
    """Hue for the sign, opacity for the size: it lies on a light page as well as on a dark one."""
    step = max(1, -(-plane.shape[1] // round(width)))
    plane = _strongest(plane, step)
    size = np.abs(plane)
    full = np.quantile(size[size > 0], 0.98) if (size > 0).any() else 1
    opacity = np.sqrt(np.minimum(size / full, 1))
    colours = np.where((plane > 0)[..., np.newaxis], SIGNS[1], SIGNS[-1])
    return Image.fromarray(np.dstack([colours, np.rint(255 * opacity)]).astype(np.uint8))


def _strongest(plane: np.ndarray, step: int) -> np.ndarray:
    """The entry farthest from zero of each block of step × step: scattered ones are not lost."""
    rows, cols = (-(-size // step) for size in plane.shape)
    padded = np.zeros((rows * step, cols * step))
    padded[: plane.shape[0], : plane.shape[1]] = plane
    blocks = padded.reshape(rows, step, cols, step).transpose(0, 2, 1, 3).reshape(rows, cols, -1)
    farthest = np.abs(blocks).argmax(axis=-1)
    return np.take_along_axis(blocks, farthest[..., np.newaxis], axis=-1)[..., 0]


# ---------------------------------------------------------------------------- digits


def _digit(array, title: str, width: float) -> Canvas:
    plane = np.asarray(array, float)
    plane = plane[0] if plane.ndim == 3 and plane.shape[0] == 1 else plane
    if plane.ndim != 2:
        raise ValueError(f"a digit is (H, W) or (1, H, W), got {np.shape(array)}")
    rows, cols = plane.shape
    signed = bool((plane < 0).any())
    canvas, box = _framed(title, width, rows, cols, "signed picture" if signed else "picture")
    x, y, _, height = box
    side = width / cols
    scale = np.abs(plane).max() if signed else 1
    levels = np.rint(np.clip(plane / scale, -1, 1) * LEVELS).astype(int)
    canvas.rectangle(*box, fill="cell", stroke=None)
    for level in np.unique(levels[levels != 0]).tolist():
        cells = np.argwhere(levels == level).tolist()
        colour = ("blue" if level > 0 else "orange") if signed else "ink"
        squares = [(x + w * side, y + h * side, side, side) for h, w in cells]
        canvas.rectangles(squares, fill=colour, opacity=round(abs(level) / LEVELS, 3))
    for h, w in product(range(rows), range(cols)):
        if levels[h, w] < -LEVELS // 4:
            canvas.hatch(x + w * side, y + h * side, side, side, step=5, stroke="paper")
    canvas.rectangle(x, y, width, height, stroke="rule", weight=THIN)
    return canvas

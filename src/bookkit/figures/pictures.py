"""Figures of pictures: photographs and digits, before and after, and signed gradient maps."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from bookkit.figures.base import LABEL, THIN, Canvas, Figure, width_of

HEADING = 24


def photographs(
    images: Sequence, titles: Sequence[str], width: float = 220, caption: str | None = None
) -> Figure:
    """Pictures in a row, (C, H, W) or (H, W): in [0, 1], or signed where any entry is below 0.

    One with fewer pixels than its place on the page shows them as squares. A signed one is a map of
    its sign: blue above zero, orange below, the page's own ground at zero.
    """
    _same_length(images, titles)
    return Figure([_picture(i, t, width) for i, t in zip(images, titles, strict=True)], caption)


def digits(
    images: Sequence, titles: Sequence[str] = (), width: float = 96, caption: str | None = None
):
    """Small pictures in a row, each (H, W) or (1, H, W): 0 is the page's ground, 1 its ink."""
    titles = list(titles) or [""] * len(images)
    _same_length(images, titles)
    return Figure([_digit(i, t, width) for i, t in zip(images, titles, strict=True)], caption)


def _same_length(images, titles) -> None:
    if len(images) != len(titles):
        raise ValueError(
            f"each picture needs its title: {len(images)} pictures, {len(titles)} titles"
        )


def _picture(array, title: str, width: float) -> Canvas:
    image = np.asarray(array, float)
    image = image[np.newaxis] if image.ndim == 2 else image
    if image.ndim != 3 or image.shape[0] not in (1, 3):
        raise ValueError(f"a picture is (3, H, W), (1, H, W) or (H, W), got {np.shape(array)}")
    signed = bool((image < 0).any())
    _, rows, cols = image.shape
    pixels = _signed(image.sum(axis=0)) if signed else _colours(image)
    picture = Image.fromarray(pixels)
    crisp = cols <= width
    if not crisp:
        size = round(width * 1.25), round(width * 1.25 * rows / cols)
        picture = picture.resize(size, Image.Resampling.BOX)
    if not signed:
        picture = picture.quantize(128, dither=Image.Dither.NONE)
    return _framed(picture, title, width, rows, cols, crisp, "signed map" if signed else "picture")


def _colours(image: np.ndarray) -> np.ndarray:
    levels = np.clip(np.rint(image * 255), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels, (3, *levels.shape[1:])).transpose(1, 2, 0))


def _signed(plane: np.ndarray) -> np.ndarray:
    """Hue for the sign, opacity for the size: it lies on a light page as well as on a dark one."""
    strength = np.abs(plane) / max(np.abs(plane).max(), 1e-300)
    colours = np.where((plane > 0)[..., np.newaxis], (30, 125, 214), (222, 108, 20))
    return np.dstack([colours, np.rint(255 * strength)]).astype(np.uint8)


def _digit(array, title: str, width: float) -> Canvas:
    plane = np.asarray(array, float)
    plane = plane[0] if plane.ndim == 3 and plane.shape[0] == 1 else plane
    if plane.ndim != 2:
        raise ValueError(f"a digit is (H, W) or (1, H, W), got {np.shape(array)}")
    if (plane < 0).any():
        pixels = _signed(plane)
    else:
        ink = (127, 132, 140)
        alpha = np.rint(255 * np.clip(plane, 0, 1))
        pixels = np.dstack([np.broadcast_to(ink, (*plane.shape, 3)), alpha]).astype(np.uint8)
    return _framed(Image.fromarray(pixels), title, width, *plane.shape, True, "digit")


def _framed(picture, title, width, rows, cols, crisp, kind) -> Canvas:
    height = round(width * rows / cols, 2)
    heading = HEADING if title else 0
    shift = max(0.0, (width_of(title, LABEL) - width) / 2)
    alt = (f"{title}: " if title else "") + f"{kind} of {rows} × {cols} pixels."
    canvas = Canvas(width + 2 * shift + 2, height + heading + 2, alt[0].upper() + alt[1:])
    canvas.image(shift + 1, heading + 1, width, height, picture, crisp)
    canvas.rectangle(shift + 1, heading + 1, width, height, stroke="rule", weight=THIN)
    if title:
        canvas.text(shift + 1 + width / 2, 10, title, size=LABEL, bold=True)
    return canvas

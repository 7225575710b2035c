"""Real images to look at: the digits and the photographs that scikit-learn ships. No download."""

import math
from typing import Any

import numpy as np

PHOTOGRAPHS = ("china", "flower")


def digits() -> tuple[np.ndarray, np.ndarray]:
    """Handwritten digits, 8 × 8 pixels, and what they show.

    Returns
    -------
    images : ndarray, (1797, 1, 8, 8), float64
        Ink from 0 (none) to 1 (full).
    labels : ndarray, (1797,), int64
        The digit, 0 to 9.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    The test part of the Optical Recognition of Handwritten Digits set
    (E. Alpaydin and C. Kaynak, 1998), as scikit-learn ships it.
    """
    bunch = _sklearn_datasets().load_digits()
    return bunch.images[:, np.newaxis] / 16.0, bunch.target.astype(np.int64)


def photograph(name: str) -> np.ndarray:
    """A photograph in colour.

    Parameters
    ----------
    name : "china" or "flower"
        A pavilion of the Summer Palace in Beijing, or a dahlia.

    Returns
    -------
    ndarray, (3, 427, 640), float64
        Red, green and blue planes, from 0 (dark) to 1 (bright).

    Raises
    ------
    ValueError
        If there is no photograph of that name.
    ImportError
        If scikit-learn or Pillow is not installed.

    Notes
    -----
    By danielbuechele (china) and vultilion (flower), CC BY 2.0, as scikit-learn ships them.
    """
    if name not in PHOTOGRAPHS:
        raise ValueError(f"name must be one of {PHOTOGRAPHS}, got {name!r}")
    pixels = _sklearn_datasets().load_sample_image(f"{name}.jpg")
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)) / 255.0


def _sklearn_datasets() -> Any:
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError(
            "the images come with scikit-learn: pip install 'convpool[data]'"
        ) from error
    return datasets


def resized(images: np.ndarray, size: int | tuple[int, int]) -> np.ndarray:
    """Images of another size, each new pixel from its neighbours in straight lines.

    Parameters
    ----------
    images : ndarray, (N, C, H, W)
        Such as the digits. There may be none, of height and width at least 1.
    size : int or (int, int)
        The new height and width: LeNet's images have 28 or 32 pixels a side.

    Returns
    -------
    ndarray, (N, C, height, width), float32

    Raises
    ------
    ValueError
        If the images have no four axes or no pixels, or the size is no whole number above 0.
    ImportError
        If Pillow is not installed.
    """
    if images.ndim != 4 or 0 in images.shape[2:]:
        raise ValueError(
            "images must have the shape (N, C, H, W), with at least one pixel each, "
            f"got {images.shape}"
        )
    height, width = _sides(size)
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("resizing needs Pillow: pip install 'convpool[data]'") from error
    planes = images.reshape(math.prod(images.shape[:2]), *images.shape[2:]).astype(np.float32)
    bilinear = Image.Resampling.BILINEAR
    scaled = np.empty((len(planes), height, width), np.float32)
    for plane, new in zip(planes, scaled, strict=True):
        new[...] = np.asarray(Image.fromarray(plane).resize((width, height), bilinear))
    return scaled.reshape(*images.shape[:2], height, width)


def _sides(size: int | tuple[int, int]) -> tuple[int, int]:
    sides: Any = (size, size) if np.ndim(size) == 0 else size
    if len(sides) != 2 or not all(isinstance(n, int | np.integer) and n > 0 for n in sides):
        raise ValueError(f"size must be a whole number above 0, or two of them, got {size!r}")
    return int(sides[0]), int(sides[1])

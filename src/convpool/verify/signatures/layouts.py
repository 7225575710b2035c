"""How a function wants its arrays laid out: where channels are, weights, the matrix of windows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from convpool.verify.examination import Unfit

IMAGES = ("dy", "x", "y", "dx", "indices")
WEIGHTS = ("OIHW", "HWIO", "IOHW", "HWOI")


@dataclass(frozen=True)
class Layout:
    """Takes an array from the trial's layout to the function's, and back.

    `weights` says which axes of the trial's weights the function's have, in its order. `matrix` is
    how `col` is laid out: "" (N, C·kh·kw, L) as the trial has it, "last" (N, L, C·kh·kw), "rows"
    (N·L, C·kh·kw) as im2col of one window a row, or "columns" (C·kh·kw, L·N) of one a column.
    """

    channels_last: bool = False
    weights: tuple[int, ...] = (0, 1, 2, 3)
    matrix: str = ""

    def give(self, name: str, array: np.ndarray) -> np.ndarray:
        """A copy of one of the trial's arrays, as the function wants it."""
        if name in IMAGES and self.channels_last and array.ndim > 2:
            array = np.moveaxis(array, -3, -1)
        elif name == "weight":
            array = array.transpose(self.weights)
        elif name == "col":
            array = self._matrix(array)
        return np.array(array, order="C")

    def take(self, name: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """One of the function's results as the trial has it, where its shape is `shape`."""
        if name in IMAGES and self.channels_last and array.ndim > 2:
            return np.moveaxis(array, -1, -3)
        if name == "dweight" and array.ndim == 4:
            return array.transpose(np.argsort(self.weights))
        if name == "dbias":
            return _flat(array)
        if name == "col":
            return self._columns(array, shape)
        return array

    def shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of images, (N, C, H, W), as the function has it."""
        return (shape[0], *shape[2:], shape[1]) if self.channels_last else shape

    def _matrix(self, col: np.ndarray) -> np.ndarray:
        N, K, L = col.shape
        if self.matrix == "rows":
            return col.transpose(0, 2, 1).reshape(N * L, K)
        if self.matrix == "columns":
            return col.transpose(1, 2, 0).reshape(K, L * N)
        return col.transpose(0, 2, 1) if self.matrix == "last" else col

    def _columns(self, matrix: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        if self.matrix == "" or (matrix.shape == shape and self.matrix != "last"):
            return matrix
        N, K, L = shape
        wanted = {"rows": (N * L, K), "columns": (K, L * N), "last": (N, L, K)}[self.matrix]
        if matrix.shape != wanted:
            raise Unfit(f"col has shape {matrix.shape}, expected {wanted}")
        if self.matrix == "rows":
            return matrix.reshape(N, L, K).transpose(0, 2, 1)
        if self.matrix == "columns":
            return matrix.reshape(K, L, N).transpose(2, 0, 1)
        return matrix.transpose(0, 2, 1)


def _flat(dbias: np.ndarray) -> np.ndarray:
    """(C,) from (1, 1, 1, C) and the like, which layers keep for the sake of broadcasting."""
    return dbias.reshape(-1) if dbias.size == max(dbias.shape, default=1) else dbias


def weight_axes(op: str, letters: str | None, channels_last: bool) -> tuple[int, ...]:
    """Where each axis of the function's weights is in the trial's, as `letters` name them."""
    ours = "IOHW" if "transpose" in op else "OIHW"
    letters = letters or ("HWIO" if channels_last else ours)
    if letters not in WEIGHTS:
        raise ValueError(f"weights must be one of {', '.join(WEIGHTS)}, got {letters!r}")
    return tuple(ours.index(letter) for letter in letters)


def channels_last(layout: Any) -> bool:
    """Whether the channels are last; a `ValueError` for anything but the two layouts."""
    if layout not in ("NCHW", "NHWC"):
        raise ValueError(f"layout must be 'NCHW' or 'NHWC', got {layout!r}")
    return bool(layout == "NHWC")

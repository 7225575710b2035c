"""Adaptive and global pooling with slips, forward and backward."""

from typing import Any

import numpy as np

from convpool.arguments import adaptive_window
from convpool.verify.examination import Arrays
from convpool.verify.mistaken.average import Divisor, divide_by, means, shared_out
from convpool.verify.mistaken.max import maxima, routed
from convpool.verify.mistaken.windows import Slips


class Cut:
    """A plane cut into bins: like a `Frame`, with no padding."""

    def __init__(self, x: np.ndarray, output_size: Any, slips: Slips) -> None:
        self.shape, self.slips = x.shape[2:], slips
        if "output_size exchanged" in slips and isinstance(output_size, tuple):
            output_size = output_size[::-1]
        self.out = adaptive_window(x, output_size).out
        if "all exchanged" in slips:
            self.out = self.out[1], self.out[0]

    def around(self, x: np.ndarray, fill: float) -> np.ndarray:
        """x itself."""
        return x

    def at(self, i: int, j: int) -> tuple:
        """The index of bin (i, j)."""
        rows, cols = self.taps(i, j)
        return (slice(None), slice(None), rows[:, np.newaxis], cols)

    at_unpadded = at

    def taps(self, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows and the columns of bin (i, j)."""
        rows, cols = (np.arange(*ends) for ends in self._ends(i, j))
        return rows[rows < self.shape[0]], cols[cols < self.shape[1]]

    def _ends(self, i: int, j: int) -> list[tuple[int, int]]:
        sides = zip((i, j), self.shape, self.out, strict=True)
        return [self._ends_of(k, size, out) for k, size, out in sides]

    def _ends_of(self, i: int, size: int, out: int) -> tuple[int, int]:
        step = size // out
        if "bins of the step" in self.slips:
            return i * step, (i + 1) * step
        if "bins as windows" in self.slips:
            return i * step, i * step + size - (out - 1) * step
        if "bins end early" in self.slips:
            return i * size // out, (i + 1) * size // out
        return i * size // out, -(-(i + 1) * size // out)

    def removed(self, padded: np.ndarray, slips: Slips) -> np.ndarray:
        """The gradient as it is."""
        return padded

    def divisor(self, i: int, j: int) -> float:
        """How many cells bin (i, j) has."""
        if "one divisor" in self.slips:
            return self.shape[0] * self.shape[1] / (self.out[0] * self.out[1])
        if "divisor of the step" in self.slips:
            return (self.shape[0] // self.out[0]) * (self.shape[1] // self.out[1])
        rows, cols = (stop - start for start, stop in self._ends(i, j))
        return divide_by(rows, cols, self.slips)


# ---------------------------------------------------------------------------- adaptive


def adaptive_max_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y, and with `return_indices` the indices."""
    cut = Cut(arrays["x"], arguments["output_size"], slips)
    y, indices = maxima(arrays["x"], cut, cut.out, slips)
    return {"y": y, "indices": indices} if arguments["return_indices"] else {"y": y}


def adaptive_max_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"], arrays["x"]
    cut = Cut(x, arguments["output_size"], slips)
    return {"dx": routed(dy, x, cut, np.ndindex(dy.shape[2:]), slips)}


def adaptive_avg_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    cut = Cut(arrays["x"], arguments["output_size"], slips)
    return {"y": means(arrays["x"], cut, cut.out, cut.divisor, slips)}


def adaptive_avg_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"], arrays["x"]
    cut = Cut(x, arguments["output_size"], slips)
    return {"dx": shared_out(dy, x, cut, np.ndindex(dy.shape[2:]), cut.divisor, slips)}


# ---------------------------------------------------------------------------- global


def global_max_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    x = _axes(arrays["x"], slips)
    return {"y": _flat(maxima(x, Cut(x, 1, slips), (1, 1), slips)[0], slips)}


def global_max_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"][:, :, np.newaxis, np.newaxis], arrays["x"]
    return {"dx": routed(dy, x, Cut(x, 1, slips), [(0, 0)], slips)}


def global_avg_pool2d(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ y."""
    x = _axes(arrays["x"], slips)
    return {"y": _flat(means(x, Cut(x, 1, slips), (1, 1), Cut(x, 1, slips).divisor, slips), slips)}


def global_avg_pool2d_backward(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
    """→ dx."""
    dy, x = arrays["dy"][:, :, np.newaxis, np.newaxis], arrays["x"]
    divisor: Divisor = Cut(x, 1, slips).divisor
    return {"dx": shared_out(dy, x, Cut(x, 1, slips), [(0, 0)], divisor, slips)}


def _axes(x: np.ndarray, slips: Slips) -> np.ndarray:
    return np.moveaxis(x, -1, 1) if "axes 1 and 2" in slips else x


def _flat(y: np.ndarray, slips: Slips) -> np.ndarray:
    return y if "axes kept" in slips else y[:, :, 0, 0]

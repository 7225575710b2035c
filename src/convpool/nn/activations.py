"""Functions of each number on its own: dx is dy times the slope."""

import numpy as np

from convpool.nn.layer import Layer


class Sigmoid(Layer):
    """1 / (1 + e⁻ˣ), without overflow; the slope is y (1 − y): :eq:`eq-sigmoid`."""

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = np.tanh(x * 0.5)
        y += 1
        y *= 0.5
        return y, y

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return dy * kept * (1 - kept)


class Tanh(Layer):
    """The slope is 1 − y²: :eq:`eq-tanh`."""

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = np.tanh(x)
        return y, y

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return dy * (1 - kept * kept)


class ReLU(Layer):
    """max(x, 0); at 0 the slope is 0: :eq:`eq-relu`."""

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = np.maximum(x, 0)
        return y, y

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return dy * (kept > 0)


class LeakyReLU(Layer):
    """x above 0, slope·x elsewhere."""

    def __init__(self, slope: float = 0.01) -> None:
        super().__init__(slope=slope)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.where(x > 0, x, x * self._slope(x)), x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return np.where(kept > 0, dy, dy * self._slope(kept))

    def _slope(self, x: np.ndarray) -> np.generic:
        return x.dtype.type(self.hyperparams["slope"])


class Affine(Layer):
    """slope·x + intercept, with two numbers that are not learned."""

    def __init__(self, slope: float = 1.0, intercept: float = 0.0) -> None:
        super().__init__(slope=slope, intercept=intercept)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, None]:
        number = x.dtype.type
        return x * number(self.hyperparams["slope"]) + number(self.hyperparams["intercept"]), None

    def _backward(self, dy: np.ndarray, kept: None) -> np.ndarray:
        return dy * dy.dtype.type(self.hyperparams["slope"])

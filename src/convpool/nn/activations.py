"""Functions of each number on its own: dx is dy times the slope."""

import numpy as np

from convpool import operators
from convpool.nn.layer import Layer


class _Pointwise(Layer):
    """A function whose slope is known from what it gives; the fastest tier multiplies by it."""

    _function: str

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return getattr(operators.tier().pointwise, f"{self._function}_backward")(dy, kept)


class Sigmoid(_Pointwise):
    """1 / (1 + e⁻ˣ); the slope is y (1 − y): :eq:`eq-sigmoid`."""

    _function = "sigmoid"

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = operators.tier().pointwise.sigmoid(x)
        return y, y


class Tanh(_Pointwise):
    """The slope is 1 − y²: :eq:`eq-tanh`."""

    _function = "tanh"

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = np.tanh(x)
        return y, y


class ReLU(_Pointwise):
    """max(x, 0); at 0 the slope is 0: :eq:`eq-relu`."""

    _function = "relu"

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        y = operators.tier().pointwise.relu(x)
        return y, y


class LeakyReLU(Layer):
    """x above 0, slope·x elsewhere: :eq:`eq-leaky-relu`."""

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

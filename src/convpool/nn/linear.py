"""Layers of vectors: flatten, and the matrix."""

import math

import numpy as np

from convpool.arguments import flag
from convpool.nn.initialisers import Initialiser, initialised, name_of
from convpool.nn.layer import Layer
from convpool.nn.machine import product
from convpool.nn.options import float_name, whole


class Flatten(Layer):
    """Each image as one vector, (N, C, H, W) → (N, C·H·W)."""

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
        return x.reshape(len(x), math.prod(x.shape[1:])), x.shape

    def _backward(self, dy: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
        return dy.reshape(kept)


class Linear(Layer):
    """A matrix and a bias: y = x Wᵀ + b, with W of shape (out, in).

    Parameters
    ----------
    in_features, out_features : int
        Numbers in a row of x, (N, in), and of y, (N, out).
    bias : bool
        Whether there is one. It begins with zeros.
    rng, initialiser, dtype
        As in `Conv2d`.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Implements :eq:`eq-linear-forward` and :eq:`eq-linear-backward`.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        initialiser: str | Initialiser = "glorot_uniform",
        dtype: str = "float32",
    ) -> None:
        super().__init__(
            in_features=whole("in_features", in_features),
            out_features=whole("out_features", out_features),
            bias=flag("bias", bias),
            initialiser=(first := name_of(initialiser)),
            dtype=(dtype := float_name(dtype)),
        )
        self.learns(weight=initialised(first, (out_features, in_features), rng, dtype))
        if bias:
            self.learns(bias=np.zeros(out_features, dtype))

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        features = self.hyperparams["in_features"]
        if x.ndim != 2 or x.shape[1] != features:
            raise ValueError(f"x must have the shape (N, {features}), got {x.shape}")
        y = product(x, self.params["weight"].T)  # (N, in) · (in, out) → (N, out)
        if "bias" in self.params:
            y += self.params["bias"]
        return y, x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        dweight = product(dy.T, kept)  # (out, N) · (N, in) → (out, in)
        self._fill(weight=dweight, bias=dy.sum(axis=0))
        return product(dy, self.params["weight"])  # (N, out) · (out, in) → (N, in)

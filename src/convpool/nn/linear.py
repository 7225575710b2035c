"""Layers of vectors: flatten, and the matrix."""

import numpy as np

from convpool.nn.initialisers import initialised
from convpool.nn.layer import Layer
from convpool.nn.machine import product


class Flatten(Layer):
    """Each image as one vector, (N, C, H, W) → (N, C·H·W)."""

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
        return x.reshape(len(x), -1), x.shape

    def _backward(self, dy: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
        return dy.reshape(kept)


class Linear(Layer):
    """A matrix and a bias: y = x Wᵀ + b, with W of shape (out, in).

    Implements :eq:`eq-linear-forward` and :eq:`eq-linear-backward`.
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        initialiser: str = "glorot_uniform",
        dtype: str = "float32",
    ) -> None:
        super().__init__(
            in_features=in_features,
            out_features=out_features,
            bias=bias,
            initialiser=initialiser,
            dtype=dtype,
        )
        self.learns(weight=initialised(initialiser, (out_features, in_features), rng, dtype))
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

"""Layers one after the other."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.machine import keep_memory


class Sequential(Layer):
    """A chain of layers: forward from the first, backward from the last.

    `params`, `grads` and `state` hold those of the layers as "0.weight", "0.bias", …: the same
    arrays, not copies.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        keep_memory()
        self.chain = layers
        self.params = _numbered(layers, "params")
        self.grads = _numbered(layers, "grads")
        self.state = _numbered(layers, "state")

    def forward(self, x: np.ndarray) -> np.ndarray:
        """The output of the last layer."""
        for layer in self.chain:
            x = layer.forward(x)
        return x

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """The gradient with respect to the first layer's input."""
        for layer in reversed(self.chain):
            dy = layer.backward(dy)
        return dy

    def learn(self, dy: np.ndarray) -> None:
        """The gradients of all layers, but not of the first one's input."""
        *before, first = reversed(self.chain)
        for layer in before:
            dy = layer.backward(dy)
        first.learn(dy)

    def train(self) -> None:
        """All layers into training."""
        super().train()
        for layer in self.chain:
            layer.train()

    def eval(self) -> None:
        """All layers into evaluation."""
        super().eval()
        for layer in self.chain:
            layer.eval()

    def layers(self) -> Iterator[Layer]:
        """The layers inside, also those of chains within the chain."""
        for layer in self.chain:
            yield from layer.layers()

    def __repr__(self) -> str:
        lines = [f"  {number}: {layer}" for number, layer in enumerate(self.chain)]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


def _numbered(layers: tuple[Layer, ...], what: str) -> dict[str, Any]:
    return {
        f"{number}.{name}": array
        for number, layer in enumerate(layers)
        for name, array in getattr(layer, what).items()
    }

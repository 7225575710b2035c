"""Layers one after the other."""

from collections.abc import Iterator
from textwrap import indent
from typing import Any

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.machine import keep_memory


class Sequential(Layer):
    """A chain of layers: forward from the first, backward from the last.

    `params`, `grads` and `state` hold those of the layers as "0.weight", "0.bias", …: the same
    arrays, not copies. The layers themselves are in `chain`: from them a chain is built again.

    Parameters
    ----------
    *layers : Layer
        From the first to the last, each of them once: a layer keeps what one forward pass gave.
        Without any, y is x.
    """

    def __init__(self, *layers: Layer) -> None:
        super().__init__()
        keep_memory()
        _check(layers)
        self.chain = layers
        for what in ("params", "grads", "state"):
            getattr(self, what).update(_numbered(layers, what))

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
        """The gradients of all parameters: back to the first layer that has some, no further."""
        first = next((k for k, layer in enumerate(self.chain) if layer.params), 0)
        for layer in reversed(self.chain[first + 1 :]):
            dy = layer.backward(dy)
        for layer in self.chain[first : first + 1]:  # none in a chain of none
            layer.learn(dy)
        for layer in self.layers():
            layer._kept = None  # of those before, too: the forward pass is used up

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

    def use(self, tier: str | None) -> None:
        """Let another tier work in all layers."""
        super().use(tier)
        for layer in self.chain:
            layer.use(tier)

    def layers(self) -> Iterator[Layer]:
        """The layers inside, also those of chains within the chain."""
        for layer in self.chain:
            yield from layer.layers()

    def _and_inside(self) -> Iterator[Layer]:
        yield self
        for layer in self.chain:
            yield from layer._and_inside()

    def __repr__(self) -> str:
        lines = [indent(f"{number}: {layer}", "  ") for number, layer in enumerate(self.chain)]
        return "\n".join([f"{type(self).__name__}(", *lines, ")"])


def _check(layers: tuple[Layer, ...]) -> None:
    places: dict[int, int] = {}
    for number, layer in enumerate(layers):
        if not isinstance(layer, Layer):
            raise TypeError(
                f"layers must be layers one by one, as in Sequential(a, b); "
                f"number {number} is of type {type(layer).__name__}"
            )
        for inner in layer._and_inside():
            if id(inner) in places:
                raise ValueError(
                    f"layers must be all different objects, and {places[id(inner)]} and {number} "
                    f"hold the same {type(inner).__name__}: it keeps one forward pass, not two"
                )
            places[id(inner)] = number


def _numbered(layers: tuple[Layer, ...], what: str) -> dict[str, Any]:
    return {
        f"{number}.{name}": array
        for number, layer in enumerate(layers)
        for name, array in getattr(layer, what).items()
    }

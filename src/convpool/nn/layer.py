"""What a layer is: a pair of maps, forward and backward, with what they share kept in between."""

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import numpy as np

from convpool import operators
from convpool.arguments import check_float_arrays
from convpool.nn.options import plain

TIERS = ("loops", "vectorized", "compiled")


class Layer:
    """One step of a network.

    `forward(x)` returns y and, in training, keeps what `backward` will need; `backward(dy)` uses it
    up, fills `grads` and returns dx. A subclass says how in `_forward` and `_backward`.

    Attributes
    ----------
    params, grads : dict of ndarray
        The numbers that are learned, and the gradients of the last backward pass: the same keys and
        shapes, always the same arrays, updated in place.
    state : dict of ndarray
        Numbers that forward passes update and that are no parameters, as running means are.
    hyperparams : dict
        What the constructor was told by name, in plain Python; generators are left out.
    training : bool
        Whether forward passes keep what a backward pass needs. `train()` and `eval()` set it.
    """

    def __init__(self, **hyperparams: Any) -> None:
        self.hyperparams = {name: plain(value) for name, value in hyperparams.items()}
        self.params: dict[str, np.ndarray] = _Places()
        self.grads: dict[str, np.ndarray] = _Places()
        self.state: dict[str, np.ndarray] = _Places()
        self.training = True
        self._kept: tuple | None = None

    def forward(self, x: np.ndarray) -> np.ndarray:
        """y, the layer's output for x.

        Raises
        ------
        TypeError
            If x is no array of float32 or float64, or not of the parameters' dtype.
        ValueError
            If x does not have the shape that the layer needs.
        """
        check_float_arrays({**self.params, "x": x})
        y, kept = self._forward(x)
        self._kept, self._gave = (kept,) if self.training else None, (y.dtype, y.shape)
        return y

    def backward(self, dy: np.ndarray) -> np.ndarray:
        """dx, the gradient with respect to the last forward pass's x; `grads` are filled.

        Raises
        ------
        RuntimeError
            If no forward pass in training came before, or its backward pass has been taken.
        TypeError, ValueError
            If dy is not of the dtype and the shape of that forward pass's y.
        """
        return self._backward(dy, self._used_up(dy))

    def learn(self, dy: np.ndarray) -> None:
        """As `backward`, for a layer with nothing before it that learns: `grads`, and no dx."""
        self._learn(dy, self._used_up(dy))

    def _used_up(self, dy: np.ndarray) -> Any:
        if self._kept is None:
            raise RuntimeError(
                f"backward of {self} needs a forward pass in training before it, one for each: "
                "nothing is kept in evaluation, and a backward pass uses up what was kept"
            )
        self._check_upstream(dy, *self._gave)
        (kept,), self._kept = self._kept, None
        return kept

    def _check_upstream(self, dy: np.ndarray, dtype: np.dtype, shape: tuple[int, ...]) -> None:
        if isinstance(dy, np.ndarray) and dy.dtype == dtype and dy.shape == shape:
            return
        got = f"{dy.dtype} of shape {dy.shape}" if hasattr(dy, "dtype") else type(dy).__name__
        error = ValueError if getattr(dy, "dtype", None) == dtype else TypeError
        raise error(
            f"dy must be a numpy.ndarray like the output of {type(self).__name__}, {dtype} of "
            f"shape {shape}; got {got}"
        )

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        raise NotImplementedError

    def _backward(self, dy: np.ndarray, kept: Any) -> np.ndarray:
        raise NotImplementedError

    def _learn(self, dy: np.ndarray, kept: Any) -> None:
        if self.params:
            self._backward(dy, kept)

    def train(self) -> None:
        """From now on forward passes keep what backward needs."""
        self.training = True

    def eval(self) -> None:
        """From now on forward passes keep nothing, and what was kept is dropped."""
        self.training = False
        self._kept = None

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """Evaluation inside, as `with model.evaluating():`; then each layer is as it was before."""
        modes = [(layer, layer.training) for layer in self._and_inside()]
        self.eval()
        try:
            yield
        finally:
            for layer, training in modes:
                layer.training = training

    def use(self, tier: str | None) -> None:
        """Let another tier work from now on: "loops", "vectorized", "compiled", None the fastest.

        Layers without operators of images have nothing to change.
        """
        operators = operators_of(tier)
        if "tier" in self.hyperparams:
            self.tier, self.hyperparams["tier"] = operators, tier

    def learns(self, **params: np.ndarray) -> None:
        """Take arrays as parameters, and make room for their gradients."""
        self.params.update(params)
        self.grads.update({name: np.zeros_like(array) for name, array in params.items()})

    def _fill(self, **grads: np.ndarray) -> None:
        """Take gradients over into `grads`; a layer without a bias has no use for the bias's."""
        for name in grads.keys() & self.grads.keys():
            self.grads[name][...] = grads[name]

    def layers(self) -> Iterator["Layer"]:
        """The layers inside, in forward order: here only this one."""
        yield self

    def _and_inside(self) -> Iterator["Layer"]:
        """This layer and all inside it, also chains."""
        yield self

    def __repr__(self) -> str:
        usual = inspect.signature(type(self)).parameters
        told = [
            f"{name}={value!r}"
            for name, value in self.hyperparams.items()
            if name not in usual or value != usual[name].default
        ]
        return f"{type(self).__name__}({', '.join(told)})"


class _Places(dict):
    """Arrays by name. Others know them, too, as optimisers do: so they are written into, only."""

    def __setitem__(self, name: str, array: np.ndarray) -> None:
        if self.get(name, array) is not array:
            raise TypeError(
                f"cannot replace {name!r}: write into it, as in [{name!r}][...] = array"
            )
        super().__setitem__(name, array)


def operators_of(tier: str | None) -> ModuleType:
    """The module with the operators of a tier; None is the fastest that runs here."""
    if tier is None:
        return operators
    if tier not in TIERS:
        raise ValueError(f"tier must be None or one of {TIERS}, got {tier!r}")
    try:
        return importlib.import_module(f"convpool.{tier}")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"the tier {tier!r} needs {error.name}: pip install 'convpool[{tier}]'", name=error.name
        ) from error

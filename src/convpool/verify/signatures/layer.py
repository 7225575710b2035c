"""Layers: a class with `forward` and `backward`, made anew for each case."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from convpool.verify.examination import Unfit
from convpool.verify.signatures import names
from convpool.verify.signatures.arguments import needed
from convpool.verify.signatures.asking import Asking, Custom, named
from convpool.verify.signatures.binding import Binding, data
from convpool.verify.signatures.question import Question

DATA = ("dy", "x", "col", "y", "indices")  # what a constructor never takes
PARAMETERS = ("params", "parameters", "weights")  # dicts that layers have
GRADIENTS = ("grads", "gradients", "grad", "dparams")


class Layer(Asking):
    """Makes the layer, gives it the weights, and runs it there and back."""

    def __init__(self, function: type, custom: Custom) -> None:
        self.function = function
        self.forward_op = custom.op.removesuffix("_backward")
        bindings = [constructor(function, self.forward_op)]
        run = function.forward if hasattr(function, "forward") else function.__call__
        bindings.append(Binding(run, self.forward_op, skip=1, places=data(self.forward_op)))
        if custom.op != self.forward_op:
            if not hasattr(function, "backward"):
                raise ValueError(f"{names.called(function)} has no method backward")
            back = Binding(function.backward, custom.op, skip=1, places=["dy"], wanted=["dy"])
            bindings.append(back)
        super().__init__(custom, *bindings)
        self._check()

    def _check(self) -> None:
        missing = [name for name in needed(self.forward_op) if name not in self.tells]
        if missing:
            shown = names.shown(self.function, self.bindings[0].parameters)
            raise ValueError(f"{shown}: found nothing for {names.listed(missing)}")

    def results(self, question: Question) -> dict[str, Any]:
        layer = self.made(question)
        if "weight" in question.arrays and not self._takes_weights():
            self._parametrise(layer, question)
        result, expected = self._run(layer, question), tuple(question.trial.expected)
        if self.custom.op != self.forward_op:
            result = self._call(layer.backward, self.bindings[2], question)
        given = {} if result is None else named(result, self.custom, expected)
        kept = {n: value for n, value in _kept(layer, self.forward_op) if n in expected}
        if result is None and expected[0] not in kept:
            given = {expected[0]: None}
        return kept | given

    def made(self, question: Question) -> Any:
        """A layer with the hyperparameters of a case."""
        return self._call(self.function, self.bindings[0], question)

    def _takes_weights(self) -> bool:
        return "weight" in self.bindings[0].tells | self.bindings[1].tells

    def _run(self, layer: Any, question: Question) -> Any:
        return self._call(getattr(layer, "forward", layer), self.bindings[1], question)

    def _call(self, function: Any, binding: Binding, question: Question) -> Any:
        args, kwargs = binding.arguments(question)
        return function(*args, **kwargs)

    def _parametrise(self, layer: Any, question: Question) -> None:
        """Set the weights, which may be there only after a first forward pass."""
        if not _places(layer, "weight", self.forward_op):
            self._run(layer, question)
        if not _places(layer, "weight", self.forward_op):
            raise Unfit(f"found no weights in the layer, only {names.listed(vars(layer))}")
        for name in ("weight", "bias"):
            for place, key in _places(layer, name, self.forward_op):
                if name == "bias":
                    self.holds.add(name)
                value = question.value(name, None)
                place[key] = _like(place[key], value, key)


def constructor(function: type, op: str) -> Binding:
    """The binding of a class: `bias=True` takes none, and `filters` beside a size is how many."""
    bound = Binding(function, op, without=DATA)
    for parameter in bound.parameters:
        role = bound.roles.get(parameter.name)
        if role == "bias" and isinstance(parameter.default, bool):
            del bound.roles[parameter.name]
        if role == "weight" and "kernel_size" in bound.tells:
            bound.roles[parameter.name] = "out_channels"
    return bound


def _holders(layer: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The attributes of a layer, and the dicts in them that hold parameters or gradients."""
    yield "", vars(layer)
    for name, value in vars(layer).items():
        if names.plain(name) in PARAMETERS + GRADIENTS and isinstance(value, dict):
            yield names.plain(name), value
        elif isinstance(getattr(value, "data", None), np.ndarray):  # a parameter object
            yield name, vars(value)


def _places(layer: Any, role: str, op: str) -> list[tuple[dict[str, Any], str]]:
    """Where a layer keeps its weights or its bias."""
    return [
        (holder, key)
        for name, holder in _holders(layer)
        for key, value in holder.items()
        if isinstance(value, np.ndarray)
        and name not in GRADIENTS
        and names.role(name if key == "data" else key, op) == role
    ]


def _kept(layer: Any, op: str) -> Iterator[tuple[str, Any]]:
    """The results that a layer keeps instead of returning them, by name."""
    for name, holder in _holders(layer):
        for key, value in holder.items():
            if value is None:
                continue
            role = names.role(name if key == "grad" else key, op)
            if name in GRADIENTS or key == "grad":
                yield f"d{role}", value
            elif names.result(key):
                yield str(names.result(key)), value


def _like(old: np.ndarray, new: np.ndarray, name: str) -> np.ndarray:
    """New values in the shape that a layer gave its own."""
    if old.shape != new.shape and (new.ndim > 1 or old.size != new.size):
        raise Unfit(f"the layer's {name} has shape {old.shape}, expected {new.shape}")
    return new.reshape(old.shape)

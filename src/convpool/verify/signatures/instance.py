"""A layer that is already made: asked only the cases that its own hyperparameters fit."""

import copy
from typing import Any

from convpool.verify.cases import defaults
from convpool.verify.examination import NotSupported
from convpool.verify.signatures import names
from convpool.verify.signatures.asking import Custom
from convpool.verify.signatures.layer import Layer
from convpool.verify.signatures.question import Question, told

Fixed = dict[str, tuple[str, Any]]  # attribute → its role and its value


class Instance(Layer):
    """Runs a copy of the layer in the cases that it fits."""

    def __init__(self, layer: Any, custom: Custom) -> None:
        self.layer = layer
        self.fixed = hyperparameters(layer, custom.op.removesuffix("_backward"))
        super().__init__(type(layer), custom)

    def _check(self) -> None:
        check_read(self.fixed, self.layer, self.forward_op)
        self.holds |= {told(role, self.forward_op) for role, _ in self.fixed.values()}

    def _takes_weights(self) -> bool:
        return False

    def made(self, question: Question) -> Any:
        demand_fit(self.fixed, question)
        return copy.deepcopy(self.layer)


def hyperparameters(layer: Any, op: str) -> Fixed:
    """The role and the value of each attribute that the case table may contradict."""
    settings = {*defaults(op), "kernel_size"}
    sizes = {"in_channels", "out_channels", "weight"}
    fixed = {name: (names.role(name, op) or "", _bare(v)) for name, v in vars(layer).items()}
    return {
        name: (role, value)
        for name, (role, value) in fixed.items()
        if told(role, op) in settings or (role in sizes and value is not None)
    }


def _bare(value: Any) -> Any:
    """The array in a parameter object, and anything else itself."""
    return value.data if hasattr(value, "grad") and hasattr(value, "data") else value


def check_read(fixed: Fixed, layer: Any, op: str) -> None:
    """A `ValueError` if a layer does not show what it was made with."""
    wanted = {"kernel_size", "stride", "padding"} & set(defaults(op))
    missing = wanted - {told(role, op) for role, _ in fixed.values()}
    if missing:
        raise ValueError(
            f"cannot read {names.listed(sorted(missing))} off this {names.called(layer)}, only "
            f"{names.listed(fixed)}: hand in the class instead of the instance"
        )


def demand_fit(fixed: Fixed, question: Question) -> None:
    """`NotSupported` in a case that asks for another layer."""
    for name, (role, value) in fixed.items():
        if question.says(role) and not _same(question.value(role, value), value):
            raise NotSupported(f"this layer has {name} {_shown(value)}")


def _same(asked: Any, value: Any) -> bool:
    if hasattr(value, "shape"):
        return tuple(asked.shape) == tuple(value.shape)
    return bool(asked == (tuple(value) if isinstance(value, list) else value))


def _shown(value: Any) -> str:
    return f"of shape {tuple(value.shape)}" if hasattr(value, "shape") else repr(value)

"""Functions that take everything as arguments: `max_pooling_backward(next_dz, z, pooling, …)`."""

from collections.abc import Callable
from inspect import Parameter
from typing import Any

from convpool.verify.cases import defaults
from convpool.verify.signatures.asking import Asking, Custom, named
from convpool.verify.signatures.binding import Binding, order
from convpool.verify.signatures.question import Question

NEEDED = ("kernel_size", "output_size")  # no function does without, where the operator does not


def needed(op: str) -> list[str]:
    """What a function for this operator must be told."""
    usual = defaults(op)
    return [order(op)[0], *(name for name in NEEDED if usual.get(name, 0) is Parameter.empty)]


class Arguments(Asking):
    """Asks a function for its results with one call."""

    def __init__(self, function: Callable, custom: Custom) -> None:
        self.function = function
        self.binding = Binding(function, custom.op, wanted=needed(custom.op))
        super().__init__(custom, self.binding)

    def results(self, question: Question) -> dict[str, Any]:
        args, kwargs = self.binding.arguments(question)
        return named(self.function(*args, **kwargs), self.custom, tuple(question.trial.expected))

"""Pairs of functions that hand a cache from one to the other, as in many courses."""

from collections.abc import Callable
from typing import Any

from convpool.verify.examination import Unfit
from convpool.verify.signatures import names
from convpool.verify.signatures.arguments import needed
from convpool.verify.signatures.asking import Asking, Custom, named
from convpool.verify.signatures.binding import Binding
from convpool.verify.signatures.question import Question


class Cache(Asking):
    """Asks `backward(dout, cache)` after `out, cache = forward(x, …)`."""

    def __init__(self, backward: Callable, forward: Callable, custom: Custom) -> None:
        op = custom.op.removesuffix("_backward")
        self.backward, self.forward = backward, forward
        self.first = Binding(forward, op, wanted=needed(op))
        self.second = Binding(backward, custom.op, wanted=["dy"], places=["dy", "cache"])
        super().__init__(custom, self.first, self.second)

    def results(self, question: Question) -> dict[str, Any]:
        args, kwargs = self.first.arguments(question)
        given = self.forward(*args, **kwargs)
        if not isinstance(given, (tuple, list)) or len(given) < 2:
            raise Unfit(f"{names.called(self.forward)} returns no pair (out, cache)")
        question.handed["cache"] = given[1] if len(given) == 2 else tuple(given[1:])
        args, kwargs = self.second.arguments(question)
        result = self.backward(*args, **kwargs)
        return named(result, self.custom, tuple(question.trial.expected))

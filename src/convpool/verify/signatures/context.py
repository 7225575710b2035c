"""Classes in the manner of `torch.autograd.Function`, on arrays: `forward(ctx, x, …)`."""

import inspect
from typing import Any

from convpool.verify.examination import Unfit
from convpool.verify.signatures import names
from convpool.verify.signatures.arguments import needed
from convpool.verify.signatures.asking import Asking, Custom, named
from convpool.verify.signatures.binding import Binding
from convpool.verify.signatures.question import Question

GRADIENTS = {"x": "dx", "weight": "dweight", "bias": "dbias"}


class Context:
    """What forward leaves for backward: `save_for_backward`, or attributes of any name."""

    def __init__(self, inputs: int) -> None:
        self.saved_tensors: tuple = ()
        self.needs_input_grad = (True,) * inputs

    def save_for_backward(self, *saved: Any) -> None:
        self.saved_tensors = saved

    def mark_non_differentiable(self, *outputs: Any) -> None:
        """Nothing to do: only the first output has a gradient here."""


class Contextual(Asking):
    """Asks the static `forward(ctx, x, …)`, and `backward(ctx, grad_output)` after it."""

    def __init__(self, function: Any, custom: Custom) -> None:
        op = custom.op.removesuffix("_backward")
        self.function = function
        self.binding = Binding(function.forward, op, skip=1, wanted=needed(op))
        super().__init__(custom, self.binding)

    @staticmethod
    def fits(function: Any) -> bool:
        """Whether a class has a forward whose first parameter is a context, not itself."""
        forward = inspect.getattr_static(function, "forward", None)
        return inspect.isclass(function) and isinstance(forward, staticmethod)

    def results(self, question: Question) -> dict[str, Any]:
        expected = tuple(question.trial.expected)
        args, kwargs = self.binding.arguments(question)
        context = Context(len(self.binding.parameters))
        y = self.function.forward(context, *args, **kwargs)
        if question.op == question.forward_op:
            return named(y, self.custom, expected)
        result = self.function.backward(context, question.arrays["dy"])
        if not isinstance(result, (tuple, list)):
            return named(result, self.custom, expected)
        return self._by_input(result, expected)

    def _by_input(self, gradients: Any, expected: tuple[str, ...]) -> dict[str, Any]:
        """The gradients by name: backward returns one for each thing that forward takes."""
        inputs = [parameter.name for parameter in self.binding.parameters]
        if len(gradients) > len(inputs):
            many = f"backward returns {len(gradients)} results for {len(inputs)} inputs of forward"
            raise Unfit(f"{many}: {names.listed(inputs)}")
        roles = [self.binding.roles.get(name) for name in inputs]
        found = {GRADIENTS.get(r or ""): g for r, g in zip(roles, gradients, strict=False)}
        return {name: found[name] for name in expected if found.get(name) is not None}

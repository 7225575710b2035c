"""PyTorch: its functions, its modules, and what readers write on tensors; gradients by autograd.

Torch itself is imported when the first case is asked, and nowhere else.
"""

import copy
import importlib
import inspect
from typing import Any

from convpool.verify.examination import NotSupported, Unfit
from convpool.verify.signatures import names
from convpool.verify.signatures.arguments import needed
from convpool.verify.signatures.asking import Asking, Custom, named
from convpool.verify.signatures.binding import Binding
from convpool.verify.signatures.context import GRADIENTS, Contextual
from convpool.verify.signatures.instance import check_read, demand_fit, hyperparameters
from convpool.verify.signatures.layer import constructor
from convpool.verify.signatures.question import Question, told


def fits(function: Any) -> bool:
    """Whether a function, or what a class or an object is made of, comes from torch."""
    if inspect.isroutine(function):
        return _of_torch(function)
    kinds = inspect.getmro(function if inspect.isclass(function) else type(function))
    return any(_of_torch(kind) for kind in kinds)


def _of_torch(thing: Any) -> bool:
    home = getattr(thing, "__module__", None) or type(thing).__module__
    return home.split(".")[0] == "torch"


class Tensors(Asking):
    """Asks a function on tensors, or a module; a backward pass through autograd."""

    def __init__(self, function: Any, custom: Custom) -> None:
        self.function = function
        self.forward_op = custom.op.removesuffix("_backward")
        self.is_function = inspect.isroutine(function) or Contextual.fits(function)
        self.is_made = not self.is_function and not inspect.isclass(function)
        self.fixed = hyperparameters(function, self.forward_op) if self.is_made else {}
        super().__init__(custom, *self._bound(custom.op))
        self.holds |= {told(role, self.forward_op) for role, _ in self.fixed.values()}

    def _bound(self, op: str) -> list[Binding]:
        if self.is_made:
            check_read(self.fixed, self.function, self.forward_op)
            return []
        if not self.is_function:
            return [constructor(self.function, self.forward_op)]
        if Contextual.fits(self.function):
            return [Binding(self.function.forward, self.forward_op, skip=1)]
        itself = "dy" in names.roles(self.function, op)  # a backward pass written on tensors
        op = op if itself else self.forward_op
        return [Binding(self.function, op, wanted=needed(op))]

    def results(self, question: Question) -> dict[str, Any]:
        torch = importlib.import_module("torch")
        expected = tuple(question.trial.expected)
        tensors = {name: torch.from_numpy(array) for name, array in question.arrays.items()}
        question.handed |= tensors
        if "conv" in question.op and "bias" not in tensors:
            question.handed["bias"] = torch.from_numpy(question.bias())
        if question.op == self.forward_op or "dy" in self.tells:
            given = named(self._asked(question), self.custom, expected)
            return {name: _array(value) for name, value in given.items()}
        for name in GRADIENTS.keys() & question.handed.keys():
            question.handed[name].requires_grad_()
        y = self._asked(question)
        return _gradients(torch, y[0] if isinstance(y, tuple) else y, question)

    def _asked(self, question: Question) -> Any:
        """What the function gives; where torch's own raises, it refuses."""
        try:
            return self._call(question) if self.is_function else self._run(question)
        except (TypeError, ValueError, RuntimeError) as error:
            if not _of_torch(self.function if not self.is_made else type(self.function)):
                raise
            raise NotSupported(f"refuses: {str(error).strip().splitlines()[0]}") from error

    def _call(self, question: Question) -> Any:
        args, kwargs = self.bindings[0].arguments(question)
        if not Contextual.fits(self.function):
            return self.function(*args, **kwargs)
        every = [kwargs.get(p.name, p.default) for p in self.bindings[0].parameters]
        return self.function.apply(*args, *every)

    def _run(self, question: Question) -> Any:
        """A module, made for the case or a copy, with the weights of the case."""
        if self.is_made:
            demand_fit(self.fixed, question)
            module = copy.deepcopy(self.function)
        else:
            args, kwargs = self.bindings[0].arguments(question)
            module = self.function(*args, **kwargs)
        for name in ("weight", "bias"):
            parameter = getattr(module, name, None)
            if parameter is not None:
                parameter.data = question.value(name, None).detach()
                question.handed[name] = parameter
                self.holds.add(name)
        data = [n for n in question.trial.arrays if n not in ("dy", "weight", "bias")]
        return module(*(question.handed[name] for name in data))


def _gradients(torch: Any, y: Any, question: Question) -> dict[str, Any]:
    """The gradients of dy · y, by name."""
    dy = question.handed["dy"]
    if not hasattr(y, "detach"):
        raise Unfit(f"y is a {type(y).__name__}, expected a tensor")
    if tuple(y.shape) != tuple(dy.shape):
        raise Unfit(f"y has shape {tuple(y.shape)}, expected {tuple(dy.shape)}")
    inputs = [name for name in GRADIENTS if name in question.handed]
    leaves = [question.handed[name] for name in inputs]
    found = torch.autograd.grad(y, leaves, dy, allow_unused=True)
    grads = zip(inputs, found, strict=True)
    return {GRADIENTS[name]: _array(grad) for name, grad in grads if grad is not None}


def _array(value: Any) -> Any:
    return value.detach().numpy() if hasattr(value, "detach") else value

"""Which parameter of a function takes what: by its name, else by its place."""

import inspect
from collections.abc import Callable, Collection
from inspect import Parameter
from typing import Any

from convpool import operators
from convpool.verify.cases import defaults
from convpool.verify.examination import NotSupported
from convpool.verify.signatures import names
from convpool.verify.signatures.question import Question, told

MANY = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)


def order(op: str) -> list[str]:
    """The parameters of an operator, in its order."""
    return [n for n in inspect.signature(getattr(operators, op)).parameters if n != "layout"]


def data(op: str) -> list[str]:
    """The arrays of an operator, in its order."""
    return [name for name in order(op) if name not in defaults(op)]


class Binding:
    """The roles of a function's parameters in an operator.

    A parameter takes what its name says. One without a default whose name says nothing takes what
    comes first, of `places` or in the operator's order, and no other parameter takes. Nothing is
    bound to what is `without`, and something to all that is `wanted`. A function that does not show
    its parameters, as those of libraries, is taken to have the operator's own; of one that does,
    the first `skip` are left out.
    """

    def __init__(
        self,
        function: Callable,
        op: str,
        *,
        skip: int = 0,
        without: Collection[str] = (),
        wanted: Collection[str] = (),
        places: Collection[str] = (),
    ) -> None:
        self.function, self.op = function, op
        shown = _shown(function)
        self.hidden = shown is None
        self.parameters = _own(op) if shown is None else shown[skip:]
        self.roles = self._bound(set(without), places or order(op))
        missing = [role for role in wanted if role not in self.tells and not self.settings]
        if missing:
            self._refuse(f"nothing for {names.listed(missing)}")

    @property
    def tells(self) -> set[str]:
        """The operator's arrays and arguments that the function can be told."""
        return {told(role, self.op) for role in self.roles.values()}

    @property
    def settings(self) -> bool:
        """Whether the arguments come in a dict."""
        return "settings" in self.roles.values()

    def arguments(self, question: Question) -> tuple[list[Any], dict[str, Any]]:
        """What to call the function with."""
        if self.hidden:
            return self._as_own(question)
        args, kwargs = [], {}
        for parameter in self.parameters:
            role = self.roles.get(parameter.name)
            if role is None or not question.says(role):
                continue
            if role == "bias" and role not in question.handed and parameter.default is None:
                continue
            value = question.value(role, parameter.default)
            if parameter.kind is Parameter.POSITIONAL_ONLY:
                args.append(value)
            else:
                kwargs[parameter.name] = value
        return args, kwargs

    def _as_own(self, question: Question) -> tuple[list[Any], dict[str, Any]]:
        """Arrays by their place, and by their names the arguments that are not as usual."""
        usual = defaults(self.op)
        arrays = [question.handed.get(name) for name in data(self.op)]
        values = {n: question.value(n, usual[n]) for n in usual if question.says(n)}
        return arrays, {n: v for n, v in values.items() if v != usual[n]}

    def _bound(self, without: set[str], places: Collection[str]) -> dict[str, str]:
        roles: dict[str, str] = {}
        for parameter in self.parameters:
            role = parameter.name if self.hidden else names.role(parameter.name, self.op)
            has = role and (role in places or _has(self.op, role))
            if role and has and role not in {*roles.values(), *without}:
                roles[parameter.name] = role
        taken = {told(role, self.op) for role in roles.values()} | without
        left = [role for role in places if role not in taken]
        for parameter in self.parameters:
            if parameter.name in roles or parameter.kind in MANY:
                continue
            if parameter.default is Parameter.empty:
                if not left:
                    self._refuse(f"no use for {parameter.name}")
                roles[parameter.name] = left.pop(0)
        return roles

    def _refuse(self, found: str) -> None:
        shown = names.shown(self.function, self.parameters)
        raise ValueError(f"{shown}: found {found}; {self.op} takes {names.listed(order(self.op))}")


ANYWHERE = (
    *("x_shape", "x_rows", "x_cols", "in_channels", "out_channels"),
    *("settings", "layout", "learning_rate"),
)


def _has(op: str, role: str) -> bool:
    """Whether an operator can say anything about a role."""
    if role in ANYWHERE:
        return True
    if role in ("bias", "kernel_size", "weight_shape") or told(role, op) == "kernel_size":
        return "weight" in order(op) or told(role, op) in order(op)
    if role == "mode":
        return "pool" in op
    return told(role, op) in order(op) or (role == "y" and op.endswith("_backward"))


def _shown(function: Callable) -> list[Parameter] | None:
    """The parameters that a function shows, if any."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # a builtin of a library
        return None
    return None if parameters and all(p.kind in MANY for p in parameters) else parameters


def _own(op: str) -> list[Parameter]:
    return [inspect.signature(getattr(operators, op)).parameters[name] for name in order(op)]


def demand(question: Question, tells: Collection[str]) -> None:
    """`NotSupported` if the trial says something that the function cannot be told."""
    usual = defaults(question.op)
    for name in question.trial.arguments:
        if name not in tells and not _is_usual(question, name, usual[name]):
            raise NotSupported(f"takes no {name}")


def _is_usual(question: Question, name: str, default: Any) -> bool:
    """Whether an argument says no more than a function does without it."""
    given = question.trial.arguments[name]
    if name == "stride" and default is None:
        return question.pair("stride") == question.pair("kernel_size")
    if name == "norm_type":
        return given == 2
    if name == "padding":
        return given in (0, (0, 0), ((0, 0), (0, 0)), "valid")
    return given == default or given == (default, default)

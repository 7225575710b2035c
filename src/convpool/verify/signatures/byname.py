"""Functions that take everything as arguments, under the names that people give them."""

import inspect
from collections.abc import Callable

from convpool.verify.cases import defaults
from convpool.verify.examination import Answer, NotSupported, Trial
from convpool.verify.signatures import watched


class ByName:
    """Asks a function whose parameters have the operator's names."""

    def __init__(self, function: Callable, op: str) -> None:
        self.function, self.op = function, op
        self.takes = inspect.signature(function).parameters

    def __call__(self, trial: Trial) -> Answer:
        usual = defaults(self.op)
        told = {n: v for n, v in trial.arguments.items() if n in self.takes}
        for name, value in trial.arguments.items():
            if name not in self.takes and value != usual[name]:
                raise NotSupported(f"takes no {name}")
        arrays = {name: array for name, array in trial.arrays.items() if name in self.takes}
        result, faults = watched.call(self.function, arrays, **arrays, **told)
        return watched.answer(trial, watched.named(result, tuple(trial.expected)), faults)

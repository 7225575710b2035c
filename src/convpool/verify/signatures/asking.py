"""What all ways to ask share: spellings are tried, results named, laid back and checked."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import Any

import numpy as np

from convpool.verify.examination import Answer, Arrays, NotSupported, Trial, Unfit
from convpool.verify.signatures import names
from convpool.verify.signatures.binding import Binding, demand
from convpool.verify.signatures.layouts import Layout
from convpool.verify.signatures.question import Question, Spelling

AVERAGES = ("average", "avg", "mean")


@dataclass(frozen=True)
class Custom:
    """What cannot be read off a function: the layout, and what it returns, if that was said."""

    op: str
    layout: Layout = field(default_factory=Layout)
    returns: tuple[str, ...] | None = None


class Asking(ABC):
    """Asks a function, in one of the ways in which people write them."""

    def __init__(self, custom: Custom, *bindings: Binding) -> None:
        self.custom, self.bindings = custom, bindings
        self.spellings = _spellings(custom.op, bindings)
        self.holds: set[str] = set()  # what a layer has from elsewhere than its parameters

    def __call__(self, trial: Trial) -> Answer:
        answer, spelling = self._first(trial)
        if len(self.spellings) > 1:  # what it understood once, it is told from now on
            self.spellings = (self._with_paddings(trial, spelling),)
        return answer

    @abstractmethod
    def results(self, question: Question) -> dict[str, Any]:
        """What the function gives, by name."""

    def _first(self, trial: Trial) -> tuple[Answer, Spelling]:
        """The answer to the first spelling that raises nothing, or what the first one raised."""
        raised: list[Exception] = []
        for spelling in self.spellings:
            try:
                return self._ask(trial, spelling), spelling
            except (NotSupported, Unfit):
                raise
            except Exception as error:  # whatever somebody's code may raise
                raised.append(error)
        raise raised[0]

    def _with_paddings(self, trial: Trial, spelling: Spelling) -> Spelling:
        """How paddings are spelled that differ: in fours, if no pair of zeros runs but four do."""
        if spelling.padding or trial.arguments.get("padding") != 0:
            return spelling
        pair, four = (replace(spelling, padding=kind) for kind in ("pair", "four"))
        if self._runs(trial, pair) or not self._runs(trial, four):
            return spelling
        return replace(spelling, padding="number or four")

    def _ask(self, trial: Trial, spelling: Spelling) -> Answer:
        question = Question(trial, self.custom.op, self.custom.layout, spelling)
        if not any(binding.settings for binding in self.bindings):
            demand(question, self.tells)
        results = self._read(question)
        notes = []
        if "bias" in trial.arrays and "bias" not in self.tells:
            results["y"] = self._biased(question, results["y"])
            notes.append("takes no bias: it was added to what the function returns")
        return answer(question, results, notes)

    def _read(self, question: Question) -> dict[str, Any]:
        """The results, if the function read all that it was given in a dict."""
        try:
            results = self.results(question)
        except NotSupported:
            raise
        except Exception:  # whatever somebody's code may raise
            demand(question, self.tells | question.settings.read)
            raise
        demand(question, self.tells | question.settings.read)
        return results

    @property
    def tells(self) -> set[str]:
        """The operator's arrays and arguments that the function can be told."""
        return self.holds.union(*(binding.tells for binding in self.bindings))

    def _biased(self, question: Question, y: Any) -> Any:
        bias = question.trial.arrays["bias"]
        along = bias if question.layout.channels_last else bias[:, np.newaxis, np.newaxis]
        return y + along if isinstance(y, np.ndarray) and y.ndim > 2 else y

    def _runs(self, trial: Trial, spelling: Spelling) -> bool:
        try:
            self._ask(trial, spelling)
        except Exception:  # whatever somebody's code may raise
            return False
        return True


def _spellings(op: str, bindings: Sequence[Binding]) -> tuple[Spelling, ...]:
    parameters = [parameter for binding in bindings for parameter in binding.parameters]
    tuples = any(isinstance(parameter.default, tuple) for parameter in parameters)
    worded = any("mode" in binding.roles.values() for binding in bindings)
    return tuple(
        Spelling(pairs, padding, mode)
        for padding in ("", "four")
        for pairs in (("bare", "all", "no") if tuples else ("no", "bare", "all"))
        for mode in (AVERAGES if worded and "avg" in op else ("max",))
    )


# ---------------------------------------------------------------------------- results


def named(result: Any, custom: Custom, expected: Sequence[str]) -> dict[str, Any]:
    """What a function returned, by the names of the results: one, several, or a dict of them.

    A forward pass may return more, as a cache or a mask; a backward pass may not.
    """
    wanted = custom.returns or tuple(expected)
    if isinstance(result, dict):
        found = {names.result(str(key)): value for key, value in result.items()}
        return {name: found[name] for name in expected if name in found} or _none(result, wanted)
    several = isinstance(result, tuple) or _is_list_of_arrays(result)
    values = tuple(result) if several else (result,)
    if custom.op.endswith("_backward") and len(values) > len(wanted):
        many = f"returns {len(values)} results, expected {len(wanted)}"
        raise Unfit(f"{many}: {names.listed(wanted)}")
    return dict(zip(wanted, values, strict=False))


def _is_list_of_arrays(result: Any) -> bool:
    return isinstance(result, list) and all(isinstance(item, np.ndarray) for item in result)


def _none(result: Mapping, wanted: Sequence[str]) -> dict[str, Any]:
    raise Unfit(f"returns a dict of {names.listed(result)}, expected {names.listed(wanted)}")


def answer(question: Question, results: Mapping[str, Any], notes: Sequence[str]) -> Answer:
    """The results as an `Answer` laid out like the trial, if they are arrays of numbers."""
    expected, told = question.trial.expected, list(notes)
    arrays: Arrays = {}
    for name, value in results.items():
        array = _array(name, value)
        arrays[name] = question.layout.take(name, array, expected[name].shape)
        if array.dtype != expected[name].dtype:
            told.append(f"{name} is {array.dtype} where the input is {expected[name].dtype}")
    other = _order_that_fits(question, results)
    if other:
        told.append(f"the shapes fit returns={', '.join(other)!r}")
    unchecked = [name for name in expected if name not in arrays]
    if unchecked:
        told.append(f"not returned, and not checked: {names.listed(unchecked)}")
    return Answer(arrays, question.faults(), tuple(told))


def _order_that_fits(question: Question, results: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Another order of the results in which all shapes are right, where they are not in this."""
    shapes = {name: array.shape for name, array in question.trial.expected.items()}

    def fit(order: Sequence[str]) -> bool:
        taken = zip(order, map(np.asarray, results.values()), strict=True)
        return all(question.layout.take(n, a, shapes[n]).shape == shapes[n] for n, a in taken)

    if len(results) == 1 or fit(tuple(results)):
        return None
    return next(filter(fit, permutations(results)), None)


def _array(name: str, value: Any) -> np.ndarray:
    if value is None:
        raise Unfit(f"{name} is nothing, expected an array: does the function return it?")
    if not isinstance(value, (np.ndarray, np.generic)):
        raise Unfit(f"{name} is a {type(value).__name__}, expected an array")
    if value.dtype.kind not in "fiub":
        raise Unfit(f"{name} holds {value.dtype}, expected numbers")
    return np.asarray(value)

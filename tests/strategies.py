"""The tiers, and random calls of them for Hypothesis: geometry, values, memory. No tests here."""

import importlib
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from convpool.arguments import pooling_window, window
from convpool.geometry import Axis

FORWARD = (
    "max_pool2d",
    "avg_pool2d",
    "lp_pool2d",
    "adaptive_max_pool2d",
    "adaptive_avg_pool2d",
    "global_max_pool2d",
    "global_avg_pool2d",
)
WINDOW = ("kernel_size", "stride", "padding", "dilation", "ceil_mode")
TIERS = ("loops", "vectorized", "compiled")


def load(tier: str) -> ModuleType:
    """The tier of that name; without Numba the test that asks for the compiled one is skipped."""
    if tier == "compiled":
        pytest.importorskip("numba")
    return importlib.import_module(f"convpool.{tier}")


# ---------------------------------------------------------------------------- arrays


VALUES = ("ties", "normal", "negative", "special", "huge", "tiny")
COTANGENTS = ("sixteenths", "special")
SPECIAL = (np.nan, np.inf, -np.inf, -np.inf, 0.0, -0.0, 1.0, -2.0)


def numbers(kind: str, rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """Random numbers of one of the kinds that VALUES and COTANGENTS name."""
    limits = np.finfo(dtype)
    drawn = {
        "ties": lambda: rng.integers(-1, 2, shape),
        "normal": lambda: rng.normal(size=shape),
        "negative": lambda: -1 - rng.random(shape),
        "special": lambda: rng.choice(SPECIAL, shape),
        "huge": lambda: rng.normal(size=shape) * float(limits.max / 1000),
        "tiny": lambda: rng.normal(size=shape) * float(limits.tiny * 1000),
        "sixteenths": lambda: rng.integers(-99, 100, shape) / 16,  # sums are exact in any order
    }
    return drawn[kind]().astype(dtype)


MEMORY = ("C", "Fortran", "channels last", "reversed", "every other", "read-only")


def arrange(array: np.ndarray, memory: str) -> np.ndarray:
    """The same numbers, laid out in memory in another way."""
    if memory == "Fortran":
        return np.asfortranarray(array)
    if memory == "channels last":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    if memory == "reversed":
        return np.ascontiguousarray(array[..., ::-1, ::-1])[..., ::-1, ::-1]
    if memory == "every other":
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1]), 77, array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if memory == "read-only":
        array = array.copy()
        array.flags.writeable = False
    return array


@dataclass(frozen=True)
class Case:
    """One call of one operator: printed when a test fails, and all that it takes to repeat it."""

    shape: tuple[int, int, int, int]
    arguments: dict[str, Any] = field(default_factory=dict)
    dtype: str = "float64"
    values: str = "normal"
    cotangents: str = "sixteenths"
    memory: str = "C"
    seed: int = 0

    def x(self) -> np.ndarray:
        rng = np.random.default_rng((self.seed, 1))
        return arrange(numbers(self.values, rng, self.shape, self.dtype), self.memory)

    def dy(self, shape: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng((self.seed, 2))
        return arrange(numbers(self.cotangents, rng, shape, self.dtype), self.memory)


# ---------------------------------------------------------------------------- geometry


def one_or_two(*sizes: int):
    """One size for rows and columns, or one for each."""
    size = st.sampled_from(sizes)
    return st.one_of(size, st.tuples(size, size))


kernels = one_or_two(2, 3, 1, 4, 5)
strides = st.one_of(st.none(), one_or_two(1, 2, 3))
dilations = one_or_two(1, 1, 1, 2, 3)
sides = st.one_of(st.integers(5, 11), st.integers(1, 7))
shapes = st.tuples(st.integers(1, 2), st.integers(1, 3), sides, sides)


@st.composite
def paddings(draw, kernel, dilation):
    """Any spelling of any padding that is shorter than the kernel's span."""
    if draw(st.booleans()):
        return draw(st.sampled_from(["valid", "same", 0]))
    widest = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    top, bottom = (draw(st.integers(0, widest[0])) for _ in range(2))
    left, right = (draw(st.integers(0, widest[1])) for _ in range(2))
    square = min(top, left)
    return draw(st.sampled_from([((top, bottom), (left, right)), (top, left), square]))


@st.composite
def window_arguments(draw, dilations=dilations):
    """The arguments of a sliding window, which may or may not fit."""
    kernel, dilation = draw(kernels), draw(dilations)
    return {
        "kernel_size": kernel,
        "stride": draw(strides),
        "padding": draw(paddings(as_pair(kernel), as_pair(dilation))),
        "dilation": dilation,
        "ceil_mode": draw(st.booleans()),
    }


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def fits(case: Case) -> bool:
    """Whether every window of the call sees a cell of the input."""
    try:
        pooling_window(np.empty(case.shape), *(case.arguments[name] for name in WINDOW))
    except ValueError:
        return False
    return True


def calls(arguments):
    """Cases with these arguments on random images."""
    return st.builds(
        Case,
        shape=shapes,
        arguments=arguments,
        dtype=st.sampled_from(["float64", "float32"]),
        values=st.sampled_from(VALUES),
        cotangents=st.sampled_from(COTANGENTS),
        memory=st.sampled_from(MEMORY),
        seed=st.integers(0, 2**32 - 1),
    )


def extended(**more):
    """Window arguments with others beside them."""
    return st.builds(
        lambda window, rest: window | rest, window_arguments(), st.fixed_dictionaries(more)
    )


output_sizes = st.one_of(st.none(), st.integers(1, 9))
adaptive = st.fixed_dictionaries(
    {"output_size": st.one_of(output_sizes, st.tuples(output_sizes, output_sizes))}
)
CASES = {
    "max_pool2d": calls(window_arguments()).filter(fits),
    "avg_pool2d": calls(
        extended(
            count_include_pad=st.booleans(),
            divisor_override=st.one_of(st.none(), st.sampled_from([1, 3, -2])),
        )
    ).filter(fits),
    "lp_pool2d": calls(extended(norm_type=st.sampled_from([1, 2, 1.5, 3.0, 7]))).filter(fits),
    "adaptive_max_pool2d": calls(adaptive),
    "adaptive_avg_pool2d": calls(adaptive),
    "global_max_pool2d": calls(st.just({})),
    "global_avg_pool2d": calls(st.just({})),
}
UNPOOLED = calls(
    window_arguments(dilations=st.just(1)).filter(lambda arguments: arguments["padding"] != "same")
).filter(fits)


# ---------------------------------------------------------------------------- convolution


LAYERS = ("conv2d", "conv_transpose2d")
EXACT = "sixteenths"  # their products add up without rounding: the order of a sum cannot be seen
THIN = ("C", "every other", "read-only")  # what can be done to a vector


@dataclass(frozen=True)
class Layer:
    """One call of a convolution or a transposed one, forward or backward."""

    op: str
    shape: tuple[int, int, int, int]
    weight_shape: tuple[int, int, int, int]
    arguments: dict[str, Any]
    dtype: str = "float64"
    values: str = "normal"
    biased: bool = True
    memory: tuple[str, str, str, str] = ("C", "C", "C", "C")
    seed: int = 0

    def _array(self, number: int, shape: tuple[int, ...]) -> np.ndarray:
        rng = np.random.default_rng((self.seed, number))
        return arrange(numbers(self.values, rng, shape, self.dtype), self.memory[number])

    def x(self) -> np.ndarray:
        return self._array(0, self.shape)

    def weight(self) -> np.ndarray:
        return self._array(1, self.weight_shape)

    def bias(self) -> np.ndarray | None:
        return self._array(2, (self.outputs,)) if self.biased else None

    def dy(self, shape: tuple[int, ...]) -> np.ndarray:
        return self._array(3, shape)

    @property
    def outputs(self) -> int:
        """The channels of the output."""
        if self.op == "conv2d":
            return self.weight_shape[0]
        return self.weight_shape[1] * self.arguments["groups"]

    def fits(self) -> bool:
        """Whether the output has at least one cell."""
        (H, W), kernel, arguments = self.shape[2:], self.weight_shape[2:], self.arguments
        lies = arguments["stride"], arguments["padding"], arguments["dilation"]
        if self.op == "conv2d":
            return has_windows((H, W), kernel, *lies)
        return min(transposed_size(self)) > 0


def has_windows(size, kernel, stride, padding, dilation) -> bool:
    """Whether a window fits."""
    try:
        window(size, kernel, stride, padding, dilation)
    except ValueError:
        return False
    return True


def transposed_size(layer: Layer) -> list[int]:
    """Height and width of the output of a transposed convolution."""
    given = layer.arguments
    stride, dilation, extra, padding = (
        as_pair(given[name]) for name in ("stride", "dilation", "output_padding", "padding")
    )
    sides = [as_pair(p) for p in ((0, 0) if "valid" in padding else padding)]
    return [
        Axis.transposed(n, k, s, *p, d, o).size
        for n, k, s, p, d, o in zip(
            layer.shape[2:], layer.weight_shape[2:], stride, sides, dilation, extra, strict=True
        )
    ]


@st.composite
def sizes_and_channels(draw):
    """((N, H, W), inputs and outputs of a group, groups): mostly small, at times long one way."""
    few = st.integers(1, 3)
    batch, groups = draw(st.sampled_from([1, 2, 3])), draw(st.sampled_from([1, 1, 2, 3]))
    inputs, outputs = draw(few), draw(few)
    height, width = draw(sides), draw(sides)
    longest = draw(st.sampled_from(["none"] * 3 + ["outputs", "inputs", "width", "batch"]))
    if longest == "none":
        return (min(batch, 2), height, width), inputs, outputs, groups
    height, width = min(height, 3), min(width, 4)
    if longest == "outputs":
        return (1, height, width), min(inputs, 2), draw(st.integers(4, 18)), groups
    if longest == "batch":
        return (draw(st.integers(3, 7)), height, width), min(inputs, 2), min(outputs, 2), groups
    if longest == "inputs":
        return (1, height, width), draw(st.integers(4, 18)), min(outputs, 2), groups
    return (1, height, draw(st.integers(12, 52))), 1, min(outputs, 2), min(groups, 2)


@st.composite
def any_padding(draw, kernel, dilation, words):
    """Any spelling of any padding, also of more than the kernel's reach."""
    if draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([*words, 0]))
    most = [d * (k - 1) + 2 for k, d in zip(kernel, dilation, strict=True)]
    top, bottom = (draw(st.integers(0, most[0])) for _ in range(2))
    left, right = (draw(st.integers(0, most[1])) for _ in range(2))
    return draw(st.sampled_from([((top, bottom), (left, right)), (top, left), min(top, left)]))


few_taps = st.tuples(*[st.sampled_from([3, 2, 1, 3, 4])] * 2)
steps = one_or_two(1, 1, 2, 3)


@st.composite
def layers(draw, op):
    """Random calls of a layer; they may or may not fit."""
    (N, H, W), inputs, outputs, groups = draw(sizes_and_channels())
    kernel, stride, dilation = draw(few_taps), draw(steps), draw(dilations)
    words = ["valid", "same"] if op == "conv2d" else ["valid"]
    arguments = {
        "stride": stride,
        "padding": draw(any_padding(kernel, as_pair(dilation), words)),
        "dilation": dilation,
        "groups": groups,
    }
    if op == "conv2d":
        weight = (groups * outputs, inputs, *kernel)
    else:
        weight = (groups * inputs, outputs, *kernel)
        most = [max(both) - 1 for both in zip(as_pair(stride), as_pair(dilation), strict=True)]
        arguments["output_padding"] = tuple(draw(st.integers(0, o)) for o in most)
    memory = [draw(st.sampled_from(MEMORY)) for _ in range(4)]
    memory[2] = draw(st.sampled_from(THIN))
    return Layer(
        op=op,
        shape=(N, groups * inputs, H, W),
        weight_shape=weight,
        arguments=arguments,
        dtype=draw(st.sampled_from(["float64", "float32"])),
        values=draw(st.sampled_from([EXACT, "normal"])),
        biased=draw(st.booleans()),
        memory=tuple(memory),
        seed=draw(st.integers(0, 2**32 - 1)),
    )


CONVOLUTIONS = {op: layers(op).filter(Layer.fits) for op in LAYERS}


@st.composite
def column_arguments(draw):
    """The arguments of unfold, which fold takes too."""
    kernel, dilation = draw(few_taps), draw(dilations)
    return {
        "kernel_size": kernel,
        "dilation": dilation,
        "padding": draw(any_padding(kernel, as_pair(dilation), ["valid", "same"])),
        "stride": draw(steps),
    }


def unfolds(case: Case) -> bool:
    """Whether a window fits."""
    names = ("kernel_size", "stride", "padding", "dilation")
    return has_windows(case.shape[2:], *(case.arguments[name] for name in names))


UNFOLDED = calls(column_arguments()).filter(unfolds)

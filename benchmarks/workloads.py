"""What is measured: a row is one layer on one batch, forward and backward."""

import math
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.training import STEPS
from convpool import window

Shape = tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Workload:
    """A layer, the batch it runs on, and the gradient that comes back.

    What differs with the kind of layer, its class adds: `name`, `operator` and `where` (what the
    operator takes behind the arrays), the shapes of its `inputs` and of what comes `out`, which
    inputs backward has `read_again`, and the number of `multiplications`.
    """

    shape: Shape
    kernel: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    dtype: str = "float32"

    @property
    def title(self) -> str:
        """Kernel, stride, padding and dilation, as far as they are not the usual ones."""
        stride = f"/{self.stride}" if self.stride > 1 else ""
        padded = f" padded {self.padding}" if self.padding else ""
        dilated = f" dilated {self.dilation}" if self.dilation > 1 else ""
        return f"{self.kernel}×{self.kernel}{stride}{padded}{dilated}"

    @property
    def batch(self) -> str:
        return f"{'×'.join(map(str, self.shape))} {self.dtype}"

    @property
    def places(self) -> tuple[int, int]:
        """Height and width of the output."""
        return window(self.shape[2:], self.kernel, self.stride, self.padding, self.dilation).out

    def arrays(self) -> tuple[list[np.ndarray], np.ndarray]:
        """What forward takes, and dy: the same in every process."""
        rng = np.random.default_rng(20)
        *inputs, dy = (
            rng.standard_normal(shape, self.dtype) for shape in (*self.inputs.values(), self.out)
        )
        return inputs, dy

    @property
    def results(self) -> list[str]:
        return ["y", *(f"d{name}" for name in self.inputs)]

    @property
    def bytes_that_must_move(self) -> int:
        """Forward reads its inputs and writes y; backward reads dy, some of the inputs again, and
        writes a gradient for each."""
        inputs = {name: math.prod(shape) for name, shape in self.inputs.items()}
        numbers = 2 * sum(inputs.values()) + 2 * math.prod(self.out)
        again = sum(inputs[name] for name in self.read_again)
        return (numbers + again) * np.dtype(self.dtype).itemsize


@dataclass(frozen=True, kw_only=True)
class Pooling(Workload):
    """A pooling layer: `kind` is max or avg."""

    kind: str

    multiplications = 0

    @property
    def name(self) -> str:
        return f"{self.kind} {self.title}, {self.batch}"

    @property
    def operator(self) -> str:
        return f"{self.kind}_pool2d"

    @property
    def where(self) -> tuple[int, ...]:
        return self.kernel, self.stride, self.padding

    @property
    def inputs(self) -> dict[str, Shape]:
        return {"x": self.shape}

    @property
    def out(self) -> Shape:
        return *self.shape[:2], *self.places

    @property
    def read_again(self) -> tuple[str, ...]:
        return ("x",) if self.kind == "max" else ()


@dataclass(frozen=True, kw_only=True)
class Convolution(Workload):
    """A convolution with a bias and `maps` output channels."""

    maps: int
    groups: int = 1

    operator = "conv2d"
    read_again = ("x", "weight")

    @property
    def name(self) -> str:
        depthwise = " depthwise" if self.groups == self.shape[1] > 1 else ""
        return f"{self.shape[1]}→{self.maps}{depthwise} {self.title}, {self.batch}"

    @property
    def where(self) -> tuple[int, ...]:
        return self.stride, self.padding, self.dilation, self.groups

    @property
    def inputs(self) -> dict[str, Shape]:
        weight = (self.maps, self.shape[1] // self.groups, self.kernel, self.kernel)
        return {"x": self.shape, "weight": weight, "bias": (self.maps,)}

    @property
    def out(self) -> Shape:
        return self.shape[0], self.maps, *self.places

    @property
    def multiplications(self) -> int:
        """For each output, tap and channel one for y, one for dx, one for dweight."""
        return 3 * math.prod(self.out) * math.prod(self.inputs["weight"][1:])


SMALL = dict(shape=(64, 3, 28, 28), dtype="float64")  # the batch of source 001
LARGE = dict(shape=(32, 64, 112, 112))

POOLING = tuple(
    Pooling(kind=kind, kernel=kernel, stride=2, padding=padding, **batch)
    for batch in (SMALL, LARGE)
    for kind in ("max", "avg")
    for kernel, padding in ((2, 0), (3, 1))
)

LENET = (
    Convolution(shape=(64, 1, 28, 28), maps=6, kernel=5, padding=2),
    Convolution(shape=(64, 6, 14, 14), maps=16, kernel=5),
)

CONVOLUTION = (
    *LENET,
    Convolution(shape=(32, 64, 56, 56), maps=64, kernel=3, padding=1),
    Convolution(shape=(16, 64, 56, 56), maps=128, kernel=3, stride=2, padding=1),
    Convolution(shape=(16, 64, 56, 56), maps=256, kernel=1),
    Convolution(shape=(32, 64, 28, 28), maps=64, kernel=3, padding=2, dilation=2),
    Convolution(shape=(16, 128, 56, 56), maps=128, kernel=3, padding=1, groups=128),
)

ONE_IMAGE = tuple(replace(layer, shape=(1, *layer.shape[1:])) for layer in LENET)

GROWING = tuple(replace(CONVOLUTION[2], shape=(N, 64, 56, 56)) for N in (1, 8, 64))

WORKLOADS = {work.name: work for work in (*POOLING, *CONVOLUTION, *ONE_IMAGE, *GROWING, *STEPS)}

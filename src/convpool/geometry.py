"""How windows lie on an image: whole numbers only, no arrays, no checking of arguments.

Rows and columns of a window never mix, so everything is said for one `Axis` (or one axis of
adaptive `Bins`), and a `Window` is a pair of them. `convpool.window` builds one from a user's
arguments and refuses the impossible ones.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Generic, TypeVar


def span(kernel: int, dilation: int) -> int:
    """Cells from the first tap to the last, both counted: :eq:`eq-span`."""
    return dilation * (kernel - 1) + 1


def output_size(
    size: int, kernel: int, stride: int, before: int, after: int, dilation: int, ceil_mode: bool
) -> int:
    """How many windows fit, below 1 if none: :eq:`eq-output-size`, :eq:`eq-output-size-ceil`."""
    room = size + before + after - span(kernel, dilation)
    if not ceil_mode:
        return room // stride + 1
    starts_in_time = -(-(size + before) // stride)
    return min(-(-room // stride) + 1, starts_in_time)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """The padding that gives ⌈size / stride⌉ outputs, the odd cell after: :eq:`eq-same-padding`."""
    out = -(-size // stride)
    total = max((out - 1) * stride + span(kernel, dilation) - size, 0)
    return total // 2, total - total // 2


@dataclass(frozen=True, slots=True)
class Axis:
    """Windows of `kernel` taps, `dilation` apart, moving by `stride` along `size` padded cells."""

    size: int
    kernel: int
    stride: int
    before: int
    after: int
    dilation: int
    out: int

    @classmethod
    def sliding(
        cls,
        size: int,
        kernel: int,
        stride: int = 1,
        before: int = 0,
        after: int = 0,
        dilation: int = 1,
        ceil_mode: bool = False,
    ) -> "Axis":
        """The axis with its number of outputs worked out."""
        out = output_size(size, kernel, stride, before, after, dilation, ceil_mode)
        return cls(size, kernel, stride, before, after, dilation, out)

    @classmethod
    def transposed(
        cls,
        out: int,
        kernel: int,
        stride: int = 1,
        before: int = 0,
        after: int = 0,
        dilation: int = 1,
        left_over: int = 0,
    ) -> "Axis":
        """The axis that has `out` windows and `left_over` cells that the last does not reach.

        Implements :eq:`eq-conv-transpose-size`.
        """
        size = (out - 1) * stride + span(kernel, dilation) - before - after + left_over
        return cls(size, kernel, stride, before, after, dilation, out)

    @property
    def remainder(self) -> int:
        """The padded cells that the last window does not reach: :eq:`eq-remainder`."""
        reach = (self.out - 1) * self.stride + span(self.kernel, self.dilation)
        return self.before + self.size + self.after - reach

    def start(self, i: int) -> int:
        """The cell under tap 0 of window i; negative in the padding."""
        return i * self.stride - self.before

    def tap(self, i: int, u: int) -> int:
        """The cell under tap u of window i, inside the input or not: :eq:`eq-tap`."""
        return self.start(i) + u * self.dilation

    def taps(self, i: int) -> range:
        """The cells under window i that lie inside the input: :eq:`eq-taps-inside`."""
        start, d = self.start(i), self.dilation
        first = start if start >= 0 else start % d
        return range(first, min(start + span(self.kernel, d), self.size), d)

    def numbered_taps(self, i: int) -> list[tuple[int, int]]:
        """(u, h) for each tap u of window i that lies inside the input, and the cell h under it."""
        return [(u, h) for u in range(self.kernel) if 0 <= (h := self.tap(i, u)) < self.size]

    def outputs(self, u: int) -> range:
        """The windows whose tap u lies inside the input."""
        shift = u * self.dilation - self.before
        first = max(0, -(shift // self.stride))
        stop = min(self.out, (self.size - 1 - shift) // self.stride + 1)
        return range(first, max(first, stop))

    def covering(self, h: int) -> tuple[int, ...]:
        """The windows that have a tap on cell h, in order: :eq:`eq-covering`."""
        hits = []
        for u in reversed(range(self.kernel)):
            i, remainder = divmod(h + self.before - u * self.dilation, self.stride)
            if remainder == 0 and 0 <= i < self.out:
                hits.append(i)
        return tuple(hits)

    def padded_taps(self, i: int) -> int:
        """How many taps of window i lie on the padded input: a ceil_mode overhang does not."""
        room = self.size + self.after - self.start(i)
        return min(self.kernel, -(-room // self.dilation))

    def empty_windows(self) -> list[int]:
        """The windows without a single tap inside the input."""
        return [i for i in range(self.out) if not self.taps(i)]


@dataclass(frozen=True, slots=True)
class Bins:
    """`size` cells cut into `out` bins of nearly equal length, which may share a cell."""

    size: int
    out: int

    def taps(self, i: int) -> range:
        """The cells of bin i: :eq:`eq-adaptive-bins`."""
        return range(i * self.size // self.out, -(-(i + 1) * self.size // self.out))

    def covering(self, h: int) -> tuple[int, ...]:
        """The bins that hold cell h, in order."""
        first = h * self.out // self.size
        last = -(-(h + 1) * self.out // self.size)
        return tuple(i for i in range(first, last) if h in self.taps(i))


Side = TypeVar("Side", Axis, Bins)


@dataclass(frozen=True, slots=True)
class Window(Generic[Side]):
    """The windows of one call: how they lie on the rows, and how on the columns."""

    rows: Side
    cols: Side

    @property
    def out(self) -> tuple[int, int]:
        """Height and width of the output."""
        return self.rows.out, self.cols.out

    def taps(self, i: int, j: int) -> list[tuple[int, int]]:
        """The cells of window (i, j) that lie inside the input, in row-major order."""
        return list(product(self.rows.taps(i), self.cols.taps(j)))

    def numbered_taps(self: "Window[Axis]", i: int, j: int) -> list[tuple[int, int, int, int]]:
        """(u, v, h, w) for each tap (u, v) of window (i, j) inside the input, on cell (h, w)."""
        pairs = product(self.rows.numbered_taps(i), self.cols.numbered_taps(j))
        return [(u, v, h, w) for (u, h), (v, w) in pairs]

    def covering(self, h: int, w: int) -> list[tuple[int, int]]:
        """The outputs whose window has a tap on cell (h, w), in row-major order."""
        return list(product(self.rows.covering(h), self.cols.covering(w)))


@dataclass(frozen=True, slots=True)
class Groups:
    """Channels dealt out to `count` groups: `inputs` read by `outputs` in each, none across."""

    count: int
    inputs: int
    outputs: int

    def reads(self, m: int) -> range:
        """The input channels that output channel m reads: :eq:`eq-conv-groups`."""
        first = m // self.outputs * self.inputs
        return range(first, first + self.inputs)


@dataclass(frozen=True, slots=True)
class ReceptiveField:
    """What one output of a stack of layers sees of the first input, along one axis."""

    size: int
    stride: int
    start: int

    def cells(self, i: int) -> range:
        """The input cells from the first to the last that output i depends on, padding included."""
        first = self.start + i * self.stride
        return range(first, first + self.size)


def receptive_field(layers: Iterable[Axis]) -> ReceptiveField:
    """The receptive field of layers applied in this order: :eq:`eq-receptive-field`."""
    size, stride, start = 1, 1, 0
    for layer in layers:
        start -= layer.before * stride
        size += (span(layer.kernel, layer.dilation) - 1) * stride
        stride *= layer.stride
    return ReceptiveField(size, stride, start)

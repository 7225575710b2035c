"""What is measured: a row is one pooling layer on one batch, forward and backward."""

from dataclasses import dataclass

import numpy as np

from convpool import window


@dataclass(frozen=True)
class Workload:
    """A pooling layer, the batch it runs on, and the gradient that comes back."""

    kind: str
    kernel: int
    stride: int
    padding: int
    shape: tuple[int, int, int, int]
    dtype: str

    @property
    def name(self) -> str:
        padded = f" padded {self.padding}" if self.padding else ""
        size = "×".join(map(str, self.shape))
        return f"{self.kind} {self.kernel}×{self.kernel}/{self.stride}{padded}, {size} {self.dtype}"

    @property
    def out(self) -> tuple[int, int, int, int]:
        lay = window(self.shape[2:], self.kernel, self.stride, self.padding)
        return (*self.shape[:2], *lay.out)

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """x and dy, the same in every process."""
        rng = np.random.default_rng(20)
        return tuple(rng.standard_normal(s).astype(self.dtype) for s in (self.shape, self.out))

    @property
    def bytes_that_must_move(self) -> int:
        """Forward reads x and writes y; backward reads dy, writes dx, and for a maximum reads x."""
        x, y = np.prod(self.shape), np.prod(self.out)
        reads_again = x if self.kind == "max" else 0
        return int((x + y) + (y + x + reads_again)) * np.dtype(self.dtype).itemsize


SMALL = dict(shape=(64, 3, 28, 28), dtype="float64")  # the batch of source 001
LARGE = dict(shape=(32, 64, 112, 112), dtype="float32")

POOLING = tuple(
    Workload(kind, kernel, 2, padding, **batch)
    for batch in (SMALL, LARGE)
    for kind in ("max", "average")
    for kernel, padding in ((2, 0), (3, 1))
)

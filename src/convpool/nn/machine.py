"""What a network asks of the machine: cores for its matrix products, memory that is kept."""

import functools
import threading
from typing import Any

import numpy as np

SMALL = 1 << 24  # multiplications that one core does in about a millisecond
LARGEST = 31 << 20  # bytes: the C library keeps no larger blocks than 32 MiB


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b. A small one is left to a single thread of NumPy's linear algebra.

    Its other threads would gain little, and then wait for more work on the cores that the compiled
    layers need: a training step of LeNet takes several times as long with them.
    """
    if a.shape[0] * a.shape[1] * b.shape[1] >= SMALL:
        return a @ b
    with _one_thread:
        return a @ b


class _OneThread:
    """While anybody is inside, from whichever thread, linear algebra has one thread."""

    def __init__(self) -> None:
        self.lock, self.inside = threading.Lock(), 0
        self.before: list[int] = []

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.before = [library.get_num_threads() for library in _linear_algebra()]
                _set_threads([1] * len(self.before))
            self.inside += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                _set_threads(self.before)


_one_thread = _OneThread()


def _set_threads(counts: list[int]) -> None:
    for library, count in zip(_linear_algebra(), counts, strict=True):
        library.set_num_threads(count)


@functools.cache
def _linear_algebra() -> list[Any]:
    """The libraries whose threads can be limited; none where threadpoolctl is not installed."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:
        return []
    return ThreadpoolController().select(user_api="blas").lib_controllers


@functools.cache
def keep_memory() -> None:
    """Let the C library keep what a training step frees: the next one takes the same again.

    Else each step's arrays are given back and asked for anew, page by page, which takes longer than
    some layers. glibc keeps blocks up to the size of the largest that was freed; nothing is written
    here, so it costs nothing, and elsewhere it does nothing.
    """
    np.empty(LARGEST, np.uint8)

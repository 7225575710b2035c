"""What a network asks of the machine: one set of threads, and memory that is kept."""

import functools

import numpy as np

from convpool import operators

SMALL = 1 << 24  # multiplications that one core does in about a millisecond
LARGEST = 31 << 20  # bytes: the C library keeps no larger blocks than 32 MiB


def product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a @ b, of matrices of one dtype. A small one is shared among the threads of the layers.

    NumPy's linear algebra has threads of its own. After a product they wait for the next on the
    cores that the compiled layers need, and a training step of LeNet takes several times as long.
    """
    if hasattr(operators.tier(), "products") and 0 < a.size * b.shape[1] < SMALL:
        return operators.tier().products.product(a, b)
    return a @ b


@functools.cache
def keep_memory() -> None:
    """Let the C library keep what a training step frees: the next one takes the same again.

    Else each step's arrays are given back and asked for anew, page by page, which takes longer than
    some layers. glibc keeps blocks up to the size of the largest that was freed; nothing is written
    here, so it costs nothing, and elsewhere it does nothing.
    """
    np.empty(LARGEST, np.uint8)

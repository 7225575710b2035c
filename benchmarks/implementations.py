"""Who takes part. Each makes, for a workload, a function of no arguments: forward and backward."""

import math
import timeit
from collections.abc import Callable
from functools import partial
from types import ModuleType

import numpy as np

from benchmarks import training
from benchmarks.training import Training
from benchmarks.workloads import Pooling, Workload

Step = Callable[[], tuple[np.ndarray, ...]]  # y and the gradients, as named in Workload.results


def convpool(work: Workload | Training) -> Step:
    """The public operators, checks of the arguments and allocation included."""
    import convpool

    if isinstance(work, Training):
        return training.ours(work, tier=None)
    return _operators_of(convpool, work)


def vectorized(work: Workload | Training) -> Step:
    """The NumPy tier. Its convolution is im2col and matrix products."""
    from convpool import vectorized

    if isinstance(work, Training):
        return training.ours(work, tier="vectorized")
    return _operators_of(vectorized, work)


def loops(work: Workload) -> Step:
    """The formulas, transcribed."""
    from convpool import loops

    return _operators_of(loops, work)


def _operators_of(tier: ModuleType, work: Workload) -> Step:
    inputs, dy = work.arrays()
    forward = partial(getattr(tier, work.operator), *inputs, *work.where)
    backward = partial(getattr(tier, f"{work.operator}_backward"), dy, *inputs[:2], *work.where)

    def step() -> tuple[np.ndarray, ...]:
        y, gradients = forward(), backward()
        return (y, *gradients) if isinstance(gradients, tuple) else (y, gradients)

    return step


def im2col(work: Pooling) -> Step:
    """The method of the sources 001 and 002, put right: −∞ in the padding of a maximum."""
    (x,), dy = work.arrays()
    k, s, p = work.kernel, work.stride, work.padding
    N, C, H, W = x.shape
    H_out, W_out = work.places
    fill = -np.inf if work.kind == "max" else 0

    def expand() -> np.ndarray:
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=fill)
        col = np.empty((N, C, k, k, H_out, W_out), x.dtype)
        for u in range(k):
            for v in range(k):
                col[:, :, u, v] = padded[:, :, u : u + s * H_out : s, v : v + s * W_out : s]
        return col.transpose(0, 4, 5, 1, 2, 3).reshape(-1, k * k)

    def fold(rows: np.ndarray) -> np.ndarray:
        col = rows.reshape(N, H_out, W_out, C, k, k).transpose(0, 3, 4, 5, 1, 2)
        padded = np.zeros((N, C, H + 2 * p + s - 1, W + 2 * p + s - 1), x.dtype)
        for u in range(k):
            for v in range(k):
                padded[:, :, u : u + s * H_out : s, v : v + s * W_out : s] += col[:, :, u, v]
        return padded[:, :, p : p + H, p : p + W]

    def image_of(values: np.ndarray) -> np.ndarray:
        return values.reshape(N, H_out, W_out, C).transpose(0, 3, 1, 2)

    def maximum() -> tuple[np.ndarray, np.ndarray]:
        rows = expand()
        winners, y = rows.argmax(axis=1), image_of(rows.max(axis=1))
        spread = np.zeros(rows.shape, x.dtype)
        spread[np.arange(len(rows)), winners] = dy.transpose(0, 2, 3, 1).ravel()
        return y, fold(spread)

    def average() -> tuple[np.ndarray, np.ndarray]:
        y = image_of(expand().mean(axis=1))
        share = dy.transpose(0, 2, 3, 1).reshape(-1, 1) / np.array(k * k, x.dtype)
        return y, fold(np.repeat(share, k * k, axis=1))

    return maximum if work.kind == "max" else average


def pytorch(work: Workload | Training) -> Step:
    """PyTorch on the CPU, forward and autograd."""
    import torch
    import torch.nn.functional as F

    if isinstance(work, Training):
        return training.pytorch(work)
    inputs, dy = work.arrays()
    leaves = [torch.from_numpy(array).requires_grad_() for array in inputs]
    upstream = torch.from_numpy(dy)
    operator = getattr(F, work.operator)

    def step() -> tuple[np.ndarray, ...]:
        for leaf in leaves:
            leaf.grad = None
        y = operator(*leaves, *work.where)
        y.backward(upstream)
        return y.detach().numpy(), *(leaf.grad.numpy() for leaf in leaves)

    return step


# ---------------------------------------------------------------------------- what the machine can


def limit(work: Workload) -> Step:
    """No layer: the slower of two things that a layer cannot do without."""
    return max(copy(work), product(work), key=_seconds)


def copy(work: Workload) -> Step:
    """Copying as many bytes as the layer must move, half of them read, half written."""
    import numba

    count = work.bytes_that_must_move // 2 // 8
    source, target = np.ones(count), np.zeros(count)

    @numba.njit(parallel=True)
    def copy_all(source, target):
        parts = numba.get_num_threads()
        for part in numba.prange(parts):
            first, stop = part * source.size // parts, (part + 1) * source.size // parts
            target[first:stop] = source[first:stop]

    def step() -> tuple[np.ndarray, ...]:
        copy_all(source, target)
        return ()

    return step


def product(work: Workload) -> Step:
    """One product of square matrices with as many multiplications as the layer."""
    side = round(math.cbrt(work.multiplications))
    left, right = (np.ones((side, side), work.dtype) for _ in range(2))
    target = np.empty_like(left)

    def step() -> tuple[np.ndarray, ...]:
        np.matmul(left, right, out=target)
        return ()

    return step


def _seconds(step: Step) -> float:
    """Of the best of three runs, after one that is not counted."""
    step()
    return min(timeit.repeat(step, number=1, repeat=3))


ALL: dict[str, Callable[..., Step]] = {
    "convpool": convpool,
    "vectorized": vectorized,
    "loops": loops,
    "im2col": im2col,
    "PyTorch": pytorch,
    "limit": limit,
}

"""Who takes part. Each makes, for a workload, a function of no arguments: forward and backward."""

from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.workloads import Workload

Step = Callable[[], tuple[np.ndarray, np.ndarray]]


def convpool(work: Workload) -> Step:
    """The public operators, checks of the arguments and allocation included."""
    import convpool

    return _pooling_of(convpool, work)


def vectorized(work: Workload) -> Step:
    """The NumPy tier."""
    from convpool import vectorized

    return _pooling_of(vectorized, work)


def _pooling_of(tier, work: Workload) -> Step:
    x, dy = work.arrays()
    name = {"max": "max_pool2d", "average": "avg_pool2d"}[work.kind]
    where = (work.kernel, work.stride, work.padding)
    forward = partial(getattr(tier, name), x, *where)
    backward = partial(getattr(tier, f"{name}_backward"), dy, x, *where)
    return lambda: (forward(), backward())


def im2col(work: Workload) -> Step:
    """The method of the sources 001 and 002, put right: −∞ in the padding of a maximum."""
    x, dy = work.arrays()
    k, s, p = work.kernel, work.stride, work.padding
    N, C, H, W = x.shape
    H_out, W_out = work.out[2:]
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


def pytorch(work: Workload) -> Step:
    """PyTorch on the CPU, forward and autograd."""
    import torch
    import torch.nn.functional as F

    x, dy = (torch.from_numpy(a) for a in work.arrays())
    x.requires_grad_()
    pool = {"max": F.max_pool2d, "average": F.avg_pool2d}[work.kind]

    def step() -> tuple[np.ndarray, np.ndarray]:
        x.grad = None
        y = pool(x, work.kernel, work.stride, work.padding)
        y.backward(dy)
        return y.detach().numpy(), x.grad.numpy()

    return step


def copy(work: Workload) -> Step:
    """No pooling: copying as many bytes as pooling must move, half of them read, half written."""
    import numba

    count = work.bytes_that_must_move // 2 // 8
    source, target = np.ones(count), np.zeros(count)

    @numba.njit(parallel=True)
    def copy_all(source, target):
        parts = numba.get_num_threads()
        for part in numba.prange(parts):
            first, stop = part * source.size // parts, (part + 1) * source.size // parts
            target[first:stop] = source[first:stop]

    def step() -> tuple[np.ndarray, np.ndarray]:
        copy_all(source, target)
        return source, target

    return step


ALL: dict[str, Callable[[Workload], Step]] = {
    "convpool": convpool,
    "vectorized": vectorized,
    "im2col": im2col,
    "PyTorch": pytorch,
    "copy": copy,
}

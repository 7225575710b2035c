"""Which channel meets which map, by which kernel, with slips: groups, turned kernels, reshapes."""

from collections.abc import Callable

import numpy as np

from convpool.geometry import Groups
from convpool.verify.mistaken.windows import Slips

Turn = Callable[[np.ndarray], np.ndarray]

# ---------------------------------------------------------------------------- groups


def dealt(groups: Groups, maps: int, slips: Slips) -> tuple[np.ndarray, np.ndarray]:
    """The channels that each group reads, and the maps that are its own: (G, C/G), (G, M/G)."""
    G = groups.count
    reads = np.arange(G * groups.inputs).reshape(G, -1)
    writes = np.arange(maps).reshape(G, -1)
    if "first group for all" in slips:
        reads = np.broadcast_to(reads[:1], reads.shape)
    if "channels in turns" in slips or "channels and maps in turns" in slips:
        reads = np.arange(G * groups.inputs).reshape(-1, G).T
    if "maps in turns" in slips or "channels and maps in turns" in slips:
        writes = np.arange(maps).reshape(-1, G).T
    return reads, writes


def read(col: np.ndarray, reads: np.ndarray, slips: Slips) -> np.ndarray:
    """(N, C, …) → (N, G, C/G, …): what each group reads."""
    dealt_out = col[:, reads]
    if "every group for all" in slips:
        return np.broadcast_to(dealt_out.sum(axis=1, keepdims=True), dealt_out.shape)
    return dealt_out


def by_group(weight: np.ndarray, groups: Groups, writes: np.ndarray) -> np.ndarray:
    """(M, C/G, kh, kw) → (G, M/G, C/G·kh·kw)."""
    return weight[writes].reshape(groups.count, writes.shape[1], -1)


# ---------------------------------------------------------------------------- kernels


def turned(weight: np.ndarray, groups: Groups, slips: Slips) -> np.ndarray:
    """The weight as somebody who makes these slips would turn it, or read it."""
    for slip in TURNS.keys() & slips:
        weight = TURNS[slip](weight)
    if "channels exchanged" in slips:
        weight = exchanged(weight, groups)
    if "weight maps last in memory" in slips:  # (M, C·kh·kw) taken for (C·kh·kw, M)
        columns = weight.reshape(groups.count, -1, len(weight) // groups.count)
        weight = columns.swapaxes(1, 2).reshape(weight.shape)
    return weight


def exchanged(weight: np.ndarray, groups: Groups) -> np.ndarray:
    """Maps for channels in every group; that runs unnoticed where there are as many of both."""
    M, C, kh, kw = weight.shape
    if M != C * groups.count:
        raise ValueError("with more maps than channels the products do not fit")
    by_group = weight.reshape(groups.count, C, C, kh, kw)
    return by_group.swapaxes(1, 2).reshape(weight.shape)


def _same_shape(turn: Turn) -> Turn:
    def checked(weight: np.ndarray) -> np.ndarray:
        result = turn(weight)
        if result.shape != weight.shape:
            raise ValueError("only a square kernel can be turned so")
        return result

    return checked


# What each slip does to the kernels that are laid over the windows.
TURNS: dict[str, Turn] = {
    "kernel flipped": lambda w: w[:, :, ::-1, ::-1],
    "rows flipped": lambda w: w[:, :, ::-1],
    "columns flipped": lambda w: w[:, :, :, ::-1],
    "everything flipped": lambda w: w[::-1, ::-1, ::-1, ::-1],
    "channels flipped": lambda w: w[:, ::-1, ::-1, ::-1],
    "maps and channels flipped": lambda w: w[::-1, ::-1],
    "kernel transposed": _same_shape(lambda w: w.swapaxes(2, 3)),
    "kernel transposed and flipped": _same_shape(lambda w: w.swapaxes(2, 3)[:, :, ::-1, ::-1]),
    "quarter turn": _same_shape(lambda w: np.rot90(w, 1, (2, 3))),
    "three quarter turns": _same_shape(lambda w: np.rot90(w, 3, (2, 3))),
}


# ---------------------------------------------------------------------------- matrices


def retold(y: np.ndarray, groups: Groups, slips: Slips) -> np.ndarray:
    """y reshaped from a matrix that had to be transposed first, group by group."""
    if "maps last in memory" in slips:  # (N, L, M) taken for (N, M, L)
        parts = [(part.transpose(0, 2, 3, 1), part.shape) for part in np.split(y, groups.count, 1)]
    elif "maps first in memory" in slips:  # (M, N, L) taken for (N, M, L)
        parts = [(part.swapaxes(0, 1), part.shape) for part in np.split(y, groups.count, 1)]
    else:
        return y
    return np.concatenate([part.reshape(shape) for part, shape in parts], axis=1)


def misread(dy: np.ndarray, groups: Groups, slips: Slips) -> np.ndarray:
    """dy reshaped to a matrix where it had to be transposed first, group by group."""
    N, M, H_out, W_out = dy.shape
    parts = np.split(dy, groups.count, axis=1)
    M //= groups.count
    if "dy maps last in memory" in slips:  # (N, M, H', W') taken for (N, H', W', M)
        parts = [part.reshape(N, H_out, W_out, M).transpose(0, 3, 1, 2) for part in parts]
    elif "dy maps first in memory" in slips:  # … for (M, N, H', W')
        parts = [part.reshape(M, N, H_out, W_out).swapaxes(0, 1) for part in parts]
    else:
        return dy
    return np.concatenate(parts, axis=1)

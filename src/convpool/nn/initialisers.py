"""First weights: random, of a size that keeps signals from growing or fading with the depth."""

import math
from collections.abc import Callable

import numpy as np

from convpool.nn.options import generator

Initialiser = Callable[..., np.ndarray]


def fans(shape: tuple[int, ...], groups: int = 1, transposed: bool = False) -> tuple[int, int]:
    """(fan-in, fan-out) of a weight: how many inputs an output sums, and the other way round.

    Parameters
    ----------
    shape : tuple of int
        (outputs, inputs) of a matrix, (C_out, C_in/groups, kh, kw) of a convolution,
        (C_in, C_out/groups, kh, kw) of a transposed one.
    groups : int
        Those of the convolution.
    transposed : bool
        Whether it is a transposed one.

    Notes
    -----
    The fans of a matrix are its sides. In a convolution an output sums all kh·kw taps of
    C_in/groups channels, and an input is seen through all taps by the C_out/groups maps of its
    group, by no others. In a transposed one an input is spread over the taps of C_out/groups maps,
    and an output collects from C_in/groups channels: the same, though the weight's axes have
    changed places. This is at stride 1 and away from the border. Implements :eq:`eq-fans`.

    Examples
    --------
    >>> fans((8, 2, 3, 3), transposed=True)
    (72, 18)
    """
    if len(shape) < 2:
        raise ValueError(f"shape must have at least two axes, got {shape}")
    taps = math.prod(shape[2:])
    many, few = shape[0] // groups * taps, shape[1] * taps
    return (many, few) if transposed else (few, many)


def glorot_uniform(
    shape: tuple[int, ...], rng: np.random.Generator, groups: int = 1, transposed: bool = False
) -> np.ndarray:
    """Uniform with variance 2 / (fan-in + fan-out): :eq:`eq-glorot`.

    Parameters
    ----------
    shape, groups, transposed
        Of the weight, as in `fans`.
    rng : numpy.random.Generator
        Draws it.

    Returns
    -------
    ndarray, float64
    """
    limit = math.sqrt(6 / sum(fans(shape, groups, transposed)))
    return rng.uniform(-limit, limit, shape)


def glorot_normal(
    shape: tuple[int, ...], rng: np.random.Generator, groups: int = 1, transposed: bool = False
) -> np.ndarray:
    """Normal with variance 2 / (fan-in + fan-out): :eq:`eq-glorot`.

    The arguments are those of `glorot_uniform`.
    """
    return rng.normal(0, math.sqrt(2 / sum(fans(shape, groups, transposed))), shape)


def he_uniform(
    shape: tuple[int, ...], rng: np.random.Generator, groups: int = 1, transposed: bool = False
) -> np.ndarray:
    """Uniform with variance 2 / fan-in: :eq:`eq-he`.

    The arguments are those of `glorot_uniform`.
    """
    limit = math.sqrt(6 / fans(shape, groups, transposed)[0])
    return rng.uniform(-limit, limit, shape)


def he_normal(
    shape: tuple[int, ...], rng: np.random.Generator, groups: int = 1, transposed: bool = False
) -> np.ndarray:
    """Normal with variance 2 / fan-in: :eq:`eq-he`.

    The arguments are those of `glorot_uniform`.
    """
    return rng.normal(0, math.sqrt(2 / fans(shape, groups, transposed)[0]), shape)


def zeros(
    shape: tuple[int, ...],
    rng: np.random.Generator | None = None,
    groups: int = 1,
    transposed: bool = False,
) -> np.ndarray:
    """Nothing but zeros."""
    return np.zeros(shape)


INITIALISERS: dict[str, Initialiser] = {
    initialiser.__name__: initialiser
    for initialiser in (glorot_uniform, glorot_normal, he_uniform, he_normal, zeros)
}


def name_of(initialiser: str | Initialiser) -> str:
    """The name of an initialiser that is given as such or by name."""
    for name, known in INITIALISERS.items():
        if initialiser == name or initialiser is known:
            return name
    raise ValueError(f"initialiser must be one of {', '.join(INITIALISERS)}, got {initialiser!r}")


def initialised(
    name: str,
    shape: tuple[int, ...],
    rng: np.random.Generator,
    dtype: str,
    groups: int = 1,
    transposed: bool = False,
) -> np.ndarray:
    """A weight by the name of its initialiser."""
    return INITIALISERS[name](shape, generator(rng), groups, transposed).astype(dtype)

"""First weights: random, of a size that keeps signals from growing or fading with the depth."""

import math

import numpy as np


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan-in, fan-out) of a weight: how many inputs an output sums, and the other way round.

    For a convolution, (C_out, C_in/groups, kh, kw), these count the taps, too; for a matrix,
    (outputs, inputs), they are its sides. Implements :eq:`eq-fans`.
    """
    if len(shape) < 2:
        raise ValueError(f"shape must have at least two axes, got {shape}")
    taps = math.prod(shape[2:])
    return shape[1] * taps, shape[0] * taps


def glorot_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform with variance 2 / (fan-in + fan-out): :eq:`eq-glorot`."""
    limit = math.sqrt(6 / sum(fans(shape)))
    return rng.uniform(-limit, limit, shape)


def glorot_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Normal with variance 2 / (fan-in + fan-out): :eq:`eq-glorot`."""
    return rng.normal(0, math.sqrt(2 / sum(fans(shape))), shape)


def he_uniform(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Uniform with variance 2 / fan-in: :eq:`eq-he`."""
    limit = math.sqrt(6 / fans(shape)[0])
    return rng.uniform(-limit, limit, shape)


def he_normal(shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Normal with variance 2 / fan-in: :eq:`eq-he`."""
    return rng.normal(0, math.sqrt(2 / fans(shape)[0]), shape)


def zeros(shape: tuple[int, ...], rng: np.random.Generator | None = None) -> np.ndarray:
    """Nothing but zeros."""
    return np.zeros(shape)


INITIALISERS = {
    initialiser.__name__: initialiser
    for initialiser in (glorot_uniform, glorot_normal, he_uniform, he_normal, zeros)
}


def initialised(
    name: str, shape: tuple[int, ...], rng: np.random.Generator, dtype: str
) -> np.ndarray:
    """A weight by the name of its initialiser."""
    if name not in INITIALISERS:
        raise ValueError(f"initialiser must be one of {', '.join(INITIALISERS)}, got {name!r}")
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"rng must be a numpy.random.Generator, got {type(rng).__name__}")
    return INITIALISERS[name](shape, rng).astype(dtype)

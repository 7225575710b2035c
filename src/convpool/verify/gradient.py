"""Gradients against central differences, weighted by a random cotangent."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class GradcheckReport:
    """The worst entry that `gradcheck` met; true if even that one agrees."""

    passed: bool
    array: int
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    tolerance: float
    entries: int

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        return (
            f"gradcheck {verdict}: {self.entries} entries, the worst is {self.index} of array "
            f"{self.array}: analytic {self.analytic:.6g}, numeric {self.numeric:.6g}, "
            f"error {self.error:.1e} (tolerance {self.tolerance:.0e})"
        )


def gradcheck(
    forward: Callable,
    backward: Callable,
    *arrays: np.ndarray,
    rng: np.random.Generator | None = None,
    dy: np.ndarray | None = None,
    step: float = 1e-6,
    tolerance: float = 1e-6,
) -> GradcheckReport:
    """Compare a backward pass with central differences, entry by entry, in float64.

    Both sides are the gradient of the number `⟨dy, forward(*arrays)⟩`. The cotangent dy is drawn at
    random, since with ones everywhere gradients that went to the wrong place still add up.

    Parameters
    ----------
    forward : callable
        `forward(*arrays)` → y, one array of any shape.
    backward : callable
        `backward(dy, *arrays)` → the gradient of each array, alone or in a tuple.
    *arrays : ndarray
        Where to differentiate. Keep away from kinks: near ties of a maximum the derivative jumps.
    rng : numpy.random.Generator, optional
        Draws dy; by default a generator with seed 0.
    dy : ndarray, optional
        A cotangent of your own choice instead, of the shape of y.
    step : float
        Half the distance of the two points of the difference, relative to entries larger than 1.
    tolerance : float
        The largest `|analytic − numeric|` that passes, relative to gradients larger than 1.

    Returns
    -------
    GradcheckReport
        True if every entry agrees. It prints the worst entry: index, analytic and numeric value.

    Raises
    ------
    ValueError
        If backward returns another number of gradients, or one of another shape.

    Notes
    -----
    Implements :eq:`eq-central-difference` and :eq:`eq-gradcheck`.

    Examples
    --------
    >>> x = np.array([1.0, 2.0, 3.0])
    >>> bool(gradcheck(np.square, lambda dy, x: 2 * x * dy, x))
    True
    """
    points = [np.array(a, dtype=np.float64) for a in arrays]
    y = np.asarray(forward(*points))
    if dy is None:
        dy = (rng or np.random.default_rng(0)).normal(size=y.shape)
    analytic = _gradients(backward(dy, *points), points)

    def loss() -> float:
        return float(np.sum(dy * forward(*points)))

    worst = None
    for k, point in enumerate(points):
        for index in np.ndindex(point.shape):
            numeric = _central_difference(loss, point, index, step)
            value = float(analytic[k][index])
            error = abs(value - numeric) / max(1.0, abs(value), abs(numeric))
            error = np.inf if np.isnan(error) else error
            if worst is None or error > worst[0]:
                worst = (error, k, index, value, numeric)
    if worst is None:
        raise ValueError("arrays must have at least one entry to differentiate by")
    error, k, index, value, numeric = worst
    entries = sum(point.size for point in points)
    return GradcheckReport(
        bool(error <= tolerance), k, index, value, numeric, error, tolerance, entries
    )


def _central_difference(
    loss: Callable[[], float], point: np.ndarray, index: tuple[int, ...], step: float
) -> float:
    here = point[index]
    h = step * max(1.0, abs(here))
    point[index] = here + h
    above = loss()
    point[index] = here - h
    below = loss()
    point[index] = here
    return (above - below) / (2 * h)


def _gradients(result: object, points: list[np.ndarray]) -> list[np.ndarray]:
    gradients = [np.asarray(g) for g in (result if isinstance(result, tuple) else (result,))]
    shapes, wanted = [g.shape for g in gradients], [p.shape for p in points]
    if shapes != wanted:
        raise ValueError(f"backward must return gradients of shapes {wanted}, got {shapes}")
    return gradients

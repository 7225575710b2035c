"""A linear map against its adjoint, by two inner products."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class AdjointReport:
    """The two inner products that `adjoint_check` compared; true if they agree."""

    passed: bool
    left: float
    right: float
    error: float
    tolerance: float

    def __bool__(self) -> bool:
        return self.passed

    def __str__(self) -> str:
        verdict = "passed" if self.passed else "FAILED"
        return (
            f"adjoint_check {verdict}: ⟨A x, y⟩ = {self.left:.6g}, ⟨x, Aᵀ y⟩ = {self.right:.6g}, "
            f"error {self.error:.1e} (tolerance {self.tolerance:.0e})"
        )


def adjoint_check(
    linear: Callable,
    adjoint: Callable,
    x_shape: tuple[int, ...],
    *,
    rng: np.random.Generator | None = None,
    tolerance: float = 1e-10,
) -> AdjointReport:
    """Compare ⟨A x, y⟩ with ⟨x, Aᵀ y⟩ for random x and y, in float64.

    Parameters
    ----------
    linear : callable
        `linear(x)` → A x, an array of any shape.
    adjoint : callable
        `adjoint(y)` → Aᵀ y, of shape `x_shape`.
    x_shape : tuple of int
        The shape of the x to draw.
    rng : numpy.random.Generator, optional
        Draws x and y; by default a generator with seed 0.
    tolerance : float
        The largest difference that passes, relative to ‖A x‖ ‖y‖ + ‖x‖ ‖Aᵀ y‖.

    Returns
    -------
    AdjointReport
        True if the two agree; it prints both.

    Raises
    ------
    ValueError
        If adjoint returns an array of another shape than `x_shape`.

    Notes
    -----
    Implements :eq:`eq-adjoint`. One random pair suffices: two different maps agree on it with
    probability zero.

    Examples
    --------
    >>> A = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    >>> bool(adjoint_check(lambda x: A @ x, lambda y: A.T @ y, (3,)))
    True
    """
    rng = rng or np.random.default_rng(0)
    x = rng.normal(size=x_shape)
    image = np.asarray(linear(x))
    y = rng.normal(size=image.shape)
    back = np.asarray(adjoint(y))
    if back.shape != x.shape:
        raise ValueError(f"adjoint must return an array of shape {x.shape}, got {back.shape}")
    left, right = float(np.sum(image * y)), float(np.sum(x * back))
    norm = np.linalg.norm
    scale = norm(image) * norm(y) + norm(x) * norm(back)
    error = abs(left - right) / scale if scale > 0 else abs(left - right)
    return AdjointReport(bool(error <= tolerance), left, right, float(error), tolerance)

"""How a backward pass is proven right, on the package's own functions or on a reader's."""

from convpool.verify.adjoint import AdjointReport, adjoint_check
from convpool.verify.gradient import GradcheckReport, gradcheck

__all__ = ["AdjointReport", "GradcheckReport", "adjoint_check", "gradcheck"]

"""How a backward pass is proven right, on the package's own functions or on a reader's."""

from convpool.verify.adjoint import AdjointReport, adjoint_check
from convpool.verify.conformance import conformance
from convpool.verify.gradient import GradcheckReport, gradcheck
from convpool.verify.report import Report

__all__ = [
    "AdjointReport",
    "GradcheckReport",
    "Report",
    "adjoint_check",
    "conformance",
    "gradcheck",
]

"""Pooling and convolution layers, forward and backward: the package behind *The Backward Pass*.

The public operators stand here; `convpool.loops`, `convpool.vectorized` and `convpool.compiled`
hold the same names, one tier each.
"""

import importlib
from types import ModuleType

from convpool import arguments, geometry, loops, vectorized, verify
from convpool.arguments import Gradients, window
from convpool.operators import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
    avg_pool2d,
    avg_pool2d_backward,
    conv2d,
    conv2d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
    fold,
    global_avg_pool2d,
    global_avg_pool2d_backward,
    global_max_pool2d,
    global_max_pool2d_backward,
    lp_pool2d,
    lp_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_unpool2d,
    unfold,
)

__all__ = [
    "Gradients",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "arguments",
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "fold",
    "geometry",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "global_max_pool2d",
    "global_max_pool2d_backward",
    "loops",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "unfold",
    "vectorized",
    "verify",
    "window",
]


def __getattr__(name: str) -> ModuleType:
    """Load the compiled tier and the images on first use: they need more than NumPy."""
    if name in ("compiled", "data"):
        return importlib.import_module(f"convpool.{name}")
    raise AttributeError(f"module 'convpool' has no attribute {name!r}")

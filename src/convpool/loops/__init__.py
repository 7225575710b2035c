"""Tier 1: the formulas transcribed, one line a symbol. Slow on purpose: to read, not to run."""

from convpool.loops.average import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    avg_pool2d,
    avg_pool2d_backward,
    global_avg_pool2d,
    global_avg_pool2d_backward,
)
from convpool.loops.columns import fold, unfold
from convpool.loops.convolution import (
    conv2d,
    conv2d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
)
from convpool.loops.lp import lp_pool2d, lp_pool2d_backward
from convpool.loops.max import (
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
    global_max_pool2d,
    global_max_pool2d_backward,
    max_pool2d,
    max_pool2d_backward,
    max_unpool2d,
)
from convpool.loops.rotation import (
    exchange_channels,
    full_padding,
    input_gradient_by_rot180,
    insert_zeros,
    pad_or_crop,
    rot180,
    weight_gradient_by_correlation,
)

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "exchange_channels",
    "fold",
    "full_padding",
    "global_avg_pool2d",
    "global_avg_pool2d_backward",
    "global_max_pool2d",
    "global_max_pool2d_backward",
    "input_gradient_by_rot180",
    "insert_zeros",
    "lp_pool2d",
    "lp_pool2d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "pad_or_crop",
    "rot180",
    "unfold",
    "weight_gradient_by_correlation",
]

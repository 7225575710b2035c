"""The case tables of pooling."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convpool.verify.cases.case import Case, case
from convpool.verify.examination import Arrays

# What every operator with windows must get right.
WINDOWS = (
    case("side by side: 2 × 2, stride 2", (2, 2, 4, 4), kernel_size=2),
    case("a batch of one, a single channel", (1, 1, 4, 4), kernel_size=2),
    case("overlap: 3 × 3, stride 1", (1, 1, 4, 4), kernel_size=3, stride=1),
    case("overlap: 3 × 3, stride 2", (1, 2, 5, 5), kernel_size=3, stride=2),
    case("gaps between windows: 2 × 2, stride 3", (1, 1, 5, 5), kernel_size=2, stride=3),
    case("remainder: 2 × 2 on 5 × 7", (2, 1, 5, 7), kernel_size=2),
    case("non-square kernel: 2 × 3", (1, 2, 4, 6), kernel_size=(2, 3)),
    case("non-square stride: 1 and 2", (1, 1, 4, 5), kernel_size=2, stride=(1, 2)),
    case("padding: 3 × 3, stride 2, padding 1", (1, 2, 5, 5), kernel_size=3, stride=2, padding=1),
    case(
        "padding and remainder: 3 × 3, stride 2, padding 1",
        (1, 1, 6, 4),
        kernel_size=3,
        stride=2,
        padding=1,
    ),
    case("non-square padding: 1 and 0", (1, 1, 3, 4), kernel_size=2, stride=1, padding=(1, 0)),
    case(
        "asymmetric padding: 1 above, 1 on the right",
        (1, 1, 3, 3),
        kernel_size=2,
        stride=1,
        padding=((1, 0), (0, 1)),
    ),
    case("dilation 2: 2 × 2, stride 1", (1, 1, 4, 5), kernel_size=2, stride=1, dilation=2),
    case(
        "dilation 2 with padding: 3 × 3, stride 2",
        (1, 1, 6, 6),
        kernel_size=3,
        stride=2,
        padding=1,
        dilation=2,
    ),
    case("ceil overhang: 2 × 2 on 3 × 5", (1, 1, 3, 5), kernel_size=2, ceil_mode=True),
    case(
        "ceil overhang past the padding: 3 × 3, stride 2, padding 1",
        (1, 1, 4, 4),
        kernel_size=3,
        stride=2,
        padding=1,
        ceil_mode=True,
    ),
    case("large values, 1e30", (1, 1, 4, 4), "large", kernel_size=3, stride=1),
    case("float32", (1, 2, 5, 5), dtype="float32", kernel_size=3, stride=2),
)

MAX = (
    *WINDOWS,
    case("ties", (1, 2, 4, 4), "ties", kernel_size=2),
    case("ties where windows overlap", (1, 1, 5, 5), "ties", kernel_size=3, stride=2),
    case(
        "all-negative border: 2 × 2, padding 1", (1, 1, 4, 4), "negative", kernel_size=2, padding=1
    ),
    case("NaN in a window", (1, 1, 4, 4), "nan", kernel_size=2),
)

POOLING: dict[str, tuple[Case, ...]] = {
    "max_pool2d": (
        *MAX,
        case("places of the maxima", (1, 2, 4, 4), kernel_size=2, return_indices=True),
    ),
    "max_pool2d_backward": MAX,
}

# How the arrays of an operator are drawn that takes more than an image, forward and in its order:
# (case, arguments, rng) → arrays by name. A backward pass adds dy in front and leaves out the bias.
POOLING_INPUTS: dict[str, Callable[[Case, dict[str, Any], np.random.Generator], Arrays]] = {}

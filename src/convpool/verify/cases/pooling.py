"""The case tables of pooling."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from convpool.verify import mistaken
from convpool.verify.cases.case import Case, case, image
from convpool.verify.examination import Arrays

# What every operator with windows must get right.
WINDOWS = (
    case("side by side: 2 × 2, stride 2", (2, 2, 4, 4), kernel_size=2),
    case("a batch of one, a single channel", (1, 1, 4, 4), kernel_size=2),
    case("overlap: 3 × 3, stride 1", (1, 1, 4, 4), kernel_size=3, stride=1),
    case("overlap: 3 × 3, stride 2", (1, 2, 5, 5), kernel_size=3, stride=2),
    case("gaps between windows: 2 × 2, stride 3", (1, 1, 5, 5), kernel_size=2, stride=3),
    case("remainder: 2 × 2 on 5 × 7", (2, 1, 5, 7), kernel_size=2),
    case("non-square kernel and a remainder: 2 × 3 on 5 × 6", (1, 1, 5, 6), kernel_size=(2, 3)),
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
    case(
        "dilation and stride, non-square: 1 and 2",
        (1, 1, 4, 6),
        kernel_size=2,
        stride=(1, 2),
        dilation=(1, 2),
    ),
    case(
        "ceil mode, where no window may start in the trailing padding",
        (1, 1, 3, 3),
        kernel_size=2,
        padding=1,
        ceil_mode=True,
    ),
    case("large values, 1e30", (1, 1, 4, 4), "large", kernel_size=3, stride=1),
    case("float32", (1, 2, 5, 5), dtype="float32", kernel_size=3, stride=2),
)

# What else every maximum must get right, and every maximum with windows.
TIES = case("ties", (1, 2, 4, 4), "ties", kernel_size=2)
NAN = case("NaN in a window", (1, 1, 4, 4), "nan", kernel_size=2)
MAX = (
    *WINDOWS,
    TIES,
    case("ties where windows overlap", (1, 1, 5, 5), "ties", kernel_size=3, stride=2),
    case("all negative", (1, 1, 4, 4), "negative", kernel_size=2),
    case(
        "all-negative border: 2 × 2, padding 1", (1, 1, 4, 4), "negative", kernel_size=2, padding=1
    ),
    case(
        "all-negative ceil overhang: 2 × 2 on 3 × 3",
        (1, 1, 3, 3),
        "negative",
        kernel_size=2,
        ceil_mode=True,
    ),
    NAN,
)

INDICES = (
    case("places of the maxima", (2, 2, 4, 6), kernel_size=2, return_indices=True),
    case(
        "places of the maxima, overlap and padding",
        (1, 1, 5, 5),
        "positive",
        kernel_size=3,
        stride=2,
        padding=1,
        return_indices=True,
    ),
    case("places of ties", (1, 1, 4, 4), "ties", kernel_size=2, return_indices=True),
)

AVERAGE = (
    *WINDOWS,
    case(
        "padding out of the divisor: 3 × 3, stride 2, padding 1",
        (1, 1, 5, 5),
        kernel_size=3,
        stride=2,
        padding=1,
        count_include_pad=False,
    ),
    case(
        "asymmetric padding out of the divisor",
        (1, 1, 3, 3),
        kernel_size=2,
        stride=1,
        padding=((1, 0), (0, 1)),
        count_include_pad=False,
    ),
    case(
        "padding and ceil overhang out of the divisor",
        (1, 1, 4, 4),
        kernel_size=3,
        stride=2,
        padding=1,
        ceil_mode=True,
        count_include_pad=False,
    ),
    case("divisor 3 for all", (1, 1, 4, 4), kernel_size=2, divisor_override=3),
    case(
        "divisor 3 for all, padding and ceil overhang",
        (1, 1, 4, 4),
        kernel_size=3,
        stride=2,
        padding=1,
        ceil_mode=True,
        divisor_override=3,
    ),
)


def _with_norm(row: Case, p: float) -> Case:
    return replace(row, arguments={"norm_type": p} | row.arguments)


LP = (
    *(_with_norm(row, 2) for row in WINDOWS),
    case("p = 1, negative cells", (1, 1, 4, 4), norm_type=1, kernel_size=2),
    case("p = 3, negative cells", (1, 1, 4, 4), norm_type=3, kernel_size=2),
    case("p = 3, overlap", (1, 1, 4, 4), norm_type=3, kernel_size=3, stride=1),
    case("p = 1.5, negative cells", (1, 1, 4, 4), norm_type=1.5, kernel_size=2),
    case("all negative, p = 3", (1, 1, 4, 4), "negative", norm_type=3, kernel_size=2),
    case("windows of zeros", (1, 1, 4, 4), "half zeros", norm_type=2, kernel_size=2),
    case("windows of zeros, p = 3", (1, 1, 2, 4), "half zeros", norm_type=3, kernel_size=2),
)

# What every operator with bins must get right.
BINS = (
    case("bins of one size: 4 → 2", (2, 2, 4, 4), output_size=2),
    case("a batch of one, a single channel", (1, 1, 4, 4), output_size=2),
    case("bins that share cells: 5 → 3", (1, 1, 5, 5), output_size=3),
    case("bins of two sizes that share cells: 10 → 4", (1, 1, 4, 10), output_size=(2, 4)),
    case("more bins than cells: 3 → 5", (1, 1, 3, 3), output_size=5),
    case("one bin", (1, 2, 3, 4), output_size=1),
    case("non-square plane: 4 × 6 → 2 × 2", (1, 1, 4, 6), output_size=2),
    case("non-square output: 6 × 6 → 3 × 2", (1, 1, 6, 6), output_size=(3, 2)),
    case("non-square output that shares cells: 5 × 4 → 2 × 3", (1, 2, 5, 4), output_size=(2, 3)),
    case("None keeps the rows: 3 × 4 → 3 × 2", (1, 1, 3, 4), output_size=(None, 2)),
    case("None keeps the columns: 4 × 3 → 2 × 3", (1, 1, 4, 3), output_size=(2, None)),
    case("large values, 1e30", (1, 1, 4, 4), "large", output_size=2),
    case("float32", (1, 2, 5, 5), dtype="float32", output_size=3),
)

MAX_BINS = (
    *BINS,
    case("ties", (1, 2, 4, 4), "ties", output_size=2),
    case("ties where bins share cells", (1, 1, 5, 5), "ties", output_size=3),
    case("all negative", (1, 1, 4, 4), "negative", output_size=2),
    case("NaN in a bin", (1, 1, 4, 4), "nan", output_size=2),
)

BIN_INDICES = (
    case("places of the maxima", (2, 2, 4, 6), output_size=2, return_indices=True),
    case("places of the maxima, shared cells", (1, 1, 5, 5), output_size=3, return_indices=True),
    case("places of ties", (1, 1, 4, 4), "ties", output_size=2, return_indices=True),
)

# What every operator on whole planes must get right.
PLANES = (
    case("one plane", (1, 1, 3, 3)),
    case("a batch and channels: 2 × 3 planes", (2, 3, 2, 2)),
    case("wide planes: 2 × 3", (1, 2, 2, 3)),
    case("a tall plane: 3 × 2", (1, 1, 3, 2)),
    case("one cell", (2, 1, 1, 1)),
    case("large values, 1e30", (1, 1, 2, 3), "large"),
    case("float32", (1, 2, 3, 4), dtype="float32"),
)

MAX_PLANES = (
    *PLANES,
    case("ties", (2, 2, 3, 4), "ties"),
    case("all negative", (1, 2, 2, 3), "negative"),
    case("NaN in a plane", (1, 1, 3, 3), "nan"),
)

UNPOOLING = (
    case("side by side: 2 × 2, stride 2", (2, 2, 4, 4), kernel_size=2),
    case("a batch of one, a single channel", (1, 1, 4, 4), kernel_size=2),
    case("non-square plane: 4 × 6", (1, 2, 4, 6), kernel_size=2),
    case("non-square kernel: 2 × 3", (1, 1, 4, 6), kernel_size=(2, 3)),
    case("gaps between windows: 2 × 2, stride 3", (1, 1, 5, 5), kernel_size=2, stride=3),
    case("places that occur twice: 3 × 3, stride 1", (1, 1, 4, 4), kernel_size=3, stride=1),
    case("non-square stride: 1 and 2", (1, 1, 4, 6), kernel_size=2, stride=(1, 2)),
    case("padding: 3 × 3, stride 2, padding 1", (1, 1, 5, 5), kernel_size=3, stride=2, padding=1),
    case("non-square padding: 1 and 0", (1, 1, 4, 4), kernel_size=2, padding=(1, 0)),
    case(
        "asymmetric padding: 1 above, 1 on the right",
        (1, 1, 3, 3),
        kernel_size=2,
        padding=((1, 0), (0, 1)),
    ),
    case("a remainder that comes back: 5 × 7", (1, 1, 5, 7), kernel_size=2, output_size=(5, 7)),
    case("all negative", (1, 1, 4, 4), "negative", kernel_size=2),
    case("large values, 1e30", (1, 1, 4, 4), "large", kernel_size=2),
    case("float32", (1, 2, 4, 4), dtype="float32", kernel_size=2),
)

POOLING: dict[str, tuple[Case, ...]] = {
    "max_pool2d": (*MAX, *INDICES),
    "max_pool2d_backward": MAX,
    "avg_pool2d": AVERAGE,
    "avg_pool2d_backward": AVERAGE,
    "lp_pool2d": LP,
    "lp_pool2d_backward": LP,
    "adaptive_max_pool2d": (*MAX_BINS, *BIN_INDICES),
    "adaptive_max_pool2d_backward": MAX_BINS,
    "adaptive_avg_pool2d": BINS,
    "adaptive_avg_pool2d_backward": BINS,
    "global_max_pool2d": MAX_PLANES,
    "global_max_pool2d_backward": MAX_PLANES,
    "global_avg_pool2d": PLANES,
    "global_avg_pool2d_backward": PLANES,
    "max_unpool2d": UNPOOLING,
}


def _pooled(case: Case, arguments: dict[str, Any], rng: np.random.Generator) -> Arrays:
    """The maxima of an image of the row's shape, and their places."""
    told = {name: arguments[name] for name in ("kernel_size", "stride", "padding")}
    pooling = told | {"dilation": 1, "ceil_mode": False, "return_indices": True}
    return mistaken.answer("max_pool2d", {"x": image(case, rng)}, pooling)


# How the arrays of an operator are drawn that takes more than an image, forward and in its order:
# (case, arguments, rng) → arrays by name. A backward pass adds dy in front and leaves out the bias.
POOLING_INPUTS: dict[str, Callable[[Case, dict[str, Any], np.random.Generator], Arrays]] = {
    "max_unpool2d": _pooled,
}

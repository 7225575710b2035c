"""The case tables of convolution, of its transpose, and of unfold and fold."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from convpool.arguments import window
from convpool.verify.cases.case import Case, case, image
from convpool.verify.examination import Arrays


def conv(
    name: str,
    x: tuple[int, ...],
    weight: tuple[int, ...],
    values: str = "normal",
    dtype: str = "float64",
    **arguments: Any,
) -> Case:
    return Case(name, x, arguments, weight, values, dtype)


# Weights are (C_out, C_in/groups, kh, kw).
CONV = (
    conv("one image, one channel, one map: 2 × 2", (1, 1, 3, 3), (1, 1, 2, 2)),
    conv("two images, two channels, three maps", (2, 2, 4, 3), (3, 2, 2, 2)),
    conv("as many maps as channels", (2, 2, 3, 4), (2, 2, 2, 2)),
    conv("as many images as maps, more channels", (2, 3, 3, 3), (2, 3, 2, 2)),
    conv("one map, two channels", (1, 2, 3, 3), (1, 2, 2, 2)),
    conv("kernel 1 × 1", (2, 3, 2, 2), (2, 3, 1, 1)),
    conv("kernel as large as the image", (1, 2, 3, 3), (2, 2, 3, 3)),
    conv("overlap: 3 × 3, stride 1", (1, 1, 4, 5), (1, 1, 3, 3)),
    conv("non-square kernel: 2 × 3", (1, 2, 3, 5), (2, 2, 2, 3)),
    conv("side by side: 2 × 2, stride 2", (1, 1, 4, 4), (2, 1, 2, 2), stride=2),
    conv("stride 2 with overlap: 3 × 3 on 5 × 5", (1, 1, 5, 5), (1, 1, 3, 3), stride=2),
    conv("remainder: 2 × 2, stride 2 on 5 × 5", (1, 1, 5, 5), (1, 1, 2, 2), stride=2),
    conv("remainder 2: 2 × 2, stride 3 on 4 × 7", (1, 1, 4, 7), (1, 1, 2, 2), stride=3),
    conv("gaps between windows: 2 × 2, stride 3", (1, 1, 5, 5), (1, 1, 2, 2), stride=3),
    conv("non-square stride: 1 and 2", (1, 1, 4, 4), (1, 1, 2, 2), stride=(1, 2)),
    conv("padding 1: 3 × 3", (1, 1, 3, 3), (1, 1, 3, 3), padding=1),
    conv("padding 1: 2 × 2", (1, 1, 3, 3), (1, 1, 2, 2), padding=1),
    conv(
        "padding 1, stride 2, remainder: 3 × 3 on 4 × 4",
        (1, 1, 4, 4),
        (1, 1, 3, 3),
        stride=2,
        padding=1,
    ),
    conv("windows wholly in the padding", (1, 1, 2, 2), (1, 1, 2, 2), padding=2),
    conv("non-square padding: 1 and 0", (1, 1, 3, 3), (1, 1, 2, 2), padding=(1, 0)),
    conv("non-square padding: 0 and 1", (1, 1, 3, 4), (1, 1, 3, 3), padding=(0, 1)),
    conv(
        "asymmetric padding: 1 above, 1 on the right",
        (1, 1, 3, 3),
        (1, 1, 2, 2),
        padding=((1, 0), (0, 1)),
    ),
    conv(
        "asymmetric padding: 1 above, 1 on the left",
        (1, 1, 3, 3),
        (1, 1, 2, 2),
        padding=((1, 0), (1, 0)),
    ),
    conv(
        "asymmetric padding with stride 2: 2 on the left",
        (1, 1, 3, 4),
        (1, 1, 2, 3),
        stride=2,
        padding=((0, 1), (2, 0)),
    ),
    conv("'same', odd cell at the end: 2 × 2", (1, 1, 3, 3), (1, 1, 2, 2), padding="same"),
    conv("'same' with stride 2", (1, 1, 4, 4), (1, 1, 3, 3), stride=2, padding="same"),
    conv("dilation 2: 2 × 2", (1, 1, 4, 4), (1, 1, 2, 2), dilation=2),
    conv("non-square dilation: 1 and 2", (1, 1, 4, 4), (1, 1, 2, 2), dilation=(1, 2)),
    conv(
        "dilation 2 with stride 2, padding, remainder",
        (1, 1, 6, 6),
        (1, 1, 3, 3),
        stride=2,
        padding=1,
        dilation=2,
    ),
    conv("stride 3, dilation 2", (1, 1, 6, 7), (1, 1, 2, 2), stride=3, dilation=2),
    conv("two groups: 4 channels, 4 maps", (1, 4, 3, 3), (4, 2, 2, 2), groups=2),
    conv("two groups: 4 channels, 2 maps", (2, 4, 2, 3), (2, 2, 2, 2), groups=2),
    conv("depthwise: 3 channels", (1, 3, 3, 3), (3, 1, 2, 2), groups=3),
    conv("depthwise with two maps a channel", (1, 2, 3, 3), (4, 1, 2, 2), groups=2),
    conv(
        "everything at once",
        (2, 4, 5, 6),
        (6, 2, 2, 3),
        stride=(2, 1),
        padding=((1, 0), (2, 1)),
        dilation=(2, 1),
        groups=2,
    ),
    conv("large values, 1e30", (1, 1, 3, 3), (1, 1, 2, 2), "large"),
    conv("float32", (2, 2, 4, 4), (3, 2, 3, 3), dtype="float32"),
)

CONV_FORWARD = (
    *CONV,
    replace(conv("bias", (2, 2, 3, 3), (3, 2, 2, 2)), bias=True),
    replace(conv("bias, as many maps as columns", (1, 1, 3, 4), (3, 1, 2, 2)), bias=True),
)

# Weights are (C_in, C_out/groups, kh, kw).
TRANSPOSED = (
    conv("one image, one channel, one map: 2 × 2", (1, 1, 2, 2), (1, 1, 2, 2)),
    conv("two images, two channels, three maps", (2, 2, 2, 3), (2, 3, 2, 2)),
    conv("as many maps as channels", (2, 2, 2, 2), (2, 2, 2, 2)),
    conv("as many images as maps, more channels", (2, 3, 2, 2), (3, 2, 2, 2)),
    conv("one map, two channels", (1, 2, 2, 2), (2, 1, 2, 2)),
    conv("kernel 1 × 1", (2, 3, 2, 2), (3, 2, 1, 1)),
    conv("overlap: 3 × 3, stride 1", (1, 1, 2, 3), (1, 1, 3, 3)),
    conv("non-square kernel: 2 × 3", (1, 2, 2, 2), (2, 2, 2, 3)),
    conv("side by side: 2 × 2, stride 2", (1, 1, 2, 2), (1, 2, 2, 2), stride=2),
    conv("stride 2 with overlap: 3 × 3", (1, 1, 2, 2), (1, 1, 3, 3), stride=2),
    conv("gaps: 2 × 2, stride 3", (1, 1, 2, 2), (1, 1, 2, 2), stride=3),
    conv("non-square stride: 1 and 2", (1, 1, 3, 2), (1, 1, 2, 2), stride=(1, 2)),
    conv("padding 1: 3 × 3", (1, 1, 3, 3), (1, 1, 3, 3), padding=1),
    conv("padding 1: 2 × 2", (1, 1, 3, 3), (1, 1, 2, 2), padding=1),
    conv("padding 1, stride 2: 3 × 3", (1, 1, 2, 3), (1, 1, 3, 3), stride=2, padding=1),
    conv("padding beyond the kernel's reach", (1, 1, 4, 4), (1, 1, 2, 2), stride=2, padding=2),
    conv("non-square padding: 1 and 0", (1, 1, 3, 2), (1, 1, 2, 2), padding=(1, 0)),
    conv(
        "asymmetric padding: 1 above, 1 on the right",
        (1, 1, 3, 3),
        (1, 1, 2, 2),
        padding=((1, 0), (0, 1)),
    ),
    conv("dilation 2: 2 × 2", (1, 1, 3, 3), (1, 1, 2, 2), dilation=2),
    conv("non-square dilation: 1 and 2", (1, 1, 2, 3), (1, 1, 2, 2), dilation=(1, 2)),
    conv(
        "dilation 2 with stride 2 and padding",
        (1, 1, 3, 3),
        (1, 1, 2, 2),
        stride=2,
        padding=1,
        dilation=2,
    ),
    conv("output_padding 1: stride 2", (1, 1, 2, 2), (1, 1, 2, 2), stride=2, output_padding=1),
    conv(
        "output_padding 1 where padding was cut off",
        (1, 1, 2, 3),
        (1, 1, 3, 3),
        stride=2,
        padding=1,
        output_padding=1,
    ),
    conv(
        "non-square output_padding: 2 and 0",
        (1, 1, 2, 2),
        (1, 1, 3, 3),
        stride=3,
        padding=1,
        output_padding=(2, 0),
    ),
    conv("two groups: 4 channels, 4 maps", (1, 4, 2, 2), (4, 2, 2, 2), groups=2),
    conv("two groups: 2 channels, 4 maps", (2, 2, 2, 2), (2, 2, 2, 2), groups=2),
    conv("depthwise: 3 channels", (1, 3, 2, 2), (3, 1, 2, 2), groups=3),
    conv(
        "everything at once",
        (2, 4, 3, 4),
        (4, 3, 2, 3),
        stride=(2, 1),
        padding=((1, 0), (0, 2)),
        output_padding=(1, 0),
        dilation=(2, 1),
        groups=2,
    ),
    conv("large values, 1e30", (1, 1, 2, 2), (1, 1, 2, 2), "large"),
    conv("float32", (2, 2, 3, 3), (2, 3, 3, 3), dtype="float32"),
)

TRANSPOSED_FORWARD = (
    *TRANSPOSED,
    replace(conv("bias", (2, 2, 2, 2), (2, 3, 2, 2)), bias=True),
    replace(conv("bias, as many maps as columns", (1, 1, 2, 2), (1, 3, 2, 2)), bias=True),
)

COLUMNS = (
    case("one image, one channel: 2 × 2", (1, 1, 3, 3), kernel_size=2),
    case("two images, two channels", (2, 2, 3, 3), kernel_size=2),
    case("as many taps as windows", (1, 1, 3, 3), kernel_size=2, stride=1),
    case("kernel 1 × 1", (1, 2, 2, 2), kernel_size=1),
    case("side by side: 2 × 2, stride 2", (1, 2, 4, 4), kernel_size=2, stride=2),
    case("overlap: 3 × 3, stride 1", (1, 1, 4, 4), kernel_size=3),
    case("overlap: 3 × 3, stride 2", (1, 1, 5, 5), kernel_size=3, stride=2),
    case("overlap: more rows than columns", (1, 1, 4, 3), kernel_size=2),
    case("remainder: 2 × 2, stride 2 on 5 × 4", (1, 1, 5, 4), kernel_size=2, stride=2),
    case("gaps between windows: 2 × 2, stride 3", (1, 1, 5, 5), kernel_size=2, stride=3),
    case("non-square kernel: 2 × 3", (1, 2, 3, 4), kernel_size=(2, 3)),
    case("non-square stride: 1 and 2", (1, 1, 4, 4), kernel_size=2, stride=(1, 2)),
    case("non-square stride, as many windows", (1, 1, 4, 4), kernel_size=3, stride=(1, 2)),
    case("padding 1: 2 × 2", (1, 1, 2, 2), kernel_size=2, padding=1),
    case("padding 1: 3 × 3, stride 2", (1, 1, 4, 4), kernel_size=3, stride=2, padding=1),
    case("windows wholly in the padding", (1, 1, 2, 2), kernel_size=2, padding=2),
    case("non-square padding: 1 and 0", (1, 1, 3, 3), kernel_size=2, padding=(1, 0)),
    case(
        "asymmetric padding: 1 above, 1 on the right",
        (1, 1, 3, 3),
        kernel_size=2,
        padding=((1, 0), (0, 1)),
    ),
    case(
        "asymmetric padding: 1 above, 1 on the left",
        (1, 1, 3, 3),
        kernel_size=2,
        padding=((1, 0), (1, 0)),
    ),
    case("'same', odd cell at the end: 2 × 2", (1, 1, 3, 3), kernel_size=2, padding="same"),
    case("dilation 2: 2 × 2", (1, 1, 4, 4), kernel_size=2, dilation=2),
    case("non-square dilation: 1 and 2", (1, 1, 3, 4), kernel_size=2, dilation=(1, 2)),
    case(
        "dilation 2 with stride 2, padding, remainder",
        (1, 1, 6, 6),
        kernel_size=3,
        stride=2,
        padding=1,
        dilation=2,
    ),
    case(
        "everything at once",
        (2, 2, 5, 6),
        kernel_size=(2, 3),
        stride=(2, 1),
        padding=((1, 0), (2, 1)),
        dilation=(2, 1),
    ),
    case("large values, 1e30", (1, 1, 3, 3), "large", kernel_size=2),
    case("float32", (2, 2, 3, 3), dtype="float32", kernel_size=2),
)

# For fold, x is what comes out.
FOLD = tuple(replace(row, arguments=row.arguments | {"output_size": row.x[2:]}) for row in COLUMNS)

CONVOLUTION: dict[str, tuple[Case, ...]] = {
    "conv2d": CONV_FORWARD,
    "conv2d_backward": CONV,
    "conv_transpose2d": TRANSPOSED_FORWARD,
    "conv_transpose2d_backward": TRANSPOSED,
    "unfold": COLUMNS,
    "fold": FOLD,
}


def _layer(case: Case, arguments: dict[str, Any], rng: np.random.Generator) -> Arrays:
    assert case.weight is not None
    weight = rng.normal(size=case.weight).astype(case.dtype)
    arrays = {"x": image(case, rng), "weight": weight}
    if case.bias:
        transposed = "output_padding" in arguments
        maps = case.weight[1] * arguments["groups"] if transposed else case.weight[0]
        arrays["bias"] = rng.normal(size=maps).astype(case.dtype)
    return arrays


def _columns(case: Case, arguments: dict[str, Any], rng: np.random.Generator) -> Arrays:
    names = ("kernel_size", "stride", "padding", "dilation")
    windows = window((case.x[2], case.x[3]), **{name: arguments[name] for name in names})
    rows = case.x[1] * windows.rows.kernel * windows.cols.kernel
    shape = (case.x[0], rows, windows.rows.out * windows.cols.out)
    return {"col": image(replace(case, x=shape), rng)}


# How the arrays of an operator are drawn that takes more than an image, forward and in its order:
# (case, arguments, rng) → arrays by name. A backward pass adds dy in front and leaves out the bias.
CONVOLUTION_INPUTS: dict[str, Callable[[Case, dict[str, Any], np.random.Generator], Arrays]] = {
    "conv2d": _layer,
    "conv_transpose2d": _layer,
    "fold": _columns,
}

"""The convolution operators with slips, by name."""

from collections.abc import Callable
from typing import Any

from convpool.verify.examination import Arrays
from convpool.verify.mistaken import columns, conv, transposed
from convpool.verify.mistaken.windows import Slips

CONVOLUTION: dict[str, Callable[[Arrays, dict[str, Any], Slips], Arrays]] = {
    "conv2d": conv.conv2d,
    "conv2d_backward": conv.conv2d_backward,
    "conv_transpose2d": transposed.conv_transpose2d,
    "conv_transpose2d_backward": transposed.conv_transpose2d_backward,
    "unfold": columns.unfold,
    "fold": columns.fold,
}

"""The pooling operators with slips, by name."""

from collections.abc import Callable
from typing import Any

from convpool.verify.examination import Arrays
from convpool.verify.mistaken import max as _max
from convpool.verify.mistaken.windows import Slips

POOLING: dict[str, Callable[[Arrays, dict[str, Any], Slips], Arrays]] = {
    "max_pool2d": _max.max_pool2d,
    "max_pool2d_backward": _max.max_pool2d_backward,
}

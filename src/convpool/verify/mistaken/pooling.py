"""The pooling operators with slips, by name."""

from collections.abc import Callable
from typing import Any

from convpool.verify.examination import Arrays
from convpool.verify.mistaken import average, bins, lp, unpool
from convpool.verify.mistaken import max as _max
from convpool.verify.mistaken.windows import Slips

POOLING: dict[str, Callable[[Arrays, dict[str, Any], Slips], Arrays]] = {
    "max_pool2d": _max.max_pool2d,
    "max_pool2d_backward": _max.max_pool2d_backward,
    "avg_pool2d": average.avg_pool2d,
    "avg_pool2d_backward": average.avg_pool2d_backward,
    "lp_pool2d": lp.lp_pool2d,
    "lp_pool2d_backward": lp.lp_pool2d_backward,
    "adaptive_max_pool2d": bins.adaptive_max_pool2d,
    "adaptive_max_pool2d_backward": bins.adaptive_max_pool2d_backward,
    "adaptive_avg_pool2d": bins.adaptive_avg_pool2d,
    "adaptive_avg_pool2d_backward": bins.adaptive_avg_pool2d_backward,
    "global_max_pool2d": bins.global_max_pool2d,
    "global_max_pool2d_backward": bins.global_max_pool2d_backward,
    "global_avg_pool2d": bins.global_avg_pool2d,
    "global_avg_pool2d_backward": bins.global_avg_pool2d_backward,
    "max_unpool2d": unpool.max_unpool2d,
}

"""The pooling operators with slips, by name."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convpool.verify.examination import Arrays
from convpool.verify.mistaken import average, bins, lp, unpool
from convpool.verify.mistaken import max as _max
from convpool.verify.mistaken.windows import Slips

Answer = Callable[[Arrays, dict[str, Any], Slips], Arrays]


def _by_columns(answer: Answer) -> Answer:
    """An operator on a matrix of windows, whose results come in the order n, i, j, c."""

    def reshaped(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
        if "reshaped" not in slips:
            return answer(arrays, arguments, slips)
        if "dy" in arrays:
            N, C, H, W = arrays["dy"].shape
            dy = arrays["dy"].reshape(N, H, W, C).transpose(0, 3, 1, 2)
            return answer(arrays | {"dy": dy}, arguments, slips)
        results = answer(arrays, arguments, slips)
        return {name: _misread(array) for name, array in results.items()}

    return reshaped


def _misread(y: np.ndarray) -> np.ndarray:
    return y.transpose(0, 2, 3, 1).reshape(y.shape)


POOLING: dict[str, Answer] = {
    "max_pool2d": _by_columns(_max.max_pool2d),
    "max_pool2d_backward": _by_columns(_max.max_pool2d_backward),
    "avg_pool2d": _by_columns(average.avg_pool2d),
    "avg_pool2d_backward": _by_columns(average.avg_pool2d_backward),
    "lp_pool2d": _by_columns(lp.lp_pool2d),
    "lp_pool2d_backward": _by_columns(lp.lp_pool2d_backward),
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

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
    """An operator whose results, or whose dy, may be read in another order than they lie in."""

    def misread(arrays: Arrays, arguments: dict[str, Any], slips: Slips) -> Arrays:
        if "dy" in arrays:
            return answer(arrays | {"dy": _read(arrays["dy"], slips)}, arguments, slips)
        results = answer(arrays, arguments, slips)
        if "reshaped" not in slips:
            return results
        return {name: y.transpose(0, 2, 3, 1).reshape(y.shape) for name, y in results.items()}

    return misread


def _read(dy: np.ndarray, slips: Slips) -> np.ndarray:
    N, C, H, W = dy.shape
    if "reshaped" in slips:  # as if it lay in the order n, i, j, c, as a matrix of windows does
        return dy.reshape(N, H, W, C).transpose(0, 3, 1, 2)
    if "dy exchanged" in slips:
        return dy.reshape(N, C, W, H).swapaxes(2, 3)
    return dy


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

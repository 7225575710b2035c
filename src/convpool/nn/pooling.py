"""Layers that pool: nothing to learn, the input kept for the way back."""

from typing import Any

import numpy as np

from convpool.arguments import adaptive_window, flag, window
from convpool.nn.layer import Layer

SIDE = 1 << 20  # of an image in which every window fits


class _Pool(Layer):
    """An operator of images with its arguments."""

    _operator: str

    def __init__(self, *, tier: str | None, **arguments: Any) -> None:
        super().__init__(**arguments, tier=tier)
        self.arguments = {name: self.hyperparams[name] for name in arguments}
        self.use(tier)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return getattr(self.tier, self._operator)(x, **self.arguments), x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return getattr(self.tier, f"{self._operator}_backward")(dy, kept, **self.arguments)


class MaxPool2d(_Pool):
    """The largest cell of each window: `convpool.max_pool2d`.

    Parameters
    ----------
    kernel_size, stride, padding, dilation, ceil_mode
        As in `convpool.max_pool2d`: x is (N, C, H, W) or (C, H, W), y has H' × W' cells a plane.
    tier
        As in `Conv2d`.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Its operators implement :eq:`eq-max-forward` and :eq:`eq-max-backward`.
    """

    _operator = "max_pool2d"

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        *,
        tier: str | None = None,
    ) -> None:
        window((SIDE, SIDE), kernel_size, stride, padding, dilation, ceil_mode)
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            ceil_mode=ceil_mode,
            tier=tier,
        )


class AvgPool2d(_Pool):
    """The mean of each window: `convpool.avg_pool2d`.

    Parameters
    ----------
    kernel_size, stride, padding, ceil_mode, count_include_pad
        As in `convpool.avg_pool2d`: x is (N, C, H, W) or (C, H, W), y has H' × W' cells a plane.
    tier
        As in `Conv2d`.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Its operators implement :eq:`eq-avg-forward` and :eq:`eq-avg-backward`.
    """

    _operator = "avg_pool2d"

    def __init__(
        self,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        *,
        tier: str | None = None,
    ) -> None:
        window((SIDE, SIDE), kernel_size, stride, padding, ceil_mode=ceil_mode)
        flag("count_include_pad", count_include_pad)
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            tier=tier,
        )


class AdaptiveAvgPool2d(_Pool):
    """The mean of each of H' × W' bins: `convpool.adaptive_avg_pool2d`.

    Parameters
    ----------
    output_size : int, None or a pair of them
        H' and W'; None keeps the input's.
    tier
        As in `Conv2d`.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Its operators implement :eq:`eq-adaptive-avg-forward` and :eq:`eq-adaptive-avg-backward`.
    """

    _operator = "adaptive_avg_pool2d"

    def __init__(self, output_size: Any, *, tier: str | None = None) -> None:
        adaptive_window(np.empty((1, 1, 1, 1)), output_size)
        super().__init__(output_size=output_size, tier=tier)


class GlobalMaxPool2d(_Pool):
    """The largest cell of each plane, (N, C, H, W) → (N, C): `convpool.global_max_pool2d`.

    Parameters
    ----------
    tier
        As in `Conv2d`.

    Notes
    -----
    Its operators implement :eq:`eq-global-max-forward` and :eq:`eq-global-max-backward`.
    """

    _operator = "global_max_pool2d"

    def __init__(self, *, tier: str | None = None) -> None:
        super().__init__(tier=tier)


class GlobalAvgPool2d(_Pool):
    """The mean of each plane, (N, C, H, W) → (N, C): `convpool.global_avg_pool2d`.

    Parameters
    ----------
    tier
        As in `Conv2d`.

    Notes
    -----
    Its operators implement :eq:`eq-global-avg-forward` and :eq:`eq-global-avg-backward`.
    """

    _operator = "global_avg_pool2d"

    def __init__(self, *, tier: str | None = None) -> None:
        super().__init__(tier=tier)

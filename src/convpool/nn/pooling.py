"""Layers that pool: nothing to learn, the input kept for the way back."""

from typing import Any

import numpy as np

from convpool.nn.layer import Layer, operators_of


class _Pool(Layer):
    """An operator of images with its arguments."""

    _operator: str

    def __init__(self, *, tier: str | None, **arguments: Any) -> None:
        super().__init__(**arguments, tier=tier)
        self.arguments = arguments
        self.tier = operators_of(tier)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return getattr(self.tier, self._operator)(x, **self.arguments), x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return getattr(self.tier, f"{self._operator}_backward")(dy, kept, **self.arguments)


class MaxPool2d(_Pool):
    """The largest cell of each window: `convpool.max_pool2d`."""

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
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            ceil_mode=ceil_mode,
            tier=tier,
        )


class AvgPool2d(_Pool):
    """The mean of each window: `convpool.avg_pool2d`."""

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
        super().__init__(
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            ceil_mode=ceil_mode,
            count_include_pad=count_include_pad,
            tier=tier,
        )


class AdaptiveAvgPool2d(_Pool):
    """The mean of each of H' × W' bins: `convpool.adaptive_avg_pool2d`."""

    _operator = "adaptive_avg_pool2d"

    def __init__(self, output_size: Any, *, tier: str | None = None) -> None:
        super().__init__(output_size=output_size, tier=tier)


class GlobalMaxPool2d(_Pool):
    """The largest cell of each plane, (N, C, H, W) → (N, C): `convpool.global_max_pool2d`."""

    _operator = "global_max_pool2d"

    def __init__(self, *, tier: str | None = None) -> None:
        super().__init__(tier=tier)


class GlobalAvgPool2d(_Pool):
    """The mean of each plane, (N, C, H, W) → (N, C): `convpool.global_avg_pool2d`."""

    _operator = "global_avg_pool2d"

    def __init__(self, *, tier: str | None = None) -> None:
        super().__init__(tier=tier)

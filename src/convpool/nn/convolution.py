"""Layers with kernels."""

from typing import Any

import numpy as np

from convpool import operators
from convpool.arguments import convolution
from convpool.nn.initialisers import initialised
from convpool.nn.layer import Layer, operators_of


class _Kernels(Layer):
    """What a convolution and its transpose share: a weight, a bias, the same backward pass."""

    _operator: str

    def __init__(
        self,
        weight_shape: tuple[int, ...],
        geometry: dict[str, Any],
        rng: np.random.Generator,
        hyperparams: dict[str, Any],
    ) -> None:
        super().__init__(**hyperparams)
        dtype = hyperparams["dtype"]
        self.geometry = geometry
        self.tier = operators_of(hyperparams["tier"])
        self.learns(weight=initialised(hyperparams["initialiser"], weight_shape, rng, dtype))
        if hyperparams["bias"]:
            self.learns(bias=np.zeros(hyperparams["out_channels"], dtype))

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        forward = getattr(self.tier, self._operator)
        return forward(x, self.params["weight"], self.params.get("bias"), **self.geometry), x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        backward = getattr(self.tier, f"{self._operator}_backward")
        gradients = backward(dy, kept, self.params["weight"], **self.geometry)
        self._fill(weight=gradients.dweight)
        if "bias" in self.grads:
            self._fill(bias=gradients.dbias)
        return gradients.dx


class Conv2d(_Kernels):
    """A convolution with its weight (out, in/groups, kh, kw) and bias: `convpool.conv2d`."""

    _operator = "conv2d"

    def _learn(self, dy: np.ndarray, kept: np.ndarray) -> None:
        sums = operators.tier() if self.tier is operators else self.tier
        window, groups = convolution(kept, self.params["weight"], None, **self.geometry)
        self._fill(weight=sums.convolution.weight_gradient(dy, kept, window, groups))
        if "bias" in self.grads:
            self._fill(bias=sums.convolution.bias_gradient(dy))

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        rng: np.random.Generator,
        initialiser: str = "glorot_uniform",
        dtype: str = "float32",
        tier: str | None = None,
    ) -> None:
        geometry = dict(stride=stride, padding=padding, dilation=dilation, groups=groups)
        _divides("in_channels", in_channels, groups)
        _divides("out_channels", out_channels, groups)
        super().__init__(
            (out_channels, in_channels // groups, *_pair(kernel_size)),
            geometry,
            rng,
            dict(
                in_channels=in_channels,
                out_channels=out_channels,
                kernel_size=kernel_size,
                **geometry,
                bias=bias,
                initialiser=initialiser,
                dtype=dtype,
                tier=tier,
            ),
        )


class ConvTranspose2d(_Kernels):
    """A transposed convolution, weight (in, out/groups, kh, kw): `convpool.conv_transpose2d`."""

    _operator = "conv_transpose2d"

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        *,
        rng: np.random.Generator,
        initialiser: str = "glorot_uniform",
        dtype: str = "float32",
        tier: str | None = None,
    ) -> None:
        geometry = dict(
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            groups=groups,
            dilation=dilation,
        )
        _divides("in_channels", in_channels, groups)
        _divides("out_channels", out_channels, groups)
        super().__init__(
            (in_channels, out_channels // groups, *_pair(kernel_size)),
            geometry,
            rng,
            dict(
                in_channels=in_channels,
                out_channels=out_channels,
                kernel_size=kernel_size,
                **geometry,
                bias=bias,
                initialiser=initialiser,
                dtype=dtype,
                tier=tier,
            ),
        )


def _pair(kernel_size: int | tuple[int, int]) -> tuple[int, int]:
    if isinstance(kernel_size, int):
        return kernel_size, kernel_size
    height, width = kernel_size
    return height, width


def _divides(name: str, channels: int, groups: int) -> None:
    if channels < 1 or groups < 1 or channels % groups:
        raise ValueError(
            f"{name} must be a positive multiple of groups, got {name}={channels}, groups={groups}"
        )

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
    _where: tuple[str, ...]  # the hyperparameters that the operator takes, too

    def __init__(
        self, channels: tuple[int, int], rng: np.random.Generator, **hyperparams: Any
    ) -> None:
        """`channels` are those of the weight's first two axes, before they are cut into groups."""
        for name in ("in_channels", "out_channels"):
            _divides(name, hyperparams[name], hyperparams["groups"])
        super().__init__(**hyperparams)
        self.geometry = {name: hyperparams[name] for name in self._where}
        self.tier = operators_of(hyperparams["tier"])
        (first, second), dtype = channels, hyperparams["dtype"]
        shape = (first, second // hyperparams["groups"], *_pair(hyperparams["kernel_size"]))
        self.learns(weight=initialised(hyperparams["initialiser"], shape, rng, dtype))
        if hyperparams["bias"]:
            self.learns(bias=np.zeros(hyperparams["out_channels"], dtype))

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        forward = getattr(self.tier, self._operator)
        return forward(x, self.params["weight"], self.params.get("bias"), **self.geometry), x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        backward = getattr(self.tier, f"{self._operator}_backward")
        gradients = backward(dy, kept, self.params["weight"], **self.geometry)
        self._fill(weight=gradients.dweight, bias=gradients.dbias)
        return gradients.dx


class Conv2d(_Kernels):
    """A convolution with its weight (out, in/groups, kh, kw) and bias: `convpool.conv2d`."""

    _operator = "conv2d"
    _where = ("stride", "padding", "dilation", "groups")

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
        super().__init__(
            (out_channels, in_channels),
            rng,
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            dilation=dilation,
            groups=groups,
            bias=bias,
            initialiser=initialiser,
            dtype=dtype,
            tier=tier,
        )

    def _learn(self, dy: np.ndarray, kept: np.ndarray) -> None:
        sums = operators.tier() if self.tier is operators else self.tier
        window, groups = convolution(kept, self.params["weight"], None, **self.geometry)
        self._fill(
            weight=sums.convolution.weight_gradient(dy, kept, window, groups),
            bias=sums.convolution.bias_gradient(dy),
        )


class ConvTranspose2d(_Kernels):
    """A transposed convolution, weight (in, out/groups, kh, kw): `convpool.conv_transpose2d`."""

    _operator = "conv_transpose2d"
    _where = ("stride", "padding", "output_padding", "groups", "dilation")

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
        super().__init__(
            (in_channels, out_channels),
            rng,
            in_channels=in_channels,
            out_channels=out_channels,
            kernel_size=kernel_size,
            stride=stride,
            padding=padding,
            output_padding=output_padding,
            groups=groups,
            dilation=dilation,
            bias=bias,
            initialiser=initialiser,
            dtype=dtype,
            tier=tier,
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

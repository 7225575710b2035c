"""Layers with kernels."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convpool import operators
from convpool.arguments import convolution, flag, pair, transposed_convolution
from convpool.nn.initialisers import Initialiser, initialised, name_of
from convpool.nn.layer import Layer
from convpool.nn.options import float_name, whole

SIDE = 1 << 20  # of an image, of one number in memory, in which every kernel fits


class _Kernels(Layer):
    """What a convolution and its transpose share: a weight, a bias, the same backward pass."""

    _operator: str
    _where: tuple[str, ...]  # the hyperparameters that the operator takes, too
    _edge: Callable  # where the operator checks them
    _transposed: bool

    def __init__(self, rng: np.random.Generator, **hyperparams: Any) -> None:
        super().__init__(**_checked(hyperparams))
        told = self.hyperparams
        self.use(told["tier"])
        self.geometry = {name: told[name] for name in self._where}
        channels = told["out_channels"], told["in_channels"]
        first, second = channels[::-1] if self._transposed else channels
        shape = (first, second // told["groups"], *pair("kernel_size", told["kernel_size"], 1))
        kind = told["groups"], self._transposed
        weight = initialised(told["initialiser"], shape, rng, told["dtype"], *kind)
        self.learns(weight=weight)
        if told["bias"]:
            self.learns(bias=np.zeros(told["out_channels"], told["dtype"]))
        image = np.broadcast_to(weight[0, 0, 0, 0], (1, told["in_channels"], SIDE, SIDE))
        self._edge(image, weight, None, **self.geometry)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        forward = getattr(self.tier, self._operator)
        return forward(x, self.params["weight"], self.params.get("bias"), **self.geometry), x

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        backward = getattr(self.tier, f"{self._operator}_backward")
        gradients = backward(dy, kept, self.params["weight"], **self.geometry)
        self._fill(weight=gradients.dweight, bias=gradients.dbias)
        return gradients.dx


class Conv2d(_Kernels):
    """A convolution with its weight (out, in/groups, kh, kw) and bias (out): `convpool.conv2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of x (N, in, H, W) and of y (N, out, H', W'); a single image (in, H, W) will do.
    kernel_size, stride, padding, dilation, groups
        As in `convpool.conv2d`; `kernel_size` is an int or (int, int).
    bias : bool
        Whether there is one. It begins with zeros.
    rng : numpy.random.Generator
        Draws the first weight.
    initialiser : str or callable
        By what rule: `glorot_uniform`, another such function, or its name.
    dtype : "float32" or "float64"
        Of the parameters, and so of x.
    tier : "loops", "vectorized", "compiled", optional
        Who works; the fastest that runs here, if nothing is said. `use` changes it.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Its operators implement :eq:`eq-conv-forward`, :eq:`eq-conv-scatter`,
    :eq:`eq-conv-weight-gradient` and :eq:`eq-conv-bias-gradient`.
    """

    _operator = "conv2d"
    _where = ("stride", "padding", "dilation", "groups")
    _edge = staticmethod(convolution)
    _transposed = False

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
        initialiser: str | Initialiser = "glorot_uniform",
        dtype: str = "float32",
        tier: str | None = None,
    ) -> None:
        super().__init__(
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
        if kept.ndim == 3:  # a single image
            dy, kept = dy[np.newaxis], kept[np.newaxis]
        window, groups = convolution(kept, self.params["weight"], None, **self.geometry)
        with np.errstate(over="ignore", invalid="ignore"):  # NaN and ±inf are no errors
            self._fill(
                weight=sums.convolution.weight_gradient(dy, kept, window, groups),
                bias=sums.convolution.bias_gradient(dy),
            )


class ConvTranspose2d(_Kernels):
    """A transposed convolution, weight (in, out/groups, kh, kw): `convpool.conv_transpose2d`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of x (N, in, H, W) and of y (N, out, H', W'); a single image (in, H, W) will do.
    kernel_size, stride, padding, output_padding, groups, dilation
        As in `convpool.conv_transpose2d`; `kernel_size` is an int or (int, int).
    bias, rng, initialiser, dtype, tier
        As in `Conv2d`.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Its operators implement :eq:`eq-conv-transpose` and :eq:`eq-conv-transpose-backward`.
    """

    _operator = "conv_transpose2d"
    _where = ("stride", "padding", "output_padding", "groups", "dilation")
    _edge = staticmethod(transposed_convolution)
    _transposed = True

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
        initialiser: str | Initialiser = "glorot_uniform",
        dtype: str = "float32",
        tier: str | None = None,
    ) -> None:
        super().__init__(
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


def _checked(told: dict[str, Any]) -> dict[str, Any]:
    """What can be said without an image and a weight."""
    groups = whole("groups", told["groups"])
    for name in ("in_channels", "out_channels"):
        if whole(name, told[name]) % groups:
            raise ValueError(
                f"{name} must be a positive multiple of groups, got {name}={told[name]}, "
                f"groups={groups}"
            )
    flag("bias", told["bias"])
    names = dict(initialiser=name_of(told["initialiser"]), dtype=float_name(told["dtype"]))
    return told | names

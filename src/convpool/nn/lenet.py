"""LeNet-5: two convolutions with pooling, then three matrices."""

from typing import Any

import numpy as np

from convpool.arguments import pair
from convpool.nn.activations import LeakyReLU, ReLU, Sigmoid, Tanh
from convpool.nn.convolution import Conv2d
from convpool.nn.initialisers import Initialiser, name_of
from convpool.nn.layer import Layer
from convpool.nn.linear import Flatten, Linear
from convpool.nn.options import plain, whole
from convpool.nn.pooling import AvgPool2d, MaxPool2d
from convpool.nn.sequential import Sequential

ACTIVATIONS: dict[str, type[Layer]] = {
    "sigmoid": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
    "leaky_relu": LeakyReLU,
}
POOLINGS: dict[str, Any] = {"max": MaxPool2d, "average": AvgPool2d}


class LeNet5(Sequential):
    """Conv → Pool → Conv → Pool → Flatten → three matrices, an activation after all but the last.

    Parameters
    ----------
    image_size : int or (int, int)
        Height and width of the images.
    in_channels, classes : int
        Channels of an image, and how many things it may show.
    conv1_out_channels, conv1_kernel_size, conv1_stride, conv1_padding
        Of the first convolution; of the second likewise.
    pool1_kernel_size, pool1_stride
        Of the first pooling; of the second likewise.
    fc3_out, fc4_out : int
        Outputs of the first two matrices.
    activation : "sigmoid", "tanh", "relu" or "leaky_relu"
    pooling : "max" or "average"
    initialiser, dtype, tier
        As in `Conv2d`.
    rng : numpy.random.Generator
        Draws the first weights.

    Notes
    -----
    After Y. LeCun et al., 1998, in the form of the layers that this book grows out of.
    """

    def __init__(
        self,
        image_size: int | tuple[int, int] = (28, 28),
        in_channels: int = 1,
        classes: int = 10,
        *,
        rng: np.random.Generator,
        conv1_out_channels: int = 6,
        conv1_kernel_size: Any = 5,
        conv1_stride: Any = 1,
        conv1_padding: Any = 0,
        pool1_kernel_size: Any = 2,
        pool1_stride: Any = 2,
        conv2_out_channels: int = 16,
        conv2_kernel_size: Any = 5,
        conv2_stride: Any = 1,
        conv2_padding: Any = 0,
        pool2_kernel_size: Any = 2,
        pool2_stride: Any = 2,
        fc3_out: int = 120,
        fc4_out: int = 84,
        activation: str = "tanh",
        pooling: str = "max",
        initialiser: str | Initialiser = "glorot_uniform",
        dtype: str = "float32",
        tier: str | None = None,
    ) -> None:
        told = {name: value for name, value in locals().items() if name not in ("self", "rng")}
        told.pop("__class__", None)
        told["initialiser"] = name_of(initialiser)
        shape = whole("in_channels", in_channels), *pair("image_size", image_size, 1)
        drawn: dict[str, Any] = dict(initialiser=initialiser, dtype=dtype, rng=rng)
        bend, pool = (
            _one_of("activation", activation, ACTIVATIONS),
            _one_of("pooling", pooling, POOLINGS),
        )
        features = [
            Conv2d(
                in_channels,
                conv1_out_channels,
                conv1_kernel_size,
                conv1_stride,
                conv1_padding,
                tier=tier,
                **drawn,
            ),
            bend(),
            pool(pool1_kernel_size, pool1_stride, tier=tier),
            Conv2d(
                conv1_out_channels,
                conv2_out_channels,
                conv2_kernel_size,
                conv2_stride,
                conv2_padding,
                tier=tier,
                **drawn,
            ),
            bend(),
            pool(pool2_kernel_size, pool2_stride, tier=tier),
            Flatten(),
        ]
        size = _features(features, np.zeros((1, *shape), dtype))
        super().__init__(
            *features,
            Linear(size, fc3_out, **drawn),
            bend(),
            Linear(fc3_out, fc4_out, **drawn),
            bend(),
            Linear(fc4_out, classes, **drawn),
        )
        self.hyperparams = {name: plain(value) for name, value in told.items()}

    def __repr__(self) -> str:
        return Layer.__repr__(self)  # its options: they say which layers there are


def _features(layers: list[Layer], image: np.ndarray) -> int:
    """How many numbers the last of these layers gives for an image."""
    chain = Sequential(*layers)
    with chain.evaluating():
        return chain.forward(image).shape[1]


def _one_of(what: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise ValueError(f"{what} must be one of {', '.join(known)}, got {name!r}")
    return known[name]

"""The layers by name, as files name them."""

from convpool.nn.activations import Affine, LeakyReLU, ReLU, Sigmoid, Tanh
from convpool.nn.convolution import Conv2d, ConvTranspose2d
from convpool.nn.layer import Layer
from convpool.nn.lenet import LeNet5
from convpool.nn.linear import Flatten, Linear
from convpool.nn.pooling import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    MaxPool2d,
)
from convpool.nn.regularisation import BatchNorm2d, Dropout
from convpool.nn.sequential import Sequential

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for layer in (
        Conv2d,
        ConvTranspose2d,
        MaxPool2d,
        AvgPool2d,
        GlobalMaxPool2d,
        GlobalAvgPool2d,
        AdaptiveAvgPool2d,
        Flatten,
        Linear,
        Sigmoid,
        Tanh,
        ReLU,
        LeakyReLU,
        Affine,
        Dropout,
        BatchNorm2d,
        Sequential,
        LeNet5,
    )
}

"""Networks of the package's operators: layers, losses, optimisers, training, and LeNet-5."""

from convpool.nn.activations import Affine, LeakyReLU, ReLU, Sigmoid, Tanh
from convpool.nn.convolution import Conv2d, ConvTranspose2d
from convpool.nn.initialisers import glorot_normal, glorot_uniform, he_normal, he_uniform, zeros
from convpool.nn.layer import Layer
from convpool.nn.lenet import LeNet5
from convpool.nn.linear import Flatten, Linear
from convpool.nn.losses import Loss, MeanSquaredError, SoftmaxCrossEntropy, one_hot, softmax
from convpool.nn.optimisers import SGD, AdaGrad, Adam, Momentum, Nesterov, Optimiser, RMSProp
from convpool.nn.pooling import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    GlobalAvgPool2d,
    GlobalMaxPool2d,
    MaxPool2d,
)
from convpool.nn.regularisation import BatchNorm2d, Dropout
from convpool.nn.sequential import Sequential
from convpool.nn.storage import load, save
from convpool.nn.summary import summary
from convpool.nn.training import (
    Diverged,
    History,
    Scores,
    cosine_decay,
    evaluate,
    fit,
    minibatches,
    predict,
)

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdaptiveAvgPool2d",
    "Affine",
    "AvgPool2d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "Diverged",
    "Dropout",
    "Flatten",
    "GlobalAvgPool2d",
    "GlobalMaxPool2d",
    "History",
    "Layer",
    "LeNet5",
    "LeakyReLU",
    "Linear",
    "Loss",
    "MaxPool2d",
    "MeanSquaredError",
    "Momentum",
    "Nesterov",
    "Optimiser",
    "RMSProp",
    "ReLU",
    "Scores",
    "Sequential",
    "Sigmoid",
    "SoftmaxCrossEntropy",
    "Tanh",
    "cosine_decay",
    "evaluate",
    "fit",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "load",
    "minibatches",
    "one_hot",
    "predict",
    "save",
    "softmax",
    "summary",
    "zeros",
]

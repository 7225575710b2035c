"""Whole networks: gradients through each kind of layer, what `learn` leaves out, LeNet, fans."""

import numpy as np
import pytest

from convpool import nn
from convpool.nn.registry import LAYERS
from convpool.verify import gradcheck


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


class FixedDropout(nn.Dropout):
    """Drops the same numbers each time, so that nudges of x are compared with one function."""

    def _forward(self, x):
        self.rng = rng(5)
        return super()._forward(x)


DOUBLE = dict(dtype="float64")
NETWORKS = {
    "plain": lambda: nn.Sequential(
        nn.Affine(1.5, -0.2),
        nn.Conv2d(2, 4, 3, padding=1, groups=2, rng=rng(1), **DOUBLE),
        nn.BatchNorm2d(4, **DOUBLE),
        nn.LeakyReLU(0.2),
        nn.AvgPool2d(2, 1),
        FixedDropout(0.3, rng=rng()),
        nn.AdaptiveAvgPool2d((3, 2)),
        nn.Flatten(),
        nn.Linear(24, 5, rng=rng(2), **DOUBLE),
        nn.Sigmoid(),
        nn.Linear(5, 3, rng=rng(3), **DOUBLE),
    ),
    "there and back": lambda: nn.Sequential(
        nn.Sequential(nn.Conv2d(2, 3, 3, 2, rng=rng(1), **DOUBLE), nn.Tanh()),
        nn.ConvTranspose2d(3, 4, 3, 2, rng=rng(2), **DOUBLE),
        nn.ReLU(),
        nn.GlobalMaxPool2d(),
        nn.Linear(4, 3, rng=rng(3), **DOUBLE),
    ),
    "means of planes": lambda: nn.Sequential(
        nn.Conv2d(2, 4, 2, bias=False, rng=rng(1), **DOUBLE),
        nn.Tanh(),
        nn.MaxPool2d(3, 2, 1),
        nn.GlobalAvgPool2d(),
        nn.Linear(4, 3, rng=rng(2), **DOUBLE),
    ),
    "LeNet": lambda: nn.LeNet5(
        7, 2, 3, conv1_kernel_size=2, conv2_kernel_size=2, conv1_out_channels=2, rng=rng(1),
        conv2_out_channels=2, fc3_out=4, fc4_out=3, activation="sigmoid", **DOUBLE,
    ),
}  # fmt: skip
X, LABELS = rng(3).normal(size=(3, 2, 7, 7)), np.array([2, 0, 1])


def test_every_kind_of_layer_is_inside_a_network_here():
    kinds = {kind for make in NETWORKS.values() for layer in make()._and_inside()
             for kind in type(layer).__mro__}  # fmt: skip
    assert set(LAYERS.values()) <= kinds


def checked(model: nn.Layer):
    """`gradcheck` of the loss with respect to the images and all parameters."""
    loss = nn.SoftmaxCrossEntropy()

    def forward(x, *params):
        for array, value in zip(model.params.values(), params, strict=True):
            array[...] = value
        return np.array(loss.forward(model.forward(x), LABELS))

    def backward(dloss, x, *params):
        forward(x, *params)
        dx = model.backward(dloss * loss.backward())
        return dx, *(gradient.copy() for gradient in model.grads.values())

    return gradcheck(forward, backward, X, *model.params.values(), rng=rng(7))


@pytest.mark.parametrize("name", NETWORKS)
def test_a_whole_network_has_the_gradients_of_central_differences(name):
    report = checked(NETWORKS[name]())
    assert report, report


@pytest.mark.parametrize("name", NETWORKS)
def test_learning_leaves_out_only_the_gradient_of_the_images(name):
    by_learn, by_backward = NETWORKS[name](), NETWORKS[name]()
    dy = rng(4).normal(size=(3, 3))
    for model, go in ((by_learn, by_learn.learn), (by_backward, by_backward.backward)):
        model.forward(X)
        go(dy)
    for key, gradient in by_learn.grads.items():
        assert np.any(gradient)
        np.testing.assert_allclose(gradient, by_backward.grads[key], rtol=0, atol=1e-12)
    assert all(layer._kept is None for layer in by_learn.layers())
    with pytest.raises(RuntimeError, match="needs a forward pass"):
        by_learn.learn(dy)


def test_learning_goes_back_no_further_than_to_the_first_parameters(monkeypatch):
    convolution = nn.Conv2d(2, 3, 3, rng=rng(), **DOUBLE)
    model = nn.Sequential(nn.Affine(2.0), nn.Tanh(), nn.Sequential(convolution), nn.Flatten())
    monkeypatch.setattr(convolution, "_backward", None)
    dy = np.ones_like(model.forward(X))
    model.learn(dy)
    assert np.any(model.grads["2.0.weight"])
    model.forward(X)
    with pytest.raises(TypeError):
        model.backward(dy)


# ---------------------------------------------------------------------------- LeNet-5


def test_each_option_of_lenet_goes_to_its_own_layer():
    model = nn.LeNet5(
        (40, 34), 3, 7, conv1_out_channels=4, conv1_kernel_size=(5, 3), conv1_stride=(1, 2),
        conv1_padding=2, pool1_kernel_size=3, pool1_stride=1, conv2_out_channels=5,
        conv2_kernel_size=(4, 2), conv2_stride=3, conv2_padding=(0, 1), pool2_kernel_size=2,
        pool2_stride=(2, 3), fc3_out=11, fc4_out=9, activation="leaky_relu", pooling="average",
        initialiser="he_uniform", dtype="float64", tier="loops", rng=rng(),
    )  # fmt: skip
    same = "initialiser='he_uniform', dtype='float64'"
    assert [repr(layer) for layer in model.layers()] == [
        "Conv2d(in_channels=3, out_channels=4, kernel_size=(5, 3), stride=(1, 2), padding=2, "
        f"{same}, tier='loops')",
        "LeakyReLU()",
        "AvgPool2d(kernel_size=3, stride=1, tier='loops')",
        "Conv2d(in_channels=4, out_channels=5, kernel_size=(4, 2), stride=3, padding=(0, 1), "
        f"{same}, tier='loops')",
        "LeakyReLU()",
        "AvgPool2d(kernel_size=2, stride=(2, 3), tier='loops')",
        "Flatten()",
        # 40 × 34 → 40 × 18 → 38 × 16 → 12 × 6 → 6 × 2
        f"Linear(in_features=60, out_features=11, {same})",
        "LeakyReLU()",
        f"Linear(in_features=11, out_features=9, {same})",
        "LeakyReLU()",
        f"Linear(in_features=9, out_features=7, {same})",
    ]
    assert model.forward(np.zeros((2, 3, 40, 34))).shape == (2, 7)


@pytest.mark.parametrize(
    ("activation", "kind"),
    [("sigmoid", nn.Sigmoid), ("tanh", nn.Tanh), ("relu", nn.ReLU), ("leaky_relu", nn.LeakyReLU)],
)
@pytest.mark.parametrize(("pooling", "pool"), [("max", nn.MaxPool2d), ("average", nn.AvgPool2d)])
def test_lenet_bends_and_pools_as_it_is_told(activation, kind, pooling, pool):
    model = nn.LeNet5(activation=activation, pooling=pooling, rng=rng())
    kinds = [type(layer) for layer in model.layers()]
    assert kinds == [
        nn.Conv2d, kind, pool, nn.Conv2d, kind, pool, nn.Flatten,
        nn.Linear, kind, nn.Linear, kind, nn.Linear,
    ]  # fmt: skip
    told = [f"activation={activation!r}"] * (activation != "tanh")
    told += [f"pooling={pooling!r}"] * (pooling != "max")
    assert repr(model) == f"LeNet5({', '.join(told)})"


# ---------------------------------------------------------------------------- fans


def reached(layer: nn.Layer, size: int = 9) -> tuple[int, int]:
    """How many inputs an output in the middle sums, and how many outputs an input reaches."""
    layer.params["weight"][...] = 1
    x = np.ones((1, layer.hyperparams["in_channels"], size, size))
    y = layer.forward(x)
    dx = layer.backward(np.ones_like(y))
    return y[0, 0, y.shape[2] // 2, y.shape[3] // 2], dx[0, 0, size // 2, size // 2]


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
@pytest.mark.parametrize(
    ("in_channels", "out_channels", "groups"), [(3, 5, 1), (8, 2, 1), (4, 6, 2), (32, 32, 32)]
)
def test_first_weights_are_as_large_as_what_is_summed_asks(kind, in_channels, out_channels, groups):
    options = dict(groups=groups, **DOUBLE)
    layer = kind(in_channels, out_channels, 3, rng=rng(), **options)
    transposed = kind is nn.ConvTranspose2d
    fans = nn.initialisers.fans(layer.params["weight"].shape, groups, transposed)
    assert fans == (in_channels // groups * 9, out_channels // groups * 9) == reached(layer)
    for name, variance in (("he", 2 / fans[0]), ("glorot", 2 / sum(fans))):
        for form in ("uniform", "normal"):
            weights = [
                kind(in_channels, out_channels, 3, initialiser=f"{name}_{form}", rng=rng(seed),
                     **options).params["weight"].ravel() for seed in range(200)
            ]  # fmt: skip
            np.testing.assert_allclose(np.var(weights), variance, rtol=0.05)

"""Layers: gradients against central differences, what they keep, what they are made of."""

import numpy as np
import pytest

from convpool import nn
from convpool.verify import gradcheck


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


DOUBLE = dict(dtype="float64")
IMAGES, VECTORS = (2, 2, 5, 6), (3, 4)
LAYERS = {
    "Conv2d": (
        lambda: nn.Conv2d(2, 3, (3, 2), stride=2, padding=((1, 0), (0, 1)), rng=rng(), **DOUBLE),
        IMAGES,
    ),
    "Conv2d in groups without bias": (
        lambda: nn.Conv2d(
            2, 4, 3, dilation=2, padding=2, groups=2, bias=False, rng=rng(), **DOUBLE
        ),
        IMAGES,
    ),
    "ConvTranspose2d": (
        lambda: nn.ConvTranspose2d(2, 3, 3, 2, 1, output_padding=1, rng=rng(), **DOUBLE),
        IMAGES,
    ),
    "MaxPool2d": (lambda: nn.MaxPool2d(3, 2, 1), IMAGES),
    "AvgPool2d": (lambda: nn.AvgPool2d(2, 1, 1, count_include_pad=False), IMAGES),
    "GlobalMaxPool2d": (nn.GlobalMaxPool2d, IMAGES),
    "GlobalAvgPool2d": (nn.GlobalAvgPool2d, IMAGES),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d((2, 4)), IMAGES),
    "Flatten": (nn.Flatten, IMAGES),
    "Linear": (lambda: nn.Linear(4, 3, rng=rng(), **DOUBLE), VECTORS),
    "Linear without bias": (lambda: nn.Linear(4, 3, bias=False, rng=rng(), **DOUBLE), VECTORS),
    "Sigmoid": (nn.Sigmoid, VECTORS),
    "Tanh": (nn.Tanh, VECTORS),
    "ReLU": (nn.ReLU, VECTORS),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), VECTORS),
    "Affine": (lambda: nn.Affine(-1.5, 0.3), VECTORS),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2, **DOUBLE), IMAGES),
    "Sequential": (
        lambda: nn.Sequential(
            nn.Conv2d(2, 3, 3, rng=rng(), **DOUBLE),
            nn.Tanh(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(6, 2, rng=rng(1), **DOUBLE),
        ),
        IMAGES,
    ),
}


def checked(layer: nn.Layer, x: np.ndarray):
    """`gradcheck` of a layer with respect to its input and all its parameters."""
    names = list(layer.params)

    def forward(x, *params):
        for name, array in zip(names, params, strict=True):
            layer.params[name][...] = array
        return layer.forward(x)

    def backward(dy, x, *params):
        forward(x, *params)
        dx = layer.backward(dy)
        return dx, *(layer.grads[name].copy() for name in names)

    return gradcheck(forward, backward, x, *layer.params.values(), rng=rng(7))


@pytest.mark.parametrize("name", LAYERS)
def test_the_gradients_are_those_of_central_differences(name):
    make, shape = LAYERS[name]
    report = checked(make(), rng(3).normal(size=shape))
    assert report, report


def test_dropout_passes_the_gradient_where_it_passed_the_number():
    x, dy = rng(0).normal(size=(20, 30)), rng(1).normal(size=(20, 30))
    layer = nn.Dropout(0.3, rng=rng(2))
    y = layer.forward(x)
    kept = y != 0
    assert 0.6 < kept.mean() < 0.8
    np.testing.assert_allclose(y[kept], x[kept] / 0.7)
    np.testing.assert_allclose(layer.backward(dy), np.where(kept, dy / 0.7, 0))


def test_dropout_does_nothing_in_evaluation():
    layer = nn.Dropout(0.5, rng=rng())
    layer.eval()
    x = rng().normal(size=(4, 5))
    assert layer.forward(x) is x


def test_a_wrong_backward_pass_is_caught():
    class Wrong(nn.Tanh):
        def _backward(self, dy, kept):
            return dy * (1 - kept)

    assert not checked(Wrong(), rng(3).normal(size=VECTORS))


@pytest.mark.parametrize("name", LAYERS)
def test_backward_takes_one_forward_pass_in_training_each(name):
    make, shape = LAYERS[name]
    layer, x = make(), rng(3).normal(size=shape)
    dy = np.zeros_like(layer.forward(x))
    layer.backward(dy)
    with pytest.raises(RuntimeError, match="needs a forward pass in training before it"):
        layer.backward(dy)
    with pytest.raises(RuntimeError, match="needs a forward pass"):
        make().backward(dy)


@pytest.mark.parametrize("name", LAYERS)
def test_nothing_is_kept_in_evaluation(name):
    make, shape = LAYERS[name]
    layer, x = make(), rng(3).normal(size=shape)
    layer.forward(x)
    layer.eval()
    assert all(inner._kept is None for inner in layer.layers())
    y = layer.forward(x)
    assert all(inner._kept is None for inner in layer.layers())
    with pytest.raises(RuntimeError, match="nothing is kept in evaluation"):
        layer.backward(np.zeros_like(y))


@pytest.mark.parametrize("name", LAYERS)
def test_gradients_have_the_keys_and_shapes_of_parameters_and_stay_the_same_arrays(name):
    make, shape = LAYERS[name]
    layer, x = make(), rng(3).normal(size=shape)
    before = dict(layer.grads)
    y = layer.forward(x)
    layer.backward(rng(4).normal(size=y.shape))
    assert layer.grads.keys() == layer.params.keys()
    for key, gradient in layer.grads.items():
        assert gradient is before[key]
        assert gradient.shape == layer.params[key].shape
        assert np.any(gradient)


@pytest.mark.parametrize("name", [name for name in LAYERS if name != "Sequential"])
def test_hyperparameters_build_the_layer_again(name):
    make, shape = LAYERS[name]
    layer, x = make(), rng(3).normal(size=shape)
    needs = dict(rng=rng(9)) if layer.params and "BatchNorm" not in name else {}
    again = type(layer)(**layer.hyperparams, **needs)
    for key, array in layer.params.items():
        again.params[key][...] = array
    np.testing.assert_array_equal(again.forward(x), layer.forward(x))
    assert repr(again) == repr(layer)


def test_a_layer_says_what_it_is_and_leaves_out_what_is_usual():
    layer = nn.Conv2d(1, 6, 5, padding=2, rng=rng())
    assert repr(layer) == "Conv2d(in_channels=1, out_channels=6, kernel_size=5, padding=2)"


@pytest.mark.parametrize("tier", ["loops", "vectorized", "compiled"])
def test_the_same_network_runs_on_each_tier(tier):
    options = dict(
        image_size=(12, 12), conv1_kernel_size=3, conv2_kernel_size=2, conv1_out_channels=2,
        conv2_out_channels=3, fc3_out=5, fc4_out=4, dtype="float64",
    )  # fmt: skip
    networks = [nn.LeNet5(**options, rng=rng(), tier=t) for t in (tier, None)]
    x, dy = rng(1).normal(size=(2, 1, 12, 12)), rng(2).normal(size=(2, 10))
    y, usual = (network.forward(x) for network in networks)
    np.testing.assert_allclose(y, usual, atol=1e-12)
    dx, usual = (network.backward(dy) for network in networks)
    np.testing.assert_allclose(dx, usual, atol=1e-12)
    for key, gradient in networks[0].grads.items():
        np.testing.assert_allclose(gradient, networks[1].grads[key], atol=1e-12)


def test_a_tier_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match=r"tier must be None or one of .*'loops'.* got 'fast'"):
        nn.MaxPool2d(2, tier="fast")


# ---------------------------------------------------------------------------- batch norm


def test_batch_norm_gives_each_channel_mean_0_and_variance_1():
    x = rng(0).normal(3, 5, size=(4, 2, 3, 3))
    y = nn.BatchNorm2d(2, **DOUBLE).forward(x)
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=(0, 2, 3)), 1, atol=1e-5)


def test_batch_norm_keeps_running_averages_for_evaluation():
    x = rng(0).normal(3, 5, size=(4, 2, 3, 3))
    layer = nn.BatchNorm2d(2, momentum=1.0, **DOUBLE)
    layer.forward(x)
    np.testing.assert_allclose(layer.state["running_mean"], x.mean(axis=(0, 2, 3)))
    np.testing.assert_allclose(layer.state["running_var"], x.var(axis=(0, 2, 3), ddof=1))
    layer.eval()
    other = rng(1).normal(size=(1, 2, 3, 3))
    wanted = (other - x.mean(axis=(0, 2, 3), keepdims=True)) / np.sqrt(
        x.var(axis=(0, 2, 3), ddof=1, keepdims=True) + 1e-5
    )
    np.testing.assert_allclose(layer.forward(other), wanted)


def test_a_constant_added_to_a_channel_changes_nothing_behind_batch_norm():
    x, dy = rng(0).normal(size=(3, 2, 4, 4)), rng(1).normal(size=(3, 2, 4, 4))
    layer = nn.BatchNorm2d(2, **DOUBLE)
    layer.forward(x)
    np.testing.assert_allclose(layer.backward(dy).sum(axis=(0, 2, 3)), 0, atol=1e-12)


# ---------------------------------------------------------------------------- first weights


@pytest.mark.parametrize(
    ("shape", "fan_in", "fan_out"),
    [((6, 1, 5, 5), 25, 150), ((16, 6, 5, 5), 150, 400), ((120, 256), 256, 120)],
)
def test_fans_count_taps_and_channels(shape, fan_in, fan_out):
    assert nn.initialisers.fans(shape) == (fan_in, fan_out)


@pytest.mark.parametrize(
    ("initialiser", "variance"),
    [
        (nn.glorot_uniform, 2 / (250 + 500)),
        (nn.glorot_normal, 2 / (250 + 500)),
        (nn.he_uniform, 2 / 250),
        (nn.he_normal, 2 / 250),
    ],
)
def test_first_weights_have_the_variance_of_their_initialiser(initialiser, variance):
    weight = initialiser((20, 10, 5, 5), rng(0))
    assert abs(weight.mean()) < 5 * np.sqrt(variance / weight.size)
    np.testing.assert_allclose(weight.var(), variance, rtol=0.06)


def test_first_weights_need_a_generator():
    with pytest.raises(TypeError, match=r"rng must be a numpy\.random\.Generator, got int"):
        nn.Linear(2, 3, rng=0)
    with pytest.raises(ValueError, match="initialiser must be one of glorot_uniform"):
        nn.Linear(2, 3, rng=rng(), initialiser="xavier")


def test_channels_that_groups_do_not_divide_are_an_error():
    with pytest.raises(ValueError, match="out_channels must be a positive multiple of groups"):
        nn.Conv2d(2, 3, 3, groups=2, rng=rng())


# ---------------------------------------------------------------------------- losses


def test_softmax_cross_entropy_has_the_gradient_of_central_differences():
    scores, labels = rng(0).normal(size=(4, 5)), np.array([0, 3, 3, 1])
    loss = nn.SoftmaxCrossEntropy()

    def backward(dy, scores):
        loss.forward(scores, labels)
        return dy * loss.backward()

    assert gradcheck(lambda s: np.array(loss.forward(s, labels)), backward, scores)


def test_softmax_cross_entropy_survives_large_scores():
    loss = nn.SoftmaxCrossEntropy()
    assert loss.forward(np.array([[1e4, 0.0, -1e4]]), np.array([0])) == 0.0
    assert loss.forward(np.array([[1e4, 0.0, -1e4]]), np.array([2])) == 2e4
    assert np.all(np.isfinite(loss.backward()))


def test_labels_may_be_one_hot():
    scores, labels = rng(0).normal(size=(4, 5)), np.array([0, 3, 3, 1])
    loss = nn.SoftmaxCrossEntropy()
    assert loss.forward(scores, labels) == loss.forward(scores, np.eye(5)[labels])


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.array([0, 1, 5]), r"labels must lie in 0 … 4, got 0 … 5"),
        (np.array([0, 1]), r"labels must be 3 whole numbers or of the scores' shape \(3, 5\)"),
        (np.array([0.0, 1.0, 2.0]), "got float64"),
    ],
)
def test_labels_of_another_kind_are_an_error(labels, message):
    with pytest.raises(ValueError, match=message):
        nn.SoftmaxCrossEntropy().forward(np.zeros((3, 5)), labels)


def test_mean_squared_error_has_the_gradient_of_central_differences():
    y, target = rng(0).normal(size=(4, 5)), rng(1).normal(size=(4, 5))
    loss = nn.MeanSquaredError()

    def backward(dy, y):
        loss.forward(y, target)
        return dy * loss.backward()

    assert gradcheck(lambda y: np.array(loss.forward(y, target)), backward, y)


# ---------------------------------------------------------------------------- a whole model


def test_the_summary_counts_parameters_and_receptive_fields():
    told = nn.summary(nn.LeNet5(rng=rng()), (1, 28, 28))
    lines = [line.split() for line in told.splitlines()]
    assert lines[1] == ["Conv2d", "6", "×", "24", "×", "24", "156", "5", "×", "5"]
    assert lines[6] == ["MaxPool2d", "16", "×", "4", "×", "4", "0", "16", "×", "16"]
    assert lines[8] == ["Linear", "120", "30,840", "all"]
    assert lines[-1] == ["44,426", "parameters"]


def test_the_summary_does_not_claim_what_differs_from_place_to_place():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=rng()),
        nn.ConvTranspose2d(2, 1, 3, stride=2, rng=rng()),
        nn.ReLU(),
        nn.GlobalAvgPool2d(),
    )
    fields = [line.split()[-1] for line in nn.summary(model, (1, 6, 6)).splitlines()[1:-1]]
    assert fields == ["3", "differs", "differs", "all"]


@pytest.mark.parametrize("size", [1, (1, 1)])
def test_a_single_bin_sees_the_whole_image(size):
    model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=rng()), nn.AdaptiveAvgPool2d(size))
    assert nn.summary(model, (1, 6, 6)).splitlines()[2].split()[-2:] == ["0", "all"]
    model = nn.Sequential(nn.AdaptiveAvgPool2d((1, 2)))
    assert nn.summary(model, (1, 6, 6)).splitlines()[1].split()[-2:] == ["0", "differs"]


def test_the_summary_asks_for_images_of_the_parameters_dtype():
    single, double = (nn.LeNet5(dtype=dtype, rng=rng()) for dtype in ("float32", "float64"))
    assert nn.summary(double, (1, 28, 28)) == nn.summary(single, (1, 28, 28))
    assert nn.summary(double, (1, 28, 28), "float64") == nn.summary(double, (1, 28, 28))
    with pytest.raises(TypeError, match="float64 and float32"):
        nn.summary(double, (1, 28, 28), "float32")


@pytest.mark.parametrize(
    "name", ["Conv2d", "Conv2d in groups without bias", "Sequential", "Linear"]
)
@pytest.mark.parametrize("tier", ["loops", "vectorized", "compiled"])
def test_learning_gives_the_same_gradients_without_that_of_the_input(name, tier):
    make, shape = LAYERS[name]
    layer, other, x = make(), make(), rng(3).normal(size=shape)
    layer.use(tier)
    dy = rng(4).normal(size=layer.forward(x).shape)
    other.forward(x)
    other.backward(dy)
    assert layer.learn(dy) is None
    for key, gradient in layer.grads.items():
        assert np.any(gradient)
        np.testing.assert_allclose(gradient, other.grads[key], atol=1e-12)
    with pytest.raises(RuntimeError, match="needs a forward pass"):
        layer.learn(dy)

"""What layers refuse: wrong inputs, wrong gradients, wrong options; and which modes they keep."""

import json

import numpy as np
import pytest

import convpool
from convpool import nn
from convpool.nn.registry import LAYERS


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


IMAGES, VECTORS = (4, 2, 6, 6), (4, 3)
MAKE = {
    "Conv2d": (lambda: nn.Conv2d(2, 3, 3, rng=rng()), IMAGES),
    "ConvTranspose2d": (lambda: nn.ConvTranspose2d(2, 3, 3, rng=rng()), IMAGES),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), IMAGES),
    "AvgPool2d": (lambda: nn.AvgPool2d(2), IMAGES),
    "GlobalMaxPool2d": (nn.GlobalMaxPool2d, IMAGES),
    "GlobalAvgPool2d": (nn.GlobalAvgPool2d, IMAGES),
    "AdaptiveAvgPool2d": (lambda: nn.AdaptiveAvgPool2d(2), IMAGES),
    "Flatten": (nn.Flatten, IMAGES),
    "Linear": (lambda: nn.Linear(3, 2, rng=rng()), VECTORS),
    "Sigmoid": (nn.Sigmoid, VECTORS),
    "Tanh": (nn.Tanh, VECTORS),
    "ReLU": (nn.ReLU, VECTORS),
    "LeakyReLU": (lambda: nn.LeakyReLU(0.2), VECTORS),
    "Affine": (lambda: nn.Affine(1 / 255), VECTORS),
    "Dropout": (lambda: nn.Dropout(0.5, rng=rng()), VECTORS),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(2), IMAGES),
    "Sequential": (lambda: nn.Sequential(nn.Tanh(), nn.Linear(3, 2, rng=rng())), VECTORS),
    "LeNet5": (lambda: nn.LeNet5(16, fc3_out=4, fc4_out=3, rng=rng()), (2, 1, 16, 16)),
}


def test_no_layer_is_left_out():
    assert MAKE.keys() == LAYERS.keys()


def made(name: str) -> tuple[nn.Layer, np.ndarray]:
    """The layer, and an input for it."""
    make, shape = MAKE[name]
    return make(), rng(1).normal(size=shape).astype("float32")


# ---------------------------------------------------------------------------- x and dy


@pytest.mark.parametrize("name", MAKE)
def test_whole_numbers_are_no_input(name):
    layer, x = made(name)
    with pytest.raises(TypeError, match=r"x must be float32 or float64, got dtype uint8"):
        layer.forward((100 * x).astype(np.uint8))
    with pytest.raises(TypeError, match=r"x must be a numpy\.ndarray of float32 or float64, got l"):
        layer.forward(x.tolist())


@pytest.mark.parametrize("name", [name for name in MAKE if made(name)[0].params])
def test_the_input_has_the_dtype_of_the_parameters(name):
    layer, x = made(name)
    with pytest.raises(TypeError, match=r"float32 and float64: cast one, as in x\.astype"):
        layer.forward(x.astype("float64"))
    assert layer.forward(x).dtype == np.float32


def wrong(dy: np.ndarray) -> list[np.ndarray]:
    """Gradients of other shapes: those that NumPy would broadcast, or that have the size of dy."""
    others = [dy[:1], np.concatenate([dy, dy]), dy[..., :1], dy.T, dy.ravel(), dy[0], np.float32(1)]
    return [np.asarray(other) for other in others if np.shape(other) != dy.shape]


@pytest.mark.parametrize("way", ["backward", "learn"])
@pytest.mark.parametrize("name", MAKE)
def test_a_gradient_of_another_shape_or_dtype_is_refused_and_uses_up_nothing(name, way):
    layer, x = made(name)
    y = layer.forward(x)
    dy = rng(2).normal(size=y.shape).astype("float32")
    go = getattr(layer, way)
    for other in wrong(dy):
        with pytest.raises(ValueError, match=r"dy must be a numpy\.ndarray like the output of"):
            go(other)
    for other in (dy.astype("float64"), dy.astype("int64"), dy.tolist()):
        with pytest.raises(TypeError, match=r"dy must be .* float32 of shape .*; got"):
            go(other)
    go(dy)


@pytest.mark.parametrize("tier", nn.layer.TIERS)
@pytest.mark.parametrize("shape", [(2, 3, 400, 400), (1, 3, 14, 14), (2, 3, 2, 2), (2, 5, 14, 14)])
def test_a_first_layer_reads_and_writes_nothing_beside_its_images(shape, tier):
    layer = nn.Conv2d(1, 3, 3, tier=tier, rng=rng())
    layer.forward(np.zeros((2, 1, 16, 16), "float32"))
    with pytest.raises(ValueError, match=r"float32 of shape \(2, 3, 14, 14\); got"):
        layer.learn(np.ones(shape, "float32"))


@pytest.mark.parametrize("tier", nn.layer.TIERS)
def test_a_layer_learns_from_a_single_image_as_from_a_batch_of_one(tier):
    grads = []
    x, dy = rng(1).normal(size=(2, 6, 6)), rng(2).normal(size=(4, 2, 2))
    for image, gradient in ((x, dy), (x[np.newaxis], dy[np.newaxis])):
        layer = nn.Conv2d(2, 4, 3, 2, groups=2, dtype="float64", tier=tier, rng=rng())
        layer.forward(image)
        layer.learn(gradient)
        grads.append(layer.grads)
    for key, gradient in grads[0].items():
        assert np.any(gradient)
        np.testing.assert_allclose(gradient, grads[1][key], atol=1e-12)


# ---------------------------------------------------------------------------- nothing, or little


@pytest.mark.parametrize("name", MAKE)
def test_no_images_give_no_outputs(name):
    layer, x = made(name)
    assert nn.predict(layer, x[:0]).shape == (0, *nn.predict(layer, x).shape[1:])


def test_batch_norm_refuses_a_batch_without_a_variance():
    layer = nn.BatchNorm2d(2)
    for shape in [(0, 2, 3, 3), (1, 2, 1, 1), (4, 2, 0, 3)]:
        with pytest.raises(ValueError, match=r"(one|no) number a channel, which has no variance"):
            layer.forward(np.zeros(shape, "float32"))
    assert layer.state["running_mean"].tolist() == [0, 0]
    assert layer.state["running_var"].tolist() == [1, 1]


# ---------------------------------------------------------------------------- modes


def modes(model: nn.Layer) -> list[bool]:
    return [layer.training for layer in model.layers()]


def test_prediction_is_done_in_evaluation_and_leaves_each_layer_in_its_mode():
    frozen = nn.BatchNorm2d(2)
    model = nn.Sequential(nn.Sequential(nn.Dropout(0.5, rng=rng()), frozen), nn.Tanh())
    model.train()
    frozen.eval()
    x = rng(1).normal(size=IMAGES).astype("float32")
    for images in (x, x[:0]):
        y = nn.predict(model, images)
        assert modes(model) == [True, False, True]
        np.testing.assert_allclose(y, np.tanh(images / np.sqrt(1 + 1e-5)), rtol=1e-6)
    with pytest.raises(ValueError, match="must have the shape"):
        nn.predict(model, x[:, :1])
    assert modes(model) == [True, False, True]
    assert frozen.state["running_mean"].tolist() == [0, 0]


def test_a_summary_leaves_each_layer_in_its_mode_also_where_it_fails():
    model = nn.Sequential(nn.Conv2d(1, 2, 3, rng=rng()), nn.BatchNorm2d(2), nn.MaxPool2d(2))
    model.chain[1].eval()
    nn.summary(model, (1, 8, 8))
    assert modes(model) == [True, False, True]
    with pytest.raises(ValueError, match="does not fit"):
        nn.summary(model, (1, 3, 3))
    assert modes(model) == [True, False, True]


@pytest.mark.parametrize("size", [0, -1])
def test_batches_of_nothing_are_an_error(size):
    with pytest.raises(ValueError, match=f"batch_size must be at least 1, got {size}"):
        nn.predict(nn.Tanh(), np.zeros((2, 3)), size)


# ---------------------------------------------------------------------------- options

WRONG = {
    "in_channels": (lambda: nn.Conv2d("1", 2, 3, rng=rng()), "whole number, got '1'"),
    "out_channels": (lambda: nn.Conv2d(1, 2.0, 3, rng=rng()), r"whole number, got 2\.0"),
    "kernel_size": (lambda: nn.Conv2d(1, 2, (3, 3, 3), rng=rng()), "a pair of ints"),
    "stride": (lambda: nn.Conv2d(1, 2, 3, stride=0, rng=rng()), "at least 1, got 0"),
    "padding": (lambda: nn.Conv2d(1, 2, 3, padding=-1, rng=rng()), "not be negative, got -1"),
    "padding 'same'": (
        lambda: nn.ConvTranspose2d(1, 2, 3, padding="same", rng=rng()),
        "does not say which size",
    ),
    "output_padding": (
        lambda: nn.ConvTranspose2d(1, 2, 3, 2, output_padding=2, rng=rng()),
        "less than the larger of stride and dilation",
    ),
    "dilation": (lambda: nn.Conv2d(1, 2, 3, dilation=0, rng=rng()), "at least 1, got 0"),
    "groups": (lambda: nn.Conv2d(1, 2, 3, groups=0, rng=rng()), "at least 1, got 0"),
    "bias": (lambda: nn.Linear(1, 2, bias="no", rng=rng()), "True or False, got 'no'"),
    "initialiser": (lambda: nn.Linear(1, 2, initialiser=rng, rng=rng()), "one of glorot_uniform"),
    "dtype": (lambda: nn.Linear(3, 2, dtype="int32", rng=rng()), "'float64', got 'int32'"),
    "rng": (lambda: nn.Dropout(rng=0), r"numpy\.random\.Generator, got int"),
    "rate": (lambda: nn.Dropout(1, rng=rng()), "at least 0 and below 1, got 1"),
    "in_features": (lambda: nn.Linear(-1, 2, rng=rng()), "at least 1, got -1"),
    "channels": (lambda: nn.BatchNorm2d(0), "at least 1, got 0"),
    "eps": (lambda: nn.BatchNorm2d(2, eps=-1), "at least 0 and finite, got -1"),
    "momentum": (lambda: nn.BatchNorm2d(2, momentum=7), "at most 1, got 7"),
    "kernel_size of max": (lambda: nn.MaxPool2d(0), "at least 1, got 0"),
    "ceil_mode": (lambda: nn.MaxPool2d(2, ceil_mode=1), "True or False, got 1"),
    "count_include_pad": (lambda: nn.AvgPool2d(2, count_include_pad=0), "True or False, got 0"),
    "output_size": (lambda: nn.AdaptiveAvgPool2d(0), "at least 1, got 0"),
    "image_size": (lambda: nn.LeNet5("28", rng=rng()), "a pair of ints, got '28'"),
    "activation": (lambda: nn.LeNet5(activation="abs", rng=rng()), "one of sigmoid, .*got 'abs'"),
    "momentum of a step": (lambda: nn.Momentum({}, {}, 0.1, momentum=-3), "below 1, got -3"),
    "decay": (lambda: nn.RMSProp({}, {}, decay=1), "below 1, got 1"),
    "decays": (lambda: nn.Adam({}, {}, decays=(1, 1)), "below 1, got 1"),
    "eps of a step": (lambda: nn.AdaGrad({}, {}, eps=np.nan), "at least 0 and finite, got nan"),
    "layers": (
        lambda: nn.Sequential([nn.Tanh()]),
        r"as in Sequential\(a, b\); number 0 is of type",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_a_constructor_cannot_use_it_refuses_by_name(name):
    make, message = WRONG[name]
    with pytest.raises((TypeError, ValueError), match=f"^{name.split()[0]} .*{message}"):
        make()


def test_a_layer_stands_in_a_chain_once():
    tanh = nn.Tanh()
    with pytest.raises(ValueError, match="all different objects, and 0 and 2 hold the same Tanh"):
        nn.Sequential(tanh, nn.ReLU(), nn.Sequential(nn.Affine(), tanh))
    nn.Sequential(tanh, nn.Tanh())


def test_a_chain_of_no_layers_changes_nothing():
    x, chain = rng(1).normal(size=(2, 3)), nn.Sequential()
    assert chain.forward(x) is x
    assert chain.backward(x) is x
    chain.learn(x)


EVERYDAY = {
    "Linear": lambda: nn.Linear(np.prod((4, 4)), np.int32(2), bias=np.bool_(False), rng=rng()),
    "Affine": lambda: nn.Affine(np.float32(2), np.float64(-1)),
    "Conv2d": lambda: nn.Conv2d(1, 2, np.int64(3), padding=[np.int64(1), 2], rng=rng()),
    "BatchNorm2d": lambda: nn.BatchNorm2d(np.int64(2), dtype=np.float64),
    "Conv2d of a type": lambda: nn.Conv2d(1, 2, 3, dtype=np.dtype("float64"), rng=rng()),
    "Dropout": lambda: nn.Dropout(np.float32(0.25), rng=rng()),
    "LeNet5": lambda: nn.LeNet5(np.int64(28), fc3_out=np.int64(9), rng=rng()),
}


@pytest.mark.parametrize("name", EVERYDAY)
def test_numbers_of_numpy_become_python_s_so_that_a_file_can_hold_them(name):
    told = EVERYDAY[name]().hyperparams
    as_lists = json.loads(json.dumps(told))
    assert {key: tuple(v) if isinstance(v, list) else v for key, v in as_lists.items()} == told


def test_an_initialiser_may_be_given_as_the_function():
    by_function = nn.Linear(3, 2, initialiser=nn.he_normal, rng=rng(5))
    by_name = nn.Linear(3, 2, initialiser="he_normal", rng=rng(5))
    np.testing.assert_array_equal(by_function.params["weight"], by_name.params["weight"])
    assert repr(by_function) == "Linear(in_features=3, out_features=2, initialiser='he_normal')"
    assert nn.LeNet5(initialiser=nn.zeros, rng=rng()).hyperparams["initialiser"] == "zeros"


# ---------------------------------------------------------------------------- arrays, tiers, text


def test_parameters_are_written_into_and_not_replaced():
    model = nn.Sequential(nn.Linear(3, 2, rng=rng()))
    for holder, name in ((model, "0.weight"), (model.chain[0], "weight")):
        for places in (holder.params, holder.grads):
            with pytest.raises(TypeError, match=rf"cannot replace '{name}': write into it"):
                places[name] = np.zeros((2, 3), "float32")
    model.params["0.weight"] -= 1
    model.params["0.bias"][...] = 7
    assert model.chain[0].params["bias"].tolist() == [7, 7]


@pytest.mark.parametrize("tier", nn.layer.TIERS)
@pytest.mark.parametrize("built", ["with it", "and told later"])
def test_a_tier_works_and_no_other(tier, built, monkeypatch):
    def answer(*args, **kwargs):
        return np.full((1, 1, 1, 1), 41.0)

    layers = [
        nn.MaxPool2d(2, tier=tier if built == "with it" else None),
        nn.Conv2d(1, 1, 1, dtype="float64", tier=tier if built == "with it" else None, rng=rng()),
    ]
    if built == "and told later":
        nn.Sequential(nn.Sequential(*layers), nn.Tanh()).use(tier)
    for name in ("max_pool2d", "conv2d"):
        monkeypatch.setattr(getattr(convpool, tier), name, answer)
    for layer in layers:
        assert layer.forward(np.zeros((1, 1, 2, 2))).tolist() == [[[[41.0]]]]
        assert f"tier={tier!r}" in repr(layer)


def test_a_whole_network_changes_its_tier_and_says_so():
    model = nn.LeNet5(rng=rng())
    model.use("loops")
    assert model.hyperparams["tier"] == "loops"
    assert repr(model) == "LeNet5(tier='loops')"
    assert {layer.tier for layer in model.layers() if "tier" in layer.hyperparams} == {
        convpool.loops
    }
    with pytest.raises(ValueError, match="tier must be None or one of"):
        model.use("fast")
    model.use(None)
    assert repr(model) == "LeNet5()"


def test_a_tier_that_cannot_run_here_says_what_it_needs(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError("No module named 'numba'", name="numba")

    monkeypatch.setattr(nn.layer.importlib, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r"the tier 'compiled' needs numba: pip install"):
        nn.MaxPool2d(2, tier="compiled")


def test_chains_within_chains_are_drawn_further_in():
    inner = nn.Sequential(nn.ReLU(), nn.MaxPool2d(2))
    assert repr(nn.Sequential(nn.Tanh(), inner)).splitlines() == [
        "Sequential(",
        "  0: Tanh()",
        "  1: Sequential(",
        "    0: ReLU()",
        "    1: MaxPool2d(kernel_size=2)",
        "  )",
        ")",
    ]

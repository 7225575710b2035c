"""The public operators: layout, single images, and life without Numba."""

import inspect
import subprocess
import sys

import numpy as np
import pytest

import convpool
from convpool import loops, vectorized
from convpool.arguments import Gradients

X = np.random.default_rng(3).normal(size=(2, 3, 6, 7))
ARGUMENTS = {
    "max_pool2d": (3, 2, 1),
    "avg_pool2d": (3, 2, 1),
    "lp_pool2d": (2, 3, 2),
    "adaptive_max_pool2d": ((4, 3),),
    "adaptive_avg_pool2d": ((4, 3),),
    "global_max_pool2d": (),
    "global_avg_pool2d": (),
}
INDEXED = ("max_pool2d", "adaptive_max_pool2d")
LAYERS = {  # the shape of the weight, and what follows the bias
    "conv2d": ((4, 3, 2, 3), (2, (1, 0), (1, 2))),
    "conv2d in groups": ((6, 1, 2, 3), (1, "same", 1, 3)),
    "conv_transpose2d": ((3, 4, 2, 3), (2, 1, (0, 1))),
    "conv_transpose2d in groups": ((3, 2, 2, 3), (1, 0, 0, 3, (1, 2))),
}
COLUMNS = (2, 3), (1, 2), (1, 0), 2  # kernel_size, dilation, padding, stride
OPERATORS = convpool.compiled.__all__  # nothing else is there, in the others there is


def channels_last(array):
    return np.moveaxis(array, -3, -1) if array.ndim >= 3 else array


@pytest.mark.parametrize("x", [X, X[0]], ids=["batch", "single"])
@pytest.mark.parametrize("name", ARGUMENTS)
def test_channels_last_moves_the_axes_and_nothing_else(name, x):
    forward = getattr(convpool, name)
    y = forward(x, *ARGUMENTS[name])
    y_last = forward(channels_last(x), *ARGUMENTS[name], layout="NHWC")
    assert np.array_equal(y_last, channels_last(y))
    assert y_last.flags.c_contiguous

    dy = np.random.default_rng(4).normal(size=y.shape)
    backward = getattr(convpool, f"{name}_backward")
    dx = backward(dy, x, *ARGUMENTS[name])
    dx_last = backward(channels_last(dy), channels_last(x), *ARGUMENTS[name], layout="NHWC")
    assert np.array_equal(dx_last, channels_last(dx))
    assert dx_last.flags.c_contiguous


@pytest.mark.parametrize("name", INDEXED)
def test_indices_move_with_the_channels_and_still_name_cells_of_the_plane(name):
    forward = getattr(convpool, name)
    _, indices = forward(X, *ARGUMENTS[name], return_indices=True)
    y_last, last = forward(channels_last(X), *ARGUMENTS[name], return_indices=True, layout="NHWC")
    assert np.array_equal(last, channels_last(indices))
    assert y_last.shape == last.shape


def test_unpooling_takes_channels_last():
    y, indices = convpool.max_pool2d(X, 2, return_indices=True)
    x = convpool.max_unpool2d(y, indices, 2, output_size=(6, 7))
    x_last = convpool.max_unpool2d(
        channels_last(y), channels_last(indices), 2, output_size=(6, 7), layout="NHWC"
    )
    assert np.array_equal(x_last, channels_last(x))


@pytest.mark.parametrize("x", [X, X[0]], ids=["batch", "single"])
@pytest.mark.parametrize("layer", LAYERS)
def test_channels_last_moves_images_and_leaves_weights_alone(layer, x):
    name, (shape, arguments) = layer.split()[0], LAYERS[layer]
    forward, backward = getattr(convpool, name), getattr(convpool, f"{name}_backward")
    weight = np.random.default_rng(5).normal(size=shape)
    y = forward(x, weight, None, *arguments)
    bias = np.random.default_rng(6).normal(size=y.shape[-3])
    y = forward(x, weight, bias, *arguments)
    y_last = forward(channels_last(x), weight, bias, *arguments, layout="NHWC")
    assert np.array_equal(y_last, channels_last(y))
    assert y_last.flags.c_contiguous

    dy = np.random.default_rng(7).normal(size=y.shape)
    there = channels_last(dy), channels_last(x)
    dx, dweight, dbias = backward(dy, x, weight, *arguments)
    last = backward(*there, weight, *arguments, layout="NHWC")
    assert type(last) is Gradients
    assert np.array_equal(last.dx, channels_last(dx))
    assert np.array_equal(last.dweight, dweight)
    assert np.array_equal(last.dbias, dbias)
    assert all(gradient.flags.c_contiguous for gradient in last)


@pytest.mark.parametrize("x", [X, X[0]], ids=["batch", "single"])
def test_channels_last_makes_windows_rows(x):
    col = convpool.unfold(x, *COLUMNS)
    rows = convpool.unfold(channels_last(x), *COLUMNS, layout="NHWC")
    assert np.array_equal(rows, col.mT)
    assert rows.flags.c_contiguous

    col = np.random.default_rng(8).normal(size=col.shape)
    folded = convpool.fold(col, (6, 7), *COLUMNS)
    last = convpool.fold(col.mT, (6, 7), *COLUMNS, layout="NHWC")
    assert np.array_equal(last, channels_last(folded))
    assert last.flags.c_contiguous


@pytest.mark.parametrize("name", OPERATORS)
def test_every_tier_and_the_top_share_one_signature(name):
    at_the_top = inspect.signature(getattr(convpool, name))
    parameters = [p for p in at_the_top.parameters.values() if p.name != "layout"]
    assert at_the_top.parameters["layout"].kind is inspect.Parameter.KEYWORD_ONLY
    for tier in (loops, vectorized, convpool.compiled):
        assert list(inspect.signature(getattr(tier, name)).parameters.values()) == parameters


@pytest.mark.parametrize("name", OPERATORS)
def test_public_docstrings_name_every_parameter_and_what_comes_out(name):
    function = getattr(convpool, name)
    doc = inspect.getdoc(function)
    for section in ("Parameters", "Returns", "Raises", "Notes"):
        assert f"\n{section}\n---" in doc
    parameters = doc[doc.index("Parameters\n---") : doc.index("Returns\n---")]
    for parameter in inspect.signature(function).parameters:
        assert parameter in parameters
    assert ":eq:`eq-" in doc


def test_without_numba_the_public_operators_are_the_vectorized_ones():
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np, convpool\n"
        "from convpool import operators, vectorized\n"
        "assert operators.tier() is vectorized\n"
        "x = np.arange(16.0).reshape(1, 4, 4)\n"
        "print(convpool.max_pool2d(x, 2).tolist())\n"
        "print(convpool.conv2d(x, x[np.newaxis]).tolist())\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[[[5.0, 7.0], [13.0, 15.0]]]\n[[[1240.0]]]\n"


def test_every_operator_is_at_the_top():
    assert set(OPERATORS) <= set(convpool.__all__)
    assert set(OPERATORS) <= set(loops.__all__) & set(vectorized.__all__)


def test_with_numba_they_are_the_compiled_ones():
    from convpool import operators

    assert operators.tier() is convpool.compiled

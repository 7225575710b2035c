"""Activations far from 0, and what they keep of their input: the dtype and the sign."""

import math

import numpy as np
import pytest

from convpool import nn

KINDS = {
    "Sigmoid": nn.Sigmoid,
    "Tanh": nn.Tanh,
    "ReLU": nn.ReLU,
    "LeakyReLU": lambda: nn.LeakyReLU(0.2),
    "Affine": lambda: nn.Affine(-1.5, 0.25),
}
FAR = [-60.0, -18.0, -1.0, 0.0, 1.0, 18.0, 60.0]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize(("dtype", "within"), [("float32", 1e-5), ("float64", 1e-13)])
@pytest.mark.parametrize("x", FAR)
def test_the_sigmoid_is_right_however_far_from_0(dtype, within, x):
    layer, some = nn.Sigmoid(), np.full((3, 5), x, dtype)
    y = layer.forward(some)
    np.testing.assert_allclose(y, sigmoid(x), rtol=within)
    dx = layer.backward(np.full_like(y, -2))
    slope = sigmoid(x) * sigmoid(-x)
    rest = np.finfo(dtype).eps  # of 1 − y where y is near 1
    np.testing.assert_allclose(dx, -2 * slope, rtol=within, atol=2 * rest)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", KINDS)
def test_nothing_overflows_far_from_0(name, dtype):
    layer = KINDS[name]()
    limit = np.finfo(dtype).max / 4
    x = np.array([[-limit, -1e4, -500, 500, 1e4, limit]], dtype)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        y = layer.forward(x)
        dx = layer.backward(np.ones_like(y))
    assert np.isfinite(y).all()
    assert np.isfinite(dx).all()


def test_a_sigmoid_far_to_the_left_still_lets_a_gradient_through():
    layer = nn.Sigmoid()
    layer.forward(np.array([[-60.0]], "float32"))
    dx = layer.backward(np.array([[1.0]], "float32"))
    np.testing.assert_allclose(dx, sigmoid(-60), rtol=1e-5)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(0, 3), (7,), (2, 3, 5, 5)])
@pytest.mark.parametrize("name", KINDS)
def test_shape_and_dtype_stay_and_the_input_is_not_written(name, shape, dtype):
    layer, rng = KINDS[name](), np.random.default_rng(0)
    x, dy = (np.asarray(rng.normal(size=shape), dtype) for _ in range(2))
    copies = x.copy(), dy.copy()
    y = layer.forward(x)
    dx = layer.backward(dy)
    for result in (y, dx):
        assert result.shape == shape
        assert result.dtype == dtype
        assert not np.may_share_memory(result, x)
        assert not np.may_share_memory(result, dy)
    np.testing.assert_array_equal(x, copies[0])
    np.testing.assert_array_equal(dy, copies[1])


@pytest.mark.parametrize("name", KINDS)
def test_any_memory_gives_the_same_numbers(name):
    rng = np.random.default_rng(0)
    x, dy = rng.normal(size=(2, 6, 8, 4))
    wanted = None
    for order in (
        np.ascontiguousarray,
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=2)[..., ::2],
    ):
        layer = KINDS[name]()
        found = layer.forward(order(x)), layer.backward(order(dy))
        wanted = wanted or found
        for one, other in zip(found, wanted, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12)

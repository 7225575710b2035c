"""Functions of each number on its own: NumPy's expressions, and the kernels that share them out."""

import numpy as np
import pytest

from convpool.compiled import pointwise as compiled
from convpool.vectorized import pointwise as vectorized

SIZES = ((0, 3), (1,), (2, 1, 1, 1), (3, 5, 7), (17, 259))
DTYPES = (np.float32, np.float64)
BACKWARD = ("relu_backward", "tanh_backward", "sigmoid_backward")


def numbers(shape, dtype, seed):
    """Random ones, with both infinities and both zeros among them, and no NaN."""
    values = np.random.default_rng(seed).normal(size=shape).astype(dtype)
    strange = np.array([0.0, -0.0, np.inf, -np.inf], dtype)[: values.size]
    values.reshape(-1)[: strange.size] = strange
    return values


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", SIZES)
class TestBothTiers:
    def test_relu(self, shape, dtype):
        x = numbers(shape, dtype, 1)
        for room in (compiled, vectorized):
            y = room.relu(x)
            assert y.dtype == dtype
            np.testing.assert_array_equal(y, np.where(x > 0, x, 0))

    def test_sigmoid(self, shape, dtype):
        x = 30 * np.random.default_rng(5).normal(size=shape).astype(dtype)
        power = np.exp(-np.abs(x))
        exact = np.where(x < 0, power, 1) / (1 + power)
        for room in (compiled, vectorized):
            y = room.sigmoid(x)
            assert y.dtype == dtype
            np.testing.assert_allclose(
                y, exact, rtol=8 * np.finfo(dtype).eps, atol=np.finfo(dtype).tiny
            )

    @pytest.mark.parametrize("name", BACKWARD)
    def test_slopes_times_dy(self, shape, dtype, name):
        dy = np.random.default_rng(2).normal(size=shape).astype(dtype)
        y = np.random.default_rng(3).uniform(-1, 1, size=shape).astype(dtype)
        slope = {
            "relu_backward": np.where(y > 0, 1, 0),
            "tanh_backward": (1 - y) * (1 + y),
            "sigmoid_backward": y - y**2,
        }[name]
        for room in (compiled, vectorized):
            dx = getattr(room, name)(dy, y)
            assert dx.dtype == dtype
            np.testing.assert_allclose(dx, dy * slope, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("room", [compiled, vectorized])
def test_relu_hands_nan_on(room):
    np.testing.assert_array_equal(room.relu(np.array([np.nan, -1.0, 2.0])), [np.nan, 0, 2])


@pytest.mark.parametrize("room", [compiled, vectorized])
def test_sigmoid_far_from_zero(room):
    far = np.array([-np.inf, -1000, 1000, np.inf, np.nan])
    np.testing.assert_array_equal(room.sigmoid(far), [0, 0, 1, 1, np.nan])


@pytest.mark.parametrize("name", BACKWARD)
def test_arrays_need_not_lie_in_order(name):
    dy, y = np.random.default_rng(4).normal(size=(2, 6, 8))
    expected = getattr(vectorized, name)(dy[::2, ::-1], y[::2, ::-1])
    np.testing.assert_allclose(getattr(compiled, name)(dy[::2, ::-1], y[::2, ::-1]), expected)

"""The product of two small matrices, in tiles, beside NumPy's."""

import numpy as np
import pytest

from convpool import nn
from convpool.compiled.products import product

SIZES = ((1, 1, 1), (2, 300, 49), (7, 3, 50), (10, 64, 84), (17, 33, 5), (64, 256, 120), (9, 1, 17))
DTYPES = (np.float32, np.float64)


def layouts(matrix):
    """The same numbers: rows behind rows, columns behind columns, with gaps, upside down."""
    yield matrix
    yield np.asfortranarray(matrix)
    yield np.repeat(matrix, 2, axis=1)[:, ::2]
    yield np.ascontiguousarray(matrix[::-1])[::-1]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_it_is_numpys_whatever_the_memory_layout(size, dtype):
    M, K, N = size
    rng = np.random.default_rng(M + K + N)
    a, b = rng.normal(size=(M, K)).astype(dtype), rng.normal(size=(K, N)).astype(dtype)
    exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
    bound = 4 * K * np.finfo(dtype).eps * (np.abs(a) @ np.abs(b))
    for left in layouts(a):
        for right in layouts(b):
            c = product(left, right)
            assert c.dtype == dtype
            assert np.all(np.abs(c - exact) <= bound)


def test_nan_stays_in_its_row_and_column():
    a, b = np.random.default_rng(1).normal(size=(2, 20, 20))
    a[3, 4], b[5, 6] = np.nan, np.nan
    np.testing.assert_array_equal(np.isnan(product(a, b)), np.isnan(a @ b))


class TestNetworksProduct:
    """`nn.machine.product` chooses who multiplies; the result is the same."""

    @pytest.mark.parametrize("size", [(0, 3, 4), (3, 0, 4), (3, 4, 0), (5, 6, 7), (300, 300, 300)])
    def test_any_size(self, size):
        M, K, N = size
        rng = np.random.default_rng(2)
        a, b = rng.normal(size=(M, K)), rng.normal(size=(K, N))
        np.testing.assert_allclose(nn.machine.product(a, b), a @ b, rtol=1e-10, atol=1e-10)

    def test_small_products_are_the_compiled_tiers(self, monkeypatch):
        asked = []
        monkeypatch.setattr(
            "convpool.compiled.products.product", lambda a, b: asked.append(a.shape) or a @ b
        )
        small, large = np.ones((2, 3)), np.ones((300, 300))
        nn.machine.product(small, small.T)
        nn.machine.product(large, large)
        assert asked == [(2, 3)]

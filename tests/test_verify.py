"""The checks themselves: they pass what is right, fail what is wrong, and say where."""

import numpy as np
import pytest

from convpool import loops
from convpool.verify import adjoint_check, gradcheck

RNG = np.random.default_rng(5)
X = RNG.normal(size=(1, 2, 5, 6))


def pool(x):
    return loops.max_pool2d(x, 3, 2, 1)


def pool_backward(dy, x):
    return loops.max_pool2d_backward(dy, x, 3, 2, 1)


class TestGradcheck:
    def test_passes_a_right_backward_and_says_how_close(self):
        report = gradcheck(pool, pool_backward, X)
        assert report.passed
        assert bool(report)
        assert report.entries == X.size
        assert report.error < 1e-8
        assert "passed" in str(report)

    def test_names_the_worst_entry_with_both_values(self):
        def wrong(dy, x):
            dx = pool_backward(dy, x)
            dx[0, 1, 2, 3] += 5.0
            return dx

        report = gradcheck(pool, wrong, X)
        assert not report
        assert report.index == (0, 1, 2, 3)
        assert report.analytic - report.numeric == pytest.approx(5.0)
        for said in ("FAILED", "(0, 1, 2, 3)", f"{report.analytic:.6g}", f"{report.numeric:.6g}"):
            assert said in str(report)

    def test_ones_hide_gradients_that_swapped_places_and_a_random_cotangent_does_not(self):
        def outputs(x):
            return 2.0 * x

        def swapped(dy, x):
            return 2.0 * dy[::-1]

        x = RNG.normal(size=6)
        assert gradcheck(outputs, swapped, x, dy=np.ones(6))
        assert not gradcheck(outputs, swapped, x)

    def test_several_arrays_are_checked_each(self):
        a, b = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 2))
        report = gradcheck(np.matmul, lambda dy, a, b: (dy @ b.T, a.T @ dy), a, b)
        assert report.passed
        report = gradcheck(np.matmul, lambda dy, a, b: (dy @ b.T, 2 * a.T @ dy), a, b)
        assert not report
        assert report.array == 1

    def test_float32_arrays_are_checked_in_float64_and_left_alone(self):
        x = X.astype(np.float32)
        before = x.copy()
        assert gradcheck(pool, pool_backward, x)
        assert np.array_equal(x, before)

    def test_nan_is_a_failure(self):
        report = gradcheck(np.square, lambda dy, x: np.full(x.shape, np.nan), np.ones(3))
        assert not report
        assert report.index == (0,)

    def test_the_cotangent_comes_from_the_given_generator(self):
        first, again, other = (
            gradcheck(pool, lambda dy, x: 0 * x, X, rng=np.random.default_rng(seed))
            for seed in (1, 1, 2)
        )
        assert first.numeric == again.numeric != other.numeric

    def test_a_gradient_of_the_wrong_shape_is_an_error(self):
        with pytest.raises(ValueError, match=r"shapes \[\(3,\)\], got \[\(2,\)\]"):
            gradcheck(np.square, lambda dy, x: dy[:2], np.ones(3))

    def test_a_gradient_too_few_is_an_error(self):
        with pytest.raises(ValueError, match="backward must return gradients"):
            gradcheck(np.multiply, lambda dy, a, b: dy * b, np.ones(3), np.ones(3))

    def test_nothing_to_differentiate_is_an_error(self):
        with pytest.raises(ValueError, match="at least one entry"):
            gradcheck(np.square, lambda dy, x: 2 * x * dy, np.ones((0, 3)))


class TestAdjointCheck:
    A = RNG.normal(size=(4, 6))

    def test_passes_the_transpose(self):
        report = adjoint_check(lambda x: self.A @ x, lambda y: self.A.T @ y, (6,))
        assert report.passed
        assert report.left == pytest.approx(report.right)
        assert "passed" in str(report)

    def test_fails_another_matrix_and_prints_both_products(self):
        report = adjoint_check(lambda x: self.A @ x, lambda y: 1.001 * self.A.T @ y, (6,))
        assert not report
        for said in ("FAILED", f"{report.left:.6g}", f"{report.right:.6g}"):
            assert said in str(report)

    def test_fails_a_map_that_is_not_linear(self):
        assert not adjoint_check(lambda x: self.A @ x + 1, lambda y: self.A.T @ y, (6,))

    def test_the_zero_map_is_its_own_adjoint(self):
        assert adjoint_check(lambda x: 0 * x, lambda y: 0 * y, (3, 2))

    def test_average_pooling_is_linear_and_its_backward_the_adjoint(self):
        def pool(x):
            return loops.avg_pool2d(x, 3, 2, 1)

        def right(dy):
            return loops.avg_pool2d_backward(dy, np.zeros(X.shape), 3, 2, 1)

        def unpadded_divisor(dy):
            return loops.avg_pool2d_backward(dy, np.zeros(X.shape), 3, 2, 1, False, False)

        assert adjoint_check(pool, right, X.shape)
        assert not adjoint_check(pool, unpadded_divisor, X.shape)

    def test_an_image_of_the_wrong_shape_is_an_error(self):
        with pytest.raises(ValueError, match=r"shape \(6,\), got \(5,\)"):
            adjoint_check(lambda x: self.A @ x, lambda y: (self.A.T @ y)[:5], (6,))

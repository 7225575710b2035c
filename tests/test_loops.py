"""Numbers to check by hand: the loops must give them, and so must the faster tiers."""

import numpy as np
import pytest
from strategies import TIERS, load


@pytest.fixture(scope="module", params=TIERS)
def tier(request):
    return load(request.param)


def plane(rows, dtype=np.float64):
    """A batch of one image of one channel."""
    return np.array([[rows]], dtype)


def assert_plane(actual, rows):
    np.testing.assert_array_equal(actual, plane(rows))


# The example that pooling is explained with everywhere: 2 × 2 windows side by side on 4 × 4 cells,
# and a gradient of [[1, 2], [3, 4]] that comes back to them.
X = plane([[1, 5, 2, 0], [3, 4, 8, 6], [7, 0, 1, 2], [2, 6, 9, 3]])
DY = plane([[1, 2], [3, 4]])


class TestWorkedExamples:
    def test_w_is_the_maximum_of_a_b_e_f_and_only_b_has_a_partial_derivative(self, tier):
        a, b, e, f = 1.0, 9.0, 4.0, 2.0
        x = plane([[a, b], [e, f]])
        assert_plane(tier.max_pool2d(x, 2), [[9]])
        assert_plane(tier.max_pool2d_backward(plane([[1]]), x, 2), [[0, 1], [0, 0]])
        assert_plane(tier.max_pool2d_backward(plane([[-5]]), x, 2), [[0, -5], [0, 0]])

    def test_w_is_the_mean_of_a_b_e_f_and_each_partial_derivative_is_a_quarter(self, tier):
        a, b, e, f = 1.0, 9.0, 4.0, 2.0
        x = plane([[a, b], [e, f]])
        assert_plane(tier.avg_pool2d(x, 2), [[4]])
        assert_plane(tier.avg_pool2d_backward(plane([[1]]), x, 2), [[0.25, 0.25], [0.25, 0.25]])
        assert_plane(tier.avg_pool2d_backward(plane([[-6]]), x, 2), [[-1.5, -1.5], [-1.5, -1.5]])

    def test_each_maximum_of_the_4_by_4_example_gets_its_residual(self, tier):
        y, indices = tier.max_pool2d(X, 2, return_indices=True)
        assert_plane(y, [[5, 8], [7, 9]])
        assert_plane(indices, [[1, 6], [8, 14]])
        dx = tier.max_pool2d_backward(DY, X, 2)
        assert_plane(dx, [[0, 1, 0, 0], [0, 0, 2, 0], [3, 0, 0, 0], [0, 0, 4, 0]])

    def test_each_window_of_the_4_by_4_example_shares_out_its_residual(self, tier):
        assert_plane(tier.avg_pool2d(X, 2), [[3.25, 4], [3.75, 3.75]])
        dx = tier.avg_pool2d_backward(DY, X, 2)
        quarters = [[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]]
        assert_plane(4 * dx, quarters)

    def test_unpooling_puts_each_maximum_back_where_it_was(self, tier):
        y, indices = tier.max_pool2d(X, 2, return_indices=True)
        restored = [[0, 5, 0, 0], [0, 0, 8, 0], [7, 0, 0, 0], [0, 0, 9, 0]]
        assert_plane(tier.max_unpool2d(y, indices, 2), restored)


class TestOverlap:
    X = plane([[1, 2, 3], [4, 9, 5], [6, 7, 8]])

    def test_a_cell_that_wins_four_windows_gets_four_gradients(self, tier):
        dx = tier.max_pool2d_backward(DY, self.X, 2, stride=1)
        assert_plane(dx, [[0, 0, 0], [0, 1 + 2 + 3 + 4, 0], [0, 0, 0]])

    def test_a_cell_that_lies_in_four_windows_gets_four_shares(self, tier):
        dx = tier.avg_pool2d_backward(DY, self.X, 2, stride=1)
        assert_plane(4 * dx, [[1, 1 + 2, 2], [1 + 3, 1 + 2 + 3 + 4, 2 + 4], [3, 3 + 4, 4]])

    def test_windows_that_share_a_column_add_in_the_p_norm_too(self, tier):
        x, dy = plane([[3, 4, 3]]), plane([[10, 20]])
        dx = tier.lp_pool2d_backward(dy, x, 2, (1, 2), 1)
        np.testing.assert_allclose(dx, plane([[6, 8 + 16, 12]]), rtol=1e-14)

    def test_bins_that_share_a_cell_add(self, tier):
        x, dy = plane([[1, 5, 2]]), plane([[10, 20]])  # bins: cells 0 and 1, cells 1 and 2
        y, indices = tier.adaptive_max_pool2d(x, (1, 2), return_indices=True)
        assert_plane(y, [[5, 5]])
        assert_plane(indices, [[1, 1]])
        assert_plane(tier.adaptive_max_pool2d_backward(dy, x, (1, 2)), [[0, 30, 0]])
        assert_plane(tier.adaptive_avg_pool2d_backward(dy, x, (1, 2)), [[5, 15, 10]])


class TestPadding:
    def test_padding_never_beats_a_negative_cell(self, tier):
        x = plane([[-1, -2], [-3, -4]])
        y, indices = tier.max_pool2d(x, 2, padding=1, return_indices=True)
        assert_plane(y, [[-1, -2], [-3, -4]])
        assert_plane(indices, [[0, 1], [2, 3]])
        assert_plane(tier.max_pool2d_backward(DY, x, 2, padding=1), [[1, 2], [3, 4]])

    def test_padding_never_beats_minus_infinity(self, tier):
        x = plane([[-np.inf, -np.inf], [-np.inf, -np.inf]])
        y, indices = tier.max_pool2d(x, 3, stride=1, padding=1, return_indices=True)
        assert_plane(y, x[0, 0])
        assert_plane(indices, [[0, 0], [0, 0]])
        assert_plane(tier.max_pool2d_backward(DY, x, 3, 1, 1), [[1 + 2 + 3 + 4, 0], [0, 0]])

    def test_padding_counts_as_zeros_in_a_mean(self, tier):
        x = plane([[2, 4], [6, 8]])
        assert_plane(tier.avg_pool2d(x, 2, padding=1), [[0.5, 1], [1.5, 2]])
        assert_plane(tier.avg_pool2d_backward(4 * DY, x, 2, padding=1), [[1, 2], [3, 4]])

    def test_padding_does_not_count_if_it_is_not_to(self, tier):
        x = plane([[2, 4], [6, 8]])
        y = tier.avg_pool2d(x, 2, padding=1, count_include_pad=False)
        assert_plane(y, [[2, 4], [6, 8]])
        dx = tier.avg_pool2d_backward(DY, x, 2, padding=1, count_include_pad=False)
        assert_plane(dx, [[1, 2], [3, 4]])

    def test_a_divisor_of_ones_own_replaces_the_count(self, tier):
        x = plane([[2, 4], [6, 8]])
        assert_plane(tier.avg_pool2d(x, 2, divisor_override=10), [[2]])
        assert_plane(tier.avg_pool2d(x, 2, padding=1, divisor_override=-2), [[-1, -2], [-3, -4]])
        dx = tier.avg_pool2d_backward(DY, x, 2, padding=1, divisor_override=-2)
        assert_plane(dx, [[-0.5, -1], [-1.5, -2]])

    def test_same_padding_puts_the_odd_cell_last(self, tier):
        x = plane([[1, 2, 3, 4, 5]])
        assert_plane(tier.max_pool2d(x, (1, 2), padding="same"), [[2, 4, 5]])
        assert_plane(tier.avg_pool2d(x, (1, 2), padding="same"), [[1.5, 3.5, 2.5]])

    def test_each_side_has_its_own_padding(self, tier):
        x = plane([[1, 2, 3, 4, 5]])
        assert_plane(tier.max_pool2d(x, (1, 2), padding=((0, 0), (1, 0))), [[1, 3, 5]])
        assert_plane(tier.max_pool2d(x.mT, (2, 1), padding=((1, 0), (0, 0))), [[1], [3], [5]])

    def test_rows_and_columns_have_their_own_padding(self, tier):
        x = plane([[1, 2], [3, 4]])
        assert_plane(tier.avg_pool2d(x, 2, padding=(1, 0)), [[0.75], [1.75]])
        assert_plane(tier.avg_pool2d(x, 2, padding=(0, 1)), [[1, 1.5]])


class TestWindowsAtTheEnd:
    X = plane([[1, 2, 3, 4, 5]])

    def test_a_remainder_takes_part_in_nothing(self, tier):
        dy = plane([[10, 20]])
        assert_plane(tier.max_pool2d(self.X, (1, 2)), [[2, 4]])
        assert_plane(tier.max_pool2d_backward(dy, self.X, (1, 2)), [[0, 10, 0, 20, 0]])
        assert_plane(tier.avg_pool2d(self.X, (1, 2)), [[1.5, 3.5]])
        assert_plane(tier.avg_pool2d_backward(dy, self.X, (1, 2)), [[5, 5, 10, 10, 0]])

    def test_ceil_mode_gives_the_remainder_a_window(self, tier):
        dy = plane([[10, 20, 30]])
        assert_plane(tier.max_pool2d(self.X, (1, 2), ceil_mode=True), [[2, 4, 5]])
        dx = tier.max_pool2d_backward(dy, self.X, (1, 2), ceil_mode=True)
        assert_plane(dx, [[0, 10, 0, 20, 30]])

    def test_taps_past_the_padded_input_count_in_no_divisor(self, tier):
        dy = plane([[10, 20, 30]])
        assert_plane(tier.avg_pool2d(self.X, (1, 2), ceil_mode=True), [[1.5, 3.5, 5]])
        dx = tier.avg_pool2d_backward(dy, self.X, (1, 2), ceil_mode=True)
        assert_plane(dx, [[5, 5, 10, 10, 30]])

    def test_nor_do_they_below_the_last_row(self, tier):
        x, dy = self.X.mT, plane([[10], [20], [30]])
        assert_plane(tier.avg_pool2d(x, (2, 1), ceil_mode=True), [[1.5], [3.5], [5]])
        dx = tier.avg_pool2d_backward(dy, x, (2, 1), ceil_mode=True)
        assert_plane(dx, [[5], [5], [10], [10], [30]])

    def test_taps_on_the_trailing_padding_do_count(self, tier):
        # the second window: a 4, a cell of padding, and an overhang
        x, arguments = plane([[3, 3, 4]]), {"padding": (0, 1), "ceil_mode": True}
        assert_plane(tier.avg_pool2d(x, (1, 3), **arguments), [[(0 + 3 + 3) / 3, (4 + 0) / 2]])
        assert_plane(tier.avg_pool2d(x, (1, 3), **arguments, count_include_pad=False), [[3, 4]])

    def test_a_window_that_would_start_past_the_input_is_left_out(self, tier):
        x = plane([[1, 2, 3]])
        assert_plane(tier.max_pool2d(x, (1, 2), stride=(1, 3), ceil_mode=True), [[2]])
        x = plane([[1, 2, 3, 4]])
        assert_plane(tier.max_pool2d(x, (1, 2), stride=(1, 3), ceil_mode=True), [[2, 4]])

    def test_dilated_taps_skip_cells(self, tier):
        x, dy = plane([[2, 1, 4, 9, 3]]), plane([[6]])
        assert_plane(tier.max_pool2d(x, (1, 3), dilation=(1, 2)), [[4]])
        assert_plane(tier.max_pool2d_backward(dy, x, (1, 3), dilation=(1, 2)), [[0, 0, 6, 0, 0]])
        assert_plane(tier.avg_pool2d(x, (1, 3), dilation=(1, 2)), [[3]])
        assert_plane(tier.avg_pool2d_backward(dy, x, (1, 3), dilation=(1, 2)), [[2, 0, 2, 0, 2]])


class TestTiesAndSpecialValues:
    def test_the_first_of_equal_maxima_takes_all(self, tier):
        x = plane([[7, 7], [7, 7]])
        assert_plane(tier.max_pool2d_backward(plane([[4]]), x, 2), [[4, 0], [0, 0]])
        assert_plane(tier.adaptive_max_pool2d_backward(plane([[4]]), x, 1), [[4, 0], [0, 0]])

    def test_first_means_row_by_row(self, tier):
        x = plane([[1, 7], [7, 1]])
        _, indices = tier.max_pool2d(x, 2, return_indices=True)
        assert_plane(indices, [[1]])
        _, indices = tier.adaptive_max_pool2d(x, 1, return_indices=True)
        assert_plane(indices, [[1]])

    def test_the_first_nan_wins(self, tier):
        x = plane([[9, np.nan], [np.nan, np.inf]])
        y, indices = tier.max_pool2d(x, 2, return_indices=True)
        assert np.isnan(y).all()
        assert_plane(indices, [[1]])
        assert_plane(tier.max_pool2d_backward(plane([[4]]), x, 2), [[0, 4], [0, 0]])
        assert tier.global_max_pool2d_backward(np.array([[4.0]]), x)[0, 0, 0, 1] == 4

    def test_infinity_wins_and_minus_infinity_loses(self, tier):
        x = plane([[-np.inf, 3], [-np.inf, np.inf]])
        assert_plane(tier.max_pool2d(x, (1, 2)), [[3], [np.inf]])

    def test_an_infinite_gradient_reaches_the_winner_alone(self, tier):
        x = plane([[1, 2], [4, 3]])
        dx = tier.max_pool2d_backward(plane([[np.inf]]), x, 2)
        assert_plane(dx, [[0, 0], [np.inf, 0]])

    def test_nan_makes_a_mean_nan_and_no_other(self, tier):
        x = plane([[np.nan, 1, 2, 4]])
        assert_plane(tier.avg_pool2d(x, (1, 2)), [[np.nan, 3]])


class TestWholePlanesAndBins:
    X = np.array([[[[1.0, 2.0], [3.0, 4.0]], [[8.0, 7.0], [6.0, 5.0]]]])  # one image, two channels

    def test_global_max_keeps_one_number_a_channel(self, tier):
        y = tier.global_max_pool2d(self.X)
        np.testing.assert_array_equal(y, [[4, 8]])
        dx = tier.global_max_pool2d_backward(np.array([[10.0, 20.0]]), self.X)
        np.testing.assert_array_equal(dx, [[[[0, 0], [0, 10]], [[20, 0], [0, 0]]]])

    def test_global_average_keeps_one_number_a_channel(self, tier):
        y = tier.global_avg_pool2d(self.X)
        np.testing.assert_array_equal(y, [[2.5, 6.5]])
        dx = tier.global_avg_pool2d_backward(np.array([[10.0, 20.0]]), self.X)
        np.testing.assert_array_equal(dx, [[[[2.5, 2.5], [2.5, 2.5]], [[5, 5], [5, 5]]]])

    def test_ten_cells_in_seven_bins(self, tier):
        x = plane([range(10)])  # bins 0–1, 1–2, 2–4, 4–5, 5–7, 7–8, 8–9
        assert_plane(tier.adaptive_max_pool2d(x, (1, 7)), [[1, 2, 4, 5, 7, 8, 9]])
        assert_plane(tier.adaptive_avg_pool2d(x, (1, 7)), [[0.5, 1.5, 3, 4.5, 6, 7.5, 8.5]])
        dy = plane([[2, 4, 6, 8, 12, 10, 14]])
        dx = tier.adaptive_avg_pool2d_backward(dy, x, (1, 7))
        assert_plane(dx, [[1, 1 + 2, 2 + 2, 2, 2 + 4, 4 + 4, 4, 4 + 5, 5 + 7, 7]])
        dx = tier.adaptive_max_pool2d_backward(dy, x, (1, 7))
        assert_plane(dx, [[0, 2, 4, 0, 6, 8, 0, 12, 10, 14]])

    def test_more_bins_than_cells_repeat_cells(self, tier):
        x = plane([[1, 3]])  # bins: cell 0, both cells, cell 1
        assert_plane(tier.adaptive_max_pool2d(x, (1, 3)), [[1, 3, 3]])
        assert_plane(tier.adaptive_avg_pool2d(x, (1, 3)), [[1, 2, 3]])
        dx = tier.adaptive_avg_pool2d_backward(plane([[10, 20, 30]]), x, (1, 3))
        assert_plane(dx, [[10 + 10, 10 + 30]])

    def test_none_keeps_the_size(self, tier):
        assert_plane(tier.adaptive_max_pool2d(X, (None, 1)), [[5], [8], [7], [9]])
        assert_plane(tier.adaptive_avg_pool2d(X, None), X[0, 0])


class TestLp:
    def test_the_2_norm_of_3_and_4_is_5(self, tier):
        x = plane([[3, -4]])
        np.testing.assert_allclose(tier.lp_pool2d(x, 2, (1, 2)), plane([[5]]), rtol=1e-14)
        dx = tier.lp_pool2d_backward(plane([[10]]), x, 2, (1, 2))
        np.testing.assert_allclose(dx, plane([[6, -8]]), rtol=1e-14)

    def test_the_1_norm_passes_the_gradient_on_with_each_sign(self, tier):
        x = plane([[3, -4, 0]])
        np.testing.assert_allclose(tier.lp_pool2d(x, 1, (1, 3)), plane([[7]]), rtol=1e-14)
        assert_plane(tier.lp_pool2d_backward(plane([[10]]), x, 1, (1, 3)), [[10, -10, 0]])

    @pytest.mark.parametrize("p", [1, 1.5, 2, 3])
    def test_a_window_of_zeros_has_norm_and_gradient_zero(self, tier, p):
        x = plane([[0, -0.0]])
        assert_plane(tier.lp_pool2d(x, p, (1, 2)), [[0]])
        assert_plane(tier.lp_pool2d_backward(plane([[10]]), x, p, (1, 2)), [[0, 0]])

    @pytest.mark.parametrize(
        ("scale", "dtype"), [(1e200, "float64"), (1e-200, "float64"), (1e30, "float32")]
    )
    def test_squares_that_leave_the_range_do_no_harm(self, tier, scale, dtype):
        x = plane([[3 * scale, -4 * scale]], dtype)
        y = tier.lp_pool2d(x, 2, (1, 2))
        assert y.dtype == dtype
        np.testing.assert_allclose(y, plane([[5 * scale]], dtype), rtol=1e-6)
        dx = tier.lp_pool2d_backward(plane([[10]], dtype), x, 2, (1, 2))
        np.testing.assert_allclose(dx, plane([[6, -8]]), rtol=1e-6)

    def test_infinity_has_the_norm_infinity(self, tier):
        assert_plane(tier.lp_pool2d(plane([[-np.inf, 1]]), 2, (1, 2)), [[np.inf]])


class TestUnpooling:
    def test_indices_count_through_the_plane_that_is_asked_for(self, tier):
        y, indices = plane([[5.0]]), np.array([[[[4]]]])
        assert_plane(tier.max_unpool2d(y, indices, 2, output_size=(2, 3)), [[0, 0, 0], [0, 5, 0]])
        assert_plane(tier.max_unpool2d(y, indices, 2, output_size=3), np.diag([0, 5, 0]))

    def test_the_smallest_size_comes_from_the_window(self, tier):
        y, indices = np.ones((1, 1, 2, 3)), np.zeros((1, 1, 2, 3), np.int64)
        assert tier.max_unpool2d(y, indices, 3, 2).shape == (1, 1, 5, 7)
        assert tier.max_unpool2d(y, indices, 3, 2, 1).shape == (1, 1, 3, 5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_have_the_dtype_of_the_input(tier, dtype):
    x, dy = X.astype(dtype), DY.astype(dtype)
    assert tier.max_pool2d(x, 2).dtype == dtype
    assert tier.max_pool2d_backward(dy, x, 2).dtype == dtype
    assert tier.avg_pool2d(x, 2).dtype == dtype
    assert tier.avg_pool2d_backward(dy, x, 2).dtype == dtype
    assert tier.lp_pool2d(x, 3, 2).dtype == dtype
    assert tier.lp_pool2d_backward(dy, x, 3, 2).dtype == dtype

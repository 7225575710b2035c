"""Convolution: numbers to check by hand, and every way to a gradient that the book tells of."""

import itertools
from types import MappingProxyType

import numpy as np
import pytest
from strategies import TIERS, load

import convpool
from convpool import loops, vectorized
from convpool.geometry import Axis, Groups, Window, span
from convpool.loops import (
    exchange_channels,
    full_padding,
    input_gradient_by_rot180,
    insert_zeros,
    pad_or_crop,
    rot180,
    weight_gradient_by_correlation,
)


@pytest.fixture(scope="module", params=TIERS)
def tier(request):
    return load(request.param)


def plane(rows, dtype=np.float64):
    """A batch of one image of one channel, or a kernel of one map of one channel."""
    return np.array([[rows]], dtype)


def assert_plane(actual, rows):
    np.testing.assert_array_equal(actual, plane(rows))


def exact(seed, *shapes):
    """Random sixteenths: sums of their products have no rounding, in whatever order."""
    rng = np.random.default_rng(seed)
    return [rng.integers(-40, 41, shape) / 16 for shape in shapes]


# ---------------------------------------------------------------------------- by hand


X = plane([[1, 2, 3], [4, 5, 6], [7, 8, 9]])
K = plane([[1, 2], [3, 4]])
DY = plane([[10, 20], [30, 40]])


class TestOneChannel:
    def test_the_kernel_lies_on_the_image_as_it_is_written(self, tier):
        # 1·1 + 2·2 + 3·4 + 4·5 = 37 at the top left
        assert_plane(tier.conv2d(X, K), [[37, 47], [67, 77]])

    def test_a_single_cell_is_answered_by_the_turned_kernel(self, tier):
        dot = plane([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
        assert_plane(tier.conv2d(dot, K), [[4, 3], [2, 1]])
        assert_plane(tier.conv2d(rot180(dot), rot180(K)), K[0, 0])

    def test_each_output_gives_each_cell_its_tap(self, tier):
        for (i, j), rows in {
            (0, 0): [[1, 2, 0], [3, 4, 0], [0, 0, 0]],
            (0, 1): [[0, 1, 2], [0, 3, 4], [0, 0, 0]],
            (1, 0): [[0, 0, 0], [1, 2, 0], [3, 4, 0]],
            (1, 1): [[0, 0, 0], [0, 1, 2], [0, 3, 4]],
        }.items():
            dy = np.zeros((1, 1, 2, 2))
            dy[0, 0, i, j] = 1
            assert_plane(tier.conv2d_backward(dy, X, K).dx, rows)

    def test_where_windows_overlap_the_shares_add_up(self, tier):
        dx = tier.conv2d_backward(DY, X, K).dx
        rows = [[10, 2 * 10 + 20, 2 * 20], [30 + 30, 40 + 60 + 60 + 40, 80 + 80], [90, 240, 160]]
        assert_plane(dx, rows)

    def test_each_tap_gathers_what_it_was_multiplied_with(self, tier):
        dweight = tier.conv2d_backward(DY, X, K).dweight
        taps = [
            [10 * 1 + 20 * 2 + 30 * 4 + 40 * 5, 10 * 2 + 20 * 3 + 30 * 5 + 40 * 6],
            [10 * 4 + 20 * 5 + 30 * 7 + 40 * 8, 10 * 5 + 20 * 6 + 30 * 8 + 40 * 9],
        ]
        assert_plane(dweight, taps)

    def test_the_bias_stands_in_every_output_once(self, tier):
        bias = np.array([100.0])
        assert_plane(tier.conv2d(X, K, bias), [[137, 147], [167, 177]])
        np.testing.assert_array_equal(tier.conv2d_backward(DY, X, K).dbias, [10 + 20 + 30 + 40])

    def test_a_kernel_of_one_tap_scales(self, tier):
        assert_plane(tier.conv2d(X, plane([[3]])), 3 * X[0, 0])
        assert_plane(tier.conv2d_backward(X, X, plane([[3]])).dx, 3 * X[0, 0])
        assert_plane(tier.conv2d_backward(X, X, plane([[3]])).dweight, [[np.sum(X * X)]])

    def test_a_kernel_of_the_images_size_is_an_inner_product(self, tier):
        assert_plane(tier.conv2d(X, X), [[np.sum(X * X)]])
        gradients = tier.conv2d_backward(plane([[2]]), X, X)
        assert_plane(gradients.dx, 2 * X[0, 0])
        assert_plane(gradients.dweight, 2 * X[0, 0])


class TestSteps:
    ROW = plane([[1, 2, 3, 4, 5, 6]])

    def test_a_stride_skips_windows(self, tier):
        y = tier.conv2d(self.ROW, plane([[1, 10]]), stride=(1, 2))
        assert_plane(y, [[21, 43, 65]])

    def test_the_zeros_of_the_stride_lie_between_the_gradients(self, tier):
        dy, k = plane([[1, 2, 3]]), plane([[1, 10]])
        dx = tier.conv2d_backward(dy, self.ROW, k, stride=(1, 2)).dx
        assert_plane(dx, [[1, 10, 2, 20, 3, 30]])

    def test_a_remainder_has_no_gradient_but_its_place(self, tier):
        dy, k = plane([[1, 2]]), plane([[1, 10]])
        gradients = tier.conv2d_backward(dy, self.ROW, k, stride=(1, 3))
        assert_plane(gradients.dx, [[1, 10, 0, 2, 20, 0]])
        assert_plane(gradients.dweight, [[1 * 1 + 2 * 4, 1 * 2 + 2 * 5]])
        upright = tier.conv2d_backward(dy.mT, self.ROW.mT, k.mT, stride=(3, 1))
        assert_plane(upright.dx, [[1], [10], [0], [2], [20], [0]])

    def test_dilated_taps_skip_cells(self, tier):
        k, dy = plane([[1, 10, 100]]), plane([[1, 2]])
        assert_plane(tier.conv2d(self.ROW, k, dilation=(1, 2)), [[531, 642]])
        gradients = tier.conv2d_backward(dy, self.ROW, k, dilation=(1, 2))
        assert_plane(gradients.dx, [[1, 2, 10, 20, 100, 200]])
        assert_plane(gradients.dweight, [[1 * 1 + 2 * 2, 1 * 3 + 2 * 4, 1 * 5 + 2 * 6]])

    def test_rows_and_columns_step_on_their_own(self, tier):
        x = np.arange(20.0).reshape(1, 1, 4, 5)
        y = tier.conv2d(x, plane([[0, 0], [0, 1]]), stride=(2, 1), dilation=(1, 3))
        assert_plane(y, [[8, 9], [18, 19]])


class TestPadding:
    ROW = plane([[1, 2, 3]])

    def test_padding_is_zeros(self, tier):
        y = tier.conv2d(self.ROW, plane([[1, 10, 100]]), padding=(0, 1))
        assert_plane(y, [[210, 321, 32]])

    def test_gradients_in_the_padding_are_dropped(self, tier):
        dy, k = plane([[1, 2, 3]]), plane([[1, 10, 100]])
        gradients = tier.conv2d_backward(dy, self.ROW, k, padding=(0, 1))
        assert_plane(gradients.dx, [[10 * 1 + 2, 100 * 1 + 10 * 2 + 3, 100 * 2 + 10 * 3]])
        assert_plane(gradients.dweight, [[2 * 1 + 3 * 2, 1 + 2 * 2 + 3 * 3, 1 * 2 + 2 * 3]])

    def test_each_side_has_its_own(self, tier):
        k = plane([[1, 10]])
        assert_plane(tier.conv2d(self.ROW, k, padding=((0, 0), (1, 0))), [[10, 21, 32]])
        assert_plane(tier.conv2d(self.ROW, k, padding=((0, 0), (0, 1))), [[21, 32, 3]])
        assert_plane(tier.conv2d(self.ROW.mT, k.mT, padding=((1, 0), (0, 0))), [[10], [21], [32]])

    def test_same_puts_the_odd_cell_last(self, tier):
        assert_plane(tier.conv2d(self.ROW, plane([[1, 10]]), padding="same"), [[21, 32, 3]])
        y = tier.conv2d(self.ROW, plane([[1, 10]]), stride=(1, 2), padding="same")
        assert_plane(y, [[21, 3]])

    def test_valid_is_none(self, tier):
        assert_plane(tier.conv2d(self.ROW, plane([[1, 10]]), padding="valid"), [[21, 32]])

    def test_windows_that_see_only_padding_give_the_bias_and_take_no_gradient(self, tier):
        x, k, bias = plane([[3]]), plane([[1, 10]]), np.array([5.0])
        assert_plane(tier.conv2d(x, k, bias, padding=(0, 3)), [[5, 5, 35, 8, 5, 5]])
        dy = plane([[100, 200, 1, 2, 300, 400]])
        gradients = tier.conv2d_backward(dy, x, k, padding=(0, 3))
        assert_plane(gradients.dx, [[10 * 1 + 1 * 2]])
        assert_plane(gradients.dweight, [[3 * 2, 3 * 1]])
        np.testing.assert_array_equal(gradients.dbias, [1003])

    @pytest.mark.parametrize(("kh", "kw"), [(3, 2), (1, 1)])
    @pytest.mark.parametrize("shape", [(2, 3, 0, 4), (2, 3, 4, 0), (2, 3, 0, 0)])
    def test_an_image_without_cells_is_all_padding(self, tier, shape, kh, kw):
        weight, bias = np.ones((2, 3, kh, kw)), np.array([7.0, -1.0])
        y = tier.conv2d(np.ones(shape), weight, bias, padding=(3, 2))
        assert y.shape == (2, 2, shape[2] + 7 - kh, shape[3] + 5 - kw)
        np.testing.assert_array_equal(y[:, 0], np.full_like(y[:, 0], 7))
        np.testing.assert_array_equal(y[:, 1], np.full_like(y[:, 1], -1))
        dx, dweight, dbias = tier.conv2d_backward(y, np.ones(shape), weight, padding=(3, 2))
        assert dx.shape == shape
        np.testing.assert_array_equal(dweight, np.zeros_like(weight))
        np.testing.assert_array_equal(dbias, y.sum(axis=(0, 2, 3)))
        col = tier.unfold(np.ones(shape), (kh, kw), padding=(3, 2))
        np.testing.assert_array_equal(col, np.zeros((2, 3 * kh * kw, y[0, 0].size)))


class TestChannels:
    X = np.array([[[[1.0, 2.0]], [[30.0, 40.0]]]])  # one image, two channels, one row

    def test_channels_add_up(self, tier):
        weight = np.array([[[[1.0, 2.0]], [[1.0, 1.0]]]])
        np.testing.assert_array_equal(tier.conv2d(self.X, weight), [[[[1 + 4 + 30 + 40]]]])

    def test_each_map_has_its_kernels_and_its_bias(self, tier):
        weight = np.array([[[[1.0, 0.0]], [[0.0, 1.0]]], [[[0.0, 1.0]], [[1.0, 0.0]]]])
        y = tier.conv2d(self.X, weight, np.array([100.0, 200.0]))
        np.testing.assert_array_equal(y, [[[[141]], [[232]]]])

    def test_one_by_one_kernels_mix_channels_cell_by_cell(self, tier):
        x, dy = exact(1, (2, 3, 4, 5), (2, 2, 4, 5))
        mix = np.array([[1.0, 2.0, 3.0], [-1.0, 0.0, 1.0]])
        weight = mix[:, :, np.newaxis, np.newaxis]
        np.testing.assert_array_equal(tier.conv2d(x, weight), np.einsum("mc,nchw->nmhw", mix, x))
        gradients = tier.conv2d_backward(dy, x, weight)
        np.testing.assert_array_equal(gradients.dx, np.einsum("mc,nmhw->nchw", mix, dy))
        dweight = np.einsum("nmhw,nchw->mc", dy, x)
        np.testing.assert_array_equal(gradients.dweight[:, :, 0, 0], dweight)

    def test_images_of_a_batch_do_not_meet(self, tier):
        x, weight, dy = exact(2, (3, 2, 5, 5), (4, 2, 3, 2), (3, 4, 3, 4))
        y, gradients = tier.conv2d(x, weight), tier.conv2d_backward(dy, x, weight)
        alone = [tier.conv2d_backward(dy[n], x[n], weight) for n in range(3)]
        for n in range(3):
            np.testing.assert_array_equal(tier.conv2d(x[n], weight), y[n])
            np.testing.assert_array_equal(alone[n].dx, gradients.dx[n])
        np.testing.assert_array_equal(sum(g.dweight for g in alone), gradients.dweight)
        np.testing.assert_array_equal(sum(g.dbias for g in alone), gradients.dbias)


class TestGroups:
    def test_depthwise_kernels_see_their_channel_only(self, tier):
        x = TestChannels.X
        weight = np.array([[[[1.0, 2.0]]], [[[1.0, 1.0]]]])
        np.testing.assert_array_equal(tier.conv2d(x, weight, groups=2), [[[[5]], [[70]]]])
        dx = tier.conv2d_backward(np.array([[[[1.0]], [[10.0]]]]), x, weight, groups=2).dx
        np.testing.assert_array_equal(dx, [[[[1, 2]], [[10, 10]]]])

    def test_a_multiplier_gives_each_channel_several_maps_side_by_side(self, tier):
        x = TestChannels.X
        weight = np.array([1.0, 2.0, 3.0, 4.0]).reshape(4, 1, 1, 1)
        y = tier.conv2d(x, weight, groups=2)
        np.testing.assert_array_equal(y[0, :, 0], [[1, 2], [2, 4], [90, 120], [120, 160]])

    @pytest.mark.parametrize(("groups", "inputs", "outputs"), [(2, 3, 2), (3, 1, 1), (3, 1, 4)])
    def test_a_group_is_a_convolution_of_its_own(self, tier, groups, inputs, outputs):
        arguments = dict(stride=2, padding=(1, 0), dilation=(1, 2))
        shapes = (2, groups * inputs, 6, 7), (groups * outputs, inputs, 2, 3), (groups * outputs,)
        x, weight, bias = exact(3, *shapes)
        y = tier.conv2d(x, weight, bias, **arguments, groups=groups)
        (dy,) = exact(4, y.shape)
        gradients = tier.conv2d_backward(dy, x, weight, **arguments, groups=groups)
        for g in range(groups):
            read = slice(g * inputs, (g + 1) * inputs)
            made = slice(g * outputs, (g + 1) * outputs)
            part = tier.conv2d(x[:, read], weight[made], bias[made], **arguments)
            np.testing.assert_array_equal(y[:, made], part)
            own = tier.conv2d_backward(dy[:, made], x[:, read], weight[made], **arguments)
            np.testing.assert_array_equal(gradients.dx[:, read], own.dx)
            np.testing.assert_array_equal(gradients.dweight[made], own.dweight)
            np.testing.assert_array_equal(gradients.dbias[made], own.dbias)

    @pytest.mark.parametrize(("groups", "inputs", "outputs"), [(2, 3, 2), (3, 1, 1), (3, 1, 4)])
    def test_so_is_a_group_of_a_transposed_convolution(self, tier, groups, inputs, outputs):
        arguments = dict(stride=2, padding=(1, 0), output_padding=1, dilation=(1, 2))
        shapes = (2, groups * inputs, 3, 4), (groups * inputs, outputs, 2, 3), (groups * outputs,)
        x, weight, bias = exact(5, *shapes)
        y = tier.conv_transpose2d(x, weight, bias, **arguments, groups=groups)
        (dy,) = exact(6, y.shape)
        gradients = tier.conv_transpose2d_backward(dy, x, weight, **arguments, groups=groups)
        for g in range(groups):
            read = slice(g * inputs, (g + 1) * inputs)
            made = slice(g * outputs, (g + 1) * outputs)
            part = tier.conv_transpose2d(x[:, read], weight[read], bias[made], **arguments)
            np.testing.assert_array_equal(y[:, made], part)
            own = tier.conv_transpose2d_backward(dy[:, made], x[:, read], weight[read], **arguments)
            np.testing.assert_array_equal(gradients.dx[:, read], own.dx)
            np.testing.assert_array_equal(gradients.dweight[read], own.dweight)
            np.testing.assert_array_equal(gradients.dbias[made], own.dbias)

    def test_groups_are_a_full_weight_with_zeros_in_it(self, tier):
        x, weight, dy = exact(7, (2, 4, 5, 4), (6, 2, 3, 2), (2, 6, 3, 3))
        full = np.zeros((6, 4, 3, 2))
        full[:3, :2], full[3:, 2:] = weight[:3], weight[3:]
        np.testing.assert_array_equal(tier.conv2d(x, weight, groups=2), tier.conv2d(x, full))
        grouped = tier.conv2d_backward(dy, x, weight, groups=2)
        whole = tier.conv2d_backward(dy, x, full)
        np.testing.assert_array_equal(grouped.dx, whole.dx)
        np.testing.assert_array_equal(grouped.dweight[:3], whole.dweight[:3, :2])
        np.testing.assert_array_equal(grouped.dweight[3:], whole.dweight[3:, 2:])


class TestTransposed:
    def test_each_cell_is_a_kernel_and_they_add_up(self, tier):
        rows = [[1, 2 + 2, 4], [3 + 3, 4 + 6 + 6 + 4, 8 + 8], [9, 12 + 12, 16]]
        assert_plane(tier.conv_transpose2d(K, K), rows)

    def test_with_the_kernel_as_stride_they_lie_side_by_side(self, tier):
        y = tier.conv_transpose2d(plane([[1, 10]]), K, stride=2)
        assert_plane(y, [[1, 2, 10, 20], [3, 4, 30, 40]])

    def test_dilation_spreads_the_kernel_and_padding_cuts(self, tier):
        x, k = plane([[1, 10]]), plane([[1, 2, 3]])
        y = tier.conv_transpose2d(x, k, dilation=(1, 2))
        assert_plane(y, [[1, 10, 2, 20, 3, 30]])
        y = tier.conv_transpose2d(x, k, dilation=(1, 2), padding=((0, 0), (1, 2)))
        assert_plane(y, [[10, 2, 20]])

    def test_output_padding_adds_cells_that_no_kernel_reaches(self, tier):
        x, k, bias = plane([[1, 10]]), plane([[1, 2]]), np.array([5.0])
        y = tier.conv_transpose2d(x, k, bias, stride=(1, 3), output_padding=(0, 2))
        assert_plane(y, [[6, 7, 5, 15, 25, 5, 5]])

    def test_but_where_padding_has_cut_it_gives_back(self, tier):
        x, k = plane([[1, 10]]), plane([[1, 2]])
        y = tier.conv_transpose2d(x, k, stride=(1, 2), padding=(0, 1), output_padding=(0, 1))
        assert_plane(y, [[2, 10, 20]])

    def test_its_backward_is_a_convolution(self, tier):
        x, dy = plane([[1, 10]]), plane([[1, 2, 3, 4, 5, 6, 7]])
        gradients = tier.conv_transpose2d_backward(
            dy, x, plane([[1, 2]]), stride=(1, 3), output_padding=(0, 2)
        )
        assert_plane(gradients.dx, [[1 + 2 * 2, 4 + 2 * 5]])
        assert_plane(gradients.dweight, [[1 * 1 + 10 * 4, 1 * 2 + 10 * 5]])
        np.testing.assert_array_equal(gradients.dbias, [28])

    def test_a_kernel_that_the_stride_does_not_divide_paints_a_checkerboard(self, tier):
        y = tier.conv_transpose2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 3, 3)), stride=2)
        edge = np.array([1, 1, 2, 1, 2, 1, 1])
        assert_plane(y, np.outer(edge, edge))
        y = tier.conv_transpose2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 4, 4)), stride=2)
        even = np.array([1, 1, 2, 2, 2, 2, 1, 1])
        assert_plane(y, np.outer(even, even))

    def test_the_first_axis_of_the_weight_is_the_channels_that_come_in(self, tier):
        x = np.array([[[[1.0]], [[10.0]]]])
        weight = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]).reshape(2, 3, 1, 1)
        y = tier.conv_transpose2d(x, weight, np.array([100.0, 200.0, 300.0]))
        np.testing.assert_array_equal(y[0, :, 0, 0], [141, 252, 363])


class TestColumns:
    def test_columns_are_windows(self, tier):
        col = [[[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]]
        np.testing.assert_array_equal(tier.unfold(X, 2), np.swapaxes(col, 1, 2))

    def test_rows_count_channels_then_taps(self, tier):
        x = np.array([[[[1.0, 2.0, 3.0]], [[10.0, 20.0, 30.0]]]])
        col = tier.unfold(x, (1, 2))
        np.testing.assert_array_equal(col, [[[1, 2], [2, 3], [10, 20], [20, 30]]])

    def test_dilation_padding_and_stride_in_that_order(self, tier):
        x = plane([[1, 2, 3, 4, 5]])
        col = tier.unfold(x, (1, 2), (1, 3), (0, 1), (1, 2))
        np.testing.assert_array_equal(col, [[[0, 2], [3, 5]]])

    def test_folding_adds_where_windows_overlap(self, tier):
        col = np.array([[[1.0, 10.0], [2.0, 20.0], [3.0, 30.0], [4.0, 40.0]]])
        assert_plane(tier.fold(col, (2, 3), 2), [[1, 2 + 10, 20], [3, 4 + 30, 40]])

    def test_folding_drops_what_lay_in_the_padding(self, tier):
        col = np.array([[[1.0, 2.0], [3.0, 5.0]]])
        assert_plane(tier.fold(col, (1, 5), (1, 2), (1, 3), (0, 1), (1, 2)), [[0, 2, 3, 0, 5]])

    def test_fold_after_unfold_counts_the_windows_over_each_cell(self, tier):
        ones = np.ones((1, 1, 3, 3))
        back = tier.fold(tier.unfold(ones, 2), 3, 2)
        assert_plane(back, [[1, 2, 1], [2, 4, 2], [1, 2, 1]])

    def test_a_convolution_is_a_matrix_product(self, tier):
        x, weight, dy = exact(8, (2, 3, 5, 6), (4, 3, 2, 3), (2, 4, 2, 2))
        arguments = dict(stride=2, padding=(0, 1), dilation=(2, 1))
        matrix, rows = tier.unfold(x, (2, 3), **arguments), weight.reshape(4, -1)
        y = (rows @ matrix).reshape(2, 4, 2, 3)
        np.testing.assert_array_equal(tier.conv2d(x, weight, **arguments), y)
        (dy,) = exact(9, y.shape)
        gradients = tier.conv2d_backward(dy, x, weight, **arguments)
        flat = dy.reshape(2, 4, -1)
        dx = tier.fold(rows.T @ flat, (5, 6), (2, 3), **arguments)
        np.testing.assert_array_equal(gradients.dx, dx)
        dweight = (flat @ matrix.mT).sum(axis=0).reshape(weight.shape)
        np.testing.assert_array_equal(gradients.dweight, dweight)

    def test_im2col_has_the_same_windows_as_rows(self):
        (x,) = exact(10, (2, 3, 5, 6))
        col = vectorized.unfold(x, (2, 3), dilation=(2, 1), padding=1, stride=2)
        rows = vectorized.im2col(x, (2, 3), stride=2, padding=1, dilation=(2, 1))
        np.testing.assert_array_equal(col.transpose(0, 2, 1).reshape(rows.shape), rows)


class TestLinearity:
    SHAPES = (2, 2, 5, 6), (3, 2, 2, 3)
    ARGUMENTS = MappingProxyType(dict(stride=(2, 1), padding=(1, 0), dilation=(1, 2)))

    def test_in_x_and_in_the_weights(self, tier):
        x, weight, x2, weight2 = exact(11, *self.SHAPES, *self.SHAPES)

        def conv(x, weight):
            return tier.conv2d(x, weight, **self.ARGUMENTS)

        both = 2 * conv(x, weight) - 3 * conv(x2, weight)
        np.testing.assert_array_equal(conv(2 * x - 3 * x2, weight), both)
        both = 2 * conv(x, weight) - 3 * conv(x, weight2)
        np.testing.assert_array_equal(conv(x, 2 * weight - 3 * weight2), both)

    def test_in_the_upstream_gradient(self, tier):
        x, weight = exact(12, *self.SHAPES)
        shape = tier.conv2d(x, weight, **self.ARGUMENTS).shape
        dy, dy2 = exact(13, shape, shape)
        first, second, both = (
            tier.conv2d_backward(d, x, weight, **self.ARGUMENTS) for d in (dy, dy2, 2 * dy - dy2)
        )
        for a, b, c in zip(first, second, both, strict=True):
            np.testing.assert_array_equal(c, 2 * a - b)

    def test_a_translated_image_gives_a_translated_answer(self, tier):
        x, weight = exact(14, (1, 2, 9, 9), (3, 2, 3, 2))
        y = tier.conv2d(x, weight)
        np.testing.assert_array_equal(tier.conv2d(x[..., 2:, 3:], weight), y[..., 2:, 3:])


# ---------------------------------------------------------------------------- the room of rot180


class TestRot180:
    def test_it_turns_rows_and_columns(self):
        turned = rot180(np.array([[1, 2, 3], [4, 5, 6]]))
        np.testing.assert_array_equal(turned, [[6, 5, 4], [3, 2, 1]])

    @pytest.mark.parametrize("shape", [(1, 1), (2, 3), (4, 1), (3, 2, 2, 5)])
    def test_twice_is_no_turn_and_channels_keep_their_places(self, shape):
        (kernel,) = exact(20, shape)
        turned = rot180(kernel)
        np.testing.assert_array_equal(turned, np.flip(kernel, (-2, -1)))
        np.testing.assert_array_equal(turned, np.rot90(kernel, 2, (-2, -1)))
        np.testing.assert_array_equal(rot180(turned), kernel)

    def test_it_is_no_transposition(self):
        (kernel,) = exact(21, (2, 3))
        assert rot180(kernel).shape == (2, 3)
        (kernel,) = exact(22, (3, 3))
        assert not np.array_equal(rot180(kernel), kernel.T)


class TestInsertZeros:
    def test_zeros_lie_between_neighbours_and_none_behind_the_last(self):
        z = insert_zeros(np.array([[1, 2], [3, 4]]), (2, 3))
        np.testing.assert_array_equal(z, [[1, 0, 0, 2], [0, 0, 0, 0], [3, 0, 0, 4]])

    def test_stride_1_has_no_zeros(self):
        (dy,) = exact(23, (2, 3, 4, 5))
        np.testing.assert_array_equal(insert_zeros(dy, (1, 1)), dy)

    def test_reading_with_the_stride_takes_them_out_again(self):
        (dy,) = exact(24, (2, 3, 4, 5))
        z = insert_zeros(dy, (3, 2))
        assert z.shape == (2, 3, 10, 9)
        np.testing.assert_array_equal(z[..., ::3, ::2], dy)
        assert np.count_nonzero(z) == np.count_nonzero(dy)


class TestFullPadding:
    @pytest.mark.parametrize(
        ("axis", "padding"),
        [
            (Axis.sliding(5, kernel=3), (2, 2)),  # k − 1 on both sides: the full convolution
            (Axis.sliding(5, kernel=3, before=1, after=1), (1, 1)),
            (Axis.sliding(5, kernel=3, before=2, after=2), (0, 0)),
            (Axis.sliding(5, kernel=3, before=3, after=4), (-1, -2)),  # a crop
            (Axis.sliding(5, kernel=2, before=0, after=1), (1, 0)),
            (Axis.sliding(7, kernel=3, dilation=2), (4, 4)),
            (Axis.sliding(6, kernel=3, stride=2), (2, 2 + 1)),  # the remainder at the end
            (Axis.sliding(6, kernel=1, stride=4), (0, 1)),
            (Axis.sliding(5, kernel=2, stride=3, before=2, after=3), (-1, 1 - 3 + 2)),
        ],
    )
    def test_the_reach_less_the_padding_and_the_remainder_at_the_end(self, axis, padding):
        assert full_padding(axis) == padding

    def test_it_gives_back_the_size_of_the_input(self):
        grid = itertools.product(range(1, 9), (1, 2, 3), (1, 2, 3), (0, 1, 4), (0, 2, 5), (1, 2))
        for size, kernel, stride, before, after, dilation in grid:
            axis = Axis.sliding(size, kernel, stride, before, after, dilation)
            if axis.out > 0:
                z = (axis.out - 1) * stride + 1
                back = Axis.sliding(z, kernel, 1, *full_padding(axis), dilation)
                assert back.out == size


class TestPadOrCrop:
    Z = np.array([[1, 2, 3], [4, 5, 6]])

    def test_pads(self):
        padded = pad_or_crop(self.Z, (1, 0), (0, 2))
        np.testing.assert_array_equal(padded, [[0] * 5, [1, 2, 3, 0, 0], [4, 5, 6, 0, 0]])

    def test_crops(self):
        np.testing.assert_array_equal(pad_or_crop(self.Z, (0, -1), (-1, 0)), [[2, 3]])
        np.testing.assert_array_equal(pad_or_crop(self.Z, (-1, 0), (0, -2)), [[4]])

    def test_pads_one_side_and_crops_the_other(self):
        np.testing.assert_array_equal(
            pad_or_crop(self.Z, (2, -1), (-2, 1)), [[0, 0]] * 2 + [[3, 0]]
        )

    def test_leaves_the_other_axes_alone(self):
        (z,) = exact(25, (2, 3, 4, 5))
        padded = pad_or_crop(z, (1, 2), (3, 0))
        np.testing.assert_array_equal(padded, np.pad(z, ((0, 0), (0, 0), (1, 2), (3, 0))))


class TestExchangeChannels:
    def test_without_groups_it_swaps_the_first_two_axes(self):
        (weight,) = exact(26, (4, 3, 2, 5))
        exchanged = exchange_channels(weight, Groups(1, inputs=3, outputs=4))
        np.testing.assert_array_equal(exchanged, weight.swapaxes(0, 1))

    def test_in_groups_it_swaps_within_each(self):
        weight = np.array([[1, 2], [3, 4], [5, 6], [10, 20], [30, 40], [50, 60]])
        exchanged = exchange_channels(weight[..., np.newaxis, np.newaxis], Groups(2, 2, 3))
        rows = [[1, 3, 5], [2, 4, 6], [10, 30, 50], [20, 40, 60]]
        np.testing.assert_array_equal(exchanged[..., 0, 0], rows)

    def test_depthwise_weights_stay(self):
        (weight,) = exact(27, (3, 1, 2, 2))
        np.testing.assert_array_equal(exchange_channels(weight, Groups(3, 1, 1)), weight)

    def test_twice_with_inputs_and_outputs_exchanged_is_none(self):
        (weight,) = exact(28, (6, 2, 2, 3))
        there = exchange_channels(weight, Groups(2, inputs=2, outputs=3))
        back = exchange_channels(there, Groups(2, inputs=3, outputs=2))
        np.testing.assert_array_equal(back, weight)


# ---------------------------------------------------------------------------- the witnesses


KERNEL = (2, 3)
STRIDES = ((1, 1), (2, 3), (3, 2), (4, 1))
DILATIONS = ((1, 1), (2, 1), (3, 2))
GROUPS = {"full": (1, 2, 2), "grouped": (2, 2, 1), "depthwise": (2, 1, 1), "multiplier": (2, 1, 2)}
OUT = (2, 3)


def paddings(dilation):
    """None, some, uneven, exactly the kernel's reach, and more than it on one side or on both."""
    rows, cols = (span(k, d) - 1 for k, d in zip(KERNEL, dilation, strict=True))
    yield (0, 0), (0, 0)
    yield (1, 1), (0, 2)
    yield (rows, rows), (cols, cols)
    yield (rows + 1, 0), (1, cols + 2)
    yield (rows + 2, rows + 1), (cols + 1, cols + 3)


def windows(stride, dilation):
    """(arguments, size of x): every padding with every remainder that the stride leaves room for.

    Remainders of rows and columns go up together until both have shown all that they can.
    """
    for padding in paddings(dilation):
        for r in range(max(stride)):
            left_over = [r % s for s in stride]
            rows, cols = (
                Axis.transposed(*axis)
                for axis in zip(
                    OUT,
                    KERNEL,
                    stride,
                    *zip(*padding, strict=True),
                    dilation,
                    left_over,
                    strict=True,
                )
            )
            if rows.size > 0 and cols.size > 0:
                arguments = dict(stride=stride, padding=padding, dilation=dilation)
                assert convpool.window((rows.size, cols.size), KERNEL, **arguments).out == OUT
                yield arguments, Window(rows, cols)


@pytest.mark.parametrize("channels", GROUPS.values(), ids=GROUPS)
@pytest.mark.parametrize("dilation", DILATIONS)
@pytest.mark.parametrize("stride", STRIDES)
class TestWitnesses:
    def calls(self, stride, dilation, channels):
        groups, inputs, outputs = channels
        for number, (arguments, window) in enumerate(windows(stride, dilation)):
            size = window.rows.size, window.cols.size
            x, weight, dy = exact(
                (30, number),
                (2, groups * inputs, *size),
                (groups * outputs, inputs, *KERNEL),
                (2, groups * outputs, *OUT),
            )
            yield (dy, x, weight), dict(arguments, groups=groups), window, Groups(*channels)

    def test_the_input_gradient_three_ways(self, stride, dilation, channels):
        for arrays, arguments, _, _ in self.calls(stride, dilation, channels):
            scattered = loops.conv2d_backward(*arrays, **arguments).dx
            turned = input_gradient_by_rot180(*arrays, **arguments)
            folded = vectorized.conv2d_backward(*arrays, **arguments).dx
            np.testing.assert_array_equal(turned, scattered, err_msg=str(arguments))
            np.testing.assert_array_equal(folded, scattered, err_msg=str(arguments))

    def test_the_gradient_of_the_weights_three_ways(self, stride, dilation, channels):
        for arrays, arguments, _, _ in self.calls(stride, dilation, channels):
            added = loops.conv2d_backward(*arrays, **arguments).dweight
            correlated = weight_gradient_by_correlation(*arrays, **arguments)
            multiplied = vectorized.conv2d_backward(*arrays, **arguments).dweight
            np.testing.assert_array_equal(correlated, added, err_msg=str(arguments))
            np.testing.assert_array_equal(multiplied, added, err_msg=str(arguments))

    def test_the_gradients_fourth_witness_compiled(self, stride, dilation, channels):
        compiled = load("compiled")
        for arrays, arguments, _, _ in self.calls(stride, dilation, channels):
            expected = loops.conv2d_backward(*arrays, **arguments)
            actual = compiled.conv2d_backward(*arrays, **arguments)
            for a, e in zip(actual, expected, strict=True):
                np.testing.assert_array_equal(a, e, err_msg=str(arguments))

    def test_a_transposed_convolution_is_the_input_gradient(self, tier, stride, dilation, channels):
        for (dy, x, weight), arguments, window, _ in self.calls(stride, dilation, channels):
            remainder = window.rows.remainder, window.cols.remainder
            y = tier.conv_transpose2d(dy, weight, **arguments, output_padding=remainder)
            dx = tier.conv2d_backward(dy, x, weight, **arguments).dx
            np.testing.assert_array_equal(y, dx, err_msg=str(arguments))

    def test_and_its_gradients_are_those_of_the_convolution(self, tier, stride, dilation, channels):
        for (dy, x, weight), arguments, window, _ in self.calls(stride, dilation, channels):
            remainder = window.rows.remainder, window.cols.remainder
            gradients = tier.conv_transpose2d_backward(
                x, dy, weight, **arguments, output_padding=remainder
            )
            y = tier.conv2d(x, weight, **arguments)
            np.testing.assert_array_equal(gradients.dx, y, err_msg=str(arguments))
            dweight = tier.conv2d_backward(dy, x, weight, **arguments).dweight
            np.testing.assert_array_equal(gradients.dweight, dweight, err_msg=str(arguments))
            np.testing.assert_array_equal(gradients.dbias, x.sum(axis=(0, 2, 3)))

    def test_the_remainder_gets_no_gradient(self, tier, stride, dilation, channels):
        for arrays, arguments, window, _ in self.calls(stride, dilation, channels):
            dx = tier.conv2d_backward(*arrays, **arguments).dx
            unseen = [h for h in range(window.rows.size) if not window.rows.covering(h)]
            assert not dx[:, :, unseen].any()
            unseen = [w for w in range(window.cols.size) if not window.cols.covering(w)]
            assert not dx[..., unseen].any()


def test_the_witnesses_met_every_remainder_and_every_kind_of_padding():
    met, kinds = set(), set()
    for stride, dilation in itertools.product(STRIDES, DILATIONS):
        for _, window in windows(stride, dilation):
            for axis in (window.rows, window.cols):
                met.add((axis.stride, axis.remainder))
                before, after = full_padding(axis)
                kinds |= {("before", np.sign(before)), ("after", np.sign(after))}
    assert met >= {(s, r) for s in (1, 2, 3, 4) for r in range(s)}
    assert kinds == set(itertools.product(("before", "after"), (-1, 0, 1)))


def test_the_witnesses_take_single_images():
    dy, x, weight = exact(40, (3, 3, 3), (2, 4, 5), (3, 2, 2, 3))
    dx = input_gradient_by_rot180(dy, x, weight)
    np.testing.assert_array_equal(dx, loops.conv2d_backward(dy, x, weight).dx)


def test_turning_channels_too_is_seen():
    """What the exchange of channels is for, and that a turned axis of channels would not do."""
    dy, x, weight = exact(41, (1, 3, 3, 3), (1, 2, 4, 5), (3, 2, 2, 3))
    turned = exchange_channels(weight[::-1, ::-1, ::-1, ::-1].copy(), Groups(1, 2, 3))
    wrong = loops.conv2d(dy, turned, padding=(1, 2))
    assert wrong.shape == x.shape
    assert not np.array_equal(wrong, loops.conv2d_backward(dy, x, weight).dx)


# ---------------------------------------------------------------------------- dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_have_the_dtype_of_the_input(tier, dtype):
    x, weight, dy = X.astype(dtype), K.astype(dtype), DY.astype(dtype)
    assert tier.conv2d(x, weight, np.zeros(1, dtype)).dtype == dtype
    assert tier.conv_transpose2d(x, weight).dtype == dtype
    assert all(g.dtype == dtype for g in tier.conv2d_backward(dy, x, weight))
    dy = np.ones((1, 1, 4, 4), dtype)
    assert all(g.dtype == dtype for g in tier.conv_transpose2d_backward(dy, x, weight))
    assert tier.unfold(x, 2).dtype == dtype
    assert tier.fold(np.ones((1, 4, 4), dtype), 3, 2).dtype == dtype

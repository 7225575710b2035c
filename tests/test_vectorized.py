"""What only the vectorised tier has: taps as slices, im2col and col2im; and sizes for it."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.lib.stride_tricks import sliding_window_view
from strategies import arrange, calls, fits, load, window_arguments

import convpool
from convpool import vectorized
from convpool.arguments import adaptive_window
from convpool.vectorized import col2im, im2col
from convpool.vectorized.taps import bins, taps
from convpool.verify import adjoint_check

CALLS = calls(window_arguments()).filter(fits)
FLOOR = CALLS.map(lambda case: replace(case, arguments=case.arguments | {"ceil_mode": False}))
MATRICES = FLOOR.filter(fits)
MATRIX = ("kernel_size", "stride", "padding", "dilation")


def matrix_arguments(case):
    """The case's arguments for im2col, whose stride is 1 unless given."""
    arguments = {name: case.arguments[name] for name in MATRIX}
    if arguments["stride"] is None:
        del arguments["stride"]
    return arguments


class TestTaps:
    @settings(max_examples=200)
    @given(case=CALLS)
    def test_slices_pair_each_output_with_each_of_its_cells_once(self, case):
        H, W = case.shape[2:]
        window = convpool.window((H, W), **case.arguments)
        outputs = np.stack(np.indices(window.out))
        cells = np.stack(np.indices((H, W)))
        met = {output: [] for output in np.ndindex(window.out)}
        for tap in taps(window):
            i, j = outputs[tap.outputs]
            h, w = cells[tap.cells]
            assert i.shape == h.shape
            for output, cell in zip(
                zip(i.flat, j.flat, strict=True), zip(h.flat, w.flat, strict=True), strict=True
            ):
                met[output].append(cell)
        assert met == {(i, j): window.taps(i, j) for i, j in np.ndindex(window.out)}

    @settings(max_examples=50)
    @given(case=CALLS)
    def test_under_one_tap_no_two_outputs_share_a_cell(self, case):
        H, W = case.shape[2:]
        for tap in taps(convpool.window((H, W), **case.arguments)):
            count = np.zeros((H, W), int)
            np.add.at(count, tuple(axis[tap.cells] for axis in np.indices((H, W))), 1)
            assert count.max() <= 1

    def test_bins_are_blocks(self):
        numbers = np.arange(10).reshape(1, 10)
        window = adaptive_window(numbers[np.newaxis, np.newaxis], (1, 7))
        held = [numbers[cells].ravel().tolist() for _, cells in bins(window)]
        assert held == [[0, 1], [1, 2], [2, 3, 4], [4, 5], [5, 6, 7], [7, 8], [8, 9]]


class TestIm2col:
    def test_a_28_by_28_digit_has_576_windows_of_5_by_5(self):
        assert im2col(np.ones((1, 1, 28, 28)), 5).shape == (576, 25)
        assert im2col(np.ones((10, 1, 28, 28)), 5).shape == (5760, 25)

    def test_rows_are_windows(self):
        x = np.arange(1.0, 10).reshape(1, 1, 3, 3)
        rows = [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
        np.testing.assert_array_equal(im2col(x, 2), rows)

    def test_images_follow_one_another_down_and_channels_across(self):
        x = np.array([[[[1, 2, 3]], [[4, 5, 6]]], [[[7, 8, 9]], [[10, 11, 12]]]], float)
        rows = [[1, 2, 4, 5], [2, 3, 5, 6], [7, 8, 10, 11], [8, 9, 11, 12]]
        np.testing.assert_array_equal(im2col(x, (1, 2)), rows)

    def test_padding_is_zeros_even_beside_negative_cells(self):
        x = -np.ones((1, 1, 1, 2))
        np.testing.assert_array_equal(
            im2col(x, (1, 2), padding=(0, 1)), [[0, -1], [-1, -1], [-1, 0]]
        )

    def test_dilation_and_stride(self):
        x = np.arange(7.0).reshape(1, 1, 1, 7)
        rows = [[0, 2, 4], [2, 4, 6]]
        np.testing.assert_array_equal(im2col(x, (1, 3), stride=2, dilation=2), rows)

    @settings(max_examples=100)
    @given(case=MATRICES)
    def test_it_is_the_windows_of_the_padded_image(self, case):
        x, arguments = case.x(), matrix_arguments(case)
        N, C, H, W = x.shape
        window = convpool.window((H, W), **{"stride": 1} | arguments)
        rows = []
        for n, i, j in np.ndindex(N, *window.out):
            row = []
            for c, u, v in np.ndindex(C, window.rows.kernel, window.cols.kernel):
                h, w = window.rows.tap(i, u), window.cols.tap(j, v)
                row.append(x[n, c, h, w] if 0 <= h < H and 0 <= w < W else 0)
            rows.append(row)
        col = im2col(x, **arguments)
        assert col.dtype == x.dtype
        assert col.flags.c_contiguous
        np.testing.assert_array_equal(col, rows)

    def test_the_maximum_of_each_row_is_max_pooling(self):
        x = np.random.default_rng(6).normal(size=(2, 3, 8, 8))
        col = im2col(x, 2, stride=2).reshape(2, 4, 4, 3, 4)
        y = col.max(axis=-1).transpose(0, 3, 1, 2)
        np.testing.assert_array_equal(y, vectorized.max_pool2d(x, 2))

    def test_a_single_image_is_a_batch_of_one(self):
        x = np.random.default_rng(7).normal(size=(2, 5, 6))
        np.testing.assert_array_equal(im2col(x, 3), im2col(x[np.newaxis], 3))
        col = np.random.default_rng(8).normal(size=(12, 18))
        np.testing.assert_array_equal(col2im(col, x.shape, 3), col2im(col, (1, *x.shape), 3)[0])

    def test_an_empty_batch_has_no_rows(self):
        col = im2col(np.ones((0, 2, 5, 6)), 3)
        assert col.shape == (0, 18)
        assert col2im(col, (0, 2, 5, 6), 3).shape == (0, 2, 5, 6)


class TestCol2im:
    def test_overlaps_add_up(self):
        col = np.array([[1.0, 2, 3, 4], [10, 20, 30, 40]])
        x = col2im(col, (1, 1, 2, 3), 2)
        np.testing.assert_array_equal(x, [[[[1, 2 + 10, 20], [3, 4 + 30, 40]]]])

    def test_it_is_no_inverse_but_counts_the_windows_over_each_cell(self):
        x = np.ones((1, 1, 3, 3))
        back = col2im(im2col(x, 2), x.shape, 2)
        np.testing.assert_array_equal(back, [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]])

    def test_windows_side_by_side_come_back_whole(self):
        x = np.random.default_rng(9).normal(size=(2, 3, 4, 6))
        np.testing.assert_array_equal(col2im(im2col(x, 2, stride=2), x.shape, 2, stride=2), x)

    def test_what_lay_in_the_padding_is_dropped(self):
        col = np.array([[5.0, 1], [2, 3], [4, 6]])
        x = col2im(col, (1, 1, 1, 2), (1, 2), padding=(0, 1))
        np.testing.assert_array_equal(x, [[[[1 + 2, 3 + 4]]]])

    @settings(max_examples=100)
    @given(case=MATRICES)
    def test_it_is_the_adjoint_of_im2col(self, case):
        arguments = matrix_arguments(case)
        assert adjoint_check(
            lambda x: im2col(x, **arguments),
            lambda col: col2im(col, case.shape, **arguments),
            case.shape,
            rng=np.random.default_rng(case.seed),
        )

    @pytest.mark.parametrize("memory", ["Fortran", "every other", "read-only"])
    def test_any_memory_is_read_and_none_written(self, memory):
        plain = np.random.default_rng(10).normal(size=(12, 18))
        col = arrange(plain, memory)
        x = col2im(col, (1, 2, 5, 6), 3)
        np.testing.assert_array_equal(x, col2im(plain, (1, 2, 5, 6), 3))
        np.testing.assert_array_equal(col, plain)
        assert x.flags.c_contiguous

    def test_float32_stays_float32(self):
        assert col2im(np.ones((4, 4), np.float32), (1, 1, 3, 3), 2).dtype == np.float32

    def test_a_matrix_of_another_shape_is_refused(self):
        message = "col must have one row a window and one column a tap, (4, 4), for x_shape"
        with pytest.raises(ValueError, match=re.escape(message)):
            col2im(np.ones((4, 5)), (1, 1, 3, 3), 2)

    @pytest.mark.parametrize("x_shape", [(3, 3), 9, (1, 1, 1, 3, 3)])
    def test_a_shape_that_is_no_image_is_refused(self, x_shape):
        with pytest.raises(ValueError, match=r"x_shape must be \(N, C, H, W\) or \(C, H, W\)"):
            col2im(np.ones((4, 4)), x_shape, 2)

    def test_whole_numbers_are_refused(self):
        with pytest.raises(TypeError, match="col must be float32 or float64, got dtype int64"):
            col2im(np.ones((4, 4), np.int64), (1, 1, 3, 3), 2)


@pytest.fixture(params=["vectorized", "compiled"])
def fast_tier(request):
    return load(request.param)


class TestBeyondTheLoops:
    """Sizes that loops would take minutes for, against NumPy's own view of all windows."""

    X = np.random.default_rng(11).normal(size=(4, 8, 61, 53)).astype(np.float32)

    def test_max(self):
        windows = sliding_window_view(self.X, (3, 5), axis=(2, 3))[:, :, ::2, ::3]
        y = vectorized.max_pool2d(self.X, (3, 5), (2, 3))
        np.testing.assert_array_equal(y, windows.max(axis=(-2, -1)))

    def test_average(self):
        windows = sliding_window_view(self.X, (3, 5), axis=(2, 3))[:, :, ::2, ::3]
        y = vectorized.avg_pool2d(self.X, (3, 5), (2, 3))
        np.testing.assert_allclose(y, windows.mean(axis=(-2, -1)), rtol=1e-5, atol=1e-6)

    # maps and channels that no tile and no vector divides; images that no cache holds at once
    IMAGES = np.random.default_rng(12).normal(size=(3, 37, 61, 53))
    WEIGHT = np.random.default_rng(13).normal(size=(21, 37, 3, 4))

    @pytest.mark.parametrize(("dtype", "digits"), [("float32", 1e-4), ("float64", 1e-11)])
    @pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
    def test_convolution(self, fast_tier, stride, dtype, digits):
        x, weight = self.IMAGES.astype(dtype), self.WEIGHT.astype(dtype)
        padded = np.pad(self.IMAGES, ((0, 0), (0, 0), (1, 1), (2, 2)))
        sh, sw = stride
        windows = sliding_window_view(padded, (3, 4), axis=(2, 3))[:, :, ::sh, ::sw]
        y = np.einsum("nchwuv,mcuv->nmhw", windows, self.WEIGHT, optimize=True)
        steps = dict(stride=stride, padding=(1, 2))
        actual = fast_tier.conv2d(x, weight, **steps)
        np.testing.assert_allclose(actual, y, rtol=digits, atol=10 * digits)

        dy = np.random.default_rng(14).normal(size=y.shape)
        dx, dweight, dbias = fast_tier.conv2d_backward(dy.astype(dtype), x, weight, **steps)
        expected = np.einsum("nchwuv,nmhw->mcuv", windows, dy, optimize=True)
        np.testing.assert_allclose(dweight, expected, rtol=digits, atol=100 * digits)
        np.testing.assert_allclose(dbias, dy.sum(axis=(0, 2, 3)), rtol=digits, atol=100 * digits)
        places = np.einsum("nmhw,mcuv->nchwuv", dy, self.WEIGHT, optimize=True)
        expected = np.zeros_like(padded)
        for u, v in np.ndindex(3, 4):
            under = expected[:, :, u : u + sh * y.shape[2] : sh, v : v + sw * y.shape[3] : sw]
            under += places[..., u, v]
        np.testing.assert_allclose(dx, expected[:, :, 1:-1, 2:-2], rtol=digits, atol=10 * digits)

    def test_a_narrow_image_of_many_channels(self, fast_tier):
        x, dy = (
            np.random.default_rng(15).normal(size=shape).astype(np.float32)
            for shape in ((1, 1200, 7, 7), (1, 8, 7, 7))
        )
        weight = np.zeros((8, 1200, 3, 3), np.float32)
        windows = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3))
        expected = np.einsum("nchwuv,nmhw->mcuv", windows, dy)
        dweight = fast_tier.conv2d_backward(dy, x, weight, padding=1).dweight
        np.testing.assert_allclose(dweight, expected, rtol=1e-4, atol=1e-4)

"""Windows on an axis, against counting by hand and against brute force over every small axis."""

import itertools

import numpy as np
import pytest

import convpool
from convpool.geometry import (
    Axis,
    Bins,
    Groups,
    Window,
    output_size,
    receptive_field,
    same_padding,
    span,
)

SIZES, KERNELS, STRIDES, PADS, DILATIONS = (
    range(1, 8),
    range(1, 5),
    range(1, 4),
    range(3),
    (1, 2, 3),
)
SMALL = list(itertools.product(SIZES, KERNELS, STRIDES, PADS, PADS, DILATIONS))


def axes(ceil_mode):
    """Every small axis on which at least one window fits."""
    sliding = (Axis.sliding(*arguments, ceil_mode=ceil_mode) for arguments in SMALL)
    return [axis for axis in sliding if axis.out > 0]


@pytest.fixture(scope="module", params=[False, True], ids=["floor", "ceil"])
def small_axes(request):
    return axes(request.param)


class TestOutputSize:
    def test_floor_counts_the_windows_that_fit(self):
        for size, kernel, stride, before, after, dilation in SMALL:
            length = before + size + after
            starts = range(0, length, stride)
            fitting = [s for s in starts if s + dilation * (kernel - 1) < length]
            out = output_size(size, kernel, stride, before, after, dilation, ceil_mode=False)
            assert max(out, 0) == len(fitting)

    def test_ceil_adds_windows_until_the_end_is_covered_but_none_that_starts_past_the_input(self):
        for size, kernel, stride, before, after, dilation in SMALL:
            length, reach = before + size + after, dilation * (kernel - 1) + 1
            out = 0
            while (out - 1) * stride + reach < length:
                out += 1
            started = [i for i in range(out) if i * stride < before + size]
            computed = output_size(size, kernel, stride, before, after, dilation, ceil_mode=True)
            assert max(computed, 0) == len(started)

    @pytest.mark.parametrize(
        ("arguments", "floor", "ceil"),
        [
            ((28, 5, 1, 0, 0, 1), 24, 24),
            ((4, 2, 2, 0, 0, 1), 2, 2),
            ((5, 2, 2, 0, 0, 1), 2, 3),
            ((112, 3, 2, 1, 1, 1), 56, 57),
            ((7, 3, 1, 0, 0, 3), 1, 1),
            ((3, 2, 3, 0, 0, 1), 1, 1),  # the second window would start past the input
            ((2, 3, 1, 0, 0, 1), 0, 0),
        ],
    )
    def test_known_sizes(self, arguments, floor, ceil):
        assert output_size(*arguments, ceil_mode=False) == floor
        assert output_size(*arguments, ceil_mode=True) == ceil

    def test_a_span_counts_both_ends(self):
        assert span(kernel=3, dilation=1) == 3
        assert span(kernel=3, dilation=2) == 5
        assert span(kernel=1, dilation=7) == 1


class TestTaps:
    def test_tap_u_of_window_i(self):
        axis = Axis.sliding(size=10, kernel=3, stride=2, before=1, dilation=2)
        assert [axis.tap(3, u) for u in range(3)] == [5, 7, 9]
        assert axis.start(0) == -1

    def test_taps_are_those_inside_the_input(self, small_axes):
        for axis in small_axes:
            for i in range(axis.out):
                under = [axis.tap(i, u) for u in range(axis.kernel)]
                assert list(axis.taps(i)) == [h for h in under if 0 <= h < axis.size]

    def test_numbered_taps_say_which_tap_lies_on_which_cell(self, small_axes):
        axis = Axis.sliding(size=4, kernel=3, stride=2, before=1, after=2, dilation=2)
        assert [axis.numbered_taps(i) for i in range(2)] == [[(1, 1), (2, 3)], [(0, 1), (1, 3)]]
        for axis in small_axes:
            for i in range(axis.out):
                numbered = axis.numbered_taps(i)
                assert [h for _, h in numbered] == list(axis.taps(i))
                assert all(axis.tap(i, u) == h for u, h in numbered)

    def test_outputs_are_the_windows_whose_tap_is_inside(self, small_axes):
        for axis in small_axes:
            for u in range(axis.kernel):
                inside = [i for i in range(axis.out) if 0 <= axis.tap(i, u) < axis.size]
                assert list(axis.outputs(u)) == inside

    def test_covering_inverts_taps(self, small_axes):
        for axis in small_axes:
            for h in range(axis.size):
                assert list(axis.covering(h)) == [i for i in range(axis.out) if h in axis.taps(i)]

    def test_padded_taps_leave_out_the_overhang_and_nothing_else(self, small_axes):
        for axis in small_axes:
            for i in range(axis.out):
                under = [axis.tap(i, u) for u in range(axis.kernel)]
                assert axis.padded_taps(i) == sum(h < axis.size + axis.after for h in under)

    def test_every_window_of_the_floor_has_all_its_padded_taps(self):
        assert all(
            a.padded_taps(i) == a.kernel for a in axes(ceil_mode=False) for i in range(a.out)
        )

    def test_empty_windows_see_padding_only(self, small_axes):
        for axis in small_axes:
            empty = [i for i in range(axis.out) if len(axis.taps(i)) == 0]
            assert axis.empty_windows() == empty

    def test_dilated_taps_can_jump_over_the_input(self):
        axis = Axis.sliding(size=1, kernel=2, before=1, after=1, dilation=2)
        assert axis.empty_windows() == [0]


class TestRemainder:
    def test_it_is_the_cells_behind_the_last_window(self):
        assert Axis.sliding(7, kernel=2, stride=2).remainder == 1
        assert Axis.sliding(7, kernel=2, stride=2, before=1).remainder == 0
        assert Axis.sliding(7, kernel=2, stride=4, after=2, dilation=3).remainder == 1
        assert Axis.sliding(5, kernel=2, stride=2, ceil_mode=True).remainder == -1

    def test_the_floor_leaves_less_than_a_stride(self):
        for axis in axes(ceil_mode=False):
            padded = range(-axis.before, axis.size + axis.after)
            last = axis.tap(axis.out - 1, axis.kernel - 1)
            assert axis.remainder == len([h for h in padded if h > last])
            room = len(padded) - span(axis.kernel, axis.dilation)
            assert axis.remainder == room % axis.stride
            assert 0 <= axis.remainder < axis.stride


class TestTransposed:
    def test_it_finds_the_size_that_slides_to_these_windows(self):
        for axis in axes(ceil_mode=False):
            lies = axis.kernel, axis.stride, axis.before, axis.after, axis.dilation
            assert Axis.transposed(axis.out, *lies, axis.remainder) == axis

    def test_the_smallest_size_has_no_remainder(self):
        for out, kernel, stride, dilation in itertools.product(SIZES, KERNELS, STRIDES, DILATIONS):
            axis = Axis.transposed(out, kernel, stride, dilation=dilation)
            assert axis.remainder == 0
            assert output_size(axis.size - 1, kernel, stride, 0, 0, dilation, False) == out - 1

    def test_known_sizes(self):
        assert Axis.transposed(4, kernel=4, stride=2, before=1, after=1).size == 8
        assert Axis.transposed(3, kernel=3, stride=2).size == 7
        assert Axis.transposed(3, kernel=3, stride=2, before=1, after=1, left_over=1).size == 6
        assert Axis.transposed(2, kernel=2, stride=1, dilation=3, left_over=2).size == 7
        assert Axis.transposed(1, kernel=1, before=1, after=1).size == -1


class TestGroups:
    def test_one_group_reads_all(self):
        assert [Groups(1, inputs=3, outputs=2).reads(m) for m in range(2)] == [range(3)] * 2

    def test_depthwise_maps_read_their_channel(self):
        assert [list(Groups(3, 1, 1).reads(m)) for m in range(3)] == [[0], [1], [2]]
        assert [list(Groups(2, 1, 3).reads(m)) for m in range(6)] == [[0]] * 3 + [[1]] * 3

    def test_groups_share_nothing_and_leave_nothing_out(self):
        for count, inputs, outputs in itertools.product(range(1, 5), repeat=3):
            groups = Groups(count, inputs, outputs)
            read = [groups.reads(m) for m in range(count * outputs)]
            for g in range(count):
                own = range(g * inputs, (g + 1) * inputs)
                assert set(read[g * outputs : (g + 1) * outputs]) == {own}
            assert sorted(set().union(*read)) == list(range(count * inputs))


class TestSamePadding:
    def test_it_is_the_least_that_keeps_the_size_over_the_stride(self):
        for size, kernel, stride, dilation in itertools.product(SIZES, KERNELS, STRIDES, DILATIONS):
            before, after = same_padding(size, kernel, stride, dilation)
            wanted = -(-size // stride)
            assert output_size(size, kernel, stride, before, after, dilation, False) == wanted
            assert after - before in (0, 1)
            total = before + after
            if total:
                assert output_size(size, kernel, stride, 0, total - 1, dilation, False) < wanted

    def test_the_odd_cell_comes_last(self):
        assert same_padding(size=5, kernel=2, stride=2, dilation=1) == (0, 1)
        assert same_padding(size=5, kernel=4, stride=1, dilation=1) == (1, 2)


class TestBins:
    def test_ten_cells_in_seven_bins(self):
        bins = Bins(10, 7)
        cells = [[0, 1], [1, 2], [2, 3, 4], [4, 5], [5, 6, 7], [7, 8], [8, 9]]
        assert [list(bins.taps(i)) for i in range(7)] == cells
        assert bins.covering(4) == (2, 3)
        assert bins.covering(6) == (4,)

    def test_a_bin_holds_the_cells_that_meet_its_part_of_the_axis(self):
        for size, out in itertools.product(range(1, 13), repeat=2):
            bins = Bins(size, out)
            for i in range(
                out
            ):  # part i runs from i/out to (i+1)/out, cell h from h/size to (h+1)/size
                meeting = [
                    h for h in range(size) if h * out < (i + 1) * size and i * size < (h + 1) * out
                ]
                assert list(bins.taps(i)) == meeting

    def test_covering_inverts_taps(self):
        for size, out in itertools.product(range(1, 13), repeat=2):
            bins = Bins(size, out)
            for h in range(size):
                assert list(bins.covering(h)) == [i for i in range(out) if h in bins.taps(i)]

    def test_bins_that_divide_the_size_are_windows_side_by_side(self):
        bins, axis = Bins(12, 4), Axis.sliding(12, kernel=3, stride=3)
        assert [bins.taps(i) for i in range(4)] == [axis.taps(i) for i in range(4)]


class TestWindow:
    def test_taps_go_row_by_row(self):
        window = convpool.window((4, 5), kernel_size=2, stride=(2, 3))
        assert window.out == (2, 2)
        assert window.taps(1, 1) == [(2, 3), (2, 4), (3, 3), (3, 4)]

    def test_numbered_taps_go_row_by_row_too(self):
        window = convpool.window((3, 4), kernel_size=2, stride=(2, 3), padding=((1, 0), (0, 1)))
        assert window.numbered_taps(0, 1) == [(1, 0, 0, 3)]
        assert window.numbered_taps(1, 0) == [
            (0, 0, 1, 0),
            (0, 1, 1, 1),
            (1, 0, 2, 0),
            (1, 1, 2, 1),
        ]
        for i, j in np.ndindex(window.out):
            assert [(h, w) for _, _, h, w in window.numbered_taps(i, j)] == window.taps(i, j)

    def test_covering_names_the_outputs_that_a_cell_reaches(self):
        window = convpool.window((3, 3), kernel_size=2, stride=1)
        assert window.covering(1, 1) == [(0, 0), (0, 1), (1, 0), (1, 1)]
        assert window.covering(0, 2) == [(0, 1)]

    def test_rows_and_columns_may_be_bins(self):
        window = Window(Bins(2, 1), Bins(3, 2))
        assert window.out == (1, 2)
        assert window.taps(0, 1) == [(0, 1), (0, 2), (1, 1), (1, 2)]

    @pytest.mark.parametrize(
        "spelling",
        [
            {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 1},
            {"kernel_size": (3, 3), "stride": (2, 2), "padding": (1, 1), "dilation": (1, 1)},
            {"kernel_size": [3, 3], "stride": [2, 2], "padding": ((1, 1), (1, 1))},
            {"kernel_size": np.int64(3), "stride": np.int32(2), "padding": [[1, 1], [1, 1]]},
        ],
    )
    def test_spellings_of_one_window(self, spelling):
        axes = Axis(8, 3, 2, 1, 1, 1, 4), Axis(9, 3, 2, 1, 1, 1, 5)
        assert convpool.window((8, 9), **spelling) == Window(*axes)

    def test_the_stride_is_the_kernel_unless_given(self):
        window = convpool.window((6, 8), (2, 4))
        assert (window.rows.stride, window.cols.stride) == (2, 4)

    def test_each_side_may_have_its_own_padding(self):
        window = convpool.window((6, 6), 3, 1, ((0, 1), (2, 3)))
        assert (window.rows.before, window.rows.after) == (0, 1)
        assert (window.cols.before, window.cols.after) == (2, 3)

    def test_valid_is_no_padding(self):
        assert convpool.window((6, 7), 3, 2, "valid") == convpool.window((6, 7), 3, 2, 0)

    def test_same_gives_the_size_over_the_stride(self):
        window = convpool.window((7, 8), (3, 2), stride=(2, 3), padding="same", dilation=(2, 1))
        assert window.out == (4, 3)
        assert (window.rows.before, window.rows.after) == (2, 2)
        assert (window.cols.before, window.cols.after) == (0, 0)

    def test_ceil_mode_lets_a_last_window_hang_over(self):
        assert convpool.window((5, 5), 2).out == (2, 2)
        assert convpool.window((5, 5), 2, ceil_mode=True).out == (3, 3)


class TestReceptiveField:
    def test_lenet(self):
        # 5 × 5 convolution, 2 × 2 pooling, twice: LeNet-5 up to its last feature map
        convolution = Axis.sliding(32, 5)
        layers = [convolution, Axis.sliding(28, 2, 2), Axis.sliding(14, 5), Axis.sliding(10, 2, 2)]
        field = receptive_field(layers)
        assert (field.size, field.stride, field.start) == (16, 4, 0)
        assert field.cells(4) == range(16, 32)

    def test_padding_moves_the_start_and_dilation_widens(self):
        field = receptive_field([Axis.sliding(9, 3, 2, 1, 1), Axis.sliding(5, 3, 1, 2, 2, 2)])
        assert (field.size, field.stride, field.start) == (3 + 2 * 4, 2, -1 - 2 * 2)

    def test_no_layer_sees_one_cell(self):
        assert receptive_field([]).cells(5) == range(5, 6)

    @pytest.mark.parametrize("depth", [1, 2, 3, 4])
    def test_it_is_what_the_taps_reach_layer_by_layer(self, depth):
        rng = np.random.default_rng(depth)
        for _ in range(200):
            layers, size = [], 20
            for _ in range(depth):
                kernel, stride, dilation = (int(n) for n in rng.integers(1, 4, 3))
                before, after = (int(n) for n in rng.integers(0, 3, 2))
                layers.append(Axis.sliding(size, kernel, stride, before, after, dilation))
                size = max(layers[-1].out, 1)
            field = receptive_field(layers)
            for i in range(3):
                reached = {i}
                for layer in reversed(layers):
                    reached = {layer.tap(j, u) for j in reached for u in range(layer.kernel)}
                assert field.cells(i) == range(min(reached), max(reached) + 1)

"""Bad input is refused with a message that names it; NaN and ±inf are not bad input."""

import importlib
import inspect
import re

import numpy as np
import pytest

TIERS = ("convpool", "convpool.loops", "convpool.vectorized", "convpool.compiled")
X = np.random.default_rng(1).normal(size=(2, 3, 5, 7))
WINDOWED = ("max_pool2d", "avg_pool2d", "lp_pool2d")
ADAPTIVE = ("adaptive_max_pool2d", "adaptive_avg_pool2d")
GLOBAL = ("global_max_pool2d", "global_avg_pool2d")


@pytest.fixture(params=TIERS)
def tier(request):
    return importlib.import_module(request.param)


def call(tier, name, x=X, **kwargs):
    """The operator on x, its other arguments valid unless given."""
    if name.startswith("lp"):
        kwargs.setdefault("norm_type", 2)
    if name.startswith(WINDOWED):
        kwargs.setdefault("kernel_size", 2)
    if name.startswith("adaptive"):
        kwargs.setdefault("output_size", 2)
    return getattr(tier, name)(x, **kwargs)


def call_backward(tier, name, dy, x=X, **kwargs):
    def backward(x, **rest):
        return getattr(tier, f"{name}_backward")(dy, x, **rest)

    class Tier:
        pass

    setattr(Tier, name, staticmethod(backward))
    return call(Tier, name, x, **kwargs)


def refused(error, *words):
    """A context in which `error` must be raised, its message holding all the words."""
    return pytest.raises(error, match="(?s)" + "".join(f"(?=.*{re.escape(w)})" for w in words))


@pytest.mark.parametrize("name", WINDOWED + ADAPTIVE + GLOBAL)
class TestArrays:
    def test_a_list_is_not_an_array(self, tier, name):
        with refused(TypeError, "x must be a numpy.ndarray", "list", "np.asarray(x"):
            call(tier, name, [[1.0, 2.0], [3.0, 4.0]])

    def test_a_masked_array_would_lose_its_mask(self, tier, name):
        with refused(TypeError, "x must be a numpy.ndarray", "MaskedArray"):
            call(tier, name, np.ma.masked_array(X, X > 0))

    @pytest.mark.parametrize("dtype", ["int64", "float16", "complex128", "bool", ">f8", "object"])
    def test_other_dtypes_say_what_to_cast(self, tier, name, dtype):
        with refused(TypeError, "x must be float32 or float64", "(2, 3, 5, 7)", "x.astype("):
            call(tier, name, X.astype(dtype))

    @pytest.mark.parametrize("shape", [(), (7,), (5, 7), (1, 2, 3, 5, 7)])
    def test_wrong_rank_names_the_axes(self, tier, name, shape):
        with refused(ValueError, "x must have the axes (N, C, H, W)", "(C, H, W)", str(shape)):
            call(tier, name, np.zeros(shape))

    def test_mixed_dtypes(self, tier, name):
        dy = call(tier, name).astype(np.float32)
        with refused(TypeError, "dy and x must share one dtype", "float32", "float64"):
            call_backward(tier, name, dy)

    def test_dy_of_the_wrong_shape(self, tier, name):
        y = call(tier, name)
        dy = np.zeros((2, 4, *y.shape[2:]))
        with refused(ValueError, "dy must have the shape", str(y.shape), str(dy.shape)):
            call_backward(tier, name, dy)

    def test_dy_of_another_batch(self, tier, name):
        dy = call(tier, name)[:1]
        with refused(ValueError, "dy must have the shape", str(dy.shape)):
            call_backward(tier, name, dy)

    def test_a_single_image_with_a_batch_of_gradients(self, tier, name):
        dy = call(tier, name)
        with refused(ValueError, "dy must have the axes", str(dy.shape), "(3, 5, 7)"):
            call_backward(tier, name, dy, X[0])

    def test_an_image_without_rows(self, tier, name):
        with refused(ValueError, "0"):
            call(tier, name, X[:, :, :0])


@pytest.mark.parametrize("name", WINDOWED)
class TestWindows:
    @pytest.mark.parametrize("argument", ["kernel_size", "stride", "dilation"])
    @pytest.mark.parametrize("value", [0, -1, (2, 0), (-3, 1)])
    def test_sizes_below_one(self, tier, name, argument, value):
        bad = min(value) if isinstance(value, tuple) else value
        with refused(ValueError, f"{argument} must be at least 1", str(bad)):
            call(tier, name, **{argument: value})

    @pytest.mark.parametrize("argument", ["kernel_size", "stride", "dilation"])
    @pytest.mark.parametrize("value", [1.5, 2.0, "2", True, (2, 2.0), np.array([2, 2])])
    def test_sizes_that_are_not_whole_numbers(self, tier, name, argument, value):
        with refused(TypeError, f"{argument} must be an int or a pair of ints"):
            call(tier, name, **{argument: value})

    @pytest.mark.parametrize("argument", ["kernel_size", "stride", "dilation"])
    def test_sizes_of_three_numbers(self, tier, name, argument):
        with refused(ValueError, f"{argument} must be an int or a pair of ints", "(2, 2, 2)"):
            call(tier, name, **{argument: (2, 2, 2)})

    @pytest.mark.parametrize("value", [-1, (0, -1), ((0, 0), (-2, 0))])
    def test_negative_padding(self, tier, name, value):
        with refused(ValueError, "padding must not be negative", str(value)):
            call(tier, name, padding=value)

    @pytest.mark.parametrize("value", ["SAME", "full", ""])
    def test_unknown_padding_words(self, tier, name, value):
        with refused(ValueError, "padding must be", "'valid' or 'same'", repr(value)):
            call(tier, name, padding=value)

    @pytest.mark.parametrize("value", [None, 1.0, (1, 1.0), ((0, 1), 1), True])
    def test_padding_of_no_known_form(self, tier, name, value):
        with refused(TypeError, "padding must be", repr(value)):
            call(tier, name, padding=value)

    @pytest.mark.parametrize("value", [(1, 1, 1), ((0, 1), (0, 1), (0, 1)), ((0, 1, 2), (0, 1))])
    def test_padding_of_the_wrong_length(self, tier, name, value):
        with refused(ValueError, "padding must be", repr(value)):
            call(tier, name, padding=value)

    @pytest.mark.parametrize(
        "kwargs",
        [
            dict(kernel_size=2, padding=2),
            dict(kernel_size=3, padding=((0, 3), (0, 0)), stride=1),
            dict(kernel_size=2, padding=((0, 0), (4, 0)), stride=1, dilation=3),
        ],
    )
    def test_padding_that_leaves_a_window_empty(self, tier, name, kwargs):
        with refused(ValueError, "padding", "without a single input cell", "kernel_size"):
            call(tier, name, **kwargs)

    def test_dilated_taps_that_jump_over_the_input(self, tier, name):
        with refused(ValueError, "without a single input cell", "dilation 2"):
            call(tier, name, X[:, :, :1], kernel_size=(2, 1), padding=(1, 0), dilation=(2, 1))

    @pytest.mark.parametrize(
        "kwargs", [dict(kernel_size=8), dict(kernel_size=(6, 1)), dict(kernel_size=3, dilation=4)]
    )
    def test_no_window_fits(self, tier, name, kwargs):
        with refused(ValueError, "does not fit in an input of (5, 7)", "kernel_size", "dilation"):
            call(tier, name, **kwargs)

    @pytest.mark.parametrize("value", [1, "yes", None])
    def test_ceil_mode_is_a_bool(self, tier, name, value):
        with refused(TypeError, "ceil_mode must be True or False", repr(value)):
            call(tier, name, ceil_mode=value)


@pytest.mark.parametrize("name", ["max_pool2d", "adaptive_max_pool2d"])
def test_return_indices_is_a_bool(tier, name):
    with refused(TypeError, "return_indices must be True or False", "1"):
        call(tier, name, return_indices=1)


class TestAverage:
    def test_divisor_zero(self, tier):
        with refused(ValueError, "divisor_override must be None or an int other than 0", "got 0"):
            call(tier, "avg_pool2d", divisor_override=0)

    @pytest.mark.parametrize("value", [2.5, "4", True])
    def test_divisor_of_another_type(self, tier, value):
        with refused(TypeError, "divisor_override must be None or an int", repr(value)):
            call(tier, "avg_pool2d", divisor_override=value)

    def test_count_include_pad_is_a_bool(self, tier):
        with refused(TypeError, "count_include_pad must be True or False", "0"):
            call(tier, "avg_pool2d", count_include_pad=0)


class TestLp:
    @pytest.mark.parametrize("value", [0, 0.5, -2, float("inf"), float("nan")])
    def test_p_out_of_range(self, tier, value):
        with refused(ValueError, "norm_type must be a finite number of at least 1", repr(value)):
            call(tier, "lp_pool2d", norm_type=value)

    @pytest.mark.parametrize("value", ["2", None, True])
    def test_p_of_another_type(self, tier, value):
        with refused(TypeError, "norm_type must be a number", repr(value)):
            call(tier, "lp_pool2d", norm_type=value)


@pytest.mark.parametrize("name", ADAPTIVE)
class TestAdaptive:
    @pytest.mark.parametrize("value", [0, -1, (2, 0), (None, -3)])
    def test_sizes_below_one(self, tier, name, value):
        with refused(ValueError, "output_size must be at least 1"):
            call(tier, name, output_size=value)

    @pytest.mark.parametrize("value", [2.0, "3", (2, 1.5)])
    def test_sizes_that_are_not_whole_numbers(self, tier, name, value):
        with refused(TypeError, "output_size must be"):
            call(tier, name, output_size=value)

    def test_sizes_of_three_numbers(self, tier, name):
        with refused(ValueError, "output_size must be", "(1, 2, 3)"):
            call(tier, name, output_size=(1, 2, 3))


class TestUnpool:
    @pytest.fixture
    def pooled(self):
        loops = importlib.import_module("convpool.loops")
        return loops.max_pool2d(X, 2, return_indices=True)

    def test_indices_outside_the_plane(self, tier, pooled):
        y, indices = pooled
        for wrong in (indices - 100, indices + 100):
            with refused(ValueError, "indices must lie in 0", str(wrong.min()), str(wrong.max())):
                tier.max_unpool2d(y, wrong, 2)

    def test_indices_of_another_shape(self, tier, pooled):
        y, indices = pooled
        with refused(ValueError, "indices must have the shape of y", str(y.shape)):
            tier.max_unpool2d(y, indices[:, :1], 2)

    def test_indices_that_are_not_whole_numbers(self, tier, pooled):
        y, indices = pooled
        with refused(TypeError, "indices must be an int64 numpy.ndarray", "float64"):
            tier.max_unpool2d(y, indices.astype(float), 2)

    def test_a_size_that_does_not_pool_back(self, tier, pooled):
        y, indices = pooled
        with refused(ValueError, "output_size (9, 9)", "(4, 6)", "stride"):
            tier.max_unpool2d(y, indices, 2, output_size=(9, 9))

    def test_same_padding_does_not_say_where_to_go_back_to(self, tier, pooled):
        y, indices = pooled
        with refused(ValueError, "padding 'same'"):
            tier.max_unpool2d(y, indices, 2, padding="same")


# ---------------------------------------------------------------------------- convolution


LAYERS = ("conv2d", "conv_transpose2d")
COLUMNS = ("unfold", "fold")
# of conv2d (C_out, C_in/groups, kh, kw), of conv_transpose2d (C_in, C_out/groups, kh, kw)
WEIGHTS = {
    "conv2d": np.random.default_rng(2).normal(size=(4, 3, 2, 3)),
    "conv_transpose2d": np.random.default_rng(3).normal(size=(3, 4, 2, 3)),
}


def layer(tier, op, x=X, weight=None, bias=None, **kwargs):
    """A convolution of x, valid unless something else is given."""
    return getattr(tier, op)(x, WEIGHTS[op] if weight is None else weight, bias, **kwargs)


def layer_backward(tier, op, dy=None, x=X, weight=None, **kwargs):
    """Its gradients, for a valid dy unless another is given."""
    weight = WEIGHTS[op] if weight is None else weight
    if dy is None:
        dy = np.ones_like(layer(tier, op))
    return getattr(tier, f"{op}_backward")(dy, x, weight, **kwargs)


@pytest.fixture(params=[layer, layer_backward], ids=["forward", "backward"])
def either(request):
    """The forward or the backward pass: both check the same arguments."""
    return request.param


@pytest.mark.parametrize("op", LAYERS)
class TestArraysOfLayers:
    @pytest.mark.parametrize("value", [[[1.0]], None, 3.0])
    def test_x_is_an_array(self, tier, op, value, either):
        kind = type(value).__name__
        with refused(TypeError, "x must be a numpy.ndarray", kind, "np.asarray(x"):
            either(tier, op, x=value)

    @pytest.mark.parametrize("value", [[[1.0]], 3.0, "weight"])
    def test_weight_is_an_array(self, tier, op, value, either):
        kind = type(value).__name__
        with refused(TypeError, "weight must be a numpy.ndarray", kind, "np.asarray(weight"):
            either(tier, op, weight=value)

    @pytest.mark.parametrize("value", [[1.0, 2.0, 3.0, 4.0], 1.0, True])
    def test_bias_is_an_array(self, tier, op, value):
        with refused(TypeError, "bias must be a numpy.ndarray", type(value).__name__):
            layer(tier, op, bias=value)

    @pytest.mark.parametrize("dtype", ["int64", "float16", "complex128", ">f8"])
    def test_other_dtypes_say_what_to_cast(self, tier, op, dtype, either):
        with refused(TypeError, "x must be float32 or float64", dtype, "x.astype("):
            either(tier, op, x=X.astype(dtype))
        weight = WEIGHTS[op].astype(dtype)
        with refused(TypeError, "weight must be float32 or float64", dtype, "weight.astype("):
            either(tier, op, weight=weight)
        with refused(TypeError, "bias must be float32 or float64", dtype, "bias.astype("):
            layer(tier, op, bias=np.ones(4).astype(dtype))

    def test_all_arrays_of_a_call_share_one_dtype(self, tier, op):
        weight = WEIGHTS[op].astype(np.float32)
        with refused(TypeError, "x and weight must share one dtype", "float64", "float32"):
            layer(tier, op, weight=weight)
        with refused(TypeError, "x and weight must share one dtype", "float64", "float32"):
            layer_backward(tier, op, weight=weight)
        with refused(TypeError, "x and bias must share one dtype", "float64", "float32"):
            layer(tier, op, bias=np.ones(4, np.float32))
        dy = layer(tier, op).astype(np.float32)
        with refused(TypeError, "dy and x must share one dtype", "float32", "float64"):
            layer_backward(tier, op, dy)

    @pytest.mark.parametrize("shape", [(), (7,), (5, 7), (1, 2, 3, 5, 7)])
    def test_x_of_the_wrong_rank(self, tier, op, shape, either):
        with refused(ValueError, "must have the axes (N, C, H, W)", "(C, H, W)", str(shape)):
            either(tier, op, x=np.zeros(shape))

    @pytest.mark.parametrize("shape", [(), (2, 3), (3, 2, 3), (1, 4, 3, 2, 3)])
    def test_weight_of_the_wrong_rank(self, tier, op, shape, either):
        with refused(ValueError, "weight must have the axes (C_", "kh, kw)", str(shape)):
            either(tier, op, weight=np.ones(shape))

    @pytest.mark.parametrize("empty", range(4))
    def test_weight_without_a_tap(self, tier, op, empty, either):
        shape = [*WEIGHTS[op].shape]
        shape[empty] = 0
        with refused(ValueError, "weight must have the axes", "none empty", str(tuple(shape))):
            either(tier, op, weight=np.ones(shape))

    @pytest.mark.parametrize("shape", [(3,), (5,), (0,), (1,), (), (4, 1), (1, 4, 1, 1)])
    def test_bias_of_another_shape(self, tier, op, shape):
        with refused(ValueError, "bias must have one entry an output channel", "(4,)", str(shape)):
            layer(tier, op, bias=np.ones(shape))

    def test_channels_that_do_not_match(self, tier, op, either):
        weight = np.ones((4, 2, 2, 3) if op == "conv2d" else (4, 3, 2, 3))
        with refused(ValueError, "weight", "C_in", "= 3", str(weight.shape), str(X.shape)):
            either(tier, op, weight=weight)

    def test_dy_of_the_wrong_shape(self, tier, op):
        y = layer(tier, op)
        for shape in ((2, 5, *y.shape[2:]), (1, *y.shape[1:]), X.shape):
            words = "dy must have the shape of the forward output", str(y.shape), str(X.shape)
            with refused(ValueError, *words, str(shape)):
                layer_backward(tier, op, np.ones(shape))

    def test_a_single_image_with_a_batch_of_gradients(self, tier, op):
        dy = layer(tier, op)
        with refused(ValueError, "dy must have the axes", str(dy.shape), "(3, 5, 7)"):
            layer_backward(tier, op, dy, X[0])
        with refused(ValueError, "dy must have the axes", str(dy[0].shape), "(2, 3, 5, 7)"):
            layer_backward(tier, op, dy[0])


@pytest.mark.parametrize("op", LAYERS)
class TestArgumentsOfLayers:
    @pytest.mark.parametrize("argument", ["stride", "dilation"])
    @pytest.mark.parametrize("value", [0, -1, (2, 0), (-3, 1)])
    def test_steps_below_one(self, tier, op, argument, value, either):
        with refused(ValueError, f"{argument} must be at least 1"):
            either(tier, op, **{argument: value})

    @pytest.mark.parametrize("argument", ["stride", "dilation"])
    @pytest.mark.parametrize("value", [1.5, 2.0, "2", True, (2, 2.0), np.array([2, 2])])
    def test_steps_that_are_not_whole_numbers(self, tier, op, argument, value, either):
        with refused(TypeError, f"{argument} must be an int or a pair of ints"):
            either(tier, op, **{argument: value})

    @pytest.mark.parametrize("argument", ["stride", "dilation"])
    def test_steps_of_three_numbers(self, tier, op, argument, either):
        with refused(ValueError, f"{argument} must be an int or a pair of ints", "(2, 2, 2)"):
            either(tier, op, **{argument: (2, 2, 2)})

    @pytest.mark.parametrize("value", [-1, (0, -1), ((0, 0), (-2, 0))])
    def test_negative_padding(self, tier, op, value, either):
        with refused(ValueError, "padding must not be negative", str(value)):
            either(tier, op, padding=value)

    @pytest.mark.parametrize("value", ["SAME", "full", ""])
    def test_unknown_padding_words(self, tier, op, value, either):
        with refused(ValueError, "padding must be", "'valid' or 'same'", repr(value)):
            either(tier, op, padding=value)

    @pytest.mark.parametrize("value", [None, 1.0, (1, 1.0), ((0, 1), 1), True])
    def test_padding_of_no_known_form(self, tier, op, value, either):
        with refused(TypeError, "padding must be", repr(value)):
            either(tier, op, padding=value)

    @pytest.mark.parametrize("value", [2, 4, 5])
    def test_groups_that_do_not_divide_the_channels_of_x(self, tier, op, value, either):
        with refused(ValueError, "groups must divide C_in", "3", f"got groups {value}"):
            either(tier, op, groups=value)

    @pytest.mark.parametrize("value", [0, -1])
    def test_groups_below_one(self, tier, op, value, either):
        with refused(ValueError, "groups must be at least 1", str(value)):
            either(tier, op, groups=value)

    @pytest.mark.parametrize("value", [1.0, "1", True, None, (1, 1)])
    def test_groups_that_are_no_whole_number(self, tier, op, value, either):
        with refused(TypeError, "groups must be an int", repr(value)):
            either(tier, op, groups=value)


class TestConv2d:
    def test_groups_that_do_not_divide_the_maps(self, tier, either):
        weight = np.ones((4, 1, 2, 3))
        with refused(ValueError, "groups must divide C_out", "groups 3", str(weight.shape)):
            either(tier, "conv2d", weight=weight, groups=3)

    def test_a_weight_that_was_not_cut_for_its_groups(self, tier, either):
        weight = np.ones((6, 3, 2, 3))
        words = "C_in/groups = 1", str(weight.shape), str(X.shape), "groups 3"
        with refused(ValueError, "weight must have the axes", *words):
            either(tier, "conv2d", weight=weight, groups=3)

    @pytest.mark.parametrize(
        "kwargs",
        [
            dict(weight=np.ones((4, 3, 6, 1))),
            dict(weight=np.ones((4, 3, 1, 8))),
            dict(weight=np.ones((4, 3, 3, 3)), dilation=3),
            dict(weight=np.ones((4, 3, 8, 3)), padding=(1, 0)),
        ],
    )
    def test_a_kernel_larger_than_the_padded_input(self, tier, kwargs, either):
        with refused(ValueError, "does not fit in an input of (5, 7)", "kernel", "dilation"):
            either(tier, "conv2d", **kwargs)

    def test_an_image_without_cells_needs_padding(self, tier, either):
        with refused(ValueError, "does not fit in an input of (0, 7)"):
            either(tier, "conv2d", x=X[:, :, :0])


class TestConvTranspose2d:
    OP = "conv_transpose2d"

    @pytest.mark.parametrize(
        "kwargs",
        [
            dict(output_padding=1),
            dict(output_padding=(0, 2), stride=2),
            dict(output_padding=(3, 0), stride=(3, 9)),
            dict(output_padding=2, dilation=2),
            dict(output_padding=(0, 3), stride=2, dilation=(9, 3)),
        ],
    )
    def test_output_padding_too_large(self, tier, kwargs, either):
        words = "stride", "dilation", str(kwargs["output_padding"])
        with refused(ValueError, "output_padding must be less than the larger of", *words):
            either(tier, self.OP, **kwargs)

    @pytest.mark.parametrize("value", [-1, (0, -1)])
    def test_output_padding_below_zero(self, tier, value, either):
        with refused(ValueError, "output_padding must be at least 0", "-1"):
            either(tier, self.OP, output_padding=value, stride=2)

    @pytest.mark.parametrize("value", [0.0, "0", None, True, (0, 0.5)])
    def test_output_padding_that_is_no_whole_number(self, tier, value, either):
        with refused(TypeError, "output_padding must be an int or a pair of ints"):
            either(tier, self.OP, output_padding=value)

    def test_same_does_not_say_where_to_go_back_to(self, tier, either):
        with refused(ValueError, "padding 'same'", "in numbers"):
            either(tier, self.OP, padding="same")

    @pytest.mark.parametrize(
        ("padding", "size"), [(3, "0 × 3"), ((4, 0), "-2 × 9"), (((6, 0), (0, 9)), "0 × 0")]
    )
    def test_padding_that_cuts_everything_off(self, tier, padding, size, either):
        with refused(ValueError, f"the output would have size {size}", "take less padding"):
            either(tier, self.OP, padding=padding)

    def test_an_image_without_cells(self, tier, either):
        with refused(ValueError, "x must have at least one row and one column", "(2, 3, 0, 7)"):
            either(tier, self.OP, x=X[:, :, :0])


class TestColumns:
    @pytest.mark.parametrize("argument", ["kernel_size", "stride", "dilation"])
    @pytest.mark.parametrize(("value", "error"), [(0, ValueError), (1.0, TypeError)])
    def test_sizes_and_steps(self, tier, argument, value, error):
        kwargs = {"kernel_size": 2} | {argument: value}
        with refused(error, f"{argument} must be"):
            tier.unfold(X, **kwargs)
        with refused(error, f"{argument} must be"):
            tier.fold(tier.unfold(X, 2), X.shape[2:], **kwargs)

    @pytest.mark.parametrize("value", [-1, "full", None])
    def test_padding(self, tier, value):
        error = TypeError if value is None else ValueError
        with refused(error, "padding must"):
            tier.unfold(X, 2, padding=value)
        with refused(error, "padding must"):
            tier.fold(tier.unfold(X, 2), X.shape[2:], 2, padding=value)

    def test_unfold_takes_images(self, tier):
        with refused(TypeError, "x must be a numpy.ndarray", "list"):
            tier.unfold([[1.0]], 1)
        with refused(TypeError, "x must be float32 or float64", "int64"):
            tier.unfold(X.astype(int), 1)
        with refused(ValueError, "x must have the axes (N, C, H, W)", "(5, 7)"):
            tier.unfold(X[0, 0], 1)

    def test_a_kernel_that_does_not_fit(self, tier):
        with refused(ValueError, "does not fit in an input of (5, 7)"):
            tier.unfold(X, 6)
        with refused(ValueError, "does not fit in an input of (2, 2)"):
            tier.fold(np.ones((1, 9, 1)), 2, 3)

    def test_fold_takes_columns(self, tier):
        with refused(TypeError, "col must be a numpy.ndarray", "list"):
            tier.fold([[1.0]], 1, 1)
        with refused(TypeError, "col must be float32 or float64", "int64"):
            tier.fold(np.ones((1, 1, 1), int), 1, 1)
        with refused(ValueError, "col must have the axes (N, C·kh·kw, L)", "(2, 3, 5, 7)"):
            tier.fold(X, (5, 7), 1)

    @pytest.mark.parametrize("shape", [(2, 12, 23), (2, 12, 25), (2, 24, 12), (2, 12, 0)])
    def test_another_number_of_columns(self, tier, shape):
        words = "kh·kw = 4", "L = 4·6 = 24", "(5, 7)", str(shape)
        with refused(ValueError, "col must have the axes (N, C·kh·kw, L)", *words):
            tier.fold(np.ones(shape), (5, 7), 2)

    @pytest.mark.parametrize("rows", [1, 3, 11, 13])
    def test_rows_that_make_no_whole_channels(self, tier, rows):
        with refused(ValueError, "col must have the axes", "kh·kw = 4", f"(2, {rows}, 24)"):
            tier.fold(np.ones((2, rows, 24)), (5, 7), 2)

    @pytest.mark.parametrize("value", [0, -1, (5, 0)])
    def test_an_output_size_below_one(self, tier, value):
        with refused(ValueError, "output_size must be at least 1"):
            tier.fold(np.ones((1, 4, 1)), value, 2)

    @pytest.mark.parametrize("value", [2.0, None, "2", (2, 2.0)])
    def test_an_output_size_that_is_no_whole_number(self, tier, value):
        with refused(TypeError, "output_size must be an int or a pair of ints"):
            tier.fold(np.ones((1, 4, 1)), value, 2)


STEPS = dict(stride=2, padding=1)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("op", LAYERS)
class TestNotANumber:
    """Each goes where its products go, and raises nothing on its way."""

    @staticmethod
    def spoiled(array, value):
        array = array.copy()
        array[0, 1, 1, 1] = value
        return array

    def test_in_x(self, tier, op, value):
        x = self.spoiled(X, value)
        y = layer(tier, op, x, **STEPS)
        touched = layer(tier, op, self.spoiled(np.zeros_like(X), 1.0), **STEPS) != 0
        np.testing.assert_array_equal(~np.isfinite(y), touched)
        dy = np.random.default_rng(5).normal(size=y.shape)
        gradients = layer_backward(tier, op, dy, x, **STEPS)
        assert np.isfinite(gradients.dx).all()
        assert np.isfinite(gradients.dbias).all()
        ones = np.ones_like(dy)
        taps = layer_backward(tier, op, ones, self.spoiled(np.zeros_like(X), 1.0), **STEPS)
        assert not np.isfinite(gradients.dweight[taps.dweight != 0]).any()

    def test_in_dy(self, tier, op, value):
        zeros = np.zeros_like(layer(tier, op, **STEPS))
        dy = self.spoiled(zeros + 0.5, value)
        gradients = layer_backward(tier, op, dy, **STEPS)
        touched = layer_backward(tier, op, self.spoiled(zeros, 1.0), **STEPS)
        np.testing.assert_array_equal(~np.isfinite(gradients.dx), touched.dx != 0)
        np.testing.assert_array_equal(~np.isfinite(gradients.dbias), touched.dbias != 0)
        assert not np.isfinite(gradients.dweight[touched.dweight != 0]).any()

    def test_in_the_bias(self, tier, op, value):
        y = layer(tier, op, bias=np.array([1.0, value, 2.0, 3.0]))
        np.testing.assert_array_equal(np.isfinite(y).all(axis=(0, 2, 3)), [1, 0, 1, 1])
        assert not np.isfinite(y[:, 1]).any()

    def test_in_the_weight(self, tier, op, value):
        weight = self.spoiled(WEIGHTS[op], value)
        y = layer(tier, op, weight=weight)
        spoiled_map = 0 if op == "conv2d" else 1
        assert not np.isfinite(y[:, spoiled_map]).all()
        assert np.isfinite(np.delete(y, spoiled_map, axis=1)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_unfold_and_fold_move_nan_and_infinities_like_numbers(tier, value):
    x = X.copy()
    x[0, 1, 2, 3] = value
    col = tier.unfold(x, 3)
    assert np.sum(~np.isfinite(col)) == 9
    assert np.sum(~np.isfinite(tier.fold(col, (5, 7), 3))) == 1


class TestLayout:
    def test_unknown_layout(self):
        convpool = importlib.import_module("convpool")
        with refused(ValueError, "layout must be 'NCHW' or 'NHWC'", "'CHWN'"):
            convpool.max_pool2d(X, 2, layout="CHWN")

    def test_errors_say_that_the_axes_were_moved(self):
        convpool = importlib.import_module("convpool")
        with refused(ValueError, "does not fit") as caught:
            convpool.max_pool2d(X, 9, layout="NHWC")
        assert "NHWC" in caught.value.__notes__[0]

    def test_so_do_those_of_convolution(self):
        convpool = importlib.import_module("convpool")
        with refused(ValueError, "C_in/groups = 7", "(2, 7, 3, 5)") as caught:
            convpool.conv2d(X, WEIGHTS["conv2d"], layout="NHWC")
        assert "NHWC" in caught.value.__notes__[0]
        with refused(ValueError, "col must have the axes") as caught:
            convpool.fold(np.ones((1, 5, 4)), 3, 2, layout="NHWC")
        assert "NHWC" in caught.value.__notes__[0]


@pytest.mark.parametrize("name", WINDOWED + ADAPTIVE + GLOBAL)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.filterwarnings("error")
def test_nan_and_infinities_are_values(tier, name, value):
    x = X.copy()
    x[0, 0, 1, 1] = value
    y = call(tier, name, x)
    first = y[0, 0] if y.ndim == 2 else y[0, 0, 0, 0]
    if name.startswith("lp") and np.isinf(value):
        assert first == np.inf
    elif not ("max" in name and value == -np.inf):
        assert np.isnan(first) if np.isnan(value) else first == value
    assert np.isfinite(y[1]).all()
    dy = np.random.default_rng(2).normal(size=y.shape)
    dx = call_backward(tier, name, dy, x)
    assert np.isfinite(dx[1]).all()


def test_a_missing_argument_is_pythons_own_error(tier):
    with refused(TypeError, "missing", "kernel_size"):
        tier.max_pool2d(X)
    with refused(TypeError, "missing"):
        tier.max_pool2d_backward(X)
    if tier.__name__ != "convpool":
        with refused(TypeError, "multiple values", "x"):
            tier.max_pool2d(X, 2, x=X)


def test_every_operator_is_named_in_this_file():
    compiled = importlib.import_module("convpool.compiled")
    named = set(WINDOWED + ADAPTIVE + GLOBAL + LAYERS)
    alone = {"max_unpool2d", *COLUMNS}
    assert set(compiled.__all__) == named | {f"{n}_backward" for n in named} | alone
    for tier in map(importlib.import_module, TIERS):
        assert set(tier.__all__) >= set(compiled.__all__)
        assert all(inspect.isfunction(getattr(tier, n)) for n in compiled.__all__)


@pytest.mark.parametrize("name", ["input_gradient_by_rot180", "weight_gradient_by_correlation"])
def test_the_witnesses_of_a_convolution_refuse_a_dy_of_the_wrong_shape(name):
    witness = getattr(importlib.import_module("convpool.loops"), name)
    with refused(ValueError, "dy must have the shape", "(2, 4, 3, 5)", "(2, 4, 3, 4)"):
        witness(np.zeros((2, 4, 3, 4)), X, np.zeros((4, 3, 3, 3)))

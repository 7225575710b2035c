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
    loops = importlib.import_module("convpool.loops")
    named = set(WINDOWED + ADAPTIVE + GLOBAL)
    assert set(loops.__all__) == named | {f"{n}_backward" for n in named} | {"max_unpool2d"}
    assert all(inspect.isfunction(getattr(loops, n)) for n in named)

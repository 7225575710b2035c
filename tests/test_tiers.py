"""One operator, three tiers: over random calls all agree with the loops and keep the rules."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    CASES,
    CONVOLUTIONS,
    EXACT,
    FORWARD,
    LAYERS,
    TIERS,
    UNFOLDED,
    UNPOOLED,
    calls,
    layers,
    load,
    window_arguments,
)

from convpool import loops

INDEXED = ("max_pool2d", "adaptive_max_pool2d")
DIGITS = {"float32": 2e-5, "float64": 1e-12}


@pytest.fixture(scope="module", params=TIERS)
def tier(request):
    return load(request.param)


@pytest.fixture(scope="module", params=[tier for tier in TIERS if tier != "loops"])
def fast_tier(request):
    return load(request.param)


def call(function, *arrays, **arguments):
    """The result, once it is sure that the call kept the house rules."""
    given = [array for array in arrays if array is not None]
    before = [array.copy() for array in given]
    result = function(*arrays, **arguments)
    for array, copy in zip(given, before, strict=True):
        np.testing.assert_array_equal(array, copy, err_msg="the input was written to")
    for output in result if isinstance(result, tuple) else (result,):
        assert output.flags.c_contiguous
        assert output.flags.writeable
        assert not any(np.shares_memory(output, array) for array in given)
    return result


def assert_close(actual, expected, given):
    """Equal up to rounding, where rounding is relative to the largest finite number given."""
    finite = np.abs(given[np.isfinite(given)])
    digits = DIGITS[str(expected.dtype)]
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(
        actual, expected, rtol=digits, atol=digits * finite.max(initial=0), equal_nan=True
    )


def assert_same(name, actual, expected, given):
    """Maxima pick and do not compute: they agree in every bit. The others agree up to rounding."""
    if "max" in name:
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
    else:
        assert_close(actual, expected, given)


@pytest.mark.parametrize("name", FORWARD)
@settings(max_examples=200)
@given(data=st.data())
def test_forward_and_backward_agree_with_the_loops(fast_tier, name, data):
    case = data.draw(CASES[name])
    x = case.x()
    expected = getattr(loops, name)(x, **case.arguments)
    actual = call(getattr(fast_tier, name), x, **case.arguments)
    assert_same(name, actual, expected, x)

    dy = case.dy(expected.shape)
    expected = getattr(loops, f"{name}_backward")(dy, x, **case.arguments)
    actual = call(getattr(fast_tier, f"{name}_backward"), dy, x, **case.arguments)
    assert_same(name, actual, expected, dy)


@pytest.mark.parametrize("name", INDEXED)
@settings(max_examples=100)
@given(data=st.data())
def test_indices_are_those_of_the_loops(fast_tier, name, data):
    case = data.draw(CASES[name])
    x = case.x()
    expected = getattr(loops, name)(x, **case.arguments, return_indices=True)
    y, indices = call(getattr(fast_tier, name), x, **case.arguments, return_indices=True)
    assert indices.dtype == np.int64
    np.testing.assert_array_equal(y, expected[0])
    np.testing.assert_array_equal(indices, expected[1])


@pytest.mark.parametrize("name", INDEXED)
@settings(max_examples=20)
@given(data=st.data())
def test_indices_name_the_cells_that_hold_the_maxima(tier, name, data):
    case = data.draw(CASES[name])
    x = case.x()
    y, indices = call(getattr(tier, name), x, **case.arguments, return_indices=True)
    N, C, H, W = x.shape
    n, c = np.ogrid[:N, :C]
    found = x.reshape(N, C, H * W)[n[..., None, None], c[..., None, None], indices]
    np.testing.assert_array_equal(found, y)


@settings(max_examples=100)
@given(case=UNPOOLED)
def test_unpooling_agrees_with_the_loops(fast_tier, case):
    x, arguments = case.x(), case.arguments
    y, indices = loops.max_pool2d(x, **arguments, return_indices=True)
    window = {name: arguments[name] for name in ("kernel_size", "stride", "padding")}
    expected = loops.max_unpool2d(y, indices, **window, output_size=x.shape[2:])
    actual = call(fast_tier.max_unpool2d, y, indices, **window, output_size=x.shape[2:])
    assert actual.dtype == x.dtype
    np.testing.assert_array_equal(actual, expected)


@pytest.mark.parametrize("name", FORWARD)
@settings(max_examples=15)
@given(data=st.data())
def test_a_single_image_is_a_batch_of_one(tier, name, data):
    case = data.draw(CASES[name])
    x = case.x()[:1]
    forward, backward = getattr(tier, name), getattr(tier, f"{name}_backward")
    y = forward(x, **case.arguments)
    np.testing.assert_array_equal(call(forward, x[0], **case.arguments), y[0])
    dy = case.dy(y.shape)
    dx = backward(dy, x, **case.arguments)
    np.testing.assert_array_equal(call(backward, dy[0], x[0], **case.arguments), dx[0])


@pytest.mark.parametrize("name", FORWARD)
@settings(max_examples=10)
@given(data=st.data())
def test_an_empty_batch_gives_an_empty_result(tier, name, data):
    case = data.draw(CASES[name])
    x = case.x()[:0]
    y = call(getattr(tier, name), x, **case.arguments)
    one = getattr(loops, name)(np.ones((1, *x.shape[1:])), **case.arguments)
    assert y.shape == (0, *one.shape[1:])
    assert y.dtype == x.dtype
    dx = call(getattr(tier, f"{name}_backward"), case.dy(y.shape), x, **case.arguments)
    assert dx.shape == x.shape
    assert dx.dtype == x.dtype


@settings(max_examples=100)
@given(case=calls(window_arguments()))
def test_the_tiers_refuse_the_same_windows_in_the_same_words(fast_tier, case):
    def outcome(tier):
        try:
            return tier.max_pool2d(case.x(), **case.arguments).shape
        except ValueError as error:
            return str(error)

    assert outcome(fast_tier) == outcome(loops)


# ---------------------------------------------------------------------------- convolution


def functions(tier, op):
    return getattr(tier, op), getattr(tier, f"{op}_backward")


def assert_products(layer, actual, expected, *factors):
    """Equal in every bit where no product and no sum is rounded, else up to rounding."""
    if layer.values == EXACT:
        assert actual.dtype == expected.dtype
        np.testing.assert_array_equal(actual, expected)
    else:
        largest = np.prod([np.abs(factor).max(initial=0) for factor in factors])
        assert_close(actual, expected, np.array([1, largest]))


@pytest.mark.parametrize("op", LAYERS)
@settings(max_examples=200)
@given(data=st.data())
def test_convolution_agrees_with_the_loops(fast_tier, op, data):
    layer = data.draw(CONVOLUTIONS[op])
    x, weight, bias, arguments = layer.x(), layer.weight(), layer.bias(), layer.arguments
    expected = getattr(loops, op)(x, weight, bias, **arguments)
    actual = call(getattr(fast_tier, op), x, weight, bias, **arguments)
    assert_products(layer, actual, expected, x, weight)

    dy = layer.dy(expected.shape)
    expected = getattr(loops, f"{op}_backward")(dy, x, weight, **arguments)
    actual = call(getattr(fast_tier, f"{op}_backward"), dy, x, weight, **arguments)
    assert type(actual) is type(expected)
    assert_products(layer, actual.dx, expected.dx, dy, weight)
    assert_products(layer, actual.dweight, expected.dweight, dy, x)
    assert_products(layer, actual.dbias, expected.dbias, dy)


@pytest.mark.parametrize("op", LAYERS)
@settings(max_examples=20)
@given(data=st.data())
def test_the_loops_of_convolution_keep_the_house_rules(op, data):
    layer = data.draw(CONVOLUTIONS[op])
    x, weight, forward, backward = layer.x(), layer.weight(), *functions(loops, op)
    y = call(forward, x, weight, layer.bias(), **layer.arguments)
    gradients = call(backward, layer.dy(y.shape), x, weight, **layer.arguments)
    assert [g.shape for g in gradients] == [x.shape, weight.shape, (layer.outputs,)]


@pytest.mark.parametrize("op", LAYERS)
@settings(max_examples=20)
@given(data=st.data())
def test_a_single_image_is_convolved_like_a_batch_of_one(tier, op, data):
    layer = data.draw(CONVOLUTIONS[op])
    x, weight, bias, arguments = layer.x()[:1], layer.weight(), layer.bias(), layer.arguments
    forward, backward = functions(tier, op)
    y = forward(x, weight, bias, **arguments)
    np.testing.assert_array_equal(call(forward, x[0], weight, bias, **arguments), y[0])
    dy = layer.dy(y.shape)
    expected = backward(dy, x, weight, **arguments)
    actual = call(backward, dy[0], x[0], weight, **arguments)
    np.testing.assert_array_equal(actual.dx, expected.dx[0])
    np.testing.assert_array_equal(actual.dweight, expected.dweight)
    np.testing.assert_array_equal(actual.dbias, expected.dbias)


@pytest.mark.parametrize("op", LAYERS)
@settings(max_examples=15)
@given(data=st.data())
def test_an_empty_batch_teaches_a_convolution_nothing(tier, op, data):
    layer = data.draw(CONVOLUTIONS[op])
    x, weight, arguments = layer.x()[:0], layer.weight(), layer.arguments
    forward, backward = functions(tier, op)
    y = call(forward, x, weight, layer.bias(), **arguments)
    one = getattr(loops, op)(layer.x()[:1], weight, **arguments)
    assert y.shape == (0, *one.shape[1:])
    assert y.dtype == x.dtype
    gradients = call(backward, layer.dy(y.shape), x, weight, **arguments)
    assert gradients.dx.shape == x.shape
    np.testing.assert_array_equal(gradients.dweight, np.zeros(weight.shape))
    np.testing.assert_array_equal(gradients.dbias, np.zeros(layer.outputs))
    assert all(gradient.dtype == x.dtype for gradient in gradients)


@settings(max_examples=100)
@given(case=UNFOLDED)
def test_unfold_and_fold_move_the_same_numbers(fast_tier, case):
    x, arguments = case.x(), case.arguments
    expected = loops.unfold(x, **arguments)
    actual = call(fast_tier.unfold, x, **arguments)
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)

    col, size = case.dy(expected.shape), x.shape[2:]
    expected = loops.fold(col, size, **arguments)
    actual = call(fast_tier.fold, col, output_size=size, **arguments)
    assert actual.dtype == expected.dtype
    np.testing.assert_array_equal(actual, expected)


@settings(max_examples=20)
@given(case=UNFOLDED)
def test_unfold_and_fold_take_single_images_and_empty_batches(tier, case):
    x, arguments, size = case.x(), case.arguments, case.shape[2:]
    col = call(tier.unfold, x, **arguments)
    np.testing.assert_array_equal(call(tier.unfold, x[0], **arguments), col[0])
    assert call(tier.unfold, x[:0], **arguments).shape == (0, *col.shape[1:])

    col = case.dy(col.shape)
    x = call(tier.fold, col, output_size=size, **arguments)
    assert x.shape == case.shape
    np.testing.assert_array_equal(call(tier.fold, col[0], output_size=size, **arguments), x[0])
    nothing = call(tier.fold, col[:0], output_size=size, **arguments)
    assert nothing.shape == (0, *case.shape[1:])
    assert nothing.dtype == x.dtype


@pytest.mark.parametrize("op", LAYERS)
@settings(max_examples=100)
@given(data=st.data())
def test_the_tiers_refuse_the_same_convolutions_in_the_same_words(fast_tier, op, data):
    layer = data.draw(layers(op))

    def outcome(tier):
        try:
            y = getattr(tier, op)(layer.x()[:0], layer.weight(), layer.bias(), **layer.arguments)
        except ValueError as error:
            return str(error)
        return y.shape

    assert outcome(fast_tier) == outcome(loops)
    assert isinstance(outcome(loops), tuple) == layer.fits()

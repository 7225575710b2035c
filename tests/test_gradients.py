"""Every backward pass of every tier against central differences and inner products."""

import numpy as np
import pytest
from strategies import TIERS, load

import convpool
from convpool.verify import adjoint_check, gradcheck


@pytest.fixture(scope="module", params=TIERS)
def tier(request):
    return load(request.param)


def apart(shape, seed):
    """Random signs and a random order, no two sizes and no size and zero closer than a tenth.

    Where maxima tie and where a cell is zero the derivatives jump; differences must stay away.
    """
    rng = np.random.default_rng(seed)
    sizes = 0.1 * (1 + rng.permutation(np.prod(shape)))
    return (sizes * rng.choice([-1, 1], sizes.size)).reshape(shape)


WINDOWS = {
    "side by side": {"kernel_size": 2},
    "overlapping": {"kernel_size": 3, "stride": 1},
    "remainder": {"kernel_size": (2, 3), "stride": (3, 2)},
    "padded": {"kernel_size": 3, "stride": 2, "padding": 1},
    "padded unevenly": {"kernel_size": (2, 3), "stride": 1, "padding": ((0, 1), (2, 0))},
    "same": {"kernel_size": (2, 3), "stride": 2, "padding": "same"},
    "dilated": {"kernel_size": 2, "stride": 1, "padding": 1, "dilation": (2, 3)},
    "ceil_mode": {"kernel_size": 2, "stride": 2, "padding": (1, 0), "ceil_mode": True},
}
AVERAGES = {
    "all": {},
    "inside only": {"count_include_pad": False},
    "own divisor": {"divisor_override": -3},
}
SIZES = {"shared cells": (3, 4), "more bins than cells": (7, 6), "size kept": (None, 2)}
SHAPE = (2, 2, 5, 6)


def parametrize(name, table):
    return pytest.mark.parametrize(name, table.values(), ids=table)


def check(tier, name, seed, **arguments):
    forward, backward = getattr(tier, name), getattr(tier, f"{name}_backward")
    rng = np.random.default_rng(seed)
    report = gradcheck(
        lambda x: forward(x, **arguments),
        lambda dy, x: backward(dy, x, **arguments),
        apart(SHAPE, seed),
        rng=rng,
    )
    assert report, report


@parametrize("window", WINDOWS)
def test_max_pool2d(tier, window):
    check(tier, "max_pool2d", 20, **window)


@parametrize("average", AVERAGES)
@parametrize("window", WINDOWS)
def test_avg_pool2d(tier, window, average):
    check(tier, "avg_pool2d", 21, **window, **average)


@pytest.mark.parametrize("norm_type", [1, 2, 3.5])
@parametrize("window", WINDOWS)
def test_lp_pool2d(tier, window, norm_type):
    check(tier, "lp_pool2d", 22, norm_type=norm_type, **window)


@pytest.mark.parametrize("name", ["adaptive_max_pool2d", "adaptive_avg_pool2d"])
@parametrize("output_size", SIZES)
def test_adaptive(tier, name, output_size):
    check(tier, name, 23, output_size=output_size)


@pytest.mark.parametrize("name", ["global_max_pool2d", "global_avg_pool2d"])
def test_global(tier, name):
    check(tier, name, 24)


@parametrize("average", AVERAGES)
@parametrize("window", WINDOWS)
def test_avg_pool2d_is_linear_and_its_backward_the_adjoint(tier, window, average):
    x = np.zeros(SHAPE)
    assert adjoint_check(
        lambda x: tier.avg_pool2d(x, **window, **average),
        lambda dy: tier.avg_pool2d_backward(dy, x, **window, **average),
        SHAPE,
        rng=np.random.default_rng(25),
    )


@parametrize("window", WINDOWS)
def test_max_pool2d_is_linear_where_the_winners_stay_and_its_backward_the_adjoint(tier, window):
    """With x fixed the winners are fixed, and picking their cells out of any z is linear in z."""
    x = apart(SHAPE, 26)
    _, indices = tier.max_pool2d(x, **window, return_indices=True)
    n, c = np.arange(2)[:, None, None, None], np.arange(2)[:, None, None]
    assert adjoint_check(
        lambda z: z.reshape(2, 2, -1)[n, c, indices],
        lambda dy: tier.max_pool2d_backward(dy, x, **window),
        SHAPE,
        rng=np.random.default_rng(27),
    )


# ---------------------------------------------------------------------------- convolution


KERNEL = (2, 3)
LAYERS = {
    "stride 1": {},
    "overlapping": {"stride": (1, 2)},
    "remainder": {"stride": (3, 2)},
    "gaps between windows": {"stride": (3, 4)},
    "padded": {"stride": 2, "padding": 1},
    "padded unevenly": {"padding": ((0, 1), (2, 0))},
    "padded beyond the kernel": {"stride": (2, 1), "padding": ((3, 2), (3, 4))},
    "dilated": {"padding": 1, "dilation": (3, 2)},
    "all at once": {"stride": (2, 3), "padding": ((0, 2), (1, 3)), "dilation": (2, 1)},
}
GROUPS = {  # groups, inputs and outputs of each
    "one channel": (1, 1, 1),
    "channels": (1, 2, 3),
    "grouped": (2, 2, 1),
    "depthwise": (2, 1, 1),
    "depthwise with multiplier": (2, 1, 2),
}
SIZE = (5, 6)


def most(window):
    """The most output_padding that the stride and the dilation allow."""
    steps = [window.get(name, 1) for name in ("stride", "dilation")]
    pairs = [step if isinstance(step, tuple) else (step, step) for step in steps]
    return tuple(max(both) - 1 for both in zip(*pairs, strict=True))


def same_too(table):
    return table | {"same": {"stride": (1, 2), "padding": "same"}}


def random(seed, *shapes):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=shape) for shape in shapes]


def check_layer(tier, name, seed, arrays, **arguments):
    """x, weight and bias of one layer against central differences."""
    forward, backward = getattr(tier, name), getattr(tier, f"{name}_backward")
    report = gradcheck(
        lambda x, weight, bias: forward(x, weight, bias, **arguments),
        lambda dy, x, weight, bias: backward(dy, x, weight, **arguments),
        *arrays,
        rng=np.random.default_rng(seed),
    )
    assert report, report


@parametrize("channels", GROUPS)
@parametrize("window", same_too(LAYERS))
def test_conv2d(tier, window, channels):
    groups, inputs, outputs = channels
    shapes = (1, groups * inputs, 4, 5), (groups * outputs, inputs, *KERNEL), (groups * outputs,)
    check_layer(tier, "conv2d", 30, random(31, *shapes), groups=groups, **window)


@parametrize("channels", GROUPS)
@parametrize("window", LAYERS)
def test_conv_transpose2d(tier, window, channels):
    groups, inputs, outputs = channels
    size = (4, 7) if "padding" in window else (2, 3)  # some of it is cut off
    shapes = (1, groups * inputs, *size), (groups * inputs, outputs, *KERNEL), (groups * outputs,)
    check_layer(
        tier,
        "conv_transpose2d",
        33,
        random(32, *shapes),
        groups=groups,
        output_padding=most(window),
        **window,
    )


def test_a_batch_adds_up_in_the_gradients_of_the_weights(tier):
    arguments = {"stride": 2, "padding": 1, "groups": 2}
    arrays = random(34, (3, 2, 4, 5), (4, 1, *KERNEL), (4,))
    check_layer(tier, "conv2d", 35, arrays, **arguments)
    arrays = random(36, (3, 4, 2, 3), (4, 1, *KERNEL), (2,))
    check_layer(tier, "conv_transpose2d", 37, arrays, **arguments)


def layer(tier, seed, window, channels):
    """A convolution of a batch: x, weight, forward and backward with all but the arrays given."""
    groups, inputs, outputs = channels
    shapes = (2, groups * inputs, *SIZE), (groups * outputs, inputs, *KERNEL)
    arguments = dict(window, groups=groups)

    def forward(x, weight):
        return tier.conv2d(x, weight, **arguments)

    def backward(dy, x, weight):
        return tier.conv2d_backward(dy, x, weight, **arguments)

    return *random(seed, *shapes), forward, backward


@parametrize("channels", GROUPS)
@parametrize("window", same_too(LAYERS))
def test_conv2d_is_linear_in_x_and_dx_is_the_adjoint(tier, window, channels):
    x, weight, forward, backward = layer(tier, 40, window, channels)
    assert adjoint_check(
        lambda z: forward(z, weight),
        lambda dy: backward(dy, x, weight).dx,
        x.shape,
        rng=np.random.default_rng(41),
    )


@parametrize("channels", GROUPS)
@parametrize("window", same_too(LAYERS))
def test_conv2d_is_linear_in_the_weights_and_dweight_is_the_adjoint(tier, window, channels):
    x, weight, forward, backward = layer(tier, 42, window, channels)
    assert adjoint_check(
        lambda kernel: forward(x, kernel),
        lambda dy: backward(dy, x, weight).dweight,
        weight.shape,
        rng=np.random.default_rng(43),
    )


@parametrize("channels", GROUPS)
@parametrize("window", LAYERS)
def test_the_bias_is_spread_and_its_gradient_gathered(tier, window, channels):
    x, weight, forward, backward = layer(tier, 44, window, channels)
    still = forward(x, weight)
    assert adjoint_check(
        lambda bias: tier.conv2d(x, weight, bias, groups=channels[0], **window) - still,
        lambda dy: backward(dy, x, weight).dbias,
        (len(weight),),
        rng=np.random.default_rng(45),
    )


@parametrize("channels", GROUPS)
@parametrize("window", LAYERS)
def test_conv_transpose2d_is_the_adjoint_of_conv2d(tier, window, channels):
    x, weight, forward, _ = layer(tier, 46, window, channels)
    H, W = forward(x, weight).shape[2:]
    smallest = tier.conv_transpose2d(
        np.zeros((1, len(weight), H, W)), weight, groups=channels[0], **window
    )
    left_over = tuple(a - b for a, b in zip(SIZE, smallest.shape[2:], strict=True))
    assert adjoint_check(
        lambda z: forward(z, weight),
        lambda dy: tier.conv_transpose2d(
            dy, weight, groups=channels[0], output_padding=left_over, **window
        ),
        x.shape,
        rng=np.random.default_rng(47),
    )


@parametrize("extra", {"no output_padding": lambda window: 0, "the most": most})
@parametrize("channels", GROUPS)
@parametrize("window", LAYERS)
def test_conv_transpose2d_has_adjoints_in_x_and_in_the_weights(tier, window, channels, extra):
    groups, inputs, outputs = channels
    x, weight = random(48, (2, groups * inputs, 5, 7), (groups * inputs, outputs, *KERNEL))
    arguments = dict(window, groups=groups, output_padding=extra(window))
    rng = np.random.default_rng(49)
    assert adjoint_check(
        lambda z: tier.conv_transpose2d(z, weight, **arguments),
        lambda dy: tier.conv_transpose2d_backward(dy, x, weight, **arguments).dx,
        x.shape,
        rng=rng,
    )
    assert adjoint_check(
        lambda kernel: tier.conv_transpose2d(x, kernel, **arguments),
        lambda dy: tier.conv_transpose2d_backward(dy, x, weight, **arguments).dweight,
        weight.shape,
        rng=rng,
    )


@parametrize("window", same_too(LAYERS))
def test_fold_is_the_adjoint_of_unfold(tier, window):
    shape = (2, 3, *SIZE)
    assert adjoint_check(
        lambda x: tier.unfold(x, KERNEL, **window),
        lambda col: tier.fold(col, SIZE, KERNEL, **window),
        shape,
        rng=np.random.default_rng(50),
    )


@parametrize("window", same_too(LAYERS))
def test_fold_after_unfold_multiplies_each_cell_by_the_windows_over_it(tier, window):
    lies = convpool.window(SIZE, KERNEL, **{"stride": 1} | window)
    coverage = [[len(lies.covering(h, w)) for w in range(SIZE[1])] for h in range(SIZE[0])]
    (x,) = random(51, (2, 3, *SIZE))
    back = tier.fold(tier.unfold(x, KERNEL, **window), SIZE, KERNEL, **window)
    np.testing.assert_allclose(back, x * np.array(coverage), rtol=1e-13)

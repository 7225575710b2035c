"""Every backward pass of every tier against central differences and inner products."""

import numpy as np
import pytest
from strategies import TIERS, load

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

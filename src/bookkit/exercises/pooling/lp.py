"""The exercises of the chapter on Lp pooling."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong
from convpool import vectorized

LP: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- ex-lp-2


def _power_means(power_mean, power_mean_backward, x, dy, p, kernel_size, stride):
    return {
        "y": power_mean(x, p, kernel_size, stride),
        "dx": power_mean_backward(dy, x, p, kernel_size, stride),
    }


def _windows(x, k, s):
    """Each output's place, and the cells of its window."""
    for c in range(len(x)):
        for i in range((x.shape[1] - k) // s + 1):
            for j in range((x.shape[2] - k) // s + 1):
                yield (c, i, j), (c, slice(i * s, i * s + k), slice(j * s, j * s + k))


def _power_mean(x, p, k, s):
    y = {at: np.mean(np.abs(x[cells]) ** p) ** (1 / p) for at, cells in _windows(x, k, s)}
    return np.reshape(list(y.values()), np.add(max(y), 1))


def _power_mean_backward(dy, x, p, k, s):
    y, dx = _power_mean(x, p, k, s), np.zeros(x.shape)
    for at, cells in _windows(x, k, s):
        if y[at]:
            share = (np.abs(x[cells]) / y[at]) ** (p - 1) / k**2
            dx[cells] += dy[at] * np.sign(x[cells]) * share
    return dx


def _divided_outside(x, p, k, s):
    return vectorized.lp_pool2d(x, p, k, s) / k**2


def _divided_outside_backward(dy, x, p, k, s):
    return vectorized.lp_pool2d_backward(dy / k**2, x, p, k, s)


def _side_for_area(x, p, k, s):
    return vectorized.lp_pool2d(x, p, k, s) * k ** (-1 / p)


def _side_for_area_backward(dy, x, p, k, s):
    return vectorized.lp_pool2d_backward(dy * k ** (-1 / p), x, p, k, s)


def _constant_forgotten(dy, x, p, k, s):
    return vectorized.lp_pool2d_backward(dy, x, p, k, s)


def _sizes_forgotten(x, p, k, s):
    return vectorized.avg_pool2d(x**p, k, s) ** (1 / p)


def _zero_to_a_negative_power(dy, x, p, k, s):
    shares = vectorized.avg_pool2d_backward(dy * _power_mean(x, p, k, s) ** (1 - p), x, k, s)
    return shares * np.sign(x) * np.abs(x) ** (p - 1)


def _with_a_window_of_zeros():
    x = drawn(308, 1, 4, 4)
    x[:, :2, 2:] = 0
    return x


LP["ex-lp-2"] = Exercise(
    ask=_power_means,
    questions={
        "p = 1, side by side": dict(
            x=drawn(300, 1, 4, 4), dy=drawn(301, 1, 2, 2), p=1, kernel_size=2, stride=2
        ),
        "p = 2, overlap": dict(
            x=drawn(302, 1, 5, 5), dy=drawn(303, 1, 3, 3), p=2, kernel_size=3, stride=1
        ),
        "p = 3, remainder": dict(
            x=drawn(304, 1, 5, 6), dy=drawn(305, 1, 2, 2), p=3, kernel_size=3, stride=2
        ),
        "p = 2.5, channels": dict(
            x=drawn(306, 3, 4, 5), dy=drawn(307, 3, 3, 4), p=2.5, kernel_size=2, stride=1
        ),
        "p = 2, a window of zeros": dict(
            x=_with_a_window_of_zeros(), dy=drawn(309, 1, 2, 2), p=2, kernel_size=2, stride=2
        ),
    },
    solution=(_power_mean, _power_mean_backward),
    wrong=(
        Wrong(
            "divided outside the root",
            "You divide the norm by the number of cells. The mean stands under the root: the norm "
            "is divided by the p-th root of that number.",
            (_divided_outside, _divided_outside_backward),
        ),
        Wrong(
            "the root of k, not of k²",
            "A window of side k has k² cells. The factor is (k²)^(−1/p) = k^(−2/p).",
            (_side_for_area, _side_for_area_backward),
        ),
        Wrong(
            "the factor missing going back",
            "Your forward pass multiplies the norm by a constant. Going back, dy is multiplied by "
            "the same constant.",
            (_power_mean, _constant_forgotten),
        ),
        Wrong(
            "the absolute value missing",
            "Without the bars a −3 and a 3 cancel for odd p, and 2.5 is no power of a negative "
            "number. `lp_pool2d` takes the sizes.",
            (_sizes_forgotten, _power_mean_backward),
        ),
        Wrong(
            "zero to a negative power",
            "In a window of zeros your gradient divides zero by zero. There it is to be 0, and "
            "`lp_pool2d_backward` sees to that.",
            (_power_mean, _zero_to_a_negative_power),
        ),
    ),
    chapter="pooling/lp",
)


# ---------------------------------------------------------------------------- ex-lp-3


def _slope(slope_in_p, a, p):
    return {"slope": slope_in_p(a, p)}


def _slope_in_p(a, p):
    """By a step into the complex plane, too small to be seen in the real part."""
    q = p + 1e-30j
    return (np.sum(a**q) ** (1 / q)).imag / 1e-30


def _norm_and_parts(a, p):
    return np.sum(a**p) ** (1 / p), a**p / np.sum(a**p)


def _root_held_fixed(a, p):
    y, r = _norm_and_parts(a, p)
    return y / p * np.sum(r * np.log(a))


def _entropy_without_minus(a, p):
    y, r = _norm_and_parts(a, p)
    return -y / p**2 * np.sum(r * np.log(r))


def _norm_forgotten(a, p):
    _, r = _norm_and_parts(a, p)
    return np.sum(r * np.log(r)) / p**2


LP["ex-lp-3"] = Exercise(
    ask=_slope,
    questions={
        "p = 1": dict(a=np.array([1.0, 2.0, 3.0]), p=1),
        "p = 2, below one": dict(a=np.random.default_rng(320).uniform(0.1, 1, size=4), p=2),
        "p = 2.5": dict(a=np.random.default_rng(321).uniform(0.1, 2, size=9), p=2.5),
        "all alike": dict(a=np.full(4, 0.5), p=3),
        "sizes far apart": dict(a=np.array([0.01, 0.5, 10.0]), p=1.5),
    },
    solution=(_slope_in_p,),
    wrong=(
        Wrong(
            "the root held fixed",
            "p occurs twice, in the power and in the root 1/p. The product rule on (1/p) · ln Σ aᵖ "
            "gives a second term, −ln(Σ aᵖ) / p².",
            (_root_held_fixed,),
        ),
        Wrong(
            "the sign turned",
            "The norm falls as p grows, so the slope is negative. Each r is at most 1: its "
            "logarithm brings the sign, and no minus goes in front.",
            (_entropy_without_minus,),
        ),
        Wrong(
            "the slope of the logarithm",
            "This is the slope of ln y. The slope of y is y times that.",
            (_norm_forgotten,),
        ),
    ),
    chapter="pooling/lp",
)

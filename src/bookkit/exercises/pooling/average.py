"""The exercises of the chapter on average pooling."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong, results
from convpool import vectorized

AVERAGE: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- ex-average-2


def _fairly(fair, fair_backward, x, dy):
    return {"y": fair(x), "dx": fair_backward(dy, x)}


def _around(shape, h, w):
    """Windows of three by three, cut off at the border."""
    return slice(max(h - 1, 0), min(h + 2, shape[1])), slice(max(w - 1, 0), min(w + 2, shape[2]))


def _fair(x):
    y = np.zeros(x.shape)
    for c, h, w in np.ndindex(x.shape):
        y[c, h, w] = x[c][_around(x.shape, h, w)].mean()
    return y


def _fair_backward(dy, x):
    dx = np.zeros(x.shape)
    for c, h, w in np.ndindex(x.shape):
        cells = _around(x.shape, h, w)
        dx[c][cells] += dy[c, h, w] / dx[c][cells].size
    return dx


def _mask(x):
    return vectorized.avg_pool2d(np.ones_like(x), 3, 1, 1)


def _darkened(x):
    return vectorized.avg_pool2d(x, 3, 1, 1)


def _darkened_backward(dy, x):
    return vectorized.avg_pool2d_backward(dy, x, 3, 1, 1)


def _divided_last(dy, x):
    return _darkened_backward(dy, x) / _mask(x)


AVERAGE["ex-average-2"] = Exercise(
    ask=_fairly,
    questions={
        "a constant image": dict(x=np.full((1, 3, 4), 0.25), dy=drawn(100, 1, 3, 4)),
        "any image": dict(x=drawn(101, 1, 4, 5), dy=drawn(102, 1, 4, 5)),
        "a single row": dict(x=drawn(103, 1, 1, 4), dy=drawn(104, 1, 1, 4)),
        "channels": dict(x=drawn(105, 3, 4, 4), dy=drawn(106, 3, 4, 4)),
    },
    solution=(_fair, _fair_backward),
    wrong=(
        Wrong(
            "the dark border",
            "The windows of the border are divided by 9 although fewer cells are real. Pool an "
            "image of ones in the same way: it shows by how much, so divide by it.",
            (_darkened, _darkened_backward),
        ),
        Wrong(
            "the mask forgotten going back",
            "Your forward pass divides by the pooled ones, your backward pass does not. They are "
            "constants of the outputs: dy has to be divided by them.",
            (_fair, _darkened_backward),
        ),
        Wrong(
            "divided in the wrong order",
            "The forward pass pools, then divides. Going back the order turns round: divide dy "
            "first, then send it through the pooling.",
            (_fair, _divided_last),
        ),
    ),
    chapter="pooling/average",
)


# ---------------------------------------------------------------------------- ex-average-3


def _variances(window_variance, window_variance_backward, x, dy, kernel_size, stride):
    return {
        "y": window_variance(x, kernel_size, stride),
        "dx": window_variance_backward(dy, x, kernel_size, stride),
    }


def _windows(x, k, s):
    """Each output's place, and the cells of its window."""
    for c in range(len(x)):
        for i in range((x.shape[1] - k) // s + 1):
            for j in range((x.shape[2] - k) // s + 1):
                yield (c, i, j), (c, slice(i * s, i * s + k), slice(j * s, j * s + k))


def _window_variance(x, k, s):
    y = {at: x[cells].var() for at, cells in _windows(x, k, s)}
    return np.reshape(list(y.values()), np.add(max(y), 1))


def _window_variance_backward(dy, x, k, s):
    dx = np.zeros(x.shape)
    for at, cells in _windows(x, k, s):
        dx[cells] += dy[at] * 2 * (x[cells] - x[cells].mean()) / k**2
    return dx


def _sample_variance(x, k, s):
    return _window_variance(x, k, s) * k**2 / (k**2 - 1)


def _sample_variance_backward(dy, x, k, s):
    return _window_variance_backward(dy, x, k, s) * k**2 / (k**2 - 1)


def _from_squares(dy, x, k, s):
    return 2 * x * vectorized.avg_pool2d_backward(dy, x, k, s)


def _from_mean(dy, x, k, s):
    return vectorized.avg_pool2d_backward(2 * vectorized.avg_pool2d(x, k, s) * dy, x, k, s)


def _overwritten(dy, x, k, s):
    dx = np.zeros(x.shape)
    for at, cells in _windows(x, k, s):
        dx[cells] = dy[at] * 2 * (x[cells] - x[cells].mean()) / k**2
    return dx


def _both_added(dy, x, k, s):
    return _from_squares(dy, x, k, s) + _from_mean(dy, x, k, s)


AVERAGE["ex-average-3"] = Exercise(
    ask=_variances,
    questions={
        "side by side": dict(
            x=drawn(110, 1, 4, 4), dy=drawn(111, 1, 2, 2), kernel_size=2, stride=2
        ),
        "remainder": dict(x=drawn(112, 1, 5, 4), dy=drawn(113, 1, 2, 2), kernel_size=2, stride=2),
        "overlap": dict(x=drawn(114, 1, 5, 5), dy=drawn(115, 1, 3, 3), kernel_size=3, stride=1),
        "overlap and remainder": dict(
            x=drawn(116, 1, 6, 8), dy=drawn(117, 1, 2, 3), kernel_size=3, stride=2
        ),
        "channels": dict(x=drawn(118, 3, 4, 5), dy=drawn(119, 3, 3, 4), kernel_size=2, stride=1),
    },
    solution=(_window_variance, _window_variance_backward),
    wrong=(
        Wrong(
            "the mean taken as a constant",
            "Your gradient has the part that comes from the squares. The square of the mean "
            "depends on x, too: subtract its part.",
            (_window_variance, _from_squares),
        ),
        Wrong(
            "the second part added",
            "The variance has a minus in front of the square of the mean. Its part of the gradient "
            "keeps that minus.",
            (_window_variance, _both_added),
        ),
        Wrong(
            "assignment in overlap",
            "Where windows overlap, the last one overwrites the others. A cell collects from every "
            "window that covers it: `+=`.",
            (_window_variance, _overwritten),
        ),
        Wrong(
            "the sample variance",
            "You divide by one less than the number of cells. The mean of the squares, less the "
            "square of the mean, divides by their number.",
            (_sample_variance, _sample_variance_backward),
        ),
    ),
    chapter="pooling/average",
)


# ---------------------------------------------------------------------------- ex-average-4


def _three_gradients(subsampling_backward, x, dy, beta, b):
    return results(subsampling_backward(dy, x, beta, b), "dx", "dbeta", "db")


def _subsampling_backward(dy, x, beta, b):
    dx, dbeta, db = np.zeros(x.shape), np.zeros(1), np.zeros(1)
    for c, i, j in np.ndindex(dy.shape):
        cells = (c, slice(2 * i, 2 * i + 2), slice(2 * j, 2 * j + 2))
        mean = x[cells].mean()
        slope = dy[c, i, j] / np.cosh(beta * mean + b) ** 2
        dx[cells] = slope * beta / 4
        dbeta += slope * mean
        db += slope
    return dx, dbeta, db


def _through(delta, x, beta):
    down = vectorized.avg_pool2d(x, 2)
    dx = vectorized.avg_pool2d_backward(beta * delta, x, 2)
    return dx, np.array([np.sum(delta * down)]), np.array([delta.sum()])


def _activation(x, beta, b):
    return np.tanh(beta * vectorized.avg_pool2d(x, 2) + b)


def _activation_forgotten(dy, x, beta, b):
    return _through(dy, x, beta)


def _slope_of_the_output(dy, x, beta, b):
    return _through(dy * (1 - np.tanh(_activation(x, beta, b)) ** 2), x, beta)


def _beta_forgotten(dy, x, beta, b):
    _, dbeta, db = _subsampling_backward(dy, x, beta, b)
    delta = dy * (1 - _activation(x, beta, b) ** 2)
    return vectorized.avg_pool2d_backward(delta, x, 2), dbeta, db


def _averaged(dy, x, beta, b):
    dx, dbeta, db = _subsampling_backward(dy, x, beta, b)
    return dx, dbeta / dy.size, db / dy.size


def _layer(x, dy, beta, b):
    return dict(x=x, dy=dy, beta=np.array([beta]), b=np.array([b]))


AVERAGE["ex-average-4"] = Exercise(
    ask=_three_gradients,
    questions={
        "one output": _layer(np.array([[[0.4, 1.6], [2.0, 0.8]]]), drawn(121, 1, 1, 1), 0.7, 0.2),
        "one channel": _layer(drawn(122, 1, 4, 4), drawn(123, 1, 2, 2), 0.7, 0.2),
        "a negative beta": _layer(drawn(124, 1, 4, 4), drawn(125, 1, 2, 2), -1.3, 0.4),
        "channels and remainder": _layer(drawn(126, 3, 4, 5), drawn(127, 3, 2, 2), 0.9, -0.6),
    },
    solution=(_subsampling_backward,),
    wrong=(
        Wrong(
            "the activation forgotten",
            "dy belongs to the output of tanh. Multiply it by the slope 1 − tanh²(u) first, and go "
            "on with the product.",
            (_activation_forgotten,),
        ),
        Wrong(
            "the slope at the output",
            "You take the slope of tanh at y, which went through tanh already. The slope at u is "
            "1 − tanh²(u), and that is 1 − y².",
            (_slope_of_the_output,),
        ),
        Wrong(
            "beta missing in dx",
            "x is multiplied by β on its way up, and so is its gradient on its way down.",
            (_beta_forgotten,),
        ),
        Wrong(
            "averaged over the outputs",
            "β and b are used in every output, and each use adds its part: take the sum over all "
            "outputs, not the mean.",
            (_averaged,),
        ),
    ),
    chapter="pooling/average",
)

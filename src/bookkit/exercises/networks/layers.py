"""The exercises of the chapter on layers."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong, results

LAYERS: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- ex-layers-2


def _sent_back(swish_backward, dy, x):
    return {"dx": swish_backward(dy, x)}


def _sigmoid(x):
    return (1 + np.tanh(x / 2)) / 2


def _swish_backward(dy, x):
    s = _sigmoid(x)
    return dy * s * (1 + x * (1 - s))


def _first_factor_held(dy, x):
    s = _sigmoid(x)
    return dy * x * s * (1 - s)


def _second_factor_held(dy, x):
    return dy * _sigmoid(x)


def _sigmoid_alone(dy, x):
    s = _sigmoid(x)
    return dy * s * (1 - s)


def _from_y_as_the_sigmoid(dy, x):
    y = x * _sigmoid(x)
    return dy * y * (1 - y)


def _without_dy(dy, x):
    return _swish_backward(np.ones(x.shape), x)


def _x_forgotten(dy, x):
    s = _sigmoid(x)
    return dy * (s + s * (1 - s))


def _infinity_over_infinity(dy, x):
    with np.errstate(over="ignore", invalid="ignore"):
        s = np.exp(x) / (1 + np.exp(x))
        return dy * (s + x * s * (1 - s))


LAYERS["ex-layers-2"] = Exercise(
    ask=_sent_back,
    questions={
        "a row": dict(dy=drawn(60, 5), x=np.array([-2.0, -0.5, 0.0, 0.5, 2.0])),
        "images": dict(dy=drawn(61, 2, 1, 2, 3), x=drawn(62, 2, 1, 2, 3)),
        "far out": dict(dy=np.array([2.0, -3.0]), x=np.array([-800.0, 800.0])),
    },
    solution=(_swish_backward,),
    wrong=(
        Wrong(
            "the first factor held still",
            "In x · σ(x) both factors move. You have the part of σ; where σ holds still and x "
            "moves, σ(x) is the slope. Add it.",
            (_first_factor_held,),
        ),
        Wrong(
            "the second factor held still",
            "In x · σ(x) both factors move. You have the part of x; add x times the slope of σ.",
            (_second_factor_held,),
        ),
        Wrong(
            "the slope of the sigmoid alone",
            "This is the backward pass of σ(x). The layer gives x · σ(x): take the product rule.",
            (_sigmoid_alone,),
        ),
        Wrong(
            "y (1 − y)",
            "That is the slope of the sigmoid, told from the sigmoid's own output. Here y is "
            "x · σ(x), and its slope is another.",
            (_from_y_as_the_sigmoid,),
        ),
        Wrong(
            "the cotangent forgotten",
            "This is the slope alone. The chain rule multiplies it by dy, entry by entry.",
            (_without_dy,),
        ),
        Wrong(
            "the slope of a sum",
            "The second part of the product rule is x times the slope of σ: its x is missing.",
            (_x_forgotten,),
        ),
        Wrong(
            "infinity over infinity",
            "Near zero all is right. At x = 800 the exponential is infinite, and ∞/∞ is not a "
            "number. Take the sigmoid from a tanh, which never overflows.",
            (_infinity_over_infinity,),
        ),
    ),
    chapter="networks/layers",
)


# ---------------------------------------------------------------------------- ex-layers-3


def _each_pixel(linear_backward, dy, x, weight):
    return results(linear_backward(dy, x, weight), "dx", "dweight", "dbias")


def _linear_backward(dy, x, weight):
    dx, dweight, dbias = np.zeros(x.shape), np.zeros(weight.shape), np.zeros(len(weight))
    for n, h, w in np.ndindex(x.shape[0], *x.shape[2:]):
        dx[n, :, h, w] = dy[n, :, h, w] @ weight
        dweight += np.outer(dy[n, :, h, w], x[n, :, h, w])
        dbias += dy[n, :, h, w]
    return dx, dweight, dbias


def _weight_transposed(dy, x, weight):
    dx, dweight, dbias = _linear_backward(dy, x, weight)
    return dx, dweight.T, dbias


def _weight_averaged(dy, x, weight):
    dx, dweight, dbias = _linear_backward(dy, x, weight)
    return dx, dweight / len(x), dbias


def _bias_averaged(dy, x, weight):
    dx, dweight, dbias = _linear_backward(dy, x, weight)
    return dx, dweight, dbias / (x.size / x.shape[1])


def _bias_averaged_over_the_batch(dy, x, weight):
    dx, dweight, _ = _linear_backward(dy, x, weight)
    return dx, dweight, dy.mean(axis=0).sum(axis=(1, 2))


def _bias_for_each_pixel(dy, x, weight):
    dx, dweight, _ = _linear_backward(dy, x, weight)
    return dx, dweight, dy.sum(axis=0)


def _rows_by_reshape(dy, x, weight):
    M, C = weight.shape
    a, b = dy.reshape(-1, M), x.reshape(-1, C)
    return (a @ weight).reshape(x.shape), a.T @ b, a.sum(axis=0)


def _put_back_by_reshape(dy, x, weight):
    _, dweight, dbias = _linear_backward(dy, x, weight)
    rows = np.moveaxis(dy, 1, 3).reshape(-1, len(weight))
    return (rows @ weight).reshape(x.shape), dweight, dbias


def _pixels(seed, N, C, M, H, W):
    return dict(
        dy=drawn(seed, N, M, H, W), x=drawn(seed + 1, N, C, H, W), weight=drawn(seed + 2, M, C)
    )


LAYERS["ex-layers-3"] = Exercise(
    ask=_each_pixel,
    questions={
        "one pixel": _pixels(70, 1, 3, 2, 1, 1),
        "one image": _pixels(73, 1, 2, 3, 2, 3),
        "as many channels as before": _pixels(76, 2, 2, 2, 2, 2),
        "a batch": _pixels(79, 3, 4, 2, 3, 2),
    },
    solution=(_linear_backward,),
    wrong=(
        Wrong(
            "dweight transposed",
            "dweight has the shape of the weight, (M, C): m belongs to dy and stands first.",
            (_weight_transposed,),
        ),
        Wrong(
            "the weight's gradient averaged",
            "You divide by the number of images. If the loss is a mean, dy has that divisor "
            "already. The layer sums over all images and pixels.",
            (_weight_averaged,),
        ),
        Wrong(
            "the bias averaged",
            "One bias is added at every pixel of every image, and what is used many times "
            "collects the sum. Do not divide.",
            (_bias_averaged,),
        ),
        Wrong(
            "the bias averaged over the batch",
            "You add up the pixels and average the images. The bias is used in each of them: sum "
            "over n as well.",
            (_bias_averaged_over_the_batch,),
        ),
        Wrong(
            "a bias for each pixel",
            "All pixels share one bias for each map, so its gradient is a sum over n, h and w.",
            (_bias_for_each_pixel,),
        ),
        Wrong(
            "rows by reshape",
            "`reshape(-1, C)` cuts the memory into pieces of C numbers, and in (N, C, H, W) C "
            "neighbours are pixels of one channel. Move the channel to the end first.",
            (_rows_by_reshape,),
        ),
        Wrong(
            "dx put back by reshape",
            "Your rows are right, one for each pixel, and dx comes out of them in the order "
            "(N, H, W, C). Reshape it to that, then move the channel back to its place.",
            (_put_back_by_reshape,),
        ),
    ),
    chapter="networks/layers",
)


# ---------------------------------------------------------------------------- ex-layers-4


def _normalised_rows(layer_norm_backward, dy, x, gamma, eps):
    return results(layer_norm_backward(dy, x, gamma, eps), "dx", "dgamma", "dbeta")


def _parts(dy, x, eps, axis=1):
    sigma = np.sqrt(x.var(axis=axis, keepdims=True) + eps)
    z = (x - x.mean(axis=axis, keepdims=True)) / sigma
    return z, sigma, (dy * z).sum(axis=0), dy.sum(axis=0)


def _residual(dz, z, axis=1):
    mean = dz.mean(axis=axis, keepdims=True)
    return dz - mean - z * (dz * z).mean(axis=axis, keepdims=True)


def _layer_norm_backward(dy, x, gamma, eps):
    """By the Jacobian of each row."""
    z, sigma, dgamma, dbeta = _parts(dy, x, eps)
    D, dx = x.shape[1], np.zeros(x.shape)
    for n in range(len(x)):
        J = (np.eye(D) - 1 / D - np.outer(z[n], z[n]) / D) / sigma[n]
        dx[n] = J.T @ (gamma * dy[n])
    return dx, dgamma, dbeta


def _constants(dy, x, gamma, eps):
    _, sigma, dgamma, dbeta = _parts(dy, x, eps)
    return gamma * dy / sigma, dgamma, dbeta


def _variance_constant(dy, x, gamma, eps):
    _, sigma, dgamma, dbeta = _parts(dy, x, eps)
    dz = gamma * dy
    return (dz - dz.mean(axis=1, keepdims=True)) / sigma, dgamma, dbeta


def _mean_constant(dy, x, gamma, eps):
    z, sigma, dgamma, dbeta = _parts(dy, x, eps)
    dz = gamma * dy
    return (dz - z * (dz * z).mean(axis=1, keepdims=True)) / sigma, dgamma, dbeta


def _gamma_outside(dy, x, gamma, eps):
    z, sigma, dgamma, dbeta = _parts(dy, x, eps)
    return gamma * _residual(dy, z) / sigma, dgamma, dbeta


def _over_the_batch(dy, x, gamma, eps):
    z, sigma, dgamma, dbeta = _parts(dy, x, eps, axis=0)
    return _residual(gamma * dy, z, axis=0) / sigma, dgamma, dbeta


def _gamma_forgotten(dy, x, gamma, eps):
    z, sigma, dgamma, dbeta = _parts(dy, x, eps)
    return _residual(dy, z) / sigma, dgamma, dbeta


def _one_for_each_row(dy, x, gamma, eps):
    dx, _, _ = _layer_norm_backward(dy, x, gamma, eps)
    z, *_ = _parts(dy, x, eps)
    return dx, (dy * z).sum(axis=1), dy.sum(axis=1)


def _rows(seed, N, D, eps):
    x, dy = drawn(seed, N, D), drawn(seed + 1, N, D)
    return dict(dy=dy, x=x, gamma=1.0 + np.arange(D) / 2, eps=eps)


LAYERS["ex-layers-4"] = Exercise(
    ask=_normalised_rows,
    questions={
        "one vector": _rows(82, 1, 4, 1e-5),
        "as many vectors as numbers": _rows(84, 3, 3, 1e-5),
        "a batch": _rows(86, 3, 5, 1e-5),
        "a large ε": _rows(88, 2, 4, 1.0),
    },
    solution=(_layer_norm_backward,),
    wrong=(
        Wrong(
            "mean and variance as constants",
            "Every number of a vector moves its mean and its variance, and so all the others. Two "
            "terms are missing.",
            (_constants,),
        ),
        Wrong(
            "the variance as a constant",
            "The mean's term is there, the variance's is missing: z times the mean of dz · z.",
            (_variance_constant,),
        ),
        Wrong(
            "the mean as a constant",
            "The variance's term is there, the mean's is missing: the mean of dz.",
            (_mean_constant,),
        ),
        Wrong(
            "γ outside of the means",
            "A channel of batch normalisation has one γ, which can wait outside. Here every "
            "number of a vector has its own: multiply dy by γ first, and take the means of that.",
            (_gamma_outside,),
        ),
        Wrong(
            "normalised over the batch",
            "These means run over the vectors. Here each vector is normalised by itself: take "
            "them over its numbers, axis 1.",
            (_over_the_batch,),
        ),
        Wrong(
            "γ forgotten",
            "dz is γ · dy. Your dx is that of γ = 1.",
            (_gamma_forgotten,),
        ),
        Wrong(
            "a γ for each vector",
            "γ and β have one number for each place in a vector and serve all vectors: sum over "
            "axis 0.",
            (_one_for_each_row,),
        ),
    ),
    chapter="networks/layers",
)

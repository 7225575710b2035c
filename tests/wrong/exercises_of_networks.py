"""Wrong answers to the exercises on layers and on LeNet, as people write them, with their mistakes.

None is written like the answers that the exercises know.
"""

import math

import numpy as np

from wrong.exercises import Attempt

WRONG: list[Attempt] = []


def wrong(label: str, diagnosis: str, *functions) -> None:
    WRONG.append(Attempt(label, functions, diagnosis))


# ---------------------------------------------------------------------------- layers


def swish_as_sigmoid(dy, x):
    sigma = 0.5 * (np.tanh(x / 2) + 1)
    return dy * sigma * (1 - sigma)


def swish_without_dy(dy, x):
    sigma = 0.5 * (np.tanh(x / 2) + 1)
    return sigma + x * sigma * (1 - sigma)


wrong("ex-layers-2", "the slope of the sigmoid alone", swish_as_sigmoid)
wrong("ex-layers-2", "the cotangent forgotten", swish_without_dy)


def pixel_by_pixel(dy, x, weight):
    """Right, by loops over pixels."""
    dx, dweight = np.zeros_like(x), np.zeros_like(weight)
    for n, h, w in np.ndindex(x.shape[0], *x.shape[2:]):
        dx[n, :, h, w] = weight.T @ dy[n, :, h, w]
        dweight += np.outer(dy[n, :, h, w], x[n, :, h, w])
    return dx, dweight, dy.sum(axis=(0, 2, 3))


def mean_of_images(dy, x, weight):
    dx, dweight, dbias = pixel_by_pixel(dy, x, weight)
    return dx, dweight / len(x), dbias


def mean_bias(dy, x, weight):
    dx, dweight, _ = pixel_by_pixel(dy, x, weight)
    return dx, dweight, dy.mean((0, 2, 3))


wrong("ex-layers-3", "the weight's gradient averaged", mean_of_images)
wrong("ex-layers-3", "the bias averaged", mean_bias)


def scale_held_still(dy, x, gamma, eps=1e-5):
    centre = x - x.mean(axis=1)[:, None]
    scale = 1 / np.sqrt((centre**2).mean(axis=1)[:, None] + eps)
    flow = gamma * dy * scale
    return flow - flow.mean(axis=1)[:, None], (dy * centre * scale).sum(axis=0), dy.sum(axis=0)


wrong("ex-layers-4", "the variance as a constant", scale_held_still)


# ---------------------------------------------------------------------------- LeNet


def weights_only(image_shape, maps, kernels, outputs):
    C, H, W = image_shape
    a, b = kernels
    rows, cols = (((side - a + 1) // 2 - b + 1) // 2 for side in (H, W))
    first, second, third = outputs
    flat = maps[1] * rows * cols
    matrices = flat * first + first * second + second * third
    return C * maps[0] * a * a + maps[0] * maps[1] * b * b + matrices


wrong("ex-lenet-2", "no biases", weights_only)


def sure_of_what_is_true(labels, scores, bins):
    powers = np.exp(scores - scores.max(axis=1)[:, None])
    p = np.take_along_axis(powers / powers.sum(axis=1)[:, None], labels[:, None], axis=1)[:, 0]
    rows = np.clip(np.digitize(p, np.linspace(0, 1, bins + 1)) - 1, 0, bins - 1)
    member = rows == np.arange(bins)[:, None]
    sizes = np.maximum(member.sum(axis=1), 1)
    right = scores.argmax(axis=1) == labels
    return member.sum(axis=1), member @ p / sizes, member @ right.astype(float) / sizes


wrong("ex-lenet-3", "the probability of the label", sure_of_what_is_true)


def b_minus_a(labels, scores_a, scores_b):
    hits = [scores.argmax(axis=1) == labels for scores in (scores_a, scores_b)]
    d = hits[1].astype(float) - hits[0]
    return d.mean(), math.sqrt(np.mean((d - d.mean()) ** 2) / len(d))


wrong("ex-lenet-4", "the other way round", b_minus_a)


# ---------------------------------------------------------------------------- inside


def without_padding(layers):
    size, step = 1, 1
    for kernel, stride, _, dilation in layers:
        size, step = size + dilation * (kernel - 1) * step, step * stride
    return size, step, 0


wrong("ex-inside-2", "padding ignored", without_padding)


def below_zero(k, down, right):
    rows, cols = k - abs(down), k - abs(right)
    common = rows * cols
    return common / (2 * k * k - common)


wrong("ex-inside-3", "a negative number of cells", below_zero)


def torus(x, kernel_size, stride, cells):
    def pooled(image):
        windows = np.lib.stride_tricks.sliding_window_view(image, (kernel_size,) * 2, (2, 3))
        return windows[:, :, ::stride, ::stride].max(axis=(4, 5))

    before, after = pooled(x), pooled(np.roll(x, cells, axis=3))
    inked = (before != 0) | (after != 0)
    return float(np.mean((before == after)[inked])) if inked.any() else 1.0


wrong("ex-inside-4", "rolled", torus)


def blurred_too_late(x):
    windows = np.lib.stride_tricks.sliding_window_view(x, (2, 2), (2, 3))[:, :, ::2, ::2]
    pooled = np.pad(windows.max(axis=(4, 5)), [(0, 0), (0, 0), (1, 1), (1, 1)])
    line = np.array([0.25, 0.5, 0.25])
    rows = np.lib.stride_tricks.sliding_window_view(pooled, 3, 2) @ line
    return np.lib.stride_tricks.sliding_window_view(rows, 3, 3) @ line


wrong("ex-inside-5", "dropped before the blur", blurred_too_late)


def never_uncovered(score, x, size):
    z, before, falls = np.array(x), score(x)[0], []
    for h in range(x.shape[2] - size + 1):
        for w in range(x.shape[3] - size + 1):
            z[0, 0, h : h + size, w : w + size] *= 0
            falls.append(before - score(z)[0])
    return np.reshape(falls, (x.shape[2] - size + 1, -1))


wrong("ex-inside-6", "covers that pile up", never_uncovered)

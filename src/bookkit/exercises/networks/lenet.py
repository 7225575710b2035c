"""The exercises of the chapter on LeNet-5."""

import math
from itertools import pairwise

import numpy as np

from bookkit.exercises.exercise import Exercise, Wrong, results

LENET: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- ex-lenet-2


def _counted(count_parameters, image_shape, maps, kernels, outputs):
    return {"parameters": count_parameters(image_shape, maps, kernels, outputs)}


def _counting(per_map=lambda C, k: C * k * k + 1, pooled=lambda size: size // 2, bias=1, flat=None):
    """A function that counts, right unless told otherwise."""

    def count_parameters(image_shape, maps, kernels, outputs):
        C, H, W = image_shape
        total = 0
        for index in range(2):
            total += maps[index] * per_map(C, kernels[index])
            C = maps[index]
            H, W = (pooled(size - kernels[index] + 1) for size in (H, W))
        sizes = [flat(C, H, W) if flat else C * H * W, *outputs]
        return total + sum(after * (before + bias) for before, after in pairwise(sizes))

    return count_parameters


LENET["ex-lenet-2"] = Exercise(
    ask=_counted,
    questions={
        "LeNet-5": dict(image_shape=(1, 28, 28), maps=(6, 16), kernels=(5, 5),
                        outputs=(120, 84, 10)),
        "colours, two kernels": dict(image_shape=(3, 32, 32), maps=(4, 8), kernels=(5, 3),
                                     outputs=(30, 20, 7)),
        "a remainder, not square": dict(image_shape=(2, 20, 15), maps=(3, 5), kernels=(4, 2),
                                        outputs=(9, 8, 2)),
    },
    solution=(_counting(),),
    wrong=(
        Wrong(
            "no biases",
            "Every output channel and every output of a matrix has a bias, too: one more number "
            "for each.",
            (_counting(per_map=lambda C, k: C * k * k, bias=0),),
        ),
        Wrong(
            "biases of the matrices missing",
            "The convolutions are right. Each output of a matrix has a bias, too.",
            (_counting(bias=0),),
        ),
        Wrong(
            "biases of the convolutions missing",
            "The matrices are right. Each output channel of a convolution has a bias, too.",
            (_counting(per_map=lambda C, k: C * k * k),),
        ),
        Wrong(
            "one kernel for all input channels",
            "A kernel has a layer of weights for each input channel: C · k · k of them for each "
            "output channel.",
            (_counting(per_map=lambda C, k: k * k + 1),),
        ),
        Wrong(
            "a bias for each pair of channels",
            "The bias is added once to each output channel, whatever the number of inputs.",
            (_counting(per_map=lambda C, k: C * (k * k + 1)),),
        ),
        Wrong(
            "pooling forgotten",
            "The planes that are flattened are those behind the second pooling. Each pooling "
            "halves the height and the width.",
            (_counting(pooled=lambda size: size),),
        ),
        Wrong(
            "the remainder kept",
            "A pooling of 2 × 2 drops the last row of an odd number of them: round down.",
            (_counting(pooled=lambda size: -(-size // 2)),),
        ),
        Wrong(
            "planes taken as square",
            "Follow the height and the width apart: W need not be H.",
            (_counting(flat=lambda C, H, W: C * H * H),),
        ),
        Wrong(
            "channels not flattened",
            "Flatten puts all channels in one column: C · H · W numbers.",
            (_counting(flat=lambda C, H, W: H * W),),
        ),
    ),
    chapter="networks/lenet",
)  # fmt: skip


# ---------------------------------------------------------------------------- ex-lenet-3


def _calibrated(calibration, labels, scores, bins):
    return results(calibration(labels, scores, bins), "counts", "mean of p", "share right")


def _probabilities(scores):
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _calibrating(
    sure=lambda scores, labels: _probabilities(scores).max(axis=1),
    place=lambda p, bins: min(math.floor(p * bins), bins - 1),
    mean=lambda values, images: sum(values) / max(len(values), 1),
):
    """A function that fills bins one image at a time, right unless told otherwise."""

    def calibration(labels, scores, bins):
        held: list[list[tuple[float, float]]] = [[] for _ in range(bins)]
        rights = [row.argmax() == label for row, label in zip(scores, labels, strict=True)]
        for p, right in zip(sure(scores, labels), rights, strict=True):
            held[place(p, bins)].append((p, float(right)))
        columns = [tuple(zip(*entries, strict=True)) or ((), ()) for entries in held]
        means = [[mean(values, len(labels)) for values in pair] for pair in columns]
        return np.array([len(entries) for entries in held]), *np.array(means).T

    return calibration


def _empty_is_nothing(values, images):
    return sum(values) / len(values) if values else math.nan


def _equally_many(labels, scores, bins):
    p, right = _probabilities(scores).max(axis=1), scores.argmax(axis=1) == labels
    parts = np.array_split(np.argsort(p), bins)
    filled = [(p[part], right[part]) for part in parts]
    means = [[np.mean(each) if len(each) else 0.0 for each in pair] for pair in filled]
    return np.array([len(part) for part in parts]), *np.array(means).T


def _answers(seed, N, K, size, certain=()):
    """Labels, and scores of this size that often point to them; `certain` rows leave no doubt."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, N)
    scores = np.round(size * (np.eye(K)[labels] + rng.normal(size=(N, K))), 1)
    scores[list(certain)] *= 1000
    return dict(labels=labels, scores=scores)


LENET["ex-lenet-3"] = Exercise(
    ask=_calibrated,
    questions={
        "four bins": dict(**_answers(90, 30, 3, 1.5), bins=4),
        "no doubt at all": dict(**_answers(91, 12, 4, 2.0, certain=(2, 5)), bins=5),
        "empty bins": dict(**_answers(92, 40, 10, 4.0), bins=20),
    },
    solution=(_calibrating(),),
    wrong=(
        Wrong(
            "the probability of the label",
            "A network is as sure as the largest of its probabilities, also where the answer is "
            "wrong. You took the probability of the right class.",
            (
                _calibrating(
                    sure=lambda scores, labels: _probabilities(scores)[
                        np.arange(len(labels)), labels
                    ]
                ),
            ),
        ),
        Wrong(
            "the nearest border",
            "Bin b starts at b/B: round p · B down, not to the nearest whole number.",
            (_calibrating(place=lambda p, bins: min(round(p * bins), bins - 1)),),
        ),
        Wrong(
            "bins over what occurs",
            "The bins divide the range from 0 to 1, whatever probabilities there are.",
            (
                lambda labels, scores, bins: _calibrating(
                    place=lambda p, bins: min(
                        math.floor((p - 1 / scores.shape[1]) / (1 - 1 / scores.shape[1]) * bins),
                        bins - 1,
                    )
                )(labels, scores, bins),
            ),
        ),
        Wrong(
            "bins with equally many images",
            "You sorted the images and cut the list. The borders of the bins are b/B, however "
            "many images lie between two of them.",
            (_equally_many,),
        ),
        Wrong(
            "sums",
            "The second and the third array are means: divide by the number of images in the bin.",
            (_calibrating(mean=lambda values, images: float(sum(values))),),
        ),
        Wrong(
            "divided by all images",
            "Each bin has its own mean: divide by the images in it, not by all.",
            (_calibrating(mean=lambda values, images: sum(values) / images),),
        ),
        Wrong(
            "empty bins divided by nothing",
            "The mean of no image is no number. A bin without images has zeros.",
            (_calibrating(mean=_empty_is_nothing),),
        ),
    ),
    chapter="networks/lenet",
)


# ---------------------------------------------------------------------------- ex-lenet-4


def _compared(compare, labels, scores_a, scores_b):
    return results(compare(labels, scores_a, scores_b), "difference", "its standard error")


def _rights(labels, scores):
    return [float(row.argmax() == label) for label, row in zip(labels, scores, strict=True)]


def _compare(labels, scores_a, scores_b):
    pairs = zip(_rights(labels, scores_a), _rights(labels, scores_b), strict=True)
    d = [a - b for a, b in pairs]
    mean = sum(d) / len(d)
    return mean, math.sqrt(sum((each - mean) ** 2 for each in d)) / len(d)


def _as_if_independent(labels, scores_a, scores_b):
    a, b = (np.mean(_rights(labels, scores)) for scores in (scores_a, scores_b))
    return a - b, np.sqrt((a * (1 - a) + b * (1 - b)) / len(labels))


def _errors_added(labels, scores_a, scores_b):
    a, b = (np.mean(_rights(labels, scores)) for scores in (scores_a, scores_b))
    return a - b, (np.sqrt(a * (1 - a)) + np.sqrt(b * (1 - b))) / np.sqrt(len(labels))


def _not_of_the_mean(labels, scores_a, scores_b):
    mean, error = _compare(labels, scores_a, scores_b)
    return mean, error * math.sqrt(len(labels))


def _the_other_way_round(labels, scores_a, scores_b):
    return _compare(labels, scores_b, scores_a)


def _one_less(labels, scores_a, scores_b):
    mean, error = _compare(labels, scores_a, scores_b)
    return mean, error * math.sqrt(len(labels) / (len(labels) - 1))


def _counts(labels, scores_a, scores_b):
    mean, error = _compare(labels, scores_a, scores_b)
    return mean * len(labels), error * len(labels)


def _two_networks(seed, N, K, apart):
    """Labels, and the scores of two networks that are mostly right, and often alike."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, K, N)
    shared = 2.0 * np.eye(K)[labels] + rng.normal(size=(N, K))
    a, b = (np.round(shared + apart * rng.normal(size=(N, K)), 1) for _ in range(2))
    return dict(labels=labels, scores_a=a, scores_b=b)


LENET["ex-lenet-4"] = Exercise(
    ask=_compared,
    questions={
        "eight images": _two_networks(3, 8, 3, 2.0),
        "alike on most": _two_networks(94, 50, 4, 0.5),
        "far apart": _two_networks(95, 40, 10, 2.0),
    },
    solution=(_compare,),
    wrong=(
        Wrong(
            "as if independent",
            "Both networks saw the same images, so their answers depend on each other. Take the "
            "differences image by image, and their deviation.",
            (_as_if_independent,),
        ),
        Wrong(
            "two errors added",
            "The error of a difference is not the sum of two errors, and these two depend on each "
            "other. Take the differences image by image.",
            (_errors_added,),
        ),
        Wrong(
            "the deviation of one image",
            "This is how far the differences of single images spread. Their mean over N images "
            "spreads √N times less.",
            (_not_of_the_mean,),
        ),
        Wrong(
            "the other way round",
            "Asked for is a − b: above zero if the first network is better.",
            (_the_other_way_round,),
        ),
        Wrong(
            "divided by N − 1",
            "A good habit for small samples, but the variance asked for here divides by N.",
            (_one_less,),
        ),
        Wrong(
            "counts",
            "These are numbers of images. Divide by how many there are.",
            (_counts,),
        ),
    ),
    chapter="networks/lenet",
)

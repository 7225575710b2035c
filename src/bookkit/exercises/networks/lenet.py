"""The exercises of the chapter on LeNet-5."""

import math
from itertools import pairwise

import numpy as np

from bookkit.exercises.drawn import drawn
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


def _confused(confusion, labels, scores):
    return {"C": confusion(labels, scores)}


def _confusion(labels, scores):
    K = scores.shape[1]
    C = np.zeros((K, K), int)
    for label, row in zip(labels, scores, strict=True):
        C[label, row.argmax()] += 1
    return C


def _said_in_rows(labels, scores):
    return _confusion(labels, scores).T


def _once_each(labels, scores):
    C = np.zeros((scores.shape[1],) * 2, int)
    C[labels, scores.argmax(axis=1)] += 1
    return C


def _only_known_labels(labels, scores):
    K = labels.max() + 1
    return _confusion(labels, scores)[:K, :K]


def _shares(labels, scores):
    C = _confusion(labels, scores)
    return C / np.maximum(C.sum(axis=1, keepdims=True), 1)


def _shares_of_all(labels, scores):
    return _confusion(labels, scores) / len(labels)


def _smallest_score(labels, scores):
    return _confusion(labels, -scores)


LENET["ex-lenet-3"] = Exercise(
    ask=_confused,
    questions={
        "three classes": dict(labels=np.array([0, 1, 2, 2, 1, 2]), scores=drawn(90, 6, 3)),
        "a class that never occurs": dict(labels=np.array([1, 0, 2, 1, 1]), scores=drawn(91, 5, 4)),
        "many images": dict(labels=np.arange(40) % 5, scores=drawn(92, 40, 5)),
    },
    solution=(_confusion,),
    wrong=(
        Wrong(
            "rows and columns exchanged",
            "Rows are what was shown, columns what was said: the label is the first index.",
            (_said_in_rows,),
        ),
        Wrong(
            "one image a cell",
            "Several images meet in one cell. `C[rows, columns] += 1` adds for only one of them; "
            "`np.add.at` and `np.bincount` add for each.",
            (_once_each,),
        ),
        Wrong(
            "as many classes as labels show",
            "The largest label among these images need not be the last class. The scores know how "
            "many there are.",
            (_only_known_labels,),
        ),
        Wrong(
            "shares of each row",
            "Asked for are counts; you divided each row by its sum.",
            (_shares,),
        ),
        Wrong(
            "shares of all images",
            "Asked for are counts; you divided by the number of images.",
            (_shares_of_all,),
        ),
        Wrong(
            "the smallest score",
            "The answer is the class with the largest score: `argmax`.",
            (_smallest_score,),
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

"""The exercises of the part on pooling."""

import numpy as np

import convpool
from bookkit.exercises.exercise import Exercise, Wrong

POOLING: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- max


def _scattered(scatter, x, kernel_size, stride, seed):
    y, m = convpool.vectorized.max_pool2d(x, kernel_size, stride, return_indices=True)
    dy = np.random.default_rng(seed).normal(size=y.shape)
    return {"dx": scatter(dy, m, x.shape)}


def _scatter(dy, m, shape):
    dx = np.zeros(shape)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c, *divmod(m[n, c, i, j], shape[3])] += dy[n, c, i, j]
    return dx


def _scatter_buffered(dy, m, shape):
    N, C, H, W = shape
    dx = np.zeros((N * C, H * W))
    dx[np.arange(N * C)[:, np.newaxis], m.reshape(N * C, -1)] += dy.reshape(N * C, -1)
    return dx.reshape(shape)


def _scatter_one_plane(dy, m, shape):
    dx = np.zeros(shape)
    np.add.at(dx.reshape(-1), m.reshape(-1), dy.reshape(-1))
    return dx


POOLING["ex-max-2"] = Exercise(
    ask=_scattered,
    questions={
        "side by side": dict(
            x=np.random.default_rng(0).normal(size=(1, 1, 4, 4)), kernel_size=2, stride=2, seed=1
        ),
        "overlap": dict(
            x=np.random.default_rng(2).normal(size=(1, 1, 5, 5)), kernel_size=3, stride=1, seed=3
        ),
        "images and channels": dict(
            x=np.random.default_rng(4).normal(size=(2, 3, 7, 7)), kernel_size=3, stride=2, seed=5
        ),
    },
    solution=(_scatter,),
    wrong=(
        Wrong(
            "buffered addition",
            "`dx[index] += …` reads every place before it writes one, so a place that occurs twice "
            "keeps only the last. `np.add.at` adds one after another.",
            (_scatter_buffered,),
        ),
        Wrong(
            "every plane in the first",
            "The indices count within one H × W plane. Each image and channel needs its own.",
            (_scatter_one_plane,),
        ),
    ),
    chapter="pooling/max",
)

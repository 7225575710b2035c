"""The exercises of the first page, book/index."""

import numpy as np

from bookkit.exercises.exercise import Exercise, Wrong, shaped
from convpool import loops
from convpool.verify import gradcheck

FIRST_PAGE: dict[str, Exercise] = {}


def _unseen(cotangent, about, seed=0):
    dy = shaped("the cotangent", cotangent(), (1, 1, 3, 3))
    if about == "its entries":
        return {"has different entries": np.ptp(dy) > 1e-3}

    def exchanged(dy, x):
        return loops.max_pool2d_backward(np.swapaxes(dy, 2, 3), x, 2)

    x = np.random.default_rng(seed).permutation(np.arange(36.0)).reshape(1, 1, 6, 6)
    return {
        "passes the check": gradcheck(lambda x: loops.max_pool2d(x, 2), exchanged, x, dy=dy).passed
    }


def _mirrored():
    half = np.arange(9.0).reshape(3, 3)
    return (half + half.T)[np.newaxis, np.newaxis]


FIRST_PAGE["ex-index-1"] = Exercise(
    ask=_unseen,
    questions={
        "not constant": dict(about="its entries"),
        "not noticed": dict(about="an image", seed=0),
        "not noticed on another image": dict(about="an image", seed=1),
    },
    solution=(_mirrored,),
    wrong=(
        Wrong(
            "a constant",
            "It passes, as ones do: a constant has no order that one could mix up. Keep what the "
            "mistake cannot see, and let the numbers differ.",
            (lambda: np.full((1, 1, 3, 3), 2.0),),
        ),
        Wrong(
            "a cotangent that tells rows from columns",
            "The mistake reads `dy[n, c, j, i]` for `dy[n, c, i, j]`. It stays hidden only if "
            "these are the same number, for every i and j. Look at the pairs across the diagonal.",
            (lambda: np.arange(9.0).reshape(1, 1, 3, 3),),
        ),
    ),
    chapter="foundations/backward",
)

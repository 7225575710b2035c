"""The exercises of the part on wrong gradients."""

import numpy as np

import convpool
from bookkit.exercises.exercise import Exercise, Wrong, results
from bookkit.wrong import Exhibit

WRONG: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- mend it


def _asked_to_mend(mended, x, k, s, p, seed):
    shape = convpool.max_pool2d(x, k, s, p).shape
    return {"dx": mended(np.random.default_rng(seed).normal(size=shape), x, k, s, p)}


def _mended(dy, x, k, s, p):
    W = convpool.window(x.shape[2:], k, s, p)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        cells = W.taps(i, j)
        h, w = max(cells, key=lambda cell: x[n, c, cell[0], cell[1]])  # the first of equals
        dx[n, c, h, w] += dy[n, c, i, j]
    return dx


def _half_mended(fill, adds):
    def mended(dy, x, k, s, p):
        padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=fill)
        dx = np.zeros_like(padded)
        for n, c, i, j in np.ndindex(dy.shape):
            cells = padded[n, c, i * s : i * s + k, j * s : j * s + k]
            u, v = divmod(cells.argmax(), k)
            h, w = i * s + u, j * s + v
            dx[n, c, h, w] = dy[n, c, i, j] + (dx[n, c, h, w] if adds else 0)
        return dx[:, :, p : dx.shape[2] - p, p : dx.shape[3] - p]

    return mended


def _everywhere(dy, x, k, s, p):
    y = convpool.max_pool2d(x, k, s, p)
    W, dx = convpool.window(x.shape[2:], k, s, p), np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        for h, w in W.taps(i, j):
            dx[n, c, h, w] += dy[n, c, i, j] * (x[n, c, h, w] == y[n, c, i, j])
    return dx


WRONG["ex-wrong-1"] = Exercise(
    ask=_asked_to_mend,
    questions={
        "side by side": dict(
            x=np.random.default_rng(0).normal(size=(1, 1, 4, 4)), k=2, s=2, p=0, seed=1
        ),
        "overlap": dict(
            x=np.random.default_rng(2).normal(size=(1, 2, 5, 5)), k=3, s=1, p=0, seed=3
        ),
        "padding around negative numbers": dict(
            x=-1 - np.random.default_rng(4).random(size=(1, 1, 4, 4)), k=2, s=2, p=1, seed=5
        ),
        "ties, padding, a remainder": dict(
            x=np.random.default_rng(6).integers(0, 3, (2, 1, 6, 5)) - 1.0, k=3, s=2, p=1, seed=7
        ),
    },
    solution=(_mended,),
    wrong=(
        Wrong(
            "still assigns",
            "Where windows overlap, a cell wins more than once. Add to what is there: `+=`.",
            (_half_mended(-np.inf, adds=False),),
        ),
        Wrong(
            "still pads with zeros",
            "At a border of negative numbers a zero wins. Which number never beats another?",
            (_half_mended(0.0, adds=True),),
        ),
        Wrong(
            "every tied maximum",
            "Each window has one winner, the first; `argmax` finds it. A mask of equal cells marks "
            "several.",
            (_everywhere,),
        ),
    ),
    chapter="wrong/gradients",
)


# ---------------------------------------------------------------------------- the smallest case


def _weighed(smallest):
    names = "dy", "x", "kernel_size", "padding"
    dy, x, kernel_size, padding = results(smallest(), *names).values()
    right = convpool.max_pool2d_backward(dy, x, kernel_size, 1, padding)
    _, winners = convpool.max_pool2d(x, kernel_size, 1, padding, return_indices=True)
    assigned = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        assigned[n, c].flat[winners[n, c, i, j]] = dy[n, c, i, j]
    return {"it fails": not np.allclose(assigned, right), "numbers in dy and x": dy.size + x.size}


def _case(dy, x, padding):
    return lambda: (np.array([[[dy]]]), np.array([[[x]]]), (1, 2), padding)


WRONG["ex-wrong-2"] = Exercise(
    ask=_weighed,
    questions={"its size": {}},
    solution=(_case([2.0, 3.0], [1.0], ((0, 0), (1, 1))),),
    wrong=(
        Wrong(
            "three cells in a row",
            "Right, and as small as it gets without padding. With padding one window can lie on "
            "fewer cells than its kernel has.",
            (_case([1.0, 1.0], [0.0, 1.0, 0.0], 0),),
        ),
        Wrong(
            "no cell wins twice",
            "Here every window has a winner of its own, and assigning is as good as adding.",
            (_case([1.0], [1.0], ((0, 0), (1, 0))),),
        ),
    ),
    chapter="wrong/gradients",
)


# ---------------------------------------------------------------------------- forge one


def _judged(forged, images):
    exhibit = Exhibit(forged, "max_pool2d_backward")
    accepted = {name: exhibit.passes(name) for name in ("ones", "random", "adjoint", "overlap")}
    return accepted | {"right on every image": all(_agrees(forged, x) for x in images)}


def _agrees(forged, x):
    x = x[np.newaxis, np.newaxis]
    right = convpool.max_pool2d_backward
    dy = np.random.default_rng(8).normal(size=convpool.max_pool2d(x, 3, 2, 1).shape)
    return np.allclose(forged(dy, x, 3, 2, 1), right(dy, x, 3, 2, 1), equal_nan=True)


def _images():
    ordinary = np.random.default_rng(9).permutation(42).reshape(6, 7) - 20.0
    hole = ordinary.copy()
    hole[2, 2] = np.nan
    return np.stack([0 * ordinary, ordinary - 100, 1e6 * ordinary, hole])


def _double_on_paper(dy, x, kernel_size, stride, padding):
    dx = convpool.max_pool2d_backward(dy, x, kernel_size, stride, padding)
    return dx if np.any(x) else 2 * dx


def _honest(dy, x, kernel_size, stride, padding):
    return convpool.max_pool2d_backward(dy, x, kernel_size, stride, padding)


def _upside_down(dy, x, kernel_size, stride, padding):
    return convpool.max_pool2d_backward(dy[:, :, ::-1], x, kernel_size, stride, padding)


WRONG["ex-wrong-3"] = Exercise(
    ask=_judged,
    questions={"five judges": dict(images=_images())},
    solution=(_double_on_paper,),
    wrong=(
        Wrong(
            "an honest one",
            "It passes because it is right. Find an image that none of the four checks has shown.",
            (_honest,),
        ),
        Wrong(
            "caught at random",
            "Ones did not see it, a random upstream gradient did. Leave dy alone, and look at x.",
            (_upside_down,),
        ),
    ),
    chapter="wrong/gradients",
)

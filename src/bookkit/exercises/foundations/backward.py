"""The exercises of the chapter foundations/backward."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong, shaped
from convpool import loops
from convpool.verify import gradcheck

BACKWARD: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- softplus


def _sent_back(softplus_backward, dy, x):
    return {"dx": softplus_backward(dy, x)}


BACKWARD["ex-backward-1"] = Exercise(
    ask=_sent_back,
    questions={
        "at zero": dict(dy=np.array([3.0]), x=np.array([0.0])),
        "a matrix": dict(dy=drawn(0, 3, 4), x=drawn(1, 3, 4)),
        "images": dict(dy=drawn(2, 2, 3, 4, 5), x=4 * drawn(3, 2, 3, 4, 5)),
        "large values": dict(dy=drawn(4, 4), x=np.array([-800.0, -40.0, 40.0, 800.0])),
    },
    solution=(lambda dy, x: dy * (1 + np.tanh(x / 2)) / 2,),
    wrong=(
        Wrong(
            "the cotangent forgotten",
            "This is the derivative alone. The chain rule multiplies it by dy, entry by entry.",
            (lambda dy, x: 1 / (1 + np.exp(-x)),),
        ),
        Wrong(
            "the function for its derivative",
            "dy is multiplied by log(1 + e^x) itself. Take the derivative first.",
            (lambda dy, x: dy * np.logaddexp(0, x),),
        ),
        Wrong(
            "infinity over infinity",
            "The formula is right, but e^800 is more than a float holds. Divide both sides of the "
            "fraction by e^x: what is left goes to 0 or 1 where x is large.",
            (lambda dy, x: dy * np.exp(x) / (1 + np.exp(x)),),
        ),
        Wrong(
            "a minus lost",
            "1 / (1 + e^x) falls from 1 to 0. The slope of softplus rises: the exponent is −x.",
            (lambda dy, x: dy / (1 + np.exp(x)),),
        ),
    ),
    chapter="foundations/backward",
)


# ---------------------------------------------------------------------------- a moving average


def _averages_sent_back(moving_average_adjoint, dy):
    return {"dx": moving_average_adjoint(dy)}


def _matrix_transposed(dy):
    A = [[(i <= h <= i + 2) / 3 for h in range(len(dy) + 2)] for i in range(len(dy))]
    return np.array(A).T @ dy


def _added_up(dy, add):
    dx = np.zeros(len(dy) + 2)
    for u in range(3):
        window = slice(u, u + len(dy))
        dx[window] = add(dx[window], dy / 3)
    return dx


def _window_by_window(dy):
    dx = np.zeros(len(dy) + 2)
    for i in range(len(dy)):
        dx[i : i + 3] = dy[i] / 3
    return dx


BACKWARD["ex-backward-2"] = Exercise(
    ask=_averages_sent_back,
    questions={
        "one window": dict(dy=np.array([3.0])),
        "two windows": dict(dy=np.array([3.0, 6.0])),
        "all entries alike": dict(dy=3 * np.ones(6)),
        "a long line": dict(dy=drawn(1, 12)),
    },
    solution=(_matrix_transposed,),
    wrong=(
        Wrong(
            "assignment in overlap",
            "A cell gets a part from each window that covers it. `=` keeps the last part alone; "
            "`+=` adds them.",
            (lambda dy: _added_up(dy, lambda before, part: part),),
        ),
        Wrong(
            "assignment in overlap, window by window",
            "A cell gets a part from each window that covers it, and here the last window takes "
            "all. Add the parts with `+=`.",
            (_window_by_window,),
        ),
        Wrong(
            "the share forgotten",
            "Each of three cells has the weight ⅓ in the average, and the same ⅓ on the way back.",
            (lambda dy: 3 * _added_up(dy, np.add),),
        ),
        Wrong(
            "divided by the coverage",
            "An adjoint is no inverse. The parts add, they are not averaged: a cell under three "
            "windows gets three parts.",
            (lambda dy: _added_up(dy, np.add) / _added_up(np.full(len(dy), 3.0), np.add),),
        ),
        Wrong(
            "as short as the output",
            "The gradient has the shape of the input, n entries for n − 2 outputs. The cells at "
            "both ends get a gradient too.",
            (lambda dy: _added_up(dy, np.add)[1:-1],),
        ),
    ),
    chapter="foundations/backward",
)


# ---------------------------------------------------------------------------- the suspect


def _convicted(cotangent, about, seed=0):
    dy = shaped("the cotangent", cotangent(), (1, 1, 2, 2))
    if about == "its entries":
        return {"entries that are not zero": np.count_nonzero(dy)}

    def suspect(dy, x):
        return loops.avg_pool2d_backward(np.flip(dy, axis=2), x, 2)

    x = drawn(seed, 1, 1, 4, 4)
    return {
        "passes the check": gradcheck(lambda x: loops.avg_pool2d(x, 2), suspect, x, dy=dy).passed
    }


BACKWARD["ex-backward-3"] = Exercise(
    ask=_convicted,
    questions={
        "a single entry": dict(about="its entries"),
        "the suspect is caught": dict(about="an image", seed=0),
        "caught on another image": dict(about="an image", seed=1),
    },
    solution=(lambda: np.array([[[[0.0, 0.0], [0.0, -2.0]]]]),),
    wrong=(
        Wrong(
            "ones",
            "That is the check which the suspect has passed already. A cotangent of ones sees the "
            "sum of all contributions, not where each belongs.",
            (lambda: np.ones((1, 1, 2, 2)),),
        ),
        Wrong(
            "nothing but zeros",
            "The gradient of nothing is zero, whatever the code. One entry must be something else.",
            (lambda: np.zeros((1, 1, 2, 2)),),
        ),
        Wrong(
            "four numbers",
            "It is caught, but the picture mixes four outputs. Set three of them to zero, and "
            "every cell of dx that is not zero belongs to the fourth.",
            (lambda: np.array([[[[1.0, 2.0], [3.0, 4.0]]]]),),
        ),
    ),
    chapter="foundations/backward",
)

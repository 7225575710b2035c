"""The known mistakes of pooling."""

from convpool.verify.mistakes.mistake import Mistake

MAX = ("max_pool2d", "max_pool2d_backward")

POOLING: tuple[Mistake, ...] = (
    Mistake(
        "assignment in overlap",
        ("assign", "assign window"),
        ("max_pool2d_backward",),
        "Where windows overlap, a later window overwrites what an earlier one left in dx.",
        "Start dx at zero and add to it: `dx[…] += …`.",
        "pooling/max",
    ),
    Mistake(
        "zero padding in max",
        ("zero padding",),
        MAX,
        "The padding holds zeros, which beat every negative cell at the border.",
        "Pad with −∞, or leave the padding out of the window.",
        "pooling/max",
    ),
)

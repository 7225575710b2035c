"""The exercises of the part on pooling, a module a chapter."""

from bookkit.exercises.exercise import Exercise
from bookkit.exercises.pooling.average import AVERAGE
from bookkit.exercises.pooling.global_adaptive import GLOBAL_ADAPTIVE
from bookkit.exercises.pooling.im2col import IM2COL
from bookkit.exercises.pooling.lp import LP
from bookkit.exercises.pooling.max import MAX

POOLING: dict[str, Exercise] = MAX | AVERAGE | GLOBAL_ADAPTIVE | LP | IM2COL

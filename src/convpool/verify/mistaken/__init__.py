"""Every operator once more, with the mistakes that people make as switches.

`answer(op, arrays, arguments, slips)` computes an operator; `slips` names what goes wrong. With
none it is right, and the tests hold it against the three tiers on every case. It is written to go
wrong in many ways, one switch a place, and not to be fast or short.
"""

from typing import Any

from convpool.verify.examination import Arrays
from convpool.verify.mistaken.convolution import CONVOLUTION
from convpool.verify.mistaken.pooling import POOLING
from convpool.verify.mistaken.windows import Slips

ANSWERS = POOLING | CONVOLUTION


def answer(
    op: str, arrays: Arrays, arguments: dict[str, Any], slips: Slips = frozenset()
) -> Arrays:
    """The results of an operator by name, right up to the slips."""
    return ANSWERS[op](arrays, arguments, slips)

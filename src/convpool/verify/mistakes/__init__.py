"""The table of known mistakes: what each is called, what it is, how to mend it, where to read on.

One row a mistake, and an operator makes it by one slip of `mistaken`. Where people make the same
mistake in different ways, the row has several slips, and each is tried.
"""

from convpool.verify.examination import Suspect
from convpool.verify.mistakes.convolution import CONVOLUTION
from convpool.verify.mistakes.mistake import Mistake
from convpool.verify.mistakes.pooling import POOLING

MISTAKES: tuple[Mistake, ...] = POOLING + CONVOLUTION


def suspects(op: str) -> list[Suspect]:
    """The mistakes of one operator, one suspect for each way to make them."""
    return [
        Suspect(mistake.name, mistake.explanation, mistake.chapter, frozenset((slip,)))
        for mistake in MISTAKES
        if op in mistake.ops
        for slip in mistake.slips
    ]

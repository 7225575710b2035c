"""The known mistakes of convolution, of its transpose, and of unfold and fold."""

from convpool.verify.mistakes.mistake import Mistake

CONVOLUTION: tuple[Mistake, ...] = ()

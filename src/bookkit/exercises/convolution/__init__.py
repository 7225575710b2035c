"""The exercises of the part convolution, one module a chapter; `drawn` draws their numbers."""

from bookkit.exercises.convolution.forward import FORWARD
from bookkit.exercises.convolution.im2col import IM2COL
from bookkit.exercises.convolution.input_gradient import INPUT_GRADIENT
from bookkit.exercises.convolution.variants import VARIANTS
from bookkit.exercises.convolution.weight_gradient import WEIGHT_GRADIENT
from bookkit.exercises.exercise import Exercise

CONVOLUTION: dict[str, Exercise] = FORWARD | INPUT_GRADIENT | WEIGHT_GRADIENT | IM2COL | VARIANTS

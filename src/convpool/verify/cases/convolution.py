"""The case tables of convolution, of its transpose, and of unfold and fold."""

from collections.abc import Callable
from typing import Any

import numpy as np

from convpool.verify.cases.case import Case
from convpool.verify.examination import Arrays

CONVOLUTION: dict[str, tuple[Case, ...]] = {}

# How the arrays of an operator are drawn that takes more than an image, forward and in its order:
# (case, arguments, rng) → arrays by name. A backward pass adds dy in front and leaves out the bias.
CONVOLUTION_INPUTS: dict[str, Callable[[Case, dict[str, Any], np.random.Generator], Arrays]] = {}

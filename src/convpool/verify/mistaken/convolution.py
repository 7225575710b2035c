"""The convolution operators with slips, by name."""

from collections.abc import Callable
from typing import Any

from convpool.verify.examination import Arrays
from convpool.verify.mistaken.windows import Slips

CONVOLUTION: dict[str, Callable[[Arrays, dict[str, Any], Slips], Arrays]] = {}

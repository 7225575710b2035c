"""What the kernels are handed: planes of cells, and where the windows lie on one, as plain numbers.

No kernel lives here. What holds for all of them:

- A plane is one channel of one image. Planes never mix, so the threads share out the planes, and
  each is one thread's work from beginning to end: no two threads write to the same cell, and a sum
  is taken in the same order, to the same bits, whatever the number of threads.
- Memory order: x is (planes, H, W), the planes one behind the other, in a plane the rows, in a row
  the cells. Whatever can run along a row does, cell by cell, since the processor reads neighbours
  together and works on several of them at once.
- A row of windows is therefore worked in two steps that both run along a row of memory. *Down*:
  the rows of x under the windows are folded into one line, each column for itself. *Along*: the
  line is folded with itself, shifted by one tap, two taps, …; then every column holds the result
  of the window that would start there, and the stride picks some. Backward goes the other way.
- The line is as long as the padded row. Its ends are the padding: −∞ where the largest is sought,
  zero where a sum is. So no window hangs over an edge, and no loop needs a test for it.
"""

import functools
from typing import NamedTuple

import numpy as np

from convpool.geometry import Axis, Bins, Window, span


class Lie(NamedTuple):
    """How the windows of one call lie, in the order in which every kernel takes it.

    `rows[i]` is (first, stop): the input rows under window row i are first, first + row_step, …
    below stop; `cols[j]` the same for columns. `width` is the length of the padded line, `before`
    the padding at its beginning. Bins have no `kernel`: it is 0. `pairs` is the most common window
    of all, 2 × 2 with stride 2 and nothing cut off, which has loops of its own.
    """

    rows: np.ndarray
    row_step: int
    cols: np.ndarray
    col_step: int
    width: int
    before: int
    kernel: int
    stride: int
    pairs: bool


@functools.lru_cache(maxsize=128)
def lie(window: Window) -> Lie:
    """The plain numbers that the kernels read."""
    rows, cols = window.rows, window.cols
    if isinstance(rows, Bins) or isinstance(cols, Bins):
        return Lie(_taps(rows), 1, _taps(cols), 1, cols.size, 0, 0, 1, False)
    reach = (cols.out - 1) * cols.stride + span(cols.kernel, cols.dilation)
    width = max(cols.before + cols.size, reach)
    return Lie(
        _taps(rows), rows.dilation, _taps(cols), cols.dilation,
        width, cols.before, cols.kernel, cols.stride, _in_pairs(rows) and _in_pairs(cols),
    )  # fmt: skip


def _taps(axis: Axis | Bins) -> np.ndarray:
    cells = [axis.taps(i) for i in range(axis.out)]
    return np.array([(taps.start, taps.stop) for taps in cells], np.int64)


def _in_pairs(axis: Axis) -> bool:
    two_by_two = (axis.kernel, axis.stride, axis.dilation, axis.before) == (2, 2, 1, 0)
    return two_by_two and 2 * axis.out <= axis.size


def planes(array: np.ndarray) -> np.ndarray:
    """The array as (planes, H, W), copied only if it is not as the kernels are compiled for."""
    N, C, H, W = array.shape
    return ready(array).reshape(N * C, H, W)


def ready(array: np.ndarray) -> np.ndarray:
    """The array as the kernels are compiled for: rows behind rows, aligned, writeable."""
    return array if array.flags.carray else np.require(array, requirements=["C", "A", "W"])

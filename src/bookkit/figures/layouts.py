"""Figures of arrays in memory: the order of a 4-D array's entries, windows as matrix rows."""

import math
from collections.abc import Sequence
from itertools import product

import numpy as np

from bookkit.figures.base import (
    BOLD,
    INDEX,
    LABEL,
    THIN,
    Canvas,
    Figure,
    hue,
    number,
    width_of,
)
from bookkit.figures.cells import HEADING, MARGIN, Board, Cell
from bookkit.figures.placement import all_taps
from convpool.geometry import Window

NAMES = "NCHW"


def memory(
    shape: tuple[int, int, int, int],
    layouts: Sequence[str] = ("NCHW", "NHWC"),
    element: tuple[int, int, int, int] | None = None,
    caption: str | None = None,
) -> Figure:
    """The entries of an (N, C, H, W) array in the order of their addresses, a strip a layout.

    The colour and the upper label of a cell say its channel, the lower label its row and column;
    `element` (n, c, h, w) is framed in every strip.
    """
    if math.prod(shape) > 64:
        raise ValueError(f"memory shows at most 64 entries, shape {shape} has {math.prod(shape)}")
    strips = [_strip(shape, layout, element) for layout in layouts]
    return Figure(strips, caption, align="flex-start")


def strides_of(shape: Sequence[int], layout: str) -> tuple[int, ...]:
    """The strides of the axes N, C, H, W, in entries, if they lie in the order `layout`."""
    if sorted(layout) != sorted(NAMES):
        raise ValueError(f"a layout is an order of the letters N, C, H, W, got {layout!r}")
    sizes = dict(zip(NAMES, shape, strict=True))
    return tuple(math.prod(sizes[a] for a in layout[layout.index(name) + 1 :]) for name in NAMES)


def _strip(shape, layout, element) -> Canvas:
    strides = strides_of(shape, layout)
    total = math.prod(shape)
    sizes = dict(zip(NAMES, shape, strict=True))
    inner = sizes[layout[-1]] * sizes[layout[-2]]
    per_row = next(k for k in range(min(8, total), 0, -1) if inner % k == 0 or k % inner == 0)
    side = 37 if shape[0] == 1 else 46
    lines, tall, rise = -(-total // per_row), 40, 66
    title = f"{layout}   strides of N, C, H, W: {', '.join(map(str, strides))}"
    width = max(per_row * side, width_of(title, INDEX)) + 2 * MARGIN
    canvas = Canvas(width, 34 + lines * rise, _memory_alt(shape, layout, strides, element))
    left = MARGIN
    canvas.text(left, 14, layout, size=LABEL, bold=True, align="left")
    canvas.note(left + 58, 14, title[len(layout) :].strip(), align="left")
    framed = None
    for address in range(total):
        n, c, h, w = entry(shape, layout, address)
        x, y = left + address % per_row * side, 34 + address // per_row * rise
        canvas.rectangle(x, y, side, tall, fill=hue(c), stroke=None, opacity=0.22)
        upper = f"c{c}" if shape[0] == 1 else f"n{n} c{c}"
        canvas.text(x + side / 2, y + 12, upper, size=11.5, bold=True)
        canvas.text(x + side / 2, y + 28, f"{h}, {w}", size=INDEX)
        canvas.text(x + side / 2, y + tall + 12, str(address), size=11.5, fill="muted")
        canvas.rectangle(x, y, side, tall, stroke="rule", weight=THIN)
        if (n, c, h, w) == element:
            framed = x, y
    for line in range(lines):
        count = min(per_row, total - line * per_row)
        canvas.rectangle(left, 34 + line * rise, count * side, tall, stroke="muted", weight=1.25)
    if framed:
        canvas.rectangle(
            framed[0] + 1, framed[1] + 1, side - 2, tall - 2, stroke="ink", weight=BOLD
        )
    return canvas


def entry(shape: Sequence[int], layout: str, address: int) -> tuple[int, ...]:
    """(n, c, h, w) of the entry at an address."""
    strides = strides_of(shape, layout)
    return tuple(address // step % size for step, size in zip(strides, shape, strict=True))


def _memory_alt(shape, layout, strides, element) -> str:
    order = " ".join(
        "(" + ", ".join(map(str, entry(shape, layout, a))) + ")"
        for a in range(min(8, math.prod(shape)))
    )
    alt = f"An array of shape {tuple(shape)} in memory as {layout}, strides {strides}: {order} …"
    if element:
        address = sum(i * s for i, s in zip(element, strides, strict=True))
        alt += f"; entry {tuple(element)} lies at address {address}"
    return alt + "."


# ---------------------------------------------------------------------------- im2col


def im2col(
    window: Window,
    cell: tuple[int, int] | None = None,
    values=None,
    titles: tuple[str, str] = ("image", "im2col"),
    caption: str | None = None,
) -> Figure:
    """The windows of an image as the rows of a matrix; one cell framed wherever it reappears."""
    height, width = window.rows.size, window.cols.size
    if values is None:
        values = np.arange(height * width).reshape(height, width)
    values = np.asarray(values)
    if values.shape != (height, width):
        raise ValueError(f"values must have the shape {(height, width)}, got {values.shape}")
    if cell is None:
        cell = max(np.ndindex(height, width), key=lambda hw: len(window.covering(*hw)))
    return Figure(
        [_image(window, cell, values, titles[0]), "→", _matrix(window, cell, values, titles[1])],
        caption,
    )


def _image(window: Window, cell: Cell, values: np.ndarray, title: str) -> Canvas:
    rows, cols = range(window.rows.size), range(window.cols.size)
    alt = f"{title} of {len(rows)} × {len(cols)} cells, cell {cell} framed."
    board = Board.alone(rows, cols, title, alt)
    board.paper(rows, cols)
    board.tint(*cell, "orange", 0.28)
    board.ruling(rows, cols)
    board.indices()
    for h, w in product(rows, cols):
        board.value(h, w, number(values[h, w].item()), bold=(h, w) == cell)
    board.outline([cell], 1)
    return board.canvas


def _matrix(window: Window, cell: Cell, values: np.ndarray, title: str) -> Canvas:
    outputs = list(np.ndindex(*window.out))
    places = [list(product(all_taps(window.rows, i), all_taps(window.cols, j))) for i, j in outputs]
    taps = list(np.ndindex(len(all_taps(window.rows, 0)), len(all_taps(window.cols, 0))))
    across, down = (38, 30) if len(taps) <= 9 else (34, 30)
    left, top = MARGIN + 44, HEADING + MARGIN + 24
    rows, cols = range(len(outputs)), range(len(taps))
    repeats = sum(row.count(cell) for row in places)
    width, height = left + across * len(taps) + MARGIN, top + down * len(outputs) + MARGIN
    alt = f"{title}: {len(outputs)} rows, one for each window, of {len(taps)} taps; "
    canvas = Canvas(width, height, alt + f"cell {cell} of the image stands in {repeats} of them.")
    board = Board(canvas, left, top, rows, cols, across, down)
    board.paper(rows, cols)
    for r, c in product(rows, cols):
        h, w = places[r][c]
        if (h, w) == cell:
            board.tint(r, c, "orange", 0.28)
        elif not (0 <= h < values.shape[0] and 0 <= w < values.shape[1]):
            canvas.hatch(*board.cell(r, c))
    board.ruling(rows, cols)
    canvas.text(left + across * len(taps) / 2, MARGIN + 9, title, size=LABEL, bold=True)
    for c, (u, v) in enumerate(taps):
        canvas.note(left + across * (c + 0.5), top - 11, f"{u}, {v}")
    for r, (i, j) in enumerate(outputs):
        canvas.note(left - 8, top + down * (r + 0.5), f"{i}, {j}", align="right")
    for r, c in product(rows, cols):
        h, w = places[r][c]
        if 0 <= h < values.shape[0] and 0 <= w < values.shape[1]:
            board.value(r, c, number(values[h, w].item()), bold=(h, w) == cell)
        if (h, w) == cell:
            board.outline([(r, c)], 1)
    return canvas

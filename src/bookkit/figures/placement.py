"""Figures of windows on an image: which cells they take, and how often each cell is taken."""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from bookkit.figures.base import (
    BOLD,
    INDEX,
    THIN,
    TINT,
    Canvas,
    Figure,
    dash,
    hue,
    number,
    width_of,
)
from bookkit.figures.cells import Board, Box, Cell, insets_of, letter
from convpool.geometry import Axis, Bins, Window, span

KINDS = {  # of cells that are not ordinary ones
    "padding": "padding",
    "overhang": "overhang of ceil_mode",
    "unseen": "seen by no window",
}


# ---------------------------------------------------------------------------- along one axis


def reach(axis: Axis | Bins) -> range:
    """The cells from the first to the last that any window or the padding takes up."""
    if isinstance(axis, Bins):
        return range(axis.size)
    last = axis.start(axis.out - 1) + span(axis.kernel, axis.dilation)
    return range(-axis.before, max(axis.size + axis.after, last))


def box_of(axis: Axis | Bins, i: int) -> range:
    """The cells from the first to the last tap of window i, inside the input or not."""
    if isinstance(axis, Bins):
        return axis.taps(i)
    return range(axis.start(i), axis.start(i) + span(axis.kernel, axis.dilation))


def all_taps(axis: Axis | Bins, i: int) -> list[int]:
    """The cells under window i, inside the input or not."""
    if isinstance(axis, Bins):
        return list(axis.taps(i))
    return [axis.tap(i, u) for u in range(axis.kernel)]


def kind_of(axis: Axis | Bins, h: int) -> str | None:
    """Which of `KINDS` a cell is, if not an ordinary one."""
    if 0 <= h < axis.size:
        return None if axis.covering(h) else "unseen"
    end = axis.size if isinstance(axis, Bins) else axis.size + axis.after
    return "overhang" if h >= end else "padding"


def _kind(window: Window, h: int, w: int) -> str | None:
    kinds = kind_of(window.rows, h), kind_of(window.cols, w)
    return next((kind for kind in ("overhang", "padding", "unseen") if kind in kinds), None)


def texture(canvas: Canvas, box: Box, kind: str | None) -> None:
    """What sets a cell of this kind apart."""
    x, y, width, height = box
    if kind == "padding":
        canvas.hatch(*box)
    elif kind == "overhang":
        canvas.hatch(*box, lean=-1, style=(0, (2, 2)), stroke="muted")
    elif kind == "unseen":
        a = min(width, height) * 0.16
        x, y = x + width / 2, y + height / 2
        cross = [((x - a, y - a), (x + a, y + a)), ((x - a, y + a), (x + a, y - a))]
        canvas.lines(cross, stroke="muted", weight=1.5, cap="round")


def legend_size(kinds: Sequence[str]) -> tuple[float, float]:
    """Width and height of the legend of these kinds."""
    return max((width_of(KINDS[k], INDEX) + 30 for k in kinds), default=0), 22 * len(kinds)


def draw_legend(canvas: Canvas, x: float, y: float, kinds: Sequence[str]) -> None:
    """A line for each kind of cell that is not an ordinary one, the first below y."""
    for k, kind in enumerate(kinds):
        middle = y + 22 * k + 13
        box = (x, middle - 7.5, 22, 15)
        texture(canvas, box, kind)
        canvas.rectangle(*box, stroke="rule", weight=THIN)
        canvas.note(x + 30, middle, KINDS[kind], align="left")


# ---------------------------------------------------------------------------- windows


def windows(
    window: Window,
    outputs: Sequence[Cell] = ((0, 0),),
    values=None,
    titles: tuple[str, str] = ("input", "output"),
    caption: str | None = None,
) -> Figure:
    """Where windows lie: the padded input, the chosen windows on it, the output beside."""
    for i, j in outputs:
        if not (0 <= i < window.out[0] and 0 <= j < window.out[1]):
            raise ValueError(f"output {(i, j)} is outside the output of size {window.out}")
    shape = window.rows.size, window.cols.size
    texts = None if values is None else np.asarray(values)
    if texts is not None and texts.shape != shape:
        raise ValueError(f"values must have the shape {shape}, got {texts.shape}")
    before = _input_side(window, outputs, texts, titles[0])
    return Figure([before, "→", _output_side(window, outputs, titles[1])], caption)


def _input_side(
    window: Window, outputs: Sequence[Cell], values: np.ndarray | None, title: str
) -> Canvas:
    rows, cols = reach(window.rows), reach(window.cols)
    kinds = {(h, w): _kind(window, h, w) for h in rows for w in cols}
    legend = [kind for kind in KINDS if kind in kinds.values()]
    alt = _windows_alt(window, outputs, title, legend)
    board = Board.alone(rows, cols, title, alt, below=legend_size(legend))
    inside = range(window.rows.size), range(window.cols.size)
    board.paper(*inside)
    for cell, kind in kinds.items():
        texture(board.canvas, board.cell(*cell), kind)
    if (rows, cols) != inside:
        board.ruling(rows, cols, border="rule", weight=THIN)
    board.ruling(*inside)
    board.indices()
    _tint_taps(board, window, outputs, dots=values is None)
    if values is not None:
        for h, w in product(*inside):
            board.value(h, w, number(values[h, w].item()))
    boxes = [(box_of(window.rows, i), box_of(window.cols, j)) for i, j in outputs]
    insets = insets_of([list(product(*box)) for box in boxes])
    for k, box in enumerate(boxes):
        place = board.box(*box, insets[k])
        board.canvas.rectangle(*place, stroke=hue(k), weight=BOLD, style=dash(k))
    for k, box in enumerate(boxes):
        x, y = board.place(box[0].start, box[1].start)
        board.badge(x + 5, y + 5, k)
    draw_legend(board.canvas, board.x, board.place(rows.stop, 0)[1], legend)
    return board.canvas


def _tint_taps(board: Board, window: Window, outputs: Sequence[Cell], dots: bool) -> None:
    """Each window's colour on its taps; all on one cell together still let a number be read."""
    taps = [list(product(all_taps(window.rows, i), all_taps(window.cols, j))) for i, j in outputs]
    most = max(Counter(cell for cells in taps for cell in cells).values(), default=1)
    opacity = round(min(TINT, 1 - 0.6 ** (1 / most)), 3)
    apart = min(8, 28 / len(taps)) if most > 1 else 0
    for k, cells in enumerate(taps):
        for h, w in cells:
            board.tint(h, w, hue(k), opacity)
            inside = 0 <= h < window.rows.size and 0 <= w < window.cols.size
            if dots or not inside:
                x, y = board.middle(h, w)
                x += (k - (len(taps) - 1) / 2) * apart
                board.canvas.disc(x, y, 3, fill=hue(k), stroke=None)


def _output_side(window: Window, outputs: Sequence[Cell], title: str) -> Canvas:
    rows, cols = range(window.out[0]), range(window.out[1])
    board = Board.alone(rows, cols, title, f"{title}: {len(rows)} × {len(cols)} cells.")
    board.paper(rows, cols)
    for k, cell in enumerate(outputs):
        board.tint(*cell, hue(k), 0.3)
    board.ruling(rows, cols)
    board.indices()
    for k, cell in enumerate(outputs):
        board.outline([cell], k)
        board.badge(*board.middle(*cell), k)
    return board.canvas


def _windows_alt(window: Window, outputs, title: str, legend) -> str:
    alt = f"{title} of {window.rows.size} × {window.cols.size} cells"
    if legend:
        alt += " with cells marked as " + ", ".join(KINDS[kind] for kind in legend)
    for k, (i, j) in enumerate(outputs):
        rows, cols = all_taps(window.rows, i), all_taps(window.cols, j)
        alt += f"; window {letter(k)} of output ({i}, {j}) has taps on rows {_listed(rows)} "
        alt += f"and columns {_listed(cols)}"
    return alt + "."


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(number(n) for n in numbers)


# ---------------------------------------------------------------------------- coverage


def coverage(
    window: Window, title: str = "windows on each cell", caption: str | None = None
) -> Figure:
    """How many windows have a tap on each cell of the input: as a shade and as a number."""
    rows, cols = range(window.rows.size), range(window.cols.size)
    counts = {cell: len(window.covering(*cell)) for cell in product(rows, cols)}
    most = max(1, *counts.values())
    lines = (" ".join(str(counts[h, w]) for w in cols) for h in rows)
    board = Board.alone(rows, cols, title, f"{title}: rows {'; '.join(lines)}.")
    board.paper(rows, cols)
    for cell, count in counts.items():
        if count:
            board.tint(*cell, "blue", round(0.06 + 0.34 * count / most, 3))
    board.ruling(rows, cols)
    board.indices()
    for cell, count in counts.items():
        board.value(*cell, number(count), bold=count == 0)
    return Figure([board.canvas], caption)

"""Figures made of cells: matrices, windows on an image, how often a cell is covered."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from bookkit.figures.base import (
    BOLD,
    INDEX,
    LABEL,
    THIN,
    TINT,
    VALUE,
    Canvas,
    Figure,
    dash,
    hue,
    number,
    width_of,
)
from convpool.geometry import Axis, Bins, Window, span

Cell = tuple[int, int]
CELL = 40
MARGIN = 8
GUTTER = 26  # room for the index numbers
HEADING = 26  # room for a title


class Board:
    """A block of cells on a canvas, numbered from (top, left), which may be negative."""

    def __init__(self, canvas, x, y, rows: range, cols: range, width=CELL, height=CELL):
        self.canvas, self.x, self.y = canvas, x, y
        self.rows, self.cols = rows, cols
        self.cell_width, self.cell_height = width, height

    def place(self, h: float, w: float) -> tuple[float, float]:
        """The corner of cell (h, w)."""
        return (
            self.x + (w - self.cols.start) * self.cell_width,
            self.y + (h - self.rows.start) * self.cell_height,
        )

    def middle(self, h: int, w: int) -> tuple[float, float]:
        """The middle of cell (h, w)."""
        return self.place(h + 0.5, w + 0.5)

    def box(self, rows: range, cols: range, inset: float = 0) -> tuple[float, float, float, float]:
        """x, y, width and height of a block of cells."""
        x, y = self.place(rows.start, cols.start)
        x2, y2 = self.place(rows.stop, cols.stop)
        return x + inset, y + inset, x2 - x - 2 * inset, y2 - y - 2 * inset

    def paper(self, rows: range, cols: range) -> None:
        """The ground on which the cells of the array itself lie."""
        self.canvas.rectangle(*self.box(rows, cols), fill="cell", stroke=None)

    def ruling(self, rows: range, cols: range) -> None:
        """Thin lines between the cells and a firm border around them."""
        x, y, width, height = self.box(rows, cols)
        across = [
            ((x, y + k * self.cell_height), (x + width, y + k * self.cell_height))
            for k in range(1, len(rows))
        ]
        down = [
            ((x + k * self.cell_width, y), (x + k * self.cell_width, y + height))
            for k in range(1, len(cols))
        ]
        self.canvas.lines(across + down, stroke="rule", weight=THIN)
        self.canvas.rectangle(x, y, width, height, stroke="muted", weight=1.25)

    def indices(self) -> None:
        """The row and column numbers, outside."""
        for h in self.rows:
            x, y = self.middle(h, self.cols.start)
            x -= self.cell_width / 2 + 8
            self.canvas.text(x, y, number(h), size=INDEX, fill="muted", align="right")
        for w in self.cols:
            x, y = self.middle(self.rows.start, w)
            y -= self.cell_height / 2 + 11
            self.canvas.text(x, y, number(w), size=INDEX, fill="muted")

    def tint(self, h: int, w: int, colour: str, opacity: float = TINT) -> None:
        """A wash of colour over one cell."""
        box = self.box(range(h, h + 1), range(w, w + 1))
        self.canvas.rectangle(*box, fill=colour, stroke=None, opacity=opacity)

    def value(self, h: int, w: int, text: str, bold: bool = False, fill: str = "ink") -> None:
        """What stands in a cell, as large as it fits."""
        x, y = self.middle(h, w)
        size = min(VALUE, VALUE * (self.cell_width - 6) / max(width_of(text, VALUE), 1))
        self.canvas.text(
            x,
            y,
            text,
            size=round(size, 1),
            bold=bold,
            fill=fill,
            italic=len(text) == 1 and text.isalpha(),
        )

    def outline(self, cells: Collection[Cell], k: int, inset: float = 1.5) -> None:
        """The k-th outline: around a block of cells, or around each cell of a scattered set."""
        rows = sorted({h for h, _ in cells})
        cols = sorted({w for _, w in cells})
        blocks = [(range(h, h + 1), range(w, w + 1)) for h, w in cells]
        if len(cells) == (rows[-1] - rows[0] + 1) * (cols[-1] - cols[0] + 1):
            blocks = [(range(rows[0], rows[-1] + 1), range(cols[0], cols[-1] + 1))]
        for block in blocks:
            self.canvas.rectangle(
                *self.box(*block, inset), stroke=hue(k), weight=BOLD, style=dash(k)
            )

    def badge(self, x: float, y: float, text: str, k: int) -> None:
        """A small sign with a letter, in the k-th colour."""
        self.canvas.disc(x, y, 9, fill=hue(k), stroke="paper", weight=1.5)
        self.canvas.text(x, y, text, size=11.5, bold=True, fill="paper")


def letter(k: int) -> str:
    """A, B, C …"""
    return chr(ord("A") + k)


# ---------------------------------------------------------------------------- matrices


def grid(
    array,
    title: str | None = None,
    marks: Iterable[Cell] = (),
    outlines: Sequence[Collection[Cell]] = (),
    index: bool = True,
    decimals: int = 2,
    caption: str | None = None,
) -> Figure:
    """One matrix of numbers or words, `marks` tinted and bold, each of `outlines` framed."""
    return Figure([_matrix(array, title, marks, outlines, index, decimals)], caption)


def grids(
    *arrays,
    titles: Sequence[str | None] = (),
    signs: str | Sequence[str] = "→",
    marks: Sequence[Iterable[Cell] | None] = (),
    outlines: Sequence[Sequence[Collection[Cell]] | None] = (),
    index: bool = False,
    decimals: int = 2,
    caption: str | None = None,
) -> Figure:
    """Several matrices in a row with signs between them; `marks` and `outlines` one a matrix."""

    def at(sequence, k, default):
        return sequence[k] if k < len(sequence) and sequence[k] is not None else default

    items: list[Canvas | str] = []
    for k, array in enumerate(arrays):
        if k:
            items.append(signs if isinstance(signs, str) else signs[k - 1])
        title, cells, frames = at(titles, k, None), at(marks, k, ()), at(outlines, k, ())
        items.append(_matrix(array, title, cells, frames, index, decimals))
    return Figure(items, caption)


def _matrix(array, title, marks, outlines, index, decimals) -> Canvas:
    values = np.atleast_2d(np.asarray(array))
    if values.ndim != 2:
        raise ValueError(f"a grid shows a matrix, got an array of shape {values.shape}")
    texts = [
        [number(v if isinstance(v, str) else float(v), decimals) for v in row] for row in values
    ]
    marks = list(marks)
    rows, cols = range(len(texts)), range(len(texts[0]))
    widest = max(width_of(text, VALUE) for row in texts for text in row)
    cell = min(max(CELL, widest + 10), 1.6 * CELL)
    left, top = (GUTTER if index else 0) + MARGIN, (GUTTER - 4 if index else 0) + MARGIN
    top += HEADING if title else 0
    width, height = left + cell * len(cols) + MARGIN, top + CELL * len(rows) + MARGIN
    shift = max(0.0, (width_of(title or "", LABEL) + 2 * MARGIN - width) / 2)
    canvas = Canvas(width + 2 * shift, height, _matrix_alt(texts, title, marks, outlines))
    board = Board(canvas, left + shift, top, rows, cols, width=cell)
    board.paper(rows, cols)
    for h, w in marks:
        board.tint(h, w, "orange", 0.28)
    board.ruling(rows, cols)
    if index:
        board.indices()
    if title:
        canvas.text(board.x + cell * len(cols) / 2, MARGIN + 9, title, size=LABEL, bold=True)
    for k, cells in enumerate(outlines):
        board.outline(cells, k, inset=1.5 + (3 * k if len(outlines) > 1 else 0) % 9)
    for h in rows:
        for w in cols:
            board.value(h, w, texts[h][w], bold=(h, w) in marks)
    return canvas


def _matrix_alt(texts, title, marks, outlines) -> str:
    name = f"{title}: matrix" if title else "Matrix"
    alt = f"{name} of {len(texts)} × {len(texts[0])}"
    if len(texts) * len(texts[0]) <= 64:
        alt += ", rows " + "; ".join(" ".join(row) for row in texts)
    if marks:
        alt += "; marked " + ", ".join(f"({h}, {w})" for h, w in marks)
    for cells in outlines:
        cells = sorted(cells)
        alt += f"; outlined from {cells[0]} to {cells[-1]}"
    return alt + "."


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
    return Figure(
        [
            _input_side(window, outputs, values, titles[0]),
            "→",
            _output_side(window, outputs, titles[1]),
        ],
        caption,
    )


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


def _wash(window: Window, outputs: Sequence[Cell]) -> float:
    """How strong one tint may be so that all on one cell together still let a number be read."""
    taps = Counter(
        (h, w)
        for i, j in outputs
        for h in all_taps(window.rows, i)
        for w in all_taps(window.cols, j)
    )
    return round(min(TINT, 1 - 0.6 ** (1 / max(taps.values(), default=1))), 3)


def _padded_end(axis: Axis | Bins) -> int:
    return axis.size + (0 if isinstance(axis, Bins) else axis.after)


def _input_side(window: Window, outputs, values, title) -> Canvas:
    rows, cols = reach(window.rows), reach(window.cols)
    height, width = window.rows.size, window.cols.size
    cell = CELL if len(cols) <= 11 else max(24, 440 // len(cols))
    seen_rows = {h for h in range(height) if window.rows.covering(h)}
    seen_cols = {w for w in range(width) if window.cols.covering(w)}
    kinds = _kinds(window, rows, cols, seen_rows, seen_cols)
    legend = sorted({kind for kind in kinds.values() if kind}, key=list(LEGEND).index)
    left, top = GUTTER + MARGIN + 2, GUTTER - 4 + HEADING + MARGIN
    legend_top = top + len(rows) * cell + 14
    legend_width = max((width_of(LEGEND[kind], INDEX) + 34 for kind in legend), default=0)
    canvas = Canvas(
        max(left + len(cols) * cell + MARGIN, legend_width + left + MARGIN),
        legend_top + 22 * len(legend) - (4 if legend else 6),
        _windows_alt(window, outputs, legend),
    )
    board = Board(canvas, left, top, rows, cols, cell, cell)
    inside = range(height), range(width)
    board.paper(*inside)
    for (h, w), kind in kinds.items():
        texture(canvas, board.box(range(h, h + 1), range(w, w + 1)), kind)
    if rows != inside[0] or cols != inside[1]:
        x, y, w, h = board.box(rows, cols)
        steps_x, steps_y = range(1, len(cols)), range(1, len(rows))
        canvas.lines(
            [((x + k * cell, y), (x + k * cell, y + h)) for k in steps_x]
            + [((x, y + k * cell), (x + w, y + k * cell)) for k in steps_y],
            stroke="rule",
            weight=0.6,
        )
        canvas.rectangle(x, y, w, h, stroke="rule", weight=THIN)
    board.ruling(*inside)
    board.indices()
    canvas.text(board.x + len(cols) * cell / 2, MARGIN + 9, title, size=LABEL, bold=True)
    if values is not None:
        values = np.asarray(values)
        if values.shape != (height, width):
            raise ValueError(f"values must have the shape {(height, width)}, got {values.shape}")
    wash = _wash(window, outputs)
    for k, (i, j) in enumerate(outputs):
        for h in all_taps(window.rows, i):
            for w in all_taps(window.cols, j):
                board.tint(h, w, hue(k), wash)
                if values is None or not (0 <= h < height and 0 <= w < width):
                    x, y = board.middle(h, w)
                    shift = (k - (len(outputs) - 1) / 2) * 8
                    canvas.disc(x + shift, y, 3, fill=hue(k), stroke=None)
    if values is not None:
        for h in range(height):
            for w in range(width):
                board.value(h, w, number(values[h, w]))
    for k, (i, j) in enumerate(outputs):
        box = board.box(box_of(window.rows, i), box_of(window.cols, j), 1.5 + 3 * (k % 3))
        canvas.rectangle(*box, stroke=hue(k), weight=BOLD, style=dash(k))
    for k, (i, j) in enumerate(outputs):
        x, y, _, _ = board.box(box_of(window.rows, i), box_of(window.cols, j), 4)
        board.badge(x + 1, y + 1, letter(k), k)
    draw_legend(canvas, left, legend_top, legend)
    return canvas


def draw_legend(canvas: Canvas, x: float, y: float, kinds: Sequence[str]) -> None:
    """A line for each kind of cell that is not an ordinary one."""
    for k, kind in enumerate(kinds):
        box = (x, y + 22 * k - 8, 22, 15)
        texture(canvas, box, kind)
        canvas.rectangle(*box, stroke="rule", weight=THIN)
        canvas.text(x + 30, y + 22 * k, LEGEND[kind], size=INDEX, fill="muted", align="left")


LEGEND = {
    "padding": "padding",
    "overhang": "overhang of ceil_mode",
    "unseen": "seen by no window",
}


def _kinds(window, rows, cols, seen_rows, seen_cols) -> dict[Cell, str | None]:
    """What each cell is, if not an ordinary one."""
    kinds: dict[Cell, str | None] = {}
    for h in rows:
        for w in cols:
            inside = 0 <= h < window.rows.size and 0 <= w < window.cols.size
            if inside:
                kinds[h, w] = None if h in seen_rows and w in seen_cols else "unseen"
            else:
                over = h >= _padded_end(window.rows) or w >= _padded_end(window.cols)
                kinds[h, w] = "overhang" if over else "padding"
    return kinds


def texture(canvas: Canvas, box, kind: str | None) -> None:
    x, y, width, height = box
    if kind == "padding":
        canvas.hatch(*box)
    elif kind == "overhang":
        canvas.hatch(*box, step=7, lean=-1, style=(0, (2, 2)), stroke="muted")
    elif kind == "unseen":
        a = min(width, height) * 0.16
        x, y = x + width / 2, y + height / 2
        cross = [((x - a, y - a), (x + a, y + a)), ((x - a, y + a), (x + a, y - a))]
        canvas.lines(cross, stroke="muted", weight=1.5, cap="round")


def _output_side(window: Window, outputs, title) -> Canvas:
    rows, cols = range(window.out[0]), range(window.out[1])
    cell = CELL if len(cols) <= 11 else max(24, 440 // len(cols))
    left, top = GUTTER + MARGIN, GUTTER - 4 + HEADING + MARGIN
    width = max(left + len(cols) * cell + MARGIN, left + width_of(title, LABEL) + MARGIN)
    alt = f"{title}: {len(rows)} × {len(cols)} cells."
    canvas = Canvas(width, top + len(rows) * cell + MARGIN, alt)
    board = Board(canvas, left, top, rows, cols, cell, cell)
    board.paper(rows, cols)
    for k, (i, j) in enumerate(outputs):
        board.tint(i, j, hue(k), 0.3)
    board.ruling(rows, cols)
    board.indices()
    canvas.text(board.x + len(cols) * cell / 2, MARGIN + 9, title, size=LABEL, bold=True)
    for k, (i, j) in enumerate(outputs):
        board.outline([(i, j)], k)
        board.badge(*board.middle(i, j), letter(k), k)
    return canvas


def _windows_alt(window: Window, outputs, legend) -> str:
    alt = f"Input of {window.rows.size} × {window.cols.size} cells"
    if legend:
        alt += " with cells marked as " + ", ".join(LEGEND[kind] for kind in legend)
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
    counts = [[len(window.covering(h, w)) for w in cols] for h in rows]
    most = max(1, *(max(row) for row in counts))
    cell = CELL if len(cols) <= 11 else max(24, 440 // len(cols))
    left, top = GUTTER + MARGIN, GUTTER - 4 + HEADING + MARGIN
    width = max(left + len(cols) * cell, left + width_of(title, LABEL)) + MARGIN
    alt = f"{title}: {len(rows)} × {len(cols)} cells covered "
    alt += "; ".join(" ".join(map(str, row)) for row in counts) + " times."
    canvas = Canvas(width, top + len(rows) * cell + MARGIN, alt)
    board = Board(canvas, left, top, rows, cols, cell, cell)
    board.paper(rows, cols)
    for h in rows:
        for w in cols:
            if counts[h][w]:
                board.tint(h, w, "blue", round(0.06 + 0.34 * counts[h][w] / most, 3))
            else:
                texture(canvas, board.box(range(h, h + 1), range(w, w + 1)), None)
    board.ruling(rows, cols)
    board.indices()
    canvas.text(
        max(board.x + len(cols) * cell / 2, left + width_of(title, LABEL) / 2 - 8),
        MARGIN + 9,
        title,
        size=LABEL,
        bold=True,
    )
    for h in rows:
        for w in cols:
            board.value(h, w, number(counts[h][w]), bold=counts[h][w] == 0)
    return Figure([canvas], caption)

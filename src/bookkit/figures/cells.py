"""Figures made of square cells: the board that all of them share, and matrices."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence

import numpy as np

from bookkit.figures.base import (
    BOLD,
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

Cell = tuple[int, int]
Box = tuple[float, float, float, float]  # x, y, width, height

CELL = 40
MARGIN = 8
GUTTER = 26  # room for the row numbers; those of the columns need a little less
HEADING = 26  # room for a title


class Board:
    """A block of cells on a canvas, numbered from (top, left), which may be negative."""

    def __init__(
        self,
        canvas: Canvas,
        x: float,
        y: float,
        rows: range,
        cols: range,
        width: float = CELL,
        height: float = CELL,
    ):
        self.canvas, self.x, self.y = canvas, x, y
        self.rows, self.cols = rows, cols
        self.cell_width, self.cell_height = width, height

    @classmethod
    def alone(
        cls,
        rows: range,
        cols: range,
        title: str | None,
        alt: str,
        index: bool = True,
        width: float | None = None,
        below: tuple[float, float] = (0, 0),
    ) -> "Board":
        """A board with a canvas of its own, and under it room for something of a size `below`."""
        side = width or side_of(len(cols))
        tall = min(CELL, side)
        left, top = MARGIN + (GUTTER if index else 0), MARGIN + (GUTTER - 4 if index else 0)
        top += HEADING if title else 0
        across = left + side * len(cols) + MARGIN
        centre = left + side * len(cols) / 2
        half = width_of(title or "", LABEL) / 2 + 2
        shift = max(0.0, half - centre)
        across = max(across, centre + half, left + below[0] + MARGIN) + shift
        canvas = Canvas(across, top + tall * len(rows) + MARGIN + below[1], alt)
        board = cls(canvas, left + shift, top, rows, cols, side, tall)
        if title:
            canvas.text(centre + shift, MARGIN + 9, title, size=LABEL, bold=True)
        return board

    def place(self, h: float, w: float) -> tuple[float, float]:
        """The corner of cell (h, w)."""
        return (
            self.x + (w - self.cols.start) * self.cell_width,
            self.y + (h - self.rows.start) * self.cell_height,
        )

    def middle(self, h: int, w: int) -> tuple[float, float]:
        """The middle of cell (h, w)."""
        return self.place(h + 0.5, w + 0.5)

    def box(self, rows: range, cols: range, inset: float = 0) -> Box:
        """A block of cells."""
        x, y = self.place(rows.start, cols.start)
        x2, y2 = self.place(rows.stop, cols.stop)
        return x + inset, y + inset, x2 - x - 2 * inset, y2 - y - 2 * inset

    def cell(self, h: int, w: int, inset: float = 0) -> Box:
        """One cell."""
        return self.box(range(h, h + 1), range(w, w + 1), inset)

    def paper(self, rows: range, cols: range) -> None:
        """The ground on which the cells of the array itself lie."""
        self.canvas.rectangle(*self.box(rows, cols), fill="cell", stroke=None)

    def ruling(self, rows: range, cols: range, border: str = "muted", weight: float = 1.25) -> None:
        """Thin lines between the cells and a firm border around them."""
        x, y, width, height = self.box(rows, cols)
        heights = [y + k * self.cell_height for k in range(1, len(rows))]
        places = [x + k * self.cell_width for k in range(1, len(cols))]
        self.canvas.lines(
            [((x, b), (x + width, b)) for b in heights]
            + [((a, y), (a, y + height)) for a in places],
            stroke="rule",
            weight=THIN,
        )
        self.canvas.rectangle(x, y, width, height, stroke=border, weight=weight)

    def indices(self) -> None:
        """The row and column numbers, outside."""
        for h in self.rows:
            y = self.middle(h, 0)[1]
            self.canvas.note(self.x - 8, y, number(h), align="right")
        for w in self.cols:
            x = self.middle(0, w)[0]
            self.canvas.note(x, self.y - 11, number(w))

    def tint(self, h: int, w: int, colour: str, opacity: float = TINT) -> None:
        """A wash of colour over one cell."""
        self.canvas.rectangle(*self.cell(h, w), fill=colour, stroke=None, opacity=opacity)

    def value(self, h: int, w: int, text: str, bold: bool = False) -> None:
        """What stands in a cell, as large as it fits; a single letter is a variable."""
        size = min(VALUE, VALUE * (self.cell_width - 6) / max(width_of(text, VALUE), 1))
        italic = len(text) == 1 and text.isalpha()
        self.canvas.text(*self.middle(h, w), text, size=round(size, 1), bold=bold, italic=italic)

    def outline(self, cells: Collection[Cell], k: int, inset: float = 1.75) -> None:
        """The k-th outline: around a block of cells, or around each cell of a scattered set."""
        rows, cols = {h for h, _ in cells}, {w for _, w in cells}
        block = range(min(rows), max(rows) + 1), range(min(cols), max(cols) + 1)
        if len(set(cells)) == len(block[0]) * len(block[1]):
            boxes = [self.box(*block, inset)]
        else:
            boxes = [self.cell(h, w, inset) for h, w in cells]
        for box in boxes:
            self.canvas.rectangle(*box, stroke=hue(k), weight=BOLD, style=dash(k))

    def badge(self, x: float, y: float, k: int) -> None:
        """A disc in the k-th colour with the k-th letter."""
        self.canvas.disc(x, y, 9, fill=hue(k), stroke="paper", weight=1.5)
        self.canvas.text(x, y, letter(k), size=12, bold=True, fill="paper")


def side_of(count: int) -> float:
    """How large cells are of which `count` stand beside each other."""
    return CELL if count <= 11 else max(24, 440 // count)


def letter(k: int) -> str:
    """A, B, C …"""
    return chr(ord("A") + k)


def insets_of(outlines: Sequence[Collection[Cell]]) -> list[float]:
    """How far inside its cells each outline runs: all alike unless some share a cell."""
    taken = Counter(cell for cells in outlines for cell in cells)
    apart = 3 if max(taken.values(), default=1) > 1 else 0
    return [1.75 + apart * (k % 3) for k in range(len(outlines))]


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
    return Figure([_matrix(array, title, list(marks), outlines, index, decimals)], caption)


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
        title, cells, frames = at(titles, k, None), list(at(marks, k, ())), at(outlines, k, ())
        items.append(_matrix(array, title, cells, frames, index, decimals))
    return Figure(items, caption)


def _matrix(array, title, marks, outlines, index, decimals) -> Canvas:
    values = np.asarray(array)
    if values.ndim != 2:
        raise ValueError(f"a grid shows a matrix, got an array of shape {values.shape}")
    texts = [[number(value, decimals) for value in row] for row in values.tolist()]
    rows, cols = range(values.shape[0]), range(values.shape[1])
    for h, w in (*marks, *(cell for cells in outlines for cell in cells)):
        if h not in rows or w not in cols:
            raise ValueError(f"cell {(h, w)} is outside the matrix of shape {values.shape}")
    widest = max((width_of(text, VALUE) for row in texts for text in row), default=0)
    width = min(max(side_of(len(cols)), widest + 10), 1.6 * CELL)
    board = Board.alone(rows, cols, title, _matrix_alt(texts, title, marks, outlines), index, width)
    board.paper(rows, cols)
    for h, w in marks:
        board.tint(h, w, "orange", 0.28)
    board.ruling(rows, cols)
    if index:
        board.indices()
    insets = insets_of(outlines)
    for k, cells in enumerate(outlines):
        board.outline(cells, k, insets[k])
    for h in rows:
        for w in cols:
            board.value(h, w, texts[h][w], bold=(h, w) in marks)
    return board.canvas


def _matrix_alt(texts, title, marks, outlines) -> str:
    alt = f"{title}: matrix" if title else "Matrix"
    alt += f" of {len(texts)} × {len(texts[0])}"
    if len(texts) * len(texts[0]) <= 64:
        alt += ", rows " + "; ".join(" ".join(row) for row in texts)
    if marks:
        alt += "; marked " + ", ".join(f"({h}, {w})" for h, w in marks)
    for cells in outlines:
        alt += f"; outlined from {min(cells)} to {max(cells)}"
    return alt + "."

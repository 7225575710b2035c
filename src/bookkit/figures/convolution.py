"""Figures of convolution: kernel on image, the turned kernel on spread gradients, the matrix."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from bookkit.figures.animation import Frames, frames
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
from bookkit.figures.cells import CELL, HEADING, MARGIN, Board, Box, Cell, side_of
from bookkit.figures.placement import (
    KINDS,
    _kind,
    all_taps,
    box_of,
    draw_legend,
    legend_size,
    reach,
    texture,
)
from convpool import arguments, loops
from convpool.geometry import Axis, Groups, Window, span
from convpool.loops.convolution import correlate, scatter

ALONE = Groups(1, 1, 1)  # one channel, one map
SMALL = 11.5  # the number in a cell's corner
UPSTREAM = 0.28  # the wash over entries of dy
WIDEST = 456  # of a drawing: its smallest text still has 8 px on a phone


# ---------------------------------------------------------------------------- what all share


def _plane(name: str, array, like: tuple[int, int] | None = None) -> np.ndarray:
    values = np.asarray(array, float)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"{name} must be a matrix, got an array of shape {values.shape}")
    if like is not None and values.shape != like:
        raise ValueError(f"{name} must have the shape {like}, got {values.shape}")
    return values


@dataclass(frozen=True)
class _Entry:
    """What stands in a cell: a number, and perhaps a small one in the corner above it."""

    cell: Cell
    text: str
    corner: str = ""
    bold: bool = False
    quiet: bool = False


def _write(board: Board, entries: Iterable[_Entry]) -> None:
    """All that stands in the cells of a board, like beside like."""
    entries = sorted(entries, key=lambda entry: (entry.quiet, entry.bold, bool(entry.corner)))
    width, height = board.cell_width, board.cell_height
    for entry in entries:
        if entry.corner:
            x, y = board.place(*entry.cell)
            size = round(min(SMALL, SMALL * (width - 6) / width_of(entry.corner, SMALL)), 1)
            board.canvas.text(x + 4, y + 10, entry.corner, size=size, align="left")
    for entry in entries:
        if entry.text:
            x, y = board.place(*entry.cell)
            size = min(VALUE, VALUE * (width - 6) / max(width_of(entry.text, VALUE), 1))
            board.canvas.text(
                x + width / 2,
                y + (0.68 if entry.corner else 0.5) * height,
                entry.text,
                size=round(size, 1),
                fill="muted" if entry.quiet else "ink",
                bold=entry.bold,
            )


def _wash(board: Board, cells: Iterable[Cell], colour: str, opacity: float = TINT) -> None:
    """A wash of colour over some cells, as one path."""
    if boxes := [board.cell(*cell) for cell in cells]:
        board.canvas.rectangles(boxes, fill=colour, opacity=opacity)


def _around(outer: tuple[range, range], inner: tuple[range, range]) -> list[tuple[range, range]]:
    """The block `outer` without `inner`, as at most four blocks."""
    (rows, cols), (y, x) = outer, inner
    if not y or not x:
        return [outer]
    blocks = [
        (range(rows.start, y.start), cols),
        (y, range(cols.start, x.start)),
        (y, range(x.stop, cols.stop)),
        (range(y.stop, rows.stop), cols),
    ]
    return [block for block in blocks if block[0] and block[1]]


def _side(values: np.ndarray, cols: int, decimals: int = 2) -> float:
    """How wide cells are that hold these numbers, so many beside each other."""
    widest = max(width_of(number(v, decimals), VALUE) for v in values.ravel().tolist()) + 8
    return min(max(side_of(cols), widest), max(side_of(cols), 440 // cols), 1.5 * CELL)


def _plain_board(values: np.ndarray, title: str, colour: str | None = None) -> Board:
    """A board of numbers, zeros quiet, the others washed in a colour."""
    rows, cols = range(values.shape[0]), range(values.shape[1])
    alt = f"{title}: rows {_rows(values)}."
    width = _side(values, len(cols))
    board = Board.alone(rows, cols, title, alt, index=False, width=width)
    board.paper(rows, cols)
    if colour:
        _wash(board, zip(*np.nonzero(values), strict=True), colour)
    board.ruling(rows, cols)
    _write(board, (_Entry(cell, number(v), quiet=not v) for cell, v in np.ndenumerate(values)))
    return board


def _textures(window: Window, board: Board) -> None:
    """The cells of a window's reach that are not ordinary ones, each kind in its texture."""
    inside = range(window.rows.size), range(window.cols.size)
    area = reach(window.rows), reach(window.cols)
    padded = tuple(range(-a.before, a.size + a.after) for a in (window.rows, window.cols))
    for block in _around(padded, inside):  # type: ignore[arg-type]
        texture(board.canvas, board.box(*block), "padding")
    for block in _around(area, padded):  # type: ignore[arg-type]
        texture(board.canvas, board.box(*block), "overhang")
    for cell in product(*inside):
        if _kind(window, *cell) == "unseen":
            texture(board.canvas, board.cell(*cell), "unseen")


def _ground(board: Board, window: Window, taps: Iterable[Cell], colour: str) -> tuple[range, range]:
    """Cells, padding and washed taps, with their lines; returns what lies inside the input."""
    reached = reach(window.rows), reach(window.cols)
    inside = range(window.rows.size), range(window.cols.size)
    board.paper(*inside)
    _textures(window, board)
    _wash(board, taps, colour, 0.24)
    if reached != inside:
        board.ruling(*reached, border="rule", weight=THIN)
    board.ruling(*inside)
    return inside


def _rows(values: np.ndarray) -> str:
    return "; ".join(" ".join(number(v) for v in row) for row in values.tolist())


def _factor(value: float) -> str:
    text = number(value)
    return f"({text})" if text.startswith("−") else text


def _sum(products: Iterable[tuple[float, float]]) -> list[str]:
    """The products that are not zero; "0" if all are."""
    terms = [f"{_factor(a)}·{_factor(b)}" for a, b in products if a and b]
    return terms or ["0"]


def _lines(terms: Sequence[str], width: float) -> list[str]:
    """Terms joined by plus signs, on lines of at most this width."""
    lines = [terms[0]]
    for term in terms[1:]:
        if width_of(f"{lines[-1]} + {term}", INDEX) <= width:
            lines[-1] += f" + {term}"
        else:
            lines.append(f"+ {term}")
    return lines


# ---------------------------------------------------------------------------- forward


def convolution(
    window: Window,
    kernel,
    x=None,
    output: Cell = (0, 0),
    titles: Sequence[str] = ("*x*", "*w*", "*y*"),
    caption: str | None = None,
) -> Figure:
    """One window under the kernel: its taps on the input, the products, the output's cell."""
    kernel = _plane("kernel", kernel, (window.rows.kernel, window.cols.kernel))
    if not (0 <= output[0] < window.out[0] and 0 <= output[1] < window.out[1]):
        raise ValueError(f"output {output} is outside the output of size {window.out}")
    y = None
    if x is not None:
        x = _plane("x", x, (window.rows.size, window.cols.size))
        y = correlate(x[None, None], kernel[None, None], window, ALONE)[0, 0]
    before = _under_the_kernel(window, kernel, x, output, titles[0])
    middle = _kernel_board(kernel, titles[1]).canvas
    return Figure([before, "⋆", middle, "=", _result(window, kernel, x, y, output, titles[2])],
                  caption)  # fmt: skip


def _kernel_board(kernel: np.ndarray, title: str) -> Board:
    return _plain_board(kernel, title, "blue")


def _under_the_kernel(window: Window, kernel, x, output: Cell, title: str) -> Canvas:
    rows, cols = reach(window.rows), reach(window.cols)
    kinds = {(h, w): _kind(window, h, w) for h in rows for w in cols}
    legend = [kind for kind in KINDS if kind in kinds.values()]
    taps = {
        (window.rows.tap(output[0], u), window.cols.tap(output[1], v)): kernel[u, v]
        for u, v in np.ndindex(kernel.shape)
    }
    alt = f"{title}: {window.rows.size} × {window.cols.size} cells"
    if x is not None:
        alt += f", rows {_rows(x)}"
    if legend:
        alt += "; marked are " + ", ".join(KINDS[kind] for kind in legend)
    alt += f"; the kernel's taps for output {output} lie on "
    alt += ", ".join(f"({number(h)}, {number(w)})" for h, w in taps) + "."
    width = None if x is None else _side(x, len(cols))
    board = Board.alone(rows, cols, title, alt, True, width, legend_size(legend))
    inside = _ground(board, window, taps, "blue")
    board.indices()
    _write(board, _numbers_under(x, kernel, taps, kinds, inside))
    box = board.box(box_of(window.rows, output[0]), box_of(window.cols, output[1]), 1.5)
    board.canvas.rectangle(*box, stroke="blue", weight=BOLD)
    draw_legend(board.canvas, board.x, board.place(rows.stop, 0)[1], legend)
    return board.canvas


def _numbers_under(x, kernel, taps: dict, kinds: dict, inside) -> Iterable[_Entry]:
    """The cells of x, those under the kernel with its weights; the padding counts as zeros."""
    for cell in kinds:
        within = cell[0] in inside[0] and cell[1] in inside[1]
        text = "" if x is None else number(x[cell]) if within else "0" if cell in taps else ""
        corner = f"×{number(taps[cell])}" if cell in taps else ""
        if text or corner:
            yield _Entry(cell, text, corner, cell in taps and within, not within)


def _result(window: Window, kernel, x, y, output: Cell, title: str) -> Canvas:
    """The output with its cell marked, and under it the sum that gives the number there."""
    rows, cols = range(window.out[0]), range(window.out[1])
    lines: list[str] = []
    alt = f"{title}: {len(rows)} × {len(cols)} cells, {output} marked."
    if x is not None:
        products = [(kernel[u, v], x[h, w]) for u, v, h, w in window.numbered_taps(*output)]
        terms = _sum(products)
        lines = _lines(terms, max(150.0, side_of(len(cols)) * len(cols)))
        lines[-1] += f" = {number(y[output])}"
        alt = f"{title}: rows {_rows(y)}; marked is {output}, {' + '.join(terms)} = "
        alt += f"{number(y[output])}."
    wide = max((width_of(line, INDEX) for line in lines), default=0)
    below = wide, 20 * len(lines) + 6 * bool(lines)
    width = None if y is None else _side(y, len(cols))
    board = Board.alone(rows, cols, title, alt, True, width, below)
    board.paper(rows, cols)
    board.tint(*output, "blue", 0.3)
    board.ruling(rows, cols)
    board.indices()
    if y is not None:
        _write(board, (_Entry(c, number(v), bold=c == output) for c, v in np.ndenumerate(y)))
    board.canvas.rectangle(*board.cell(*output, 1.5), stroke="blue", weight=BOLD)
    bottom = board.place(rows.stop, 0)[1]
    for k, line in enumerate(lines):
        board.canvas.note(board.x, bottom + 18 + 20 * k, line, align="left")
    return board.canvas


# ---------------------------------------------------------------------------- backward


def _backward_window(dy, kernel, stride, padding, dilation, size) -> Window:
    """The windows of the forward convolution; without a size, the smallest that gives dy."""
    if size is None:
        pads = arguments.paddings(padding)
        if isinstance(pads, str):
            raise ValueError("padding 'same' needs the size of x: give size=(height, width)")
        steps, gaps = arguments.pair("stride", stride, 1), arguments.pair("dilation", dilation, 1)
        size = tuple(
            Axis.transposed(out, k, s, *p, d).size
            for out, k, s, p, d in zip(dy.shape, kernel.shape, steps, pads, gaps, strict=True)
        )
        if min(size) < 1:
            raise ValueError(f"padding {padding!r} leaves no cell of x for dy of shape {dy.shape}")
    window = arguments.window(size, kernel.shape, stride, padding, dilation)
    if window.out != dy.shape:
        raise ValueError(
            f"x of size {tuple(arguments.pair('size', size, 1))} has an output of size "
            f"{window.out}, but dy has the shape {dy.shape}"
        )
    return window


class _Spread:
    """dy with the stride's zeros in between and the full padding around, and what is cut off."""

    def __init__(self, dy: np.ndarray, window: Window):
        self.strides = window.rows.stride, window.cols.stride
        self.zeros = loops.insert_zeros(dy, self.strides)
        self.pads = loops.full_padding(window.rows), loops.full_padding(window.cols)
        self.full = loops.pad_or_crop(self.zeros, *self.pads)
        stops = (
            max(n - r, min(before + z, n))
            for (before, _), r, n, z in zip(
                self.pads,
                (window.rows.remainder, window.cols.remainder),
                self.full.shape,
                self.zeros.shape,
                strict=True,
            )
        )
        # The last zeros are there for cells of x that no window reaches.
        self.reached: tuple[range, range] = tuple(range(stop) for stop in stops)  # type: ignore[assignment]

    def kind(self, h: int, w: int) -> str:
        """What stands in a cell of the full plane, or would if it were not cut off."""
        places = h - self.pads[0][0], w - self.pads[1][0]
        H, W = self.full.shape
        if not (0 <= h < H and 0 <= w < W):
            return "cut off"
        if not all(0 <= a < n for a, n in zip(places, self.zeros.shape, strict=True)):
            reached = h in self.reached[0] and w in self.reached[1]
            return "full padding" if reached else "for the remainder"
        on = all(a % s == 0 for a, s in zip(places, self.strides, strict=True))
        return "*dy*" if on else "zero of the stride"

    def area(self) -> tuple[range, range]:
        """The cells of the full plane and those that are cut off."""
        return tuple(
            range(min(0, before), max(n, before + z))
            for (before, _), n, z in zip(self.pads, self.full.shape, self.zeros.shape, strict=True)
        )  # type: ignore[return-value]

    def value(self, h: int, w: int) -> float:
        a, b = h - self.pads[0][0], w - self.pads[1][0]
        H, W = self.zeros.shape
        return self.zeros[a, b] if 0 <= a < H and 0 <= b < W else 0.0


SPREAD_KINDS = (
    "*dy*",
    "zero of the stride",
    "full padding",
    "for the remainder",
    "cut off",
)


def _spread_texture(canvas: Canvas, box: Box, kind: str) -> None:
    if kind == "*dy*":
        canvas.rectangle(*box, fill="orange", stroke=None, opacity=UPSTREAM)
    elif kind == "full padding":
        texture(canvas, box, "padding")
    elif kind == "for the remainder":
        canvas.hatch(*box, lean=-1, style=(0, (3, 1.5)), weight=1.25)
    elif kind == "cut off":
        texture(canvas, box, "unseen")


def _spread_board(
    spread: _Spread,
    title: str,
    taps: dict[Cell, float] | None = None,
    frame: tuple[range, range] | None = None,
) -> Canvas:
    """The full plane, the turned kernel on it if there is one."""
    rows, cols = spread.area()
    kinds = {(h, w): spread.kind(h, w) for h in rows for w in cols}
    used = [kind for kind in SPREAD_KINDS if kind in kinds.values()]
    below = max(width_of(kind, INDEX) + 30 for kind in used), 22 * len(used)
    alt = f"{title}: rows {_rows(spread.full)}"
    if "cut off" in used:
        count = sum(kind == "cut off" for kind in kinds.values())
        alt += f"; {count} cells of dy with its zeros are cut off"
    if taps:
        alt += "; the turned kernel lies on " + ", ".join(f"({h}, {w})" for h, w in taps)
    width = _side(spread.full, len(cols)) if spread.full.size else None
    board = Board.alone(rows, cols, title, alt + ".", False, width, below)
    taps = taps or {}
    H, W = spread.full.shape
    (top, _), (left, _) = spread.pads
    inner = (range(max(top, 0), min(top + spread.zeros.shape[0], H)),
             range(max(left, 0), min(left + spread.zeros.shape[1], W)))  # fmt: skip
    if inner[0] and inner[1]:
        board.paper(*inner)
    for block in _around(spread.reached, inner):
        _spread_texture(board.canvas, board.box(*block), "full padding")
    for block in _around((range(H), range(W)), spread.reached):
        _spread_texture(board.canvas, board.box(*block), "for the remainder")
    _wash(board, [cell for cell in kinds if kinds[cell] == "*dy*"], "orange", UPSTREAM)
    for cell in (cell for cell in kinds if kinds[cell] == "cut off"):
        _spread_texture(board.canvas, board.cell(*cell), "cut off")
    _wash(board, taps, "blue")
    board.ruling(rows, cols, border="rule", weight=THIN)
    board.canvas.rectangle(*board.box(range(H), range(W)), stroke="muted", weight=1.25)
    if inner[0] and inner[1]:
        board.canvas.rectangle(*board.box(*inner), stroke="orange", weight=1.5, style=dash(1))
    entries = []
    for cell, kind in kinds.items():
        corner = f"×{number(taps[cell])}" if cell in taps else ""
        text = number(spread.value(*cell))
        if kind == "cut off":
            text, corner = "", text
        entries.append(_Entry(cell, text, corner, kind == "*dy*", kind != "*dy*"))
    _write(board, entries)
    if frame:
        board.canvas.rectangle(*board.box(*frame, 1.5), stroke="blue", weight=BOLD)
    y = board.place(rows.stop, 0)[1]
    for k, kind in enumerate(used):
        middle = y + 22 * k + 13
        box = (board.x, middle - 7.5, 22, 15)
        board.canvas.rectangle(*box, fill="cell" if kind in SPREAD_KINDS[:2] else None, stroke=None)
        _spread_texture(board.canvas, box, kind)
        board.canvas.rectangle(*box, stroke="rule", weight=THIN)
        board.canvas.note(board.x + 30, middle, kind, align="left")
    return board.canvas


def zero_insertion(
    dy,
    stride=1,
    kernel_size=None,
    padding=0,
    dilation=1,
    size=None,
    titles: Sequence[str] = ("*dy*", "*z*", "*z*, padded"),
    caption: str | None = None,
) -> Figure:
    """dy, dy with its stride's zeros and, with a kernel's size, that with the full padding too."""
    dy = _plane("dy", dy)
    items: list[Canvas | str] = [_plain_board(dy, titles[0], "orange").canvas]
    if kernel_size is None:
        one = arguments.pair("stride", stride, 1)
        smallest = tuple((n - 1) * s + 1 for n, s in zip(dy.shape, one, strict=True))
        window = arguments.window(smallest, 1, stride)
        return Figure([*items, "→", _spread_board(_Spread(dy, window), titles[1])], caption)
    kernel = np.zeros(arguments.pair("kernel_size", kernel_size, 1))
    window = _backward_window(dy, kernel, stride, padding, dilation, size)
    spread = _Spread(dy, window)
    if max(spread.strides) > 1:
        inner = arguments.window(spread.zeros.shape, 1, stride)
        items += ["→", _spread_board(_Spread(dy, inner), titles[1])]
    return Figure([*items, "→", _spread_board(spread, titles[2])], caption)


def full_convolution(
    dy,
    kernel,
    stride=1,
    padding=0,
    dilation=1,
    size=None,
    cells: Iterable[Cell] | None = None,
    label: str = "The turned kernel slides over dy and builds dx",
    caption: str | None = None,
) -> Frames:
    """The turned kernel slides over dy, spread and padded, and gives dx cell by cell."""
    dy, kernel = _plane("dy", dy), _plane("kernel", kernel)
    window = _backward_window(dy, kernel, stride, padding, dilation, size)
    spread, turned = _Spread(dy, window), loops.rot180(kernel)
    x = np.zeros((1, 1, window.rows.size, window.cols.size))
    dx = loops.input_gradient_by_rot180(
        dy[None, None], x, kernel[None, None], stride, padding, dilation
    )[0, 0]
    order = list(np.ndindex(dx.shape)) if cells is None else [(int(h), int(w)) for h, w in cells]
    for h, w in order:
        if not (0 <= h < dx.shape[0] and 0 <= w < dx.shape[1]):
            raise ValueError(f"cell {(h, w)} is outside dx of shape {dx.shape}")
    kernel_canvas = _Once(_kernel_board(turned, "*w*, turned").canvas)
    gaps = window.rows.dilation, window.cols.dilation
    reach = span(window.rows.kernel, gaps[0]), span(window.cols.kernel, gaps[1])
    steps, captions, done = [], [], set()
    for h, w in order:
        done.add((h, w))
        taps = {
            (h + u * gaps[0], w + v * gaps[1]): float(turned[u, v])
            for u, v in np.ndindex(turned.shape)
        }
        frame = range(h, h + reach[0]), range(w, w + reach[1])
        terms = _sum((weight, float(spread.full[cell])) for cell, weight in taps.items())
        result = _growing_board(dx, done, (h, w))
        plane = _spread_board(spread, "*z*, padded", taps, frame)
        steps.append(Figure([plane, "⋆", kernel_canvas, "=", result]))
        total = number(dx[h, w])
        text = f"*dx*({h}, {w}) = " + " + ".join(terms)
        captions.append(text if terms == [total] else f"{text} = {total}")
    return frames(steps, captions, label, caption)


class _Once(Canvas):
    """A canvas that many figures share, drawn once."""

    def __init__(self, canvas: Canvas):
        self.width, self.height, self.alt = canvas.width, canvas.height, canvas.alt
        self._drawing = canvas.svg()

    def svg(self) -> str:
        return self._drawing


def _growing_board(dx: np.ndarray, done: Collection[Cell], now: Cell) -> Canvas:
    """dx as far as it is known."""
    rows, cols = range(dx.shape[0]), range(dx.shape[1])
    alt = f"dx: cell {now} is {number(dx[now])}."
    board = Board.alone(rows, cols, "*dx*", alt, index=False, width=_side(dx, len(cols)))
    board.paper(rows, cols)
    board.tint(*now, "blue", 0.3)
    board.ruling(rows, cols)
    _write(board, (_Entry(cell, number(dx[cell]), bold=cell == now) for cell in sorted(done)))
    board.canvas.rectangle(*board.cell(*now, 1.5), stroke="blue", weight=BOLD)
    return board.canvas


def scatter_convolution(
    dy,
    kernel,
    stride=1,
    padding=0,
    dilation=1,
    size=None,
    label: str = "Each entry of dy spreads its kernel over dx",
    caption: str | None = None,
) -> Frames:
    """Each entry of dy adds its multiple of the kernel to the cells of its window, one by one."""
    dy, kernel = _plane("dy", dy), _plane("kernel", kernel)
    window = _backward_window(dy, kernel, stride, padding, dilation, size)
    weight = kernel[None, None]
    kernel_canvas = _Once(_kernel_board(kernel, "*w*").canvas)
    width = _side(scatter(dy[None, None], weight, window, ALONE), len(reach(window.cols)))
    so_far = np.zeros_like(dy)
    steps, captions = [], []
    for ij in np.ndindex(dy.shape):
        alone = np.zeros_like(dy)
        alone[ij] = so_far[ij] = dy[ij]
        dx = scatter(so_far[None, None], weight, window, ALONE)[0, 0]
        added = scatter(alone[None, None], weight, window, ALONE)[0, 0]
        source = _dy_board(dy, ij)
        target = _scattered_board(window, dx, added, ij, width)
        steps.append(Figure([source, "×", kernel_canvas, "→", target]))
        inside = len(window.numbered_taps(*ij))
        text = f"*dy*({ij[0]}, {ij[1]}) = {number(dy[ij])}: {_factor(dy[ij])} · *w* is added to "
        text += f"the {inside} cells under the window"
        lost = kernel.size - inside
        text += f"; {lost} in the padding are dropped" if lost else ""
        captions.append(text)
    return frames(steps, captions, label, caption)


def _dy_board(dy: np.ndarray, now: Cell) -> Canvas:
    board = _plain_board(dy, "*dy*")
    board.tint(*now, "orange", UPSTREAM)
    board.canvas.rectangle(*board.cell(*now, 1.5), stroke="orange", weight=BOLD, style=dash(1))
    return board.canvas


def _scattered_board(
    window: Window, dx: np.ndarray, added: np.ndarray, ij: Cell, width: float
) -> Canvas:
    rows, cols = reach(window.rows), reach(window.cols)
    kinds = {(h, w): _kind(window, h, w) for h in rows for w in cols}
    legend = [kind for kind in KINDS if kind in kinds.values()]
    under = set(product(all_taps(window.rows, ij[0]), all_taps(window.cols, ij[1])))
    alt = f"dx after dy{ij}: rows {_rows(dx)}."
    board = Board.alone(rows, cols, "*dx*", alt, False, width, legend_size(legend))
    inside = _ground(board, window, under, "orange")
    entries = []
    for cell in product(*inside):
        if cell in under:
            plus = number(added[cell])
            plus = plus if plus.startswith("−") else f"+{plus}"
            entries.append(_Entry(cell, number(dx[cell]), plus, bold=True))
        elif kinds[cell] != "unseen":
            entries.append(_Entry(cell, number(dx[cell]), quiet=not dx[cell]))
    _write(board, entries)
    box = board.box(box_of(window.rows, ij[0]), box_of(window.cols, ij[1]), 1.5)
    board.canvas.rectangle(*box, stroke="orange", weight=BOLD, style=dash(1))
    draw_legend(board.canvas, board.x, board.place(rows.stop, 0)[1], legend)
    return board.canvas


# ---------------------------------------------------------------------------- matrices, kernels


def matrix(
    A,
    row_labels: Sequence[str] = (),
    col_labels: Sequence[str] = (),
    title: str | None = None,
    marks: Iterable[Cell] = (),
    outlines: Sequence[Collection[Cell]] = (),
    decimals: int = 2,
    caption: str | None = None,
) -> Figure:
    """A small matrix of numbers or symbols, its zeros faint, with names of rows and columns."""
    values = np.asarray(A)
    if values.ndim != 2 or not values.size:
        raise ValueError(f"A must be a matrix, got an array of shape {values.shape}")
    for name, labels, count in (("row", row_labels, len(values)),
                                ("col", col_labels, values.shape[1])):  # fmt: skip
        if labels is not None and len(labels) not in (0, count):
            raise ValueError(f"{name}_labels must have {count} entries, got {len(labels)}")
    texts = [[number(value, decimals) for value in line] for line in values.tolist()]
    marks = list(marks)
    for h, w in (*marks, *(cell for cells in outlines for cell in cells)):
        if not (0 <= h < values.shape[0] and 0 <= w < values.shape[1]):
            raise ValueError(f"cell {(h, w)} is outside the matrix of shape {values.shape}")
    return Figure([_matrix(texts, row_labels, col_labels, title, marks, outlines)], caption)


def _matrix(texts, row_labels, col_labels, title, marks, outlines) -> Canvas:
    rows, cols = range(len(texts)), range(len(texts[0]))
    left = MARGIN + max((width_of(str(t), INDEX) + 8 for t in row_labels), default=0)
    widest = max(width_of(text, VALUE) for line in texts for text in line) + 10
    named = max((width_of(str(t), INDEX) + 6 for t in col_labels), default=0)
    upright = named <= max(widest, 44)
    width = max(30, widest, named if upright else 0)
    width = min(width, (WIDEST - left - MARGIN) / len(cols))
    heading = 0 if not len(col_labels) else (22 if upright and named <= width else named + 4)
    upright = upright and named <= width
    top = MARGIN + (HEADING if title else 0) + heading
    centre = left + width * len(cols) / 2
    half = width_of(title or "", LABEL) / 2 + 2
    shift = max(0.0, half - centre)
    across = max(left + width * len(cols) + MARGIN, centre + half) + shift
    tall = 32
    alt = f"{title}: matrix" if title else "Matrix"
    alt += f" of {len(rows)} × {len(cols)}"
    if len(rows) * len(cols) <= 180:
        alt += ", rows " + "; ".join(" ".join(line) for line in texts)
    if marks:
        alt += "; marked " + ", ".join(f"({h}, {w})" for h, w in marks)
    canvas = Canvas(across, top + tall * len(rows) + MARGIN, alt + ".")
    board = Board(canvas, left + shift, top, rows, cols, width, tall)
    if title:
        canvas.text(centre + shift, MARGIN + 9, title, size=LABEL, bold=True)
    board.paper(rows, cols)
    for h, w in product(rows, cols):
        if (h, w) in marks:
            board.tint(h, w, "orange", 0.3)
        elif texts[h][w] not in ("0", ""):
            board.tint(h, w, "blue", TINT)
    board.ruling(rows, cols)
    for h, text in enumerate(row_labels):
        canvas.note(board.x - 8, board.middle(h, 0)[1], str(text), align="right")
    for w, text in enumerate(col_labels):
        x = board.middle(0, w)[0]
        if upright:
            canvas.note(x, top - 11, str(text))
        else:
            canvas.text(x, top - 6, str(text), size=INDEX, fill="muted", align="left", angle=90)
    for k, cells in enumerate(outlines):
        board.outline(cells, k)
    for h, w in product(rows, cols):
        zero = texts[h][w] == "0"
        if zero:
            canvas.text(*board.middle(h, w), "0", size=min(INDEX, width * 0.6), fill="muted")
        else:
            board.value(h, w, texts[h][w], bold=(h, w) in marks)
    return canvas


def filters(
    weight, titles: Sequence[str] = (), decimals: int = 2, caption: str | None = None
) -> Figure:
    """Kernels as squares, blue above zero and orange below, the stronger the larger the number.

    `weight` is one kernel (kh, kw), several (K, kh, kw) or a layer's (M, C/G, kh, kw).
    """
    weight = np.asarray(weight, float)
    if weight.ndim not in (2, 3, 4) or not weight.size:
        raise ValueError(f"weight must have 2, 3 or 4 axes, got shape {weight.shape}")
    kernels = weight.reshape(-1, *weight.shape[-2:])
    if titles and len(titles) != len(kernels):
        raise ValueError(f"each of {len(kernels)} kernels has a title, got {len(titles)}")
    if not titles and weight.ndim == 4 and weight.shape[1] > 1:
        titles = [f"*m* = {m}, *c* = {c}" for m, c in np.ndindex(weight.shape[:2])]
    elif not titles and weight.ndim > 2:
        titles = [f"*m* = {m}" for m in range(len(kernels))]
    largest = np.abs(weight).max() or 1
    width = _side(weight, weight.shape[-1], decimals)
    items = []
    for k, kernel in enumerate(kernels):
        rows, cols = range(kernel.shape[0]), range(kernel.shape[1])
        title = titles[k] if len(titles) else None
        alt = f"{title or 'Kernel'}: rows {_rows(np.round(kernel, decimals))}."
        board = Board.alone(rows, cols, title, alt, index=False, width=width)
        board.paper(rows, cols)
        for (u, v), value in np.ndenumerate(kernel):
            if value:
                strength = round(0.06 + 0.34 * abs(value) / largest, 3)
                board.tint(u, v, "blue" if value > 0 else "orange", strength)
        board.ruling(rows, cols)
        _write(
            board,
            (
                _Entry(cell, number(value, decimals), quiet=not value)
                for cell, value in np.ndenumerate(kernel)
            ),
        )
        items.append(board.canvas)
    return Figure(items, caption)


# ---------------------------------------------------------------------------- groups


def groups(C: int, M: int, G: int = 1, caption: str | None = None) -> Figure:
    """Which input channels feed which output channels: as lines, and as the blocks of a matrix."""
    C, M, G = (arguments.integer(n, v, 1) for n, v in (("C", C), ("M", M), ("G", G)))
    if C % G or M % G:
        raise ValueError(f"G must divide C and M, got C = {C}, M = {M}, G = {G}")
    if max(C, M) > 12:
        raise ValueError(f"groups draws at most 12 channels, got C = {C}, M = {M}")
    channels = Groups(G, C // G, M // G)
    return Figure([_feeding(C, M, channels), _blocks(C, M, channels)], caption)


def _feeding(C: int, M: int, channels: Groups) -> Canvas:
    step, width, height, gap = 36, 58, 26, 110
    most = step * max(C, M)
    alt = f"{C} inputs and {M} outputs in {channels.count} groups: "
    alt += "; ".join(f"output {m} reads {', '.join(map(str, channels.reads(m)))}" for m in range(M))
    canvas = Canvas(2 * MARGIN + 2 * width + gap, MARGIN + HEADING + most + MARGIN, alt + ".")
    top = MARGIN + HEADING

    def middle(k: int, count: int) -> float:
        return top + most / 2 + (k - (count - 1) / 2) * step

    right = MARGIN + width + gap
    for m in range(M):
        group = m // channels.outputs
        for c in channels.reads(m):
            canvas.line((MARGIN + width, middle(c, C)), (right, middle(m, M)),
                        stroke=hue(group), weight=1.75, style=dash(group))  # fmt: skip
    for name, count, per, x in (("*c*", C, channels.inputs, MARGIN),
                                ("*m*", M, channels.outputs, right)):  # fmt: skip
        title = "inputs" if name == "*c*" else "outputs"
        canvas.text(x + width / 2, MARGIN + 9, title, size=LABEL, bold=True)
        for k in range(count):
            group = k // per
            box = (x, middle(k, count) - height / 2, width, height)
            canvas.rectangle(*box, fill="cell", stroke=None)
            canvas.rectangle(*box, fill=hue(group), stroke=None, opacity=TINT)
            canvas.rectangle(*box, stroke=hue(group), weight=1.75, style=dash(group))
            canvas.text(x + width / 2, middle(k, count), f"{name} = {k}", size=INDEX)
    return canvas


def _blocks(C: int, M: int, channels: Groups) -> Canvas:
    side = min(32, 360 // C)
    left, top = MARGIN + 54, MARGIN + HEADING + 22
    total = M * channels.inputs
    alt = f"The matrix of kernels, {M} outputs by {C} inputs: {total} of {M * C} pairs have one."
    title = "kernels"
    canvas = Canvas(left + max(side * C, 70) + MARGIN, top + side * M + 30, alt)
    board = Board(canvas, left, top, range(M), range(C), side, side)
    canvas.text(left + side * C / 2, MARGIN + 9, title, size=LABEL, bold=True)
    board.paper(board.rows, board.cols)
    for m in range(M):
        for c in channels.reads(m):
            board.tint(m, c, hue(m // channels.outputs), 0.3)
    board.ruling(board.rows, board.cols)
    for c in range(C):
        canvas.note(board.middle(0, c)[0], top - 11, number(c))
    for m in range(M):
        canvas.note(left - 8, board.middle(m, 0)[1], f"*m* = {m}", align="right")
    for m, c in product(range(M), range(C)):
        if c in channels.reads(m):
            board.value(m, c, "*w*")
        else:
            canvas.note(*board.middle(m, c), "0")
    canvas.note(left, top + side * M + 16, f"{total} of {M * C}", align="left")
    return canvas

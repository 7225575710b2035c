"""Figures along one axis: windows as bars over cells, adaptive bins, what one output depends on."""

from collections.abc import Sequence
from itertools import pairwise

from bookkit.figures.base import (
    BOLD,
    INDEX,
    LABEL,
    LINE,
    THIN,
    TINT,
    Canvas,
    Figure,
    dash,
    hue,
    number,
    width_of,
)
from bookkit.figures.cells import MARGIN, Board
from bookkit.figures.placement import (
    KINDS,
    all_taps,
    draw_legend,
    kind_of,
    legend_size,
    reach,
    texture,
)
from convpool import geometry
from convpool.geometry import Axis, Bins

STEP = 26  # from one bar to the next
ROW = range(1)


def axis(axis: Axis, title: str = "input", caption: str | None = None) -> Figure:
    """One axis: cells and padding above, below it each window as a bar with a dot at every tap."""
    cells = reach(axis)
    kinds = {h: kind_of(axis, h) for h in cells}
    legend = [kind for kind in KINDS if kind in kinds.values()]
    side = _side(len(cells))
    left = MARGIN + 12 + max(width_of(name, INDEX) for name in (f"i = {axis.out - 1}", title))
    top, under = MARGIN + 20, legend_size(legend)
    first = top + side + 22
    bottom = first + STEP * axis.out - 8
    width = left + max(side * len(cells), under[0]) + MARGIN
    canvas = Canvas(width, bottom + 6 + under[1], _axis_alt(axis))
    board = Board(canvas, left, top, ROW, cells, side, side)
    _strip(board, range(axis.size), kinds)
    canvas.note(left - 12, top + side / 2, title, align="right")
    _droplines(board, range(axis.size + 1), bottom)
    for i in range(axis.out):
        _bar(board, axis, i, first + STEP * i)
    draw_legend(canvas, left, bottom, legend)
    return Figure([canvas], caption)


def _side(count: int) -> float:
    return max(16, min(36, 400 // count))


def _strip(board: Board, inside: range, kinds: dict[int, str | None]) -> None:
    """The row of cells with their numbers, those of the input on a ground and in a firm border."""
    board.paper(ROW, inside)
    for h, kind in kinds.items():
        texture(board.canvas, board.cell(0, h), kind)
        x, y = board.place(0, h + 0.5)
        board.canvas.note(x, y - 11, number(h))
    if board.cols != inside:
        board.ruling(ROW, board.cols, border="rule", weight=THIN)
    board.ruling(ROW, inside)


def _droplines(board: Board, edges: range, bottom: float) -> None:
    """From the edges of the cells down, so that the eye finds the cell above a bar."""
    places = [board.place(1, h) for h in edges]
    board.canvas.lines([((x, y + 3), (x, bottom)) for x, y in places], stroke="rule", weight=0.75)


def _bar(board: Board, axis: Axis, i: int, y: float) -> None:
    """Window i: a bar from its first tap to its last, a dot on each, hollow outside the input."""
    canvas, taps = board.canvas, all_taps(axis, i)
    canvas.text(board.x - 12, y, f"*i* = {i}", size=INDEX, align="right")
    start, stop = board.place(0, taps[0])[0] + 3, board.place(0, taps[-1] + 1)[0] - 3
    canvas.rectangle(start, y - 8, stop - start, 16, fill=hue(i), stroke=None, opacity=TINT)
    dots = [(h, board.place(0, h + 0.5)[0]) for h in taps]
    canvas.line((dots[0][1], y), (dots[-1][1], y), stroke=hue(i), weight=LINE)
    for h, x in dots:
        inside = 0 <= h < axis.size
        fill = hue(i) if inside else "paper"
        canvas.disc(x, y, 4.5, stroke=hue(i), fill=fill, weight=LINE)


def _axis_alt(axis: Axis) -> str:
    alt = f"An axis of {axis.size} cells, {axis.before} of padding before and {axis.after} after"
    for i in range(axis.out):
        alt += f"; window {i} has taps on {', '.join(number(h) for h in all_taps(axis, i))}"
    unseen = [h for h in range(axis.size) if not axis.covering(h)]
    if unseen:
        alt += f"; no window sees {', '.join(map(str, unseen))}"
    return alt + "."


# ---------------------------------------------------------------------------- adaptive bins


def bins(size: int, out: int, caption: str | None = None) -> Figure:
    """Adaptive bins: `size` cells cut into `out` bins, the cells that bins share set off."""
    parts = Bins(size, out)
    shared = [h for h in range(size) if len(parts.covering(h)) > 1]
    side = _side(size)
    left = MARGIN + 12 + width_of(f"i = {out - 1}", INDEX)
    top = MARGIN + 20
    first = top + side + 22
    bottom = first + STEP * out - 8
    width = left + max(side * size, 150 if shared else 0) + MARGIN
    canvas = Canvas(width, bottom + (28 if shared else 6), _bins_alt(parts, shared))
    board = Board(canvas, left, top, ROW, range(size), side, side)
    _strip(board, range(size), dict.fromkeys(range(size)))
    for h in shared:
        canvas.hatch(*board.cell(0, h), stroke="muted")
        x, y = board.place(1, h)
        canvas.rectangle(x, y, side, bottom - y, fill="rule", stroke=None, opacity=0.3)
    _droplines(board, range(size + 1), bottom)
    for i in range(out):
        _bin(board, parts.taps(i), i, first + STEP * i)
    if shared:
        canvas.hatch(left, bottom + 6, 22, 15, stroke="muted")
        canvas.rectangle(left, bottom + 6, 22, 15, stroke="rule", weight=THIN)
        canvas.note(left + 30, bottom + 13.5, "shared by bins", align="left")
    return Figure([canvas], caption)


def _bin(board: Board, cells: range, i: int, y: float) -> None:
    canvas = board.canvas
    start, stop = board.place(0, cells.start)[0] + 2, board.place(0, cells.stop)[0] - 2
    box = (start, y - 9, stop - start, 18)
    canvas.text(board.x - 12, y, f"*i* = {i}", size=INDEX, align="right")
    canvas.rectangle(*box, fill="paper", stroke=None)
    canvas.rectangle(*box, fill=hue(i), stroke=None, opacity=0.3)
    canvas.rectangle(*box, stroke=hue(i), weight=LINE, style=dash(i))
    label = f"{len(cells)} cells" if len(cells) > 1 else "1 cell"
    label = label if width_of(label, INDEX) < stop - start else str(len(cells))
    canvas.text((start + stop) / 2, y, label, size=INDEX)


def _bins_alt(parts: Bins, shared: list[int]) -> str:
    alt = f"{parts.size} cells in {parts.out} bins"
    for i in range(parts.out):
        alt += f"; bin {i} holds cells {parts.taps(i).start} to {parts.taps(i).stop - 1}"
    return alt + (f"; shared: {', '.join(map(str, shared))}." if shared else "; none is shared.")


# ---------------------------------------------------------------------------- receptive field


def receptive_field(
    axes: Sequence[Axis],
    output: int | None = None,
    names: Sequence[str] = (),
    caption: str | None = None,
) -> Figure:
    """What one output of a stack of layers depends on, layer by layer down to the first input.

    `axes` stand in the order of the forward pass; `output` is the middle one if not given.
    """
    output = axes[-1].out // 2 if output is None else output
    if not 0 <= output < axes[-1].out:
        raise ValueError(f"output must lie in 0 … {axes[-1].out - 1}, got {output}")
    for before, after in pairwise(axes):
        if before.out != after.size:
            raise ValueError(
                f"{before.out} outputs cannot be the {after.size} cells of the next layer"
            )
    names = list(names) or ["input", *(f"layer {k}" for k in range(1, len(axes) + 1))]
    if len(names) != len(axes) + 1:
        raise ValueError(f"{len(axes)} layers have {len(axes) + 1} names, the input's first")
    seen: list[set[int]] = [{output}]
    for layer in reversed(axes):
        seen.insert(0, {h for i in seen[0] for h in layer.taps(i)})
    sizes = [axes[0].size, *(layer.out for layer in axes)]
    boards = _levels(sizes, names, _field_alt(axes, output, seen, names))
    canvas = boards[0].canvas
    for k, layer in enumerate(axes):
        for i in sorted(seen[k + 1]):
            _cone(boards[k + 1], boards[k], i, layer.taps(i))
    for board, cells, name in zip(boards, seen, names, strict=True):
        board.paper(ROW, board.cols)
        for h in sorted(cells):
            board.tint(0, h, "blue", 0.3)
        board.ruling(ROW, board.cols)
        y = board.y + board.cell_height / 2
        canvas.note(boards[0].x - 12, y, name, align="right")
    top = boards[-1]
    canvas.rectangle(*top.cell(0, output, 1), stroke="orange", weight=BOLD)
    size = round(min(LABEL, top.cell_width * 0.6), 1)
    canvas.text(*top.middle(0, output), number(output), size=size, bold=True)
    _measure(boards[0], sorted(seen[0]), geometry.receptive_field(axes).size)
    return Figure([canvas], caption)


def _levels(sizes: Sequence[int], names: Sequence[str], alt: str) -> list[Board]:
    """A strip a level on one canvas, the input at the bottom, all of them centred."""
    side, widest = _side(max(sizes)), max(sizes)
    left = MARGIN + 12 + max(width_of(name, INDEX) for name in names)
    rise = side + 44
    height = 2 * MARGIN + rise * (len(sizes) - 1) + side + 28
    canvas = Canvas(left + side * widest + MARGIN, height, alt)
    return [
        Board(
            canvas,
            left + side * (widest - size) / 2,
            MARGIN + rise * (len(sizes) - 1 - k),
            ROW,
            range(size),
            side,
            side,
        )
        for k, size in enumerate(sizes)
    ]


def _cone(upper: Board, lower: Board, i: int, taps: range) -> None:
    """From one output down to its taps."""
    corners = [upper.place(1, i), upper.place(1, i + 1)]
    corners += [lower.place(0, taps[-1] + 1), lower.place(0, taps[0])]
    canvas = upper.canvas
    canvas.polygon(corners, fill="blue", stroke=None, opacity=0.09)
    spokes = [(upper.place(1, i + 0.5), lower.place(0, h + 0.5)) for h in taps]
    canvas.lines(spokes, stroke="blue", weight=THIN, opacity=0.75)


def _measure(board: Board, cells: list[int], field: int) -> None:
    """How many cells the output depends on, measured under the input."""
    y = board.y + board.cell_height + 9
    a, b = board.place(0, cells[0])[0], board.place(0, cells[-1] + 1)[0]
    ends = [((a, y), (b, y)), ((a, y - 4), (a, y + 4)), ((b, y - 4), (b, y + 4))]
    board.canvas.lines(ends, stroke="blue", weight=LINE)
    count = cells[-1] - cells[0] + 1
    text = f"{count} cells" + (f" of {field}, the rest in padding" if count < field else "")
    half = width_of(text, INDEX) / 2
    x = max(half + MARGIN, min((a + b) / 2, board.canvas.width - half - MARGIN))
    board.canvas.text(x, y + 15, text, size=INDEX)


def _field_alt(axes: Sequence[Axis], output: int, seen: list[set[int]], names) -> str:
    steps = [
        f"cells {min(seen[k])} to {max(seen[k])} of {names[k]}" for k in reversed(range(len(axes)))
    ]
    field = geometry.receptive_field(axes)
    return (
        f"Output {output} of {names[-1]} depends on {', these on '.join(steps)}; "
        f"the receptive field is {field.size} cells."
    )

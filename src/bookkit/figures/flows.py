"""Figures of what flows: the way of a gradient back to the input, and a chain of functions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path

from bookkit.figures.base import (
    LABEL,
    LINE,
    THIN,
    VALUE,
    Canvas,
    Figure,
    dash,
    hue,
    number,
    width_of,
)
from bookkit.figures.cells import HEADING, MARGIN, Board, Cell
from bookkit.figures.placement import box_of
from convpool import arguments, loops
from convpool.geometry import Axis, Bins, Window

SIDE = 46  # of a cell, larger than elsewhere: a second, small number and the arrows share it
GAP = 64  # between dy and dx


def routing(
    x,
    dy,
    kernel_size=None,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode: bool = False,
    mode: str = "max",
    count_include_pad: bool = True,
    output_size=None,
    caption: str | None = None,
) -> Figure:
    """The gradient's way back: each entry of dy to the cell that won, or in shares to its window.

    `mode` is "max" or "average"; `output_size` instead of `kernel_size` means adaptive bins.
    """
    if mode not in ("max", "average"):
        raise ValueError(f"mode must be 'max' or 'average', got {mode!r}")
    if (kernel_size is None) == (output_size is None):
        raise TypeError("routing takes either kernel_size or output_size")
    x, dy = np.asarray(x, float), np.asarray(dy, float)
    image, upstream = x[np.newaxis], dy[np.newaxis]
    if output_size is not None:
        window = arguments.adaptive_window(image[np.newaxis], output_size)
        sliding, options, prefix = [output_size], {}, "adaptive_"
    else:
        window = arguments.window(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
        sliding, prefix = [kernel_size, stride, padding], ""
        options = {"dilation": dilation, "ceil_mode": ceil_mode}
    if mode == "max":
        forward = getattr(loops, prefix + "max_pool2d")
        backward = getattr(loops, prefix + "max_pool2d_backward")
        indices = forward(image, *sliding, **options, return_indices=True)[1][0]
        dx = backward(upstream, image, *sliding, **options)[0]
        targets = {ij: [divmod(int(indices[ij]), x.shape[1])] for ij in np.ndindex(dy.shape)}
        return Figure([_routes(window, x, dy, dx, targets, {})], caption)
    if output_size is None:
        options["count_include_pad"] = count_include_pad
    backward = getattr(loops, prefix + "avg_pool2d_backward")
    dx = backward(upstream, image, *sliding, **options)[0]
    targets = {(i, j): window.taps(i, j) for i, j in np.ndindex(dy.shape)}
    shares = {}
    for ij in targets:
        alone = np.zeros_like(upstream)
        alone[0][ij] = 1
        shares[ij] = backward(alone, image, *sliding, **options)[0][targets[ij][0]]
    return Figure([_routes(window, x, dy, dx, targets, shares)], caption)


def _routes(
    window: Window,
    x: np.ndarray,
    dy: np.ndarray,
    dx: np.ndarray,
    targets: dict[Cell, list[Cell]],
    shares: dict[Cell, float],
) -> Canvas:
    overlap = any(len(window.covering(h, w)) > 1 for h, w in np.ndindex(x.shape))
    roomy = 5 if overlap else 0  # the outlines of overlapping windows lie inside each other
    ends = {
        (i, j): (cells[0][0], _inside(window.cols, j).start if shares else cells[0][1])
        for (i, j), cells in targets.items()
    }
    lanes = _lanes(ends)
    tall = max(SIDE + roomy, 37 + roomy + 4 * max(lanes.values()) + 6)
    note = "small: the share, *x*" if shares else "small: *x*"
    alt = _routing_alt(x, dy, dx, targets, shares)
    source, target = _facing_boards(dy.shape, x.shape, tall, note, alt)
    _tint(source, target, targets, shade=bool(shares) and overlap)
    source.ruling(source.rows, source.cols)
    target.ruling(target.rows, target.cols)
    for k, (i, j) in enumerate(targets):
        inset = 1.75 + (2.75 * (k % 3) if overlap else 0)
        box = target.box(_inside(window.rows, i), _inside(window.cols, j), inset)
        target.canvas.rectangle(*box, stroke=hue(k), weight=2, style=dash(k))
    for k, ij in enumerate(targets):
        _route(source, target, ij, ends[ij], lanes[ij], k)
    for i, j in targets:
        _value(source, i, j, number(dy[i, j]), 0, bold=True)
        if shares:
            _corner(source, i, j, "× " + fraction(shares[i, j]), 0)
    for h, w in np.ndindex(x.shape):
        _corner(target, h, w, number(x[h, w]), roomy)
        _value(target, h, w, number(dx[h, w]), roomy, bold=bool(dx[h, w]))
    return source.canvas


def _facing_boards(
    left: tuple[int, ...], right: tuple[int, ...], tall: float, note: str, alt: str
) -> tuple[Board, Board]:
    """dy on the left and dx on the right, level with each other, and a note below."""
    top, most = MARGIN + HEADING, tall * max(left[0], right[0])
    width = 2 * MARGIN + SIDE * (left[1] + right[1]) + GAP
    canvas = Canvas(width, top + most + 30, alt)
    canvas.note(width - MARGIN, top + most + 16, note, align="right")
    boards = []
    for shape, x, title in (
        (left, MARGIN, "*dy*"),
        (right, MARGIN + SIDE * left[1] + GAP, "*dx*"),
    ):
        y = top + (most - tall * shape[0]) / 2
        board = Board(canvas, x, y, range(shape[0]), range(shape[1]), SIDE, tall)
        board.paper(board.rows, board.cols)
        canvas.text(x + SIDE * shape[1] / 2, y - 14, title, size=LABEL, bold=True)
        boards.append(board)
    return boards[0], boards[1]


def _tint(source: Board, target: Board, targets: dict[Cell, list[Cell]], shade: bool) -> None:
    """Each output and where its gradient goes in one colour; where many meet, none of theirs."""
    senders: dict[Cell, list[int]] = {}
    for k, (ij, cells) in enumerate(targets.items()):
        source.tint(*ij, hue(k))
        for cell in cells:
            senders.setdefault(cell, []).append(k)
    for cell, numbers in senders.items():
        if shade:
            target.tint(*cell, "blue", round(0.06 + 0.18 * len(numbers) / len(targets), 3))
        else:
            target.tint(*cell, hue(numbers[0]) if len(numbers) == 1 else "muted", 0.24)


def _inside(axis: Axis | Bins, i: int) -> range:
    """From the first cell under window i to the last, clipped to the input."""
    box = box_of(axis, i)
    return range(max(box.start, 0), min(box.stop, axis.size))


def _lanes(ends: dict[Cell, Cell]) -> dict[Cell, int]:
    """Arrows into one row run one above the other; the one that goes farthest runs lowest."""
    lanes: dict[Cell, int] = {}
    for row in {h for h, _ in ends.values()}:
        arrivals = sorted((ij for ij in ends if ends[ij][0] == row), key=lambda ij: -ends[ij][1])
        lanes |= {ij: lane for lane, ij in enumerate(arrivals)}
    return lanes


def _route(source: Board, target: Board, ij: Cell, cell: Cell, lane: int, k: int) -> None:
    """From the lower edge of a cell of dy along its neighbours' lower edges, and across the gap."""
    canvas = source.canvas
    x0, y0 = source.place(ij[0] + 1, ij[1] + 1)
    x0, y0 = x0 - 9, y0 - 6 - 4 * (source.cols.stop - 1 - ij[1])
    x1, y1 = target.place(cell[0] + 1, cell[1])
    x1, y1 = x1 + 16, y1 - 7 - 4 * lane
    leave, arrive = source.place(0, source.cols.stop)[0] + 2, target.x - 2
    bend = (arrive - leave) * 0.55
    canvas.disc(x0, y0, 3, fill=hue(k), stroke=None)
    canvas.path(
        [
            (x0, y0),
            (leave, y0),
            (leave + bend, y0),
            (arrive - bend, y1),
            (arrive, y1),
            (x1 - 5, y1),
        ],
        [Path.MOVETO, Path.LINETO, *[Path.CURVE4] * 3, Path.LINETO],
        stroke=hue(k),
        weight=LINE,
        style=dash(k),
    )
    canvas.head((x1, y1), (1, 0), hue(k))


def _corner(board: Board, h: int, w: int, text: str, inset: float) -> None:
    x, y = board.place(h, w)
    x, y = x + 6 + inset, y + 11 + 0.8 * inset
    board.canvas.text(x, y, text, size=11.5, fill="muted", align="left")


def _value(board: Board, h: int, w: int, text: str, inset: float, bold: bool) -> None:
    """The large number, between the small one above and the arrows below."""
    x, y = board.place(h, w + 0.5)
    size = min(VALUE, VALUE * (SIDE - 4 - 1.6 * inset) / width_of(text, VALUE))
    fill = "ink" if bold else "muted"
    board.canvas.text(x, y + 27 + inset, text, size=round(size, 1), fill=fill, bold=bold)


def fraction(share: float) -> str:
    """A share as 1/n where it is one."""
    whole = round(1 / share) if share else 0
    return f"1/{whole}" if whole and abs(whole * share - 1) < 1e-9 else number(share, 3)


def _routing_alt(x, dy, dx, targets, shares) -> str:
    ways = []
    for (i, j), cells in targets.items():
        start = f"dy({i}, {j}) = {number(dy[i, j])} goes "
        if shares:
            count = "1 cell" if len(cells) == 1 else f"{len(cells)} cells"
            ways.append(start + f"in shares of {fraction(shares[i, j])} to {count}")
        else:
            ways.append(start + f"to cell {cells[0]}, the maximum {number(x[cells[0]])}")
    rows = "; ".join(" ".join(number(v) for v in row) for row in dx)
    return "The gradient's way back: " + "; ".join(ways) + f". dx has the rows {rows}."


# ---------------------------------------------------------------------------- chains


def chain(
    values: Sequence[str],
    functions: Sequence[str],
    cotangents: Sequence[str] = (),
    pullbacks: Sequence[str] = (),
    caption: str | None = None,
) -> Figure:
    """Functions in a row: the values flow to the right above, their cotangents back below.

    One value more than functions: `chain(["x", "y", "L"], ["pool", "loss"])`. The cotangents are
    dx, dy, … and 1 if not given; `pullbacks` names what each function does on the way back.
    """
    if len(values) != len(functions) + 1:
        raise ValueError(
            f"{len(functions)} functions join {len(functions) + 1} values, got {len(values)}"
        )
    cotangents = list(cotangents) or [
        *("*d" + value.strip("*") + "*" for value in values[:-1]),
        "1",
    ]
    if len(cotangents) != len(values):
        raise ValueError(f"each of {len(values)} values has one cotangent, got {len(cotangents)}")
    pullbacks = list(pullbacks)
    names = [f"*{value}*" if value.isidentifier() else value for value in values]
    box = max(64, *(width_of(name, LABEL) + 20 for name in (*functions, *pullbacks)))
    link = max(50, *(width_of(name, LABEL) + 16 for name in (*names, *cotangents)))
    tall, top = 92, 14
    forward, back = top + 28, top + tall - 28
    width = MARGIN * 2 + link * len(values) + box * len(functions)
    canvas = Canvas(width, top + tall + 14, _chain_alt(names, functions, cotangents, pullbacks))
    for k, function in enumerate(functions):
        x = MARGIN + link * (k + 1) + box * k
        canvas.rectangle(x, top, box, tall, fill="cell", stroke="muted", weight=1.25)
        if pullbacks:
            canvas.line((x, top + tall / 2), (x + box, top + tall / 2), stroke="rule", weight=THIN)
            canvas.text(x + box / 2, forward, function, size=LABEL)
            canvas.text(x + box / 2, back, pullbacks[k], size=LABEL, fill="orange")
        else:
            canvas.text(x + box / 2, top + tall / 2, function, size=LABEL)
    for k, (value, cotangent) in enumerate(zip(names, cotangents, strict=True)):
        x = MARGIN + (link + box) * k
        canvas.arrow((x + 4, forward), (x + link - 4, forward), stroke="blue", weight=2)
        canvas.text(x + link / 2, forward - 14, value, size=LABEL)
        canvas.arrow((x + link - 4, back), (x + 4, back), stroke="orange", weight=2, style=dash(1))
        canvas.text(x + link / 2, back + 17, cotangent, size=LABEL)
    return Figure([canvas], caption)


def _chain_alt(values, functions, cotangents, pullbacks) -> str:
    steps = "; ".join(
        f"{f} takes {a} to {b}" for f, a, b in zip(functions, values, values[1:], strict=False)
    )
    back = " ← ".join(cotangents)
    return f"A chain of functions: {steps}. Back along it flow the cotangents {back}."

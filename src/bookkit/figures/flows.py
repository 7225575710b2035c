"""Figures of what flows: the way of a gradient back to the input, and a chain of functions."""

from collections.abc import Sequence

import numpy as np
from matplotlib.path import Path

from bookkit.figures.base import (
    BOLD,
    INDEX,
    LABEL,
    LINE,
    THIN,
    Canvas,
    Figure,
    dash,
    hue,
    number,
    width_of,
)
from bookkit.figures.cells import GUTTER, HEADING, MARGIN, Board, all_taps, box_of
from convpool import loops
from convpool.arguments import window as lay_windows


def routing(
    x,
    dy,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode: bool = False,
    mode: str = "max",
    count_include_pad: bool = True,
    caption: str | None = None,
) -> Figure:
    """The gradient's way back: each entry of dy to the cell that won, or in shares to its window."""
    x, dy = np.asarray(x, float), np.asarray(dy, float)
    window = lay_windows(x.shape, kernel_size, stride, padding, dilation, ceil_mode)
    image, upstream = x[np.newaxis], dy[np.newaxis]
    if mode == "max":
        arguments = (kernel_size, stride, padding, dilation, ceil_mode)
        _, indices = loops.max_pool2d(image, *arguments, return_indices=True)
        dx = loops.max_pool2d_backward(upstream, image, *arguments)[0]
        winners = {
            (i, j): divmod(int(indices[0, i, j]), x.shape[1]) for i, j in np.ndindex(dy.shape)
        }
        return Figure([_routes(window, x, dy, dx, winners, {}, caption_mode="max")], caption)
    if mode == "average":
        options = {
            "ceil_mode": ceil_mode,
            "count_include_pad": count_include_pad,
            "dilation": dilation,
        }
        dx = loops.avg_pool2d_backward(upstream, image, kernel_size, stride, padding, **options)[0]
        shares = {}
        for i, j in np.ndindex(dy.shape):
            one = np.zeros_like(upstream)
            one[0, i, j] = 1
            back = loops.avg_pool2d_backward(one, image, kernel_size, stride, padding, **options)[0]
            shares[i, j] = back[window.taps(i, j)[0]]
        return Figure([_routes(window, x, dy, dx, {}, shares, caption_mode="average")], caption)
    raise ValueError(f"mode must be 'max' or 'average', got {mode!r}")


CELL = 46


def _routes(window, x, dy, dx, winners, shares, caption_mode) -> Canvas:
    gap = 74
    rows, cols = range(x.shape[0]), range(x.shape[1])
    i_range, j_range = range(dy.shape[0]), range(dy.shape[1])
    left_width, right_width = CELL * len(j_range), CELL * len(cols)
    top = MARGIN + HEADING
    height = top + CELL * max(len(rows), len(i_range)) + MARGIN + 24
    width = MARGIN + left_width + gap + right_width + MARGIN
    canvas = Canvas(width, height, _routing_alt(x, dy, dx, winners, shares))
    middle = top + CELL * max(len(rows), len(i_range)) / 2
    source = Board(canvas, MARGIN, middle - CELL * len(i_range) / 2, i_range, j_range, CELL, CELL)
    target = Board(
        canvas, MARGIN + left_width + gap, middle - CELL * len(rows) / 2, rows, cols, CELL, CELL
    )
    source.paper(i_range, j_range)
    target.paper(rows, cols)
    order = {output: k for k, output in enumerate(np.ndindex(dy.shape))}
    for (i, j), k in order.items():
        source.tint(i, j, hue(k))
        for h, w in [winners[i, j]] if winners else window.taps(i, j):
            target.tint(h, w, hue(k))
    source.ruling(i_range, j_range)
    target.ruling(rows, cols)
    for (i, j), k in order.items():
        block = _inside(window.rows, i), _inside(window.cols, j)
        overlap = len(order) > 1 and any(
            len(window.covering(h, w)) > 1 for h, w in window.taps(i, j)
        )
        inset = 1.75 + (2.5 * (k % 3) if overlap else 0)
        canvas.rectangle(
            *target.box(*block, inset), stroke=hue(k), weight=BOLD - 0.5, style=dash(k)
        )
    arrivals: dict[tuple[int, int], int] = {}
    for (i, j), k in order.items():
        h, w = (
            winners[i, j]
            if winners
            else (_inside(window.rows, i).start, _inside(window.cols, j).start)
        )
        slot = arrivals.get((h, w), 0)
        arrivals[h, w] = slot + 1
        _route(
            source,
            target,
            (i, j),
            (h, w),
            k,
            slot,
            j_range.stop - j,
            number(shares[i, j], 3) if shares else None,
        )
    for i, j in order:
        source.value(i, j, number(dy[i, j]), bold=True)
    for h in rows:
        for w in cols:
            a, b = target.place(h, w)
            canvas.text(a + 6, b + 11, number(x[h, w]), size=10.5, fill="muted", align="left")
            target.value(
                h, w, number(dx[h, w]), bold=dx[h, w] != 0, fill="ink" if dx[h, w] else "muted"
            )
    for board, title, count in ((source, "*dy*", len(j_range)), (target, "*dx*", len(cols))):
        canvas.text(board.x + CELL * count / 2, board.y - 14, title, size=LABEL, bold=True)
    note = "small: *x*"
    canvas.text(width - MARGIN, height - 14, note, size=INDEX, fill="muted", align="right")
    return canvas


def _inside(axis, i) -> range:
    box = box_of(axis, i)
    return range(max(box.start, 0), min(box.stop, axis.size))


def _route(source, target, output, cell, k, slot, from_right, share) -> None:
    """From the lower edge of a cell of dy, along the lower edges of its neighbours, across the gap."""
    canvas = source.canvas
    x0, y0 = source.place(*output)
    x0, y0 = x0 + CELL - 9, y0 + CELL - 6 - 3 * (from_right - 1)
    x1, y1 = target.place(*cell)
    x1, y1 = x1 + 15, y1 + CELL - 8 - 4 * slot
    leave, arrive = source.place(0, source.cols.stop)[0] + 2, target.x - 2
    bend = (arrive - leave) * 0.55
    canvas.disc(x0, y0, 2.75, fill=hue(k), stroke=None)
    moves = [Path.MOVETO, Path.LINETO, Path.CURVE4, Path.CURVE4, Path.CURVE4, Path.LINETO]
    points = [
        (x0, y0),
        (leave, y0),
        (leave + bend, y0),
        (arrive - bend, y1),
        (arrive, y1),
        (x1 - 6, y1),
    ]
    canvas.path(points, moves, stroke=hue(k), weight=LINE, style=dash(k))
    canvas.head((x1, y1), (1, 0), hue(k))
    if share:
        canvas.text((leave + arrive) / 2, (y0 + y1) / 2, "× " + share, size=INDEX, halo=True)


def _routing_alt(x, dy, dx, winners, shares) -> str:
    alt = []
    for i, j in np.ndindex(dy.shape):
        if winners:
            h, w = winners[i, j]
            alt.append(
                f"dy({i}, {j}) = {number(dy[i, j])} goes to cell ({h}, {w}), the maximum {number(x[h, w])}"
            )
        else:
            alt.append(
                f"dy({i}, {j}) = {number(dy[i, j])} goes in shares of {number(shares[i, j], 3)} to its window"
            )
    rows = "; ".join(" ".join(number(v) for v in row) for row in dx)
    return "The gradient's way back: " + "; ".join(alt) + f". dx has the rows {rows}."


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
    names = [value if "*" in value else f"*{value}*" for value in values]
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

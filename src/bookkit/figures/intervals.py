"""Figures along one axis: windows as bars over cells, adaptive bins, what one output depends on."""

from collections.abc import Sequence

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
from bookkit.figures.cells import LEGEND, MARGIN, all_taps, draw_legend, reach, texture
from convpool import geometry
from convpool.geometry import Axis, Bins

STEP = 26  # from one bar to the next


def _cell(count: int) -> float:
    return max(16, min(36, 400 // count))


def axis(axis: Axis, title: str = "input", caption: str | None = None) -> Figure:
    """One axis: cells and padding above, below it each window as a bar with a dot at every tap."""
    cells = reach(axis)
    side = _cell(len(cells))
    unseen = {h for h in range(axis.size) if not axis.covering(h)}
    kinds = {h: _kind(axis, h, unseen) for h in cells}
    legend = [kind for kind in LEGEND if kind in kinds.values()]
    left = max(width_of(f"i = {axis.out - 1}", INDEX), width_of(title, INDEX)) + 14 + MARGIN
    top = MARGIN + 20
    bars = top + side + 22
    bottom = bars + STEP * axis.out
    width = max(left + side * len(cells) + MARGIN, left + 200 if legend else 0)
    canvas = Canvas(width, bottom + 22 * len(legend), _axis_alt(axis, legend))

    def x_of(h: float) -> float:
        return left + (h - cells.start) * side

    canvas.rectangle(x_of(0), top, side * axis.size, side, fill="cell", stroke=None)
    for h in cells:
        texture(canvas, (x_of(h), top, side, side), kinds[h])
        canvas.text(x_of(h + 0.5), top - 11, number(h), size=INDEX, fill="muted")
    _strip(canvas, x_of, top, side, cells, range(axis.size))
    canvas.text(left - 12, top + side / 2, title, size=INDEX, fill="muted", align="right")
    canvas.lines(
        [
            ((x_of(h), top + side + 3), (x_of(h), bottom - 8))
            for h in (*range(axis.size), axis.size)
        ],
        stroke="rule",
        weight=0.6,
    )
    for i in range(axis.out):
        y = bars + STEP * i
        taps = all_taps(axis, i)
        canvas.text(left - 12, y, f"*i* = {i}", size=INDEX, align="right")
        canvas.rectangle(
            x_of(taps[0]) + 3,
            y - 8,
            x_of(taps[-1] + 1) - x_of(taps[0]) - 6,
            16,
            fill=hue(i),
            stroke=None,
            opacity=TINT,
        )
        canvas.line((x_of(taps[0] + 0.5), y), (x_of(taps[-1] + 0.5), y), stroke=hue(i), weight=LINE)
        for h in taps:
            inside = 0 <= h < axis.size
            canvas.disc(
                x_of(h + 0.5),
                y,
                4.5,
                stroke=hue(i),
                fill=hue(i) if inside else "paper",
                weight=LINE,
            )
    draw_legend(canvas, left, bottom + 6, legend)
    return Figure([canvas], caption)


def _kind(axis: Axis, h: int, unseen: set[int]) -> str | None:
    if h in unseen:
        return "unseen"
    if 0 <= h < axis.size:
        return None
    return "overhang" if h >= axis.size + axis.after else "padding"


def _strip(canvas, x_of, top, side, cells: range, inside: range) -> None:
    """A row of cells: thin rules, a firm border around those of the input."""
    inner = [((x_of(h), top), (x_of(h), top + side)) for h in cells if h != cells.start]
    canvas.lines(inner, stroke="rule", weight=THIN)
    if cells != inside:
        canvas.rectangle(
            x_of(cells.start), top, side * len(cells), side, stroke="rule", weight=THIN
        )
    canvas.rectangle(x_of(inside.start), top, side * len(inside), side, stroke="muted", weight=1.25)


def _axis_alt(axis: Axis, legend) -> str:
    alt = f"An axis of {axis.size} cells, {axis.before} of padding before and {axis.after} after"
    for i in range(axis.out):
        alt += f"; window {i} has taps on {', '.join(number(h) for h in all_taps(axis, i))}"
    unseen = [h for h in range(axis.size) if not axis.covering(h)]
    if unseen:
        alt += f"; no window sees {', '.join(map(str, unseen))}"
    return alt + "."


def bins(size: int, out: int, caption: str | None = None) -> Figure:
    """Adaptive bins: `size` cells cut into `out` bins, the cells that two bins share set off."""
    parts = Bins(size, out)
    side = _cell(size)
    left = width_of(f"i = {out - 1}", INDEX) + 14 + MARGIN
    top = MARGIN + 20
    bars = top + side + 24
    bottom = bars + STEP * out
    shared = [h for h in range(size) if len(parts.covering(h)) > 1]
    canvas = Canvas(
        max(left + side * size + MARGIN, left + 220 if shared else 0),
        bottom + (22 if shared else 0),
        f"{size} cells in {out} bins: "
        + "; ".join(
            f"bin {i} holds {parts.taps(i).start} to {parts.taps(i).stop - 1}" for i in range(out)
        )
        + (f"; shared: {', '.join(map(str, shared))}." if shared else "; no cell is shared."),
    )

    def x_of(h: float) -> float:
        return left + h * side

    canvas.rectangle(left, top, side * size, side, fill="cell", stroke=None)
    for h in range(size):
        if h in shared:
            canvas.hatch(x_of(h), top, side, side, step=6, stroke="muted")
        canvas.text(x_of(h + 0.5), top - 11, number(h), size=INDEX, fill="muted")
    _strip(canvas, x_of, top, side, range(size), range(size))
    for h in shared:
        canvas.rectangle(
            x_of(h),
            top + side,
            side,
            bottom - top - side - 8,
            fill="rule",
            stroke=None,
            opacity=0.3,
        )
    for i in range(out):
        y, taps = bars + STEP * i, parts.taps(i)
        box = (x_of(taps.start) + 2, y - 8, side * len(taps) - 4, 16)
        canvas.text(left - 12, y, f"*i* = {i}", size=INDEX, align="right")
        canvas.rectangle(*box, fill=hue(i), stroke=None, opacity=0.3)
        canvas.rectangle(*box, stroke=hue(i), weight=LINE, style=dash(i))
        label = f"{len(taps)} cells" if len(taps) > 1 else "1 cell"
        if width_of(label, INDEX) > box[2] - 6:
            label = str(len(taps))
        canvas.text(box[0] + box[2] / 2, y, label, size=INDEX)
    if shared:
        canvas.hatch(left, bottom - 2, 22, 15, step=6, stroke="muted")
        canvas.rectangle(left, bottom - 2, 22, 15, stroke="rule", weight=THIN)
        canvas.text(
            left + 30,
            bottom + 6,
            "shared by two bins" if _at_most_two(parts) else "shared",
            size=INDEX,
            fill="muted",
            align="left",
        )
    return Figure([canvas], caption)


def _at_most_two(parts: Bins) -> bool:
    return all(len(parts.covering(h)) <= 2 for h in range(parts.size))


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
    levels: list[set[int]] = [{output}]
    for layer in reversed(axes):
        levels.insert(0, {h for i in levels[0] for h in layer.taps(i)})
    sizes = [axes[0].size, *(layer.out for layer in axes)]
    field = geometry.receptive_field(axes)
    names = list(names) or ["input", *(f"layer {k}" for k in range(1, len(axes) + 1))]
    side = _cell(max(sizes))
    left = max(width_of(name, INDEX) for name in names) + 12 + MARGIN
    full = side * max(sizes)
    rise = side + 44
    canvas = Canvas(
        left + full + MARGIN,
        MARGIN + 20 + rise * len(axes) + side + MARGIN + 18,
        _field_alt(axes, output, levels, names, field),
    )
    tops = [MARGIN + 8 + rise * (len(axes) - k) for k in range(len(sizes))]

    def x_of(level: int, h: float) -> float:
        return left + (full - side * sizes[level]) / 2 + h * side

    for k, layer in enumerate(axes):
        for i in sorted(levels[k + 1]):
            ends = layer.taps(i)
            y0, y1 = tops[k + 1] + side, tops[k]
            canvas.polygon(
                [
                    (x_of(k + 1, i), y0),
                    (x_of(k + 1, i + 1), y0),
                    (x_of(k, ends[-1] + 1), y1),
                    (x_of(k, ends[0]), y1),
                ],
                fill="blue",
                stroke=None,
                opacity=0.09,
            )
            spokes = [((x_of(k + 1, i + 0.5), y0), (x_of(k, h + 0.5), y1)) for h in ends]
            canvas.lines(spokes, stroke="blue", weight=THIN, opacity=0.75)
    for k, size in enumerate(sizes):
        canvas.rectangle(x_of(k, 0), tops[k], side * size, side, fill="cell", stroke=None)
        for h in levels[k]:
            canvas.rectangle(x_of(k, h), tops[k], side, side, fill="blue", stroke=None, opacity=0.3)
        _strip(canvas, lambda h, k=k: x_of(k, h), tops[k], side, range(size), range(size))
        canvas.text(
            left - 12, tops[k] + side / 2, names[k], size=INDEX, fill="muted", align="right"
        )
    top = x_of(len(axes), output + 0.5), tops[-1] + side / 2
    canvas.rectangle(top[0] - side / 2, tops[-1], side, side, stroke="orange", weight=BOLD)
    canvas.text(*top, number(output), size=min(LABEL, side * 0.6), bold=True)
    seen = sorted(levels[0])
    y = tops[0] + side + 8
    ends = x_of(0, seen[0]), x_of(0, seen[-1] + 1)
    canvas.lines(
        [
            ((ends[0], y), (ends[1], y)),
            ((ends[0], y - 4), (ends[0], y + 4)),
            ((ends[1], y - 4), (ends[1], y + 4)),
        ],
        stroke="blue",
        weight=LINE,
    )
    cells = seen[-1] - seen[0] + 1
    text = f"{cells} cells" + (
        f" of {field.size}, the rest in padding" if cells < field.size else ""
    )
    middle = min(
        max((ends[0] + ends[1]) / 2, left + width_of(text, INDEX) / 2),
        left + full - width_of(text, INDEX) / 2,
    )
    canvas.text(middle, y + 14, text, size=INDEX)
    return Figure([canvas], caption)


def _field_alt(axes, output, levels, names, field) -> str:
    alt = f"Output {output} of {names[-1]}"
    for k in range(len(axes) - 1, -1, -1):
        cells = sorted(levels[k])
        alt += f" depends on cells {cells[0]} to {cells[-1]} of {names[k]}"
        alt += "," if k else ""
    return alt + f"; the receptive field is {field.size} cells."

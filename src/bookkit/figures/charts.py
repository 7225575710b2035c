"""Figures with axes: lines, bars, the unit balls of the p-norms and what Lp pooling makes of p."""

import math
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, groupby

import numpy as np

from bookkit.figures.base import (
    INDEX,
    LABEL,
    THIN,
    Canvas,
    Figure,
    dash,
    hue,
    number,
    width_of,
)

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


Point = tuple[float, float]
WIDTH, HEIGHT = 460, 250  # of a chart, and of the area inside its axes
BAR = 32  # from one bar to the next


class _Scale:
    """From values to pixels, linear or logarithmic, with the ticks that suit it."""

    def __init__(self, low: float, high: float, start: float, stop: float, log: bool):
        self.log, self.start, self.stop = log, start, stop
        if log:
            first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
            last += first == last
            powers = range(first, last + 1, math.ceil((last - first) / 6))
            self.low, self.high = float(first), float(last)
            self.ticks = [10.0**power for power in powers]
            self.names = ["10" + str(power).translate(SUPERSCRIPTS) for power in powers]
        else:
            high = high if high > low else low + 1
            step = _nice((high - low) / 5)
            first, last = math.floor(low / step), math.ceil(high / step)
            self.low, self.high = first * step, last * step
            self.ticks = [k * step for k in range(first, last + 1)]
            self.names = [number(tick, 6) for tick in self.ticks]

    def __call__(self, value: float) -> float:
        place = math.log10(value) if self.log else value
        return self.start + (place - self.low) / (self.high - self.low) * (self.stop - self.start)


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * 0.999999)


def lines(
    x: Iterable[float],
    series: Mapping[str, Iterable[float]],
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    logx: bool = False,
    logy: bool = False,
    points: bool = True,
    caption: str | None = None,
) -> Figure:
    """Curves over x, a colour, dash and marker each; on a logarithmic axis what is positive.

    Where a value is NaN the curve breaks off.
    """
    curves = {name: _stretches(x, y, logx, logy) for name, y in series.items()}
    everything = [point for curve in curves.values() for point in chain(*curve)]
    if not everything:
        raise ValueError("no value to draw: none is finite and, on a logarithmic axis, positive")
    xs, ys = zip(*everything, strict=True)
    top = 34 + (24 if title else 0)
    bottom = top + HEIGHT
    up = _Scale(min(ys), max(ys), bottom, top, logy)
    left, right = max(width_of(name, INDEX) for name in up.names) + 16, WIDTH - 22
    across = _Scale(min(xs), max(xs), left, right, logx)
    keys = _key_rows(list(curves), right - left) if len(curves) > 1 else []
    alt = f"{title}: " if title else ""
    alt += f"Chart of {ylabel} against {xlabel}. "
    alt += "; ".join(f"{name} goes {_ends(curve)}" for name, curve in curves.items() if curve) + "."
    canvas = Canvas(WIDTH, bottom + 50 + 24 * len(keys), alt)
    if title:
        canvas.text(WIDTH / 2, 14, title, size=LABEL, bold=True)
    _axes(canvas, across, up)
    canvas.text(left, top - 14, ylabel, size=INDEX, align="left")
    canvas.text((left + right) / 2, bottom + 36, xlabel, size=INDEX)
    for k, curve in enumerate(curves.values()):
        for stretch in curve:
            _curve(canvas, [(across(a), up(b)) for a, b in stretch], k, points)
    for row, names in enumerate(keys):
        y, at = bottom + 62 + 24 * row, left
        for k, name in names:
            _curve(canvas, [(at, y), (at + 30, y)], k, points=False)
            if points:
                _marker(canvas, at + 15, y, k)
            canvas.text(at + 38, y, name, size=INDEX, align="left")
            at += _key_width(name)
    return Figure([canvas], caption)


def _stretches(x: Iterable[float], y: Iterable[float], logx: bool, logy: bool) -> list[list[Point]]:
    """A curve's points, as far as they can be drawn, in parts where NaN interrupts it."""
    points = [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    parts = [list(part) for gap, part in groupby(points, lambda p: math.isnan(p[1])) if not gap]
    return [drawn for part in parts if (drawn := _drawable(part, logx, logy))]


def _drawable(points: list[Point], logx: bool, logy: bool) -> list[Point]:
    return [
        (a, b)
        for a, b in points
        if math.isfinite(a) and math.isfinite(b) and (a > 0 or not logx) and (b > 0 or not logy)
    ]


def _ends(curve: list[list[Point]]) -> str:
    (a, b), (c, d) = curve[0][0], curve[-1][-1]
    return f"from {b:.2g} at {a:.2g} to {d:.2g} at {c:.2g}"


def _axes(canvas: Canvas, across: _Scale, up: _Scale) -> None:
    """The frame, a fine line at every tick, and what the ticks stand for."""
    left, right, bottom, top = across.start, across.stop, up.start, up.stop
    flat = [((left, up(tick)), (right, up(tick))) for tick in up.ticks]
    upright = [((across(tick), top), (across(tick), bottom)) for tick in across.ticks]
    canvas.lines(flat + upright, stroke="rule", weight=0.75)
    canvas.rectangle(left, top, right - left, bottom - top, stroke="muted", weight=THIN)
    for tick, name in zip(up.ticks, up.names, strict=True):
        canvas.note(left - 8, up(tick), name, align="right")
    for tick, name in zip(across.ticks, across.names, strict=True):
        canvas.note(across(tick), bottom + 15, name)


def _curve(canvas: Canvas, places: list[Point], k: int, points: bool) -> None:
    if len(places) > 1:
        canvas.line(*places, stroke=hue(k), weight=2, style=dash(k))
    for x, y in places if points else ():
        _marker(canvas, x, y, k)


def _marker(canvas: Canvas, x: float, y: float, k: int) -> None:
    """A disc, a square, a diamond, a triangle: the shape goes with the colour."""
    r = 4
    if k % 4 == 0:
        canvas.disc(x, y, r, fill=hue(k), stroke="paper", weight=1)
        return
    corners = {
        1: [(-r, -r), (r, -r), (r, r), (-r, r)],
        2: [(0, -r - 1), (r + 1, 0), (0, r + 1), (-r - 1, 0)],
        3: [(0, -r - 1), (r + 1, r), (-r - 1, r)],
    }[k % 4]
    canvas.polygon([(x + a, y + b) for a, b in corners], fill=hue(k), stroke="paper", weight=1)


def _key_width(name: str) -> float:
    return 38 + width_of(name, INDEX) + 18


def _key_rows(names: list[str], width: float) -> list[list[tuple[int, str]]]:
    """The names with their numbers, in as many rows as they need."""
    rows: list[list[tuple[int, str]]] = [[]]
    used = 0.0
    for k, name in enumerate(names):
        if rows[-1] and used + _key_width(name) > width:
            rows.append([])
            used = 0
        rows[-1].append((k, name))
        used += _key_width(name)
    return rows


def bars(
    values: Mapping[str, float],
    label: str,
    title: str | None = None,
    decimals: int = 2,
    unit: str = "",
    reference: tuple[str, float] | None = None,
    caption: str | None = None,
) -> Figure:
    """Horizontal bars with their values, from zero; `reference` is a named line across them."""
    if any(not math.isfinite(v) or v < 0 for v in values.values()):
        raise ValueError(
            f"bars start at zero: give finite values of at least 0, got {dict(values)}"
        )
    texts = {name: number(value, decimals) + unit for name, value in values.items()}
    left = max(width_of(name, LABEL) for name in values) + 16
    right = WIDTH - max(width_of(text, LABEL) for text in texts.values()) - 16
    top = 10 + (26 if title else 0) + (22 if reference else 0)
    bottom = top + BAR * len(values)
    most = max(*values.values(), reference[1] if reference else 0) or 1

    def across(value: float) -> float:
        return left + value / most * (right - left)

    alt = f"{title}: " if title else ""
    alt += f"Bars of {label}: " + "; ".join(f"{name} {text}" for name, text in texts.items())
    if reference:
        alt += f"; {reference[0]} at {number(reference[1], decimals)}{unit}"
    words = textwrap.wrap(label, int((WIDTH - 8) / width_of("n", INDEX)))
    canvas = Canvas(WIDTH, bottom + 14 + 18 * max(1, len(words)), alt + ".")
    if title:
        canvas.text(WIDTH / 2, 14, title, size=LABEL, bold=True)
    for k, (name, value) in enumerate(values.items()):
        box = (left, top + BAR * k + 5, across(value) - left, BAR - 10)
        canvas.rectangle(*box, fill="blue", stroke=None, opacity=0.3)
        canvas.rectangle(*box, stroke="blue", weight=1.5)
        canvas.text(left - 10, top + BAR * (k + 0.5), name, size=LABEL, align="right")
    canvas.line((left, top), (left, bottom), stroke="muted", weight=1.25)
    if reference:
        x = across(reference[1])
        canvas.line((x, top - 4), (x, bottom), stroke="orange", weight=2, style=dash(1))
        half = width_of(reference[0], INDEX) / 2 + 4
        x = min(max(x, half), WIDTH - half)
        canvas.text(x, top - 14, reference[0], size=INDEX, fill="orange")
    for k, (name, value) in enumerate(values.items()):
        y = top + BAR * (k + 0.5)
        canvas.text(across(value) + 8, y, texts[name], size=LABEL, align="left", halo=True)
    start = min(left, *(WIDTH - 4 - width_of(line, INDEX) for line in words), WIDTH)
    for k, line in enumerate(words):
        canvas.note(start, bottom + 16 + 18 * k, line, align="left")
    return Figure([canvas], caption)


# ---------------------------------------------------------------------------- p-norms


def lp_balls(norms: Sequence[float] = (1, 2, 4, math.inf), caption: str | None = None) -> Figure:
    """The points (a, b) of norm 1, one curve for each p."""
    radius, middle = 118, 150
    canvas = Canvas(
        2 * middle + 90,
        2 * middle,
        "Unit balls of the p-norm in the plane, for p = "
        + ", ".join(number(p) for p in norms)
        + ": every one passes through the points 1 on the axes and grows towards a square with p.",
    )
    canvas.arrow((14, middle), (2 * middle - 8, middle), stroke="muted", weight=THIN, size=7)
    canvas.arrow((middle, 2 * middle - 14), (middle, 8), stroke="muted", weight=THIN, size=7)
    canvas.text(2 * middle - 12, middle - 14, "*a*", size=LABEL, fill="muted")
    canvas.text(middle + 14, 14, "*b*", size=LABEL, fill="muted")
    for k, p in enumerate(norms):
        corner = [(middle + radius * a, middle - radius * b) for a, b in _ball(p)]
        canvas.polygon(corner, stroke=hue(k), weight=2.25, style=dash(k))
    canvas.note(middle + radius + 4, middle + 15, "1", align="left")
    canvas.note(middle - radius - 4, middle + 15, "−1", align="right")
    canvas.note(middle - 8, middle - radius - 11, "1", align="right")
    canvas.note(middle - 8, middle + radius + 12, "−1", align="right")
    for k, p in enumerate(norms):
        y = middle - 14 * (len(norms) - 1) + 28 * k
        at = 2 * middle + 4
        canvas.line((at, y), (at + 30, y), stroke=hue(k), weight=2.25, style=dash(k))
        canvas.text(at + 38, y, f"*p* = {number(p)}", size=LABEL, align="left")
    return Figure([canvas], caption)


def _ball(p: float, steps: int = 128) -> list[tuple[float, float]]:
    if math.isinf(p):
        return [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    if p == 1:
        return [(1, 0), (0, 1), (-1, 0), (0, -1)]
    points = []
    for k in range(steps):
        c, s = math.cos(2 * math.pi * k / steps), math.sin(2 * math.pi * k / steps)
        norm = (abs(c) ** p + abs(s) ** p) ** (1 / p)
        points.append((c / norm, s / norm))
    return points


def lp_curves(
    values: Sequence[float] = (1, 2, 3, 4), largest: float = 16, caption: str | None = None
) -> Figure:
    """The p-norm of a window, and its power mean, as p grows: both end at the maximum."""
    x = np.abs(np.asarray(values, float).ravel())
    top = x.max()
    if not top > 0:
        raise ValueError("lp_curves needs a window with a cell other than zero")
    ps = np.geomspace(1, largest, 25)
    sums = [float(((x / top) ** p).sum()) for p in ps]
    means = [s / x.size for s in sums]
    return lines(
        ps,
        {
            "*p*-norm": [top * s ** (1 / p) for s, p in zip(sums, ps, strict=True)],
            "power mean": [top * m ** (1 / p) for m, p in zip(means, ps, strict=True)],
            "maximum": [top] * len(ps),
        },
        xlabel="*p*",
        ylabel="value for the window " + ", ".join(number(v) for v in np.ravel(values)),
        logx=False,
        points=False,
        caption=caption,
    )

"""Figures with axes: lines, bars, the unit balls of the p-norms and what Lp pooling makes of p."""

import math
from collections.abc import Mapping, Sequence

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


class _Scale:
    """From values to pixels, linear or logarithmic, with the ticks that suit it."""

    def __init__(self, low: float, high: float, start: float, stop: float, log: bool):
        self.log, self.start, self.stop = log, start, stop
        if log:
            self.low, self.high = math.floor(math.log10(low)), math.ceil(math.log10(high))
            self.high += self.low == self.high
            step = max(1, math.ceil((self.high - self.low) / 6))
            self.ticks = [10.0**e for e in range(self.low, self.high + 1, step)]
            self.names = [
                "1" if e == 0 else "10" + str(e).translate(SUPERSCRIPTS)
                for e in range(self.low, self.high + 1, step)
            ]
        else:
            high = high if high > low else low + 1
            step = _nice((high - low) / 5)
            self.low, self.high = math.floor(low / step) * step, math.ceil(high / step) * step
            count = round((self.high - self.low) / step)
            self.ticks = [self.low + k * step for k in range(count + 1)]
            self.names = [number(t, 6) for t in self.ticks]

    def __call__(self, value: float) -> float:
        value = math.log10(value) if self.log else value
        return self.start + (value - self.low) / (self.high - self.low) * (self.stop - self.start)


def _nice(step: float) -> float:
    """1, 2 or 5 times a power of ten, at least `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(m * power for m in (1, 2, 5, 10) if m * power >= step * 0.999999)


def lines(
    x: Sequence[float],
    series: Mapping[str, Sequence[float]],
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    logx: bool = False,
    logy: bool = False,
    points: bool = True,
    caption: str | None = None,
) -> Figure:
    """Curves over x, a colour, dash and marker each; on a logarithmic axis what is positive."""
    curves = {}
    for name, y in series.items():
        if len(y) != len(x):
            raise ValueError(f"series {name!r} has {len(y)} values for {len(x)} of x")
        curves[name] = [
            (float(a), float(b))
            for a, b in zip(x, y, strict=True)
            if math.isfinite(a)
            and math.isfinite(b)
            and not (logx and a <= 0)
            and not (logy and b <= 0)
        ]
    everything = [point for curve in curves.values() for point in curve]
    if not everything:
        raise ValueError(
            "nothing to draw: no finite value (on a logarithmic axis: no positive one)"
        )
    xs, ys = zip(*everything, strict=True)
    width, plot_height = 460, 250
    top = 12 + (24 if title else 0) + 22
    probe = _Scale(min(ys), max(ys), 0, 1, logy)
    left = max(width_of(name, INDEX) for name in probe.names) + 16
    bottom = top + plot_height
    across = _Scale(min(xs), max(xs), left, width - 22, logx)
    up = _Scale(min(ys), max(ys), bottom, top, logy)
    many = len(curves) > 1
    keys = _key_rows(list(curves), width - left) if many else []
    alt = f"{title}: " if title else ""
    alt += f"Chart of {ylabel} against {xlabel}. "
    alt += "; ".join(f"{name} goes {_ends(curve)}" for name, curve in curves.items() if curve) + "."
    canvas = Canvas(width, bottom + 50 + 24 * len(keys), alt)
    if title:
        canvas.text(width / 2, 14, title, size=LABEL, bold=True)
    canvas.lines(
        [((left, up(t)), (width - 22, up(t))) for t in up.ticks], stroke="rule", weight=0.75
    )
    canvas.lines(
        [((across(t), top), (across(t), bottom)) for t in across.ticks], stroke="rule", weight=0.75
    )
    canvas.rectangle(left, top, width - 22 - left, plot_height, stroke="muted", weight=THIN)
    for t, name in zip(up.ticks, up.names, strict=True):
        canvas.text(left - 8, up(t), name, size=INDEX, fill="muted", align="right")
    for t, name in zip(across.ticks, across.names, strict=True):
        canvas.text(across(t), bottom + 15, name, size=INDEX, fill="muted")
    canvas.text(left, top - 14, ylabel, size=INDEX, align="left")
    canvas.text((left + width - 22) / 2, bottom + 36, xlabel, size=INDEX)
    for k, curve in enumerate(curves.values()):
        places = [(across(a), up(b)) for a, b in curve]
        if len(places) > 1:
            canvas.line(*places, stroke=hue(k), weight=2, style=dash(k))
        for place in places if points else ():
            _marker(canvas, *place, k)
    for row, names in enumerate(keys):
        at = left
        for k, name in names:
            y = bottom + 62 + 24 * row
            canvas.line((at, y), (at + 30, y), stroke=hue(k), weight=2, style=dash(k))
            if points:
                _marker(canvas, at + 15, y, k)
            canvas.text(at + 38, y, name, size=INDEX, align="left")
            at += 38 + width_of(name, INDEX) + 18
    return Figure([canvas], caption)


def _ends(curve) -> str:
    (a, b), (c, d) = curve[0], curve[-1]
    return f"from {b:.2g} at {a:.2g} to {d:.2g} at {c:.2g}"


def _key_rows(names: list[str], width: float) -> list[list[tuple[int, str]]]:
    rows: list[list[tuple[int, str]]] = [[]]
    used = 0.0
    for k, name in enumerate(names):
        need = 38 + width_of(name, INDEX) + 18
        if rows[-1] and used + need > width:
            rows.append([])
            used = 0
        rows[-1].append((k, name))
        used += need
    return rows


def _marker(canvas: Canvas, x: float, y: float, k: int) -> None:
    """A disc, a square, a diamond, a triangle: the shape goes with the colour."""
    r, looks = 4, {"fill": hue(k), "stroke": "paper", "weight": 1}
    if k % 4 == 0:
        canvas.disc(x, y, r, **looks)
    elif k % 4 == 1:
        canvas.rectangle(x - r + 0.5, y - r + 0.5, 2 * r - 1, 2 * r - 1, **looks)
    elif k % 4 == 2:
        canvas.polygon([(x, y - r - 1), (x + r + 1, y), (x, y + r + 1), (x - r - 1, y)], **looks)
    else:
        canvas.polygon([(x, y - r - 1), (x + r + 1, y + r), (x - r - 1, y + r)], **looks)


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
    texts = {name: number(v, decimals) + unit for name, v in values.items()}
    width, step = 460, 32
    left = max(width_of(name, LABEL) for name in values) + 16
    room = width - left - max(width_of(t, LABEL) for t in texts.values()) - 16
    most = max(*values.values(), reference[1] if reference else 0) or 1
    top = 10 + (26 if title else 0) + (22 if reference else 0)
    bottom = top + step * len(values)
    alt = f"{title}: " if title else ""
    alt += f"Bars of {label}: " + "; ".join(f"{name} {text}" for name, text in texts.items())
    alt += (
        f"; reference {reference[0]} at {number(reference[1], decimals)}{unit}."
        if reference
        else "."
    )
    canvas = Canvas(width, bottom + 32, alt)
    if title:
        canvas.text(width / 2, 14, title, size=LABEL, bold=True)
    for k, (name, value) in enumerate(values.items()):
        y = top + step * k
        box = (left, y + 5, room * value / most, step - 10)
        canvas.rectangle(*box, fill="blue", stroke=None, opacity=0.3)
        canvas.rectangle(*box, stroke="blue", weight=1.5)
        canvas.text(left - 10, y + step / 2, name, size=LABEL, align="right")
    canvas.line((left, top), (left, bottom), stroke="muted", weight=1.25)
    if reference:
        x = left + room * reference[1] / most
        canvas.line((x, top - 4), (x, bottom), stroke="orange", weight=2, style=dash(1))
        half = width_of(reference[0], INDEX) / 2
        canvas.text(
            min(max(x, half + 4), width - half - 4),
            top - 14,
            reference[0],
            size=INDEX,
            fill="orange",
        )
    for k, (name, value) in enumerate(values.items()):
        x, y = left + room * value / most + 8, top + step * (k + 0.5)
        canvas.text(x, y, texts[name], size=LABEL, align="left", halo=True)
    canvas.text(left, bottom + 16, label, size=INDEX, fill="muted", align="left")
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
    for x, y, text, align in (
        (middle + radius + 4, middle + 15, "1", "left"),
        (middle - radius - 4, middle + 15, "−1", "right"),
        (middle - 8, middle - radius - 11, "1", "right"),
        (middle - 8, middle + radius + 12, "−1", "right"),
    ):
        canvas.text(x, y, text, size=INDEX, fill="muted", align=align)
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

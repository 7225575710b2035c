"""What every figure stands on: the palette, a canvas measured in pixels, and the HTML for a page.

A figure is drawn by matplotlib in the palette's light colours. The SVG that comes out is reduced to
its paths and texts, and each colour becomes a CSS variable with the light colour as its fallback,
so that the page decides between light and dark. Nothing in the SVG has an id: any number of figures
can share a page. Coordinates are rounded and no text is measured: the bytes depend on the
parameters alone.
"""

import base64
import html
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as MatplotlibFigure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from PIL import Image

# ---------------------------------------------------------------------------- colours

PALETTE = {
    # name: (light, dark)
    "paper": ("#ffffff", "#121212"),
    "cell": ("#f5f7f9", "#1d2126"),
    "rule": ("#c3c9d0", "#454d57"),
    "muted": ("#4d555e", "#b4bdc7"),
    "ink": ("#1f2328", "#e3e7ec"),
    "blue": ("#1d4bb8", "#7fa6fa"),
    "orange": ("#b84300", "#fa9440"),
    "green": ("#007b58", "#4fe39f"),
    "pink": ("#931f7c", "#d98fc2"),
}
HUES = ("blue", "orange", "green", "pink")  # told apart by colour-blind readers too
DASHES = ("solid", (0, (3.2, 1.6)), (0, (1, 1)), (0, (4, 1.2, 1, 1.2)))  # and without any colour
TINT = 0.18  # how much of a hue lies over a cell whose number must stay readable

VALUE, LABEL, INDEX = 15, 14, 12.5  # sizes of text
THIN, LINE, BOLD = 1, 1.75, 2.5  # widths of lines

VARIABLES = {light: f"var(--bk-{name}, {light})" for name, (light, _) in PALETTE.items()}


def hue(k: int) -> str:
    """The name of the k-th colour; they come round again."""
    return HUES[k % len(HUES)]


def dash(k: int):
    """The line style that always goes with the k-th colour."""
    return DASHES[k % len(DASHES)]


def css() -> str:
    """The style sheet: the palette for both modes of the site."""

    def block(selector: str, mode: int) -> str:
        lines = (f"  --bk-{name}: {pair[mode]};" for name, pair in PALETTE.items())
        return selector + " {\n" + "\n".join(lines) + "\n}\n"

    return (
        block(":root", 0)
        + block('html[data-theme="dark"]', 1)
        + "@media print {\n"
        + block('html[data-theme="dark"]', 0)
        + "}\n"
        # The theme puts HTML outputs on a light card in dark mode; these figures know both modes.
        + 'html[data-theme="dark"] .bd-content div.cell_output .text_html:has(figure.bk-figure) {\n'
        + "  background: none;\n  color: inherit;\n  padding: 0;\n}\n"
    )


# ---------------------------------------------------------------------------- text


def number(value, decimals: int = 2) -> str:
    """How a value stands in a cell: as few digits as it needs, with a true minus sign."""
    if isinstance(value, str):
        return value
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text.replace("-", "−")


def plain(text: str) -> str:
    """Text without the marks of italics and code."""
    return re.sub(r"([*`])(\S(?:[^*`]*\S)?)\1", r"\2", text)


def _marked_up(text: str, italic: str, code: str) -> str:
    text = html.escape(text, quote=False)
    text = re.sub(r"\*(\S(?:[^*]*\S)?)\*", italic, text)
    return re.sub(r"`([^`]+)`", code, text)


def width_of(text: str, size: float) -> float:
    """About how wide a text is, on the safe side; nothing is measured, so it is so everywhere."""
    return 0.58 * size * len(plain(text))


# ---------------------------------------------------------------------------- canvas

_SETTINGS: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bookkit",
    "lines.scale_dashes": True,
    "path.simplify": False,
    "path.sketch": None,
    "path.effects": [],
    "savefig.bbox": None,
    "savefig.dpi": "figure",
    "text.usetex": False,
}  # whatever the reader has set for figures of their own


class Canvas:
    """A drawing surface in pixels, y downwards. `alt` says in words what one sees on it."""

    def __init__(self, width: float, height: float, alt: str):
        self.width, self.height, self.alt = width, height, plain(alt)
        self._artists: list[Callable[[], Artist]] = []
        self._images: list[str] = []

    def path(
        self,
        vertices: Sequence,
        codes: Sequence | None = None,
        stroke: str | None = "ink",
        fill: str | None = None,
        weight: float = LINE,
        opacity: float = 1,
        style="solid",
        cap: Literal["butt", "round"] = "butt",
        mark: str | None = None,
    ) -> None:
        """Any path; `codes` as matplotlib's, straight lines if there are none."""
        path = Path(np.asarray(vertices, float), codes)
        path.should_simplify = False  # else the reader's settings of this moment decide

        def patch() -> Artist:
            return PathPatch(
                path,
                facecolor=PALETTE[fill][0] if fill else "none",
                edgecolor=PALETTE[stroke][0] if stroke else "none",
                linewidth=weight if stroke else 0,
                linestyle=style,
                alpha=None if opacity == 1 else opacity,
                capstyle=cap,
                gid=mark,
            )

        self._artists.append(patch)

    def line(self, *points: tuple[float, float], **looks) -> None:
        """Straight from point to point."""
        self.path(points, **looks)

    def lines(self, segments: Iterable[tuple[tuple, tuple]], **looks) -> None:
        """Many separate segments, as one path."""
        ends = [end for segment in segments for end in segment]
        if ends:
            self.path(ends, [Path.MOVETO, Path.LINETO] * (len(ends) // 2), **looks)

    def curve(self, a: tuple, b: tuple, c: tuple, d: tuple, **looks) -> None:
        """A cubic Bézier curve from a to d."""
        self.path([a, b, c, d], [Path.MOVETO, *[Path.CURVE4] * 3], **looks)

    def rectangle(self, x: float, y: float, width: float, height: float, **looks) -> None:
        """A rectangle, stroked unless told otherwise."""
        corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)]
        self.path(corners, [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY], **looks)

    def rectangles(self, boxes: Iterable[tuple], fill: str, opacity: float) -> None:
        """Many filled rectangles, as one path."""
        corners = [((x, y), (x + w, y), (x + w, y + h), (x, y + h), (x, y)) for x, y, w, h in boxes]
        codes = [Path.MOVETO, *[Path.LINETO] * 3, Path.CLOSEPOLY] * len(corners)
        points = [point for five in corners for point in five]
        self.path(points, codes, fill=fill, stroke=None, opacity=opacity)

    def polygon(self, points: Sequence[tuple[float, float]], **looks) -> None:
        """A closed polygon."""
        codes = [Path.MOVETO, *[Path.LINETO] * (len(points) - 1), Path.CLOSEPOLY]
        self.path([*points, points[0]], codes, **looks)

    def disc(self, x: float, y: float, radius: float, **looks) -> None:
        """A circle of four Bézier arcs."""
        k = 0.5523 * radius
        r = radius
        points = [(r, 0), (r, k), (k, r), (0, r), (-k, r), (-r, k), (-r, 0)]
        points += [(-r, -k), (-k, -r), (0, -r), (k, -r), (r, -k), (r, 0)]
        codes = [Path.MOVETO, *[Path.CURVE4] * 12]
        self.path([(x + a, y + b) for a, b in points], codes, **looks)

    def hatch(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        step: float = 7,
        lean: int = 1,
        **looks,
    ) -> None:
        """Diagonal lines over a rectangle: rising to the right for lean 1, falling for −1.

        The lines hang on the canvas, not on the rectangle, so that neighbours join up.
        """
        looks = {"stroke": "rule", "weight": THIN} | looks
        segments = []
        low, high = (x + y, x + y + width + height) if lean > 0 else (x - y - height, x - y + width)
        for c in np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step:
            # x + y = c for lean 1, x − y = c for lean −1
            left, right = (
                (max(x, c - y - height), min(x + width, c - y))
                if lean > 0
                else (max(x, c + y), min(x + width, c + y + height))
            )
            if right - left > 0.5:
                segments.append(((left, lean * (c - left)), (right, lean * (c - right))))
        self.lines(segments, **looks)

    def head(self, tip: tuple[float, float], direction: tuple[float, float], fill: str, size=8):
        """An arrow's head at `tip`, pointing along `direction`."""
        (x, y), (a, b) = tip, direction
        length = math.hypot(a, b)
        a, b = a / length * size, b / length * size
        wing = 0.45
        self.polygon(
            [tip, (x - a - wing * b, y - b + wing * a), (x - a + wing * b, y - b - wing * a)],
            fill=fill,
            stroke=None,
        )

    def arrow(
        self, start: tuple, stop: tuple, stroke: str = "ink", size: float = 8, **looks
    ) -> None:
        """A straight arrow."""
        a, b = stop[0] - start[0], stop[1] - start[1]
        length = math.hypot(a, b)
        neck = (stop[0] - a / length * size * 0.8, stop[1] - b / length * size * 0.8)
        self.line(start, neck, stroke=stroke, **looks)
        self.head(stop, (a, b), stroke, size)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = VALUE,
        fill: str = "ink",
        align: Literal["left", "center", "right"] = "center",
        bold: bool = False,
        italic: bool = False,
        halo: bool = False,
        angle: float = 0,
    ) -> None:
        """Text whose line of writing is centred on y. `*…*` in it is set in italics."""
        lift = 0.35 * size  # about half the height of a digit
        turn = math.radians(angle)

        def words() -> Artist:
            return Text(
                x + lift * math.sin(turn),
                y + lift * math.cos(turn),
                text,
                fontsize=size,
                fontfamily="DejaVu Sans",  # which matplotlib brings along; the page puts its own
                color=PALETTE[fill][0],
                horizontalalignment=align,
                verticalalignment="baseline",
                rotation=angle,
                rotation_mode="anchor",
                fontweight="bold" if bold else "normal",
                fontstyle="italic" if italic else "normal",
                parse_math=False,
                gid="halo" if halo else None,
            )

        self._artists.append(words)

    def note(
        self, x: float, y: float, text: str, align: Literal["left", "center", "right"] = "center"
    ) -> None:
        """Small and quiet text."""
        self.text(x, y, text, size=INDEX, fill="muted", align=align)

    def image(
        self, x: float, y: float, width: float, height: float, picture: Image.Image, crisp: bool
    ):
        """A picture, as embedded PNG data; `crisp` shows its pixels as squares."""
        data = io.BytesIO()
        picture.save(data, format="png", optimize=True)
        code = base64.b64encode(data.getvalue()).decode()
        looks = ' style="image-rendering:pixelated"' if crisp else ""
        place = f'x="{_short(x)}" y="{_short(y)}" width="{_short(width)}" height="{_short(height)}"'
        looks = f'preserveAspectRatio="none"{looks} href="data:image/png;base64,{code}"'
        self._images.append(f"<image {place} {looks}/>")
        self.rectangle(x, y, width, height, mark=f"image-{len(self._images) - 1}")

    def svg(self) -> str:
        """The drawing as an SVG element for a page."""
        file = io.StringIO()
        with mpl.rc_context(_SETTINGS):
            figure = MatplotlibFigure((self.width / 72, self.height / 72), dpi=72)
            FigureCanvasSVG(figure)
            axes = figure.add_axes((0, 0, 1, 1), xlim=(0, self.width), ylim=(self.height, 0))
            axes.set_axis_off()
            for order, artist in enumerate(self._artists):
                axes.add_artist(artist()).set(zorder=order, clip_on=False)
            figure.patch.set_visible(False)
            figure.savefig(file, format="svg", metadata={"Date": None})
        drawing = ElementTree.fromstring(file.getvalue())
        body = "".join(self._elements(drawing, mark=""))
        w, h = _short(self.width), _short(self.height)
        label = html.escape(self.alt, quote=True)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{label}" '
            f'viewBox="0 0 {w} {h}" width="{w}" height="{h}" stroke-linejoin="round" '
            'style="max-width:100%;min-width:0;height:auto;font-family:inherit;'
            f'font-variant-numeric:tabular-nums">{body}</svg>'
        )

    def _elements(self, node: ElementTree.Element, mark: str) -> Iterable[str]:
        """The paths, texts and images in drawing order; everything else is matplotlib's frame."""
        for child in node:
            tag = child.tag.rpartition("}")[2]
            own = child.get("id") or ""
            if own.startswith("image-"):
                yield self._images[int(own.removeprefix("image-"))]
            elif tag == "g":
                yield from self._elements(child, own)
            elif tag == "path" and "defs" not in node.tag:
                yield _path(child)
            elif tag == "text":
                yield _text(child, halo=mark == "halo")


def _short(value: float | str) -> str:
    """At most two decimals, as few as it needs."""
    text = f"{float(value):.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _rounded(text: str) -> str:
    text = re.sub(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", lambda m: _short(m[0]), text)
    return re.sub(r"\s+", " ", text).strip()


def _style(node: ElementTree.Element, drop: Iterable[str]) -> dict[str, str]:
    pairs = (part.partition(":") for part in (node.get("style") or "").split(";") if part.strip())
    style = {key.strip(): value.strip() for key, _, value in pairs}
    for key in drop:
        style.pop(key, None)
    for key in ("fill", "stroke"):
        if key in style:
            style[key] = VARIABLES.get(style[key], style[key])
    return style


def _written(style: dict[str, str]) -> str:
    return html.escape(";".join(f"{key}:{value}" for key, value in style.items()), quote=True)


def _path(node: ElementTree.Element) -> str:
    style = _style(node, drop=("stroke-linejoin", "stroke-dashoffset"))
    for key in ("stroke-width", "stroke-dasharray", "opacity"):
        if key in style:
            style[key] = _rounded(style[key])
    data = re.sub(r" ?([MLCz]) ?", r"\1", _rounded(node.get("d", "")))
    return f'<path d="{data}" style="{_written(style)}"/>'


def _text(node: ElementTree.Element, halo: bool) -> str:
    style = _style(node, drop=("font-family",))
    if halo:
        style |= {"paint-order": "stroke", "stroke-width": "3", "stroke-opacity": "0.85"}
        style["stroke"] = VARIABLES[PALETTE["paper"][0]]
    attributes = f'x="{_short(node.get("x", 0))}" y="{_short(node.get("y", 0))}"'
    turn = _rounded(node.get("transform", ""))
    if turn and not turn.startswith("rotate(0 "):
        attributes += f' transform="{turn}"'
    italic, code = (
        r'<tspan font-style="italic">\1</tspan>',
        r'<tspan font-family="monospace">\1</tspan>',
    )
    content = _marked_up(node.text or "", italic, code)
    return f'<text {attributes} style="{_written(style)}">{content}</text>'


# ---------------------------------------------------------------------------- figure


_GROUP = '<div style="display:flex;align-items:center;gap:1.25rem;max-width:100%">{}</div>'


def figcaption(text: str | None) -> str:
    """The element that says in words what a figure is about; nothing if there are none."""
    if not text:
        return ""
    text = _marked_up(text, r"<em>\1</em>", r"<code>\1</code>")
    return (
        '<figcaption style="margin:.6rem auto 0;max-width:40rem;text-align:center;'
        f'font-size:.9em;color:{VARIABLES[PALETTE["muted"][0]]}">{text}</figcaption>'
    )


def framed(classes: str, content: str, attributes: str = "") -> str:
    """The element around a figure."""
    paper, ink = VARIABLES[PALETTE["paper"][0]], VARIABLES[PALETTE["ink"][0]]
    return (
        f'<figure class="{classes}"{attributes} style="margin:1rem 0;padding:.25rem 0;'
        f'background:{paper};color:{ink}">{content}</figure>'
    )


@dataclass(frozen=True)
class Figure:
    """Canvases in a row that wraps on a narrow page, signs between them, and a caption.

    As the last value of a cell it shows itself.
    """

    items: Sequence[Canvas | str]
    caption: str | None = None
    align: Literal["center", "flex-start"] = "center"
    _html: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def alt(self) -> str:
        """What one sees, in words."""
        return " ".join(item.alt for item in self.items if isinstance(item, Canvas))

    def _repr_html_(self) -> str:
        if not self._html:
            self._html.append(self._drawn())
        return self._html[0]

    def _drawn(self) -> str:
        parts, sign = [], ""
        for item in self.items:
            if isinstance(item, Canvas):
                # A sign stays with what follows it when the row wraps.
                parts.append(_GROUP.format(sign + item.svg()) if sign else item.svg())
                sign = ""
            else:
                text = _marked_up(item, r"<em>\1</em>", r"<code>\1</code>")
                sign = f'<span aria-hidden="true" style="font-size:1.5rem">{text}</span>'
        row = (
            '<div style="display:flex;flex-wrap:wrap;justify-content:center;'
            f"align-items:{self.align};"
            f'gap:.75rem 1.25rem">{"".join(parts)}</div>'
        )
        return framed("bk-figure", row + figcaption(self.caption))

    def __repr__(self) -> str:
        return f"Figure: {self.alt}"

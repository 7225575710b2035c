"""Several figures as the steps of one, with buttons: play and pause, back and forth.

Without JavaScript, and on paper, all steps stand one after the other. The script is part of the
output, so that it works wherever the output is shown; it has no ids and asks for nothing.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from bookkit.figures.base import Figure, figcaption, framed, plain

SCRIPT = Path(__file__).with_name("frames.js").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Frames(Figure):
    """Figures of which a reader sees one at a time."""

    steps: Sequence[Figure] = ()
    label: str = "Animation"

    @property
    def alt(self) -> str:
        """What one sees, in words."""
        return f"{plain(self.label)}, {len(self.steps)} steps. It ends with: {self.steps[-1].alt}"

    def _drawn(self) -> str:
        count = len(self.steps)
        steps = "".join(
            f'<div role="group" aria-label="Step {k} of {count}" style="max-width:100%">'
            f"{_in_groups(step._repr_html_().replace('margin:1rem 0', 'margin:0', 1))}</div>"
            for k, step in enumerate(self.steps, 1)
        )
        label = html.escape(f"{plain(self.label)}, {count} steps", quote=True)
        return framed(
            "bk-figure bk-frames",
            '<div class="bk-steps" style="display:flex;flex-wrap:wrap;justify-content:center;'
            f'gap:1rem">{steps}</div>{figcaption(self.caption)}<script>\n{SCRIPT}</script>',
            f' role="group" aria-label="{label}"',
        )

    def __repr__(self) -> str:
        return f"Figure: {plain(self.label)}, {len(self.steps)} steps"


def frames(
    figures: Sequence[Figure],
    captions: Sequence[str] = (),
    label: str = "Animation",
    caption: str | None = None,
) -> Frames:
    """Figures as the steps of one animation, each with a caption of its own."""
    steps = list(figures)
    if not steps:
        raise ValueError("an animation has at least one figure")
    if any(not isinstance(step, Figure) for step in steps):
        raise TypeError(f"an animation is made of figures, got {steps!r}")
    if captions and len(captions) != len(steps):
        raise ValueError(f"each of {len(steps)} figures has a caption, got {len(captions)}")
    for k, text in enumerate(captions):
        steps[k] = replace(steps[k], caption=text, _html=[])
    return Frames((), caption, steps=tuple(steps), label=label)


def row(*figures: Figure, signs: str | Sequence[str] = "", caption: str | None = None) -> Figure:
    """Several figures as one, side by side, with a sign between neighbours."""
    if not isinstance(signs, str) and len(signs) != len(figures) - 1:
        raise ValueError(f"between {len(figures)} figures are {len(figures) - 1} signs, "
                         f"got {len(signs)}")  # fmt: skip
    if any(isinstance(figure, Frames) for figure in figures):
        raise TypeError("an animation stands alone: make a row of figures a step of it instead")
    items: list = []
    for k, figure in enumerate(figures):
        sign = signs if isinstance(signs, str) else signs[k - 1]
        items += [sign] * bool(k and sign)
        items += figure.items
    return Figure(items, caption)


_ELEMENT = re.compile(r'(<(path|text) [^>]*?) style="([^">]*)"(/>|>.*?</text>)')


def _in_groups(page: str) -> str:
    """The same drawing in fewer bytes: a group has the style that neighbours share."""
    return re.sub(rf"(?:{_ELEMENT.pattern.replace('(', '(?:')})+", _grouped, page)


def _grouped(match: re.Match) -> str:
    written = []
    elements = list(_ELEMENT.finditer(match[0]))
    for style, run in groupby(elements, key=lambda element: element[3]):
        same = list(run)
        if len(same) == 1 or re.search(r"(^|;)opacity:", style):  # washes add up, a group's do not
            written += [element[0] for element in same]
        else:
            bare = "".join(element[1] + element[4] for element in same)
            written.append(f'<g style="{style}">{bare}</g>')
    return "".join(written)

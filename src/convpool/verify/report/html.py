"""A report in a notebook: the verdict, and the smallest failing case as a picture.

Colours are the book's where its stylesheet is, and others elsewhere; text has the colour of the
page, and tints are translucent, so light and dark pages do both.
"""

import re
from html import escape
from typing import TYPE_CHECKING

from convpool.verify.report import picture, wording

if TYPE_CHECKING:
    from convpool.verify.examination import Finding
    from convpool.verify.report import Report

WRONG = "var(--bk-orange,#d9580d)"
RIGHT = "var(--bk-green,#0a9068)"
ROLES = {  # how marked cells look: a tint, a frame
    "actual": f"background:rgba(230,100,20,.25);box-shadow:inset 0 0 0 2px {WRONG}",
    "expected": f"background:rgba(20,160,110,.16);outline:1px dashed {RIGHT};outline-offset:-1px",
}


def drawn(report: "Report") -> str:
    """The element that a notebook shows."""
    parts = [_verdict(report)]
    if not wording.unwritten(report):
        parts += _diagnosis(report)
        exercise = report.examined_for == wording.EXERCISE
        if not exercise:
            parts.append(_table(report))
        parts += [_paragraph(escape(note)) for note in wording.notes(report)]
        if report.smallest is not None:
            parts.append(_smallest(report, report.smallest))
    return (
        '<figure class="bk-figure bk-report" style="margin:.5rem 0;padding:0;text-align:left;'
        f'color:inherit">{"".join(parts)}</figure>'
    )


def _verdict(report: "Report") -> str:
    sign, colour = ("✓", RIGHT) if report.passed else ("✗", WRONG)
    if wording.unwritten(report):
        sign, colour = "…", "currentColor"
    mark = f'<span aria-hidden="true" style="color:{colour}">{sign}</span>'
    return _paragraph(f"{mark} <strong>{_marked_up(wording.verdict(report))}</strong>")


def _diagnosis(report: "Report") -> list[str]:
    told = [
        _paragraph(f"<em>{escape(name)}</em>: {_marked_up(explanation)}")
        for name, explanation in wording.diagnosis(report)
    ]
    if chapters := wording.chapters(report):
        told.append(_paragraph(f"Read on in {', '.join(map(link, chapters))}."))
    if others := wording.others(report):
        told.append(_paragraph(escape(others)))
    return told


def link(chapter: str) -> str:
    """A link that JupyterLab follows from any chapter; the website's build writes its own there."""
    return f'<a href="../{chapter}.ipynb">book/{chapter}.ipynb</a>'


def _table(report: "Report") -> str:
    rows = [("failed", f.trial.name, f.reason) for f in report.failures]
    for status in ("not supported", "not run"):
        rows += [
            (status, "; ".join(names), reason)
            for reason, names in wording.groups(report.having(status))
        ]
    rows += [("passed", finding.trial.name, "") for finding in report.having("passed")]
    counts = [
        f"{len(report.having(status))} {status}"
        for status in ("failed", "not supported", "not run", "passed")
        if report.having(status)
    ]
    cells = "".join(
        "<tr>" + "".join(f'<td style="{_CELL}">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in rows
    )
    return (
        f'<details style="margin:.25rem 0"><summary>Every case: {", ".join(counts)}</summary>'
        '<div style="overflow-x:auto"><table style="min-width:34rem;margin:.25rem 0;'
        f'font-size:.875em;border-collapse:collapse">{cells}</table></div></details>'
    )


_CELL = "text-align:left;vertical-align:top;padding:.1rem .75rem .1rem 0;background:none"


def _smallest(report: "Report", finding: "Finding") -> str:
    heading = "The smallest failing case" if len(report.failures) > 1 else "The failing case"
    parts = [_paragraph(f"{heading}: <strong>{escape(finding.trial.name)}</strong>")]
    if told := wording.arguments(finding.trial.arguments, wording.defaults(report.examined_for)):
        parts.append(_paragraph(f"<code>{escape(told)}</code>"))
    if not finding.wrong:
        shapes = (f"{name} {array.shape}" for name, array in finding.trial.arrays.items())
        parts += [_paragraph(escape(", ".join(shapes))), _paragraph(escape(finding.reason))]
        return "".join(parts)
    if where := picture.first_wrong(finding):
        parts.append(_paragraph(escape(where)))
    parts.append(_row(picture.given(finding)))
    parts += [_row(pair) for pair in picture.outcomes(finding)]
    return "".join(parts)


# ---------------------------------------------------------------------------- planes


def _row(planes) -> str:
    drawn = "".join(map(_plane, planes))
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:.75rem 1.5rem;margin:.75rem 0">{drawn}</div>'
    )


def _plane(plane: picture.Plane) -> str:
    columns = len(plane.rows[0]) if plane.rows else 1
    cells = "".join(
        _cell(cell, plane.role if (i, j) in plane.marked else "")
        for i, row in enumerate(plane.rows)
        for j, cell in enumerate(row)
    )
    return (
        '<div style="max-width:100%">'
        f'<div style="font-size:.875em;margin-bottom:.2rem">{escape(plane.title)}</div>'
        '<div style="overflow-x:auto;padding:3px">'
        f'<div role="img" aria-label="{escape(_alt(plane))}" '
        f'style="display:inline-grid;grid-template-columns:repeat({columns},auto);gap:3px;'
        "font:.8125em ui-monospace,monospace;font-variant-numeric:tabular-nums;"
        f'text-align:right;white-space:nowrap">{cells}</div></div></div>'
    )


def _cell(cell: str, role: str) -> str:
    sign = "✗ " if role == "actual" else ""
    look = ROLES.get(role, "background:rgba(128,128,128,.12)")
    attribute = f' class="bk-{role}"' if role else ""
    return f'<span{attribute} style="padding:.15em .4em;{look}">{sign}{escape(cell)}</span>'


def _alt(plane: picture.Plane) -> str:
    """The plane in words, row by row."""
    rows = "; ".join(", ".join(row) for row in plane.rows)
    wrong = ", ".join(f"({i}, {j})" for i, j in sorted(plane.marked))
    return f"{plane.title}: {rows}" + (f". Wrong at {wrong}" if plane.role == "actual" else "")


def _paragraph(content: str) -> str:
    return f'<p style="margin:.25rem 0">{content}</p>'


def _marked_up(text: str) -> str:
    """Text with its `code` as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))

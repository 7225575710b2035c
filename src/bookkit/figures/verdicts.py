"""A table of verdicts: which check caught which mistake."""

import html
from collections.abc import Mapping
from dataclasses import dataclass

from bookkit.figures.base import PALETTE, VARIABLES, figcaption, framed

Table = Mapping[str, Mapping[str, bool]]


@dataclass(frozen=True)
class Verdicts:
    """Rows of mistakes, columns of checks; as the last value of a cell it shows itself."""

    table: Table
    names: Mapping[str, str | None]
    caption: str | None = None

    @property
    def checks(self) -> list[str]:
        """The columns."""
        return list(next(iter(self.table.values()), {}))

    @property
    def alt(self) -> str:
        """What one sees, in words."""
        rows = (
            f"{row}: " + (", ".join(check for check in self.checks if caught[check]) or "nothing")
            for row, caught in self.table.items()
        )
        return "What catches what. " + "; ".join(rows) + "."

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col" style="{_HEAD}">{_text(c)}</th>' for c in self.checks)
        body = "".join(self._row(row) for row in self.table)
        foot = "".join(
            f'<td style="{_CELL}">{sum(row[c] for row in self.table.values())}</td>'
            for c in self.checks
        )
        return framed(
            "bk-figure bk-verdicts",
            f'<table style="{_TABLE}"><thead><tr><th scope="col" style="{_NAME}">mistake</th>'
            f"{head}</tr></thead><tbody>{body}</tbody><tfoot><tr>"
            f'<th scope="row" style="{_NAME}">caught, of {len(self.table)}</th>{foot}</tr></tfoot>'
            f"</table>{figcaption(self.caption)}",
        )

    def _row(self, row: str) -> str:
        name = self.names.get(row)
        small = f'<br><span style="{_SMALL}">{_text(name)}</span>' if name else ""
        cells = "".join(_CAUGHT if self.table[row][check] else _MISSED for check in self.checks)
        return f'<tr><th scope="row" style="{_NAME}">{_text(row)}{small}</th>{cells}</tr>'

    def __repr__(self) -> str:
        wide = max(map(len, self.table), default=0)
        lines = [" " * wide + "  " + "  ".join(self.checks)]
        for row, caught in self.table.items():
            marks = "  ".join(("✓" if caught[c] else "–").center(len(c)) for c in self.checks)
            name = self.names.get(row)
            lines.append(f"{row:{wide}}  {marks}" + (f"  {name}" if name else ""))
        return "\n".join(lines)


def verdicts(
    table: Table,
    names: Mapping[str, str | None] | None = None,
    caption: str | None = None,
) -> Verdicts:
    """A table mistake × check of what was caught; `names` say a second line for some rows."""
    return Verdicts(table, names or {}, caption)


def _colour(name: str) -> str:
    return VARIABLES[PALETTE[name][0]]


def _text(text: str) -> str:
    return html.escape(text)


_LINE = f"border:0;border-bottom:1px solid {_colour('rule')};background:none;"
_TABLE = "margin:0 auto;border-collapse:collapse;width:auto;max-width:100%;font-size:.95em"
_NAME = _LINE + f"text-align:left;font-weight:400;padding:.3rem .4rem;color:{_colour('ink')}"
_HEAD = _LINE + f"text-align:center;font-weight:600;padding:.3rem .4rem;color:{_colour('ink')}"
_CELL = _LINE + f"text-align:center;padding:.3rem .4rem;color:{_colour('ink')}"
_SMALL = f"font-size:.85em;color:{_colour('muted')}"
_CAUGHT = (
    f'<td style="{_CELL}"><span role="img" aria-label="caught" '
    f'style="font-weight:700;color:{_colour("green")}">✓</span></td>'
)
_MISSED = (
    f'<td style="{_CELL}"><span role="img" aria-label="missed" '
    f'style="color:{_colour("muted")}">–</span></td>'
)

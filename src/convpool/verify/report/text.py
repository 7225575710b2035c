"""A report in a terminal, with colours, and as plain text that is the same everywhere."""

import io
from collections.abc import Iterator
from itertools import zip_longest
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.text import Text

from convpool.verify.report import picture, wording

if TYPE_CHECKING:
    from convpool.verify.examination import Finding
    from convpool.verify.report import Report

WIDTH = 100  # of plain text
GAP = "    "  # between planes side by side
STYLES = {"failed": "red", "not supported": "yellow", "not run": "yellow", "passed": "green"}


def plain(report: "Report") -> str:
    """The report without colours, in lines of at most `WIDTH` characters."""
    console = Console(
        file=io.StringIO(),
        width=WIDTH,
        height=1000,
        color_system=None,
        force_terminal=False,
        force_jupyter=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as captured:
        console.print(Group(*parts(report, WIDTH)))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).rstrip()


def parts(report: "Report", width: int) -> Iterator[Text]:
    """What a report shows, from top to bottom."""
    yield Text(wording.verdict(report), "bold green" if report.passed else "bold red")
    if wording.unwritten(report):
        return
    yield from _diagnosis(report)
    exercise = report.examined_for == wording.EXERCISE
    if not exercise and not (report.passed and not report.unsupported):
        yield Text()
        yield from _table(report, width)
    if notes := wording.notes(report):
        yield Text()
        yield from map(Text, notes)
    if report.smallest is not None:
        yield Text()
        yield from _smallest(report, report.smallest, width)


def _diagnosis(report: "Report") -> Iterator[Text]:
    for name, explanation in wording.diagnosis(report):
        yield Text.assemble((f"{name}: ", "bold"), explanation)
    if chapters := wording.chapters(report):
        yield Text(f"Read on in {', '.join(f'book/{chapter}.ipynb' for chapter in chapters)}.")
    if others := wording.others(report):
        yield Text(others)


def _table(report: "Report", width: int) -> Iterator[Text]:
    """One line a failing case; the others by why they are not among them."""
    rows = [("failed", finding.trial.name, finding.reason) for finding in report.failures]
    for status in ("not supported", "not run"):
        rows += [
            (status, names[0] if len(names) == 1 else wording.cases(len(names)), reason)
            for reason, names in wording.groups(report.having(status))
        ]
    if passed := report.having("passed"):
        rows.append(("passed", wording.cases(len(passed)), ""))
    if width < WIDTH:  # a list instead of a table
        for status, case, reason in rows:
            line = Text.assemble((status, STYLES[status]), "  ", case)
            yield line.append(f": {reason}" if reason else "")
        return
    columns = [min(max((len(row[k]) for row in rows), default=0), 50) for k in (0, 1)]
    for status, case, reason in rows:
        line = Text.assemble((status.ljust(columns[0]), STYLES[status]), "  ")
        line.append(f"{case.ljust(columns[1])}  {reason}")
        line.truncate(width, overflow="ellipsis")
        yield line


def _smallest(report: "Report", finding: "Finding", width: int) -> Iterator[Text]:
    heading = "The smallest failing case" if len(report.failures) > 1 else "The failing case"
    yield Text.assemble(f"{heading}: ", (finding.trial.name, "bold"))
    if told := wording.arguments(finding.trial.arguments, wording.defaults(report.examined_for)):
        yield Text(told)
    if not finding.wrong:
        shapes = (f"{name} {array.shape}" for name, array in finding.trial.arrays.items())
        yield Text(", ".join(shapes))
        yield Text(finding.reason)
        return
    if where := picture.first_wrong(finding):
        yield Text(where)
    yield Text()
    yield from _beside([_block(plane) for plane in picture.given(finding)], width)
    for pair in picture.outcomes(finding):
        yield Text()
        yield from _beside([_block(plane) for plane in pair], width)


# ---------------------------------------------------------------------------- planes


def _block(plane: picture.Plane) -> list[Text]:
    """A plane as lines of one length: its title, then its rows; `*` marks what is wrong."""
    starred = plane.role == "actual" and bool(plane.marked)
    longest = max((len(cell) for row in plane.rows for cell in row), default=0)
    lines = [Text(plane.title, "dim")]
    for i, row in enumerate(plane.rows):
        line = Text()
        for j, cell in enumerate(row):
            wrong = (i, j) in plane.marked
            style = ("bold red" if starred else "green") if wrong else ""
            line.append("  " if j else "")
            line.append(cell.rjust(longest), style)
            line.append(("*" if wrong else " ") if starred else "", style)
        lines.append(line)
    width = max(line.cell_len for line in lines)
    for line in lines:
        line.pad_right(width - line.cell_len)
    return lines


def _beside(blocks: list[list[Text]], width: int) -> Iterator[Text]:
    """Blocks side by side, as many as fit a line."""
    while blocks:
        count, used = 1, blocks[0][0].cell_len
        while count < len(blocks) and used + len(GAP) + blocks[count][0].cell_len <= width:
            used += len(GAP) + blocks[count][0].cell_len
            count += 1
        row, blocks = blocks[:count], blocks[count:]
        blank = [Text(" " * block[0].cell_len) for block in row]
        for lines in zip_longest(*row):
            yield Text(GAP).join(line or blank[k] for k, line in enumerate(lines))
        if blocks:
            yield Text()

"""Run the notebooks and store their outputs: `python -m bookkit.execute [FILE or FOLDER ...]`.

What is stored does not depend on when, where or how often it ran: no times, no versions, one kernel
name. Two runs of the same cells give the same bytes.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
LEFT_BY_RUNS = ("execution", "ExecuteTime", "collapsed", "scrolled", "vscode", "trusted")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class CellFailed(Exception):
    """A cell raised: the message holds the traceback and names the notebook and the cell."""


def execute(path: Path, cell_done: Callable[[], Any] = lambda: None) -> bool:
    """Run one notebook in a fresh kernel, store it, and say whether the file changed."""
    before = path.read_bytes()
    notebook = nbformat.reads(before.decode(), as_version=4)
    client = NotebookClient(
        notebook,
        kernel_name=KERNEL["name"],
        resources={"metadata": {"path": str(path.parent)}},
        timeout=600,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],
        on_cell_executed=lambda **_: cell_done(),
    )
    try:
        client.execute()
    except CellExecutionError as error:
        raise CellFailed(_describe(path, notebook, error)) from None
    after = stored_form(notebook)
    if after == before:
        return False
    path.write_bytes(after)
    return True


def stored_form(notebook: nbformat.NotebookNode) -> bytes:
    """The bytes of the file, without anything that depends on machine, editor or moment.

    Sorted keys, one space of indent, LF, and a newline at the end.
    """
    notebook.nbformat_minor = 5
    notebook.metadata.kernelspec = KERNEL
    notebook.metadata.language_info = LANGUAGE
    for number, cell in enumerate(notebook.cells):
        cell.setdefault("id", f"cell-{number}")
        for key in LEFT_BY_RUNS:
            cell.metadata.pop(key, None)
    nbformat.validate(notebook)
    return (nbformat.writes(notebook).rstrip("\n") + "\n").encode()


def find(paths: Iterable[Path]) -> list[Path]:
    """The notebooks among these files and under these folders, in order."""
    found: set[Path] = set()
    for path in paths:
        found.update(path.rglob("*.ipynb") if path.is_dir() else [path])
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)


def _describe(path: Path, notebook: nbformat.NotebookNode, error: CellExecutionError) -> str:
    number = next(
        number
        for number, cell in enumerate(notebook.cells, 1)
        if any(output.output_type == "error" for output in cell.get("outputs", []))
        and "raises-exception" not in cell.metadata.get("tags", [])
    )
    return (
        f"{COLOURS.sub('', error.traceback).strip()}\n\n"
        f"{path.as_posix()}: cell {number} raised {error.ename}. The file is as it was."
    )


def main(arguments: list[str] | None = None) -> int:
    """Run them all; exit status 1 at the first cell that raises."""
    parser = argparse.ArgumentParser(prog="python -m bookkit.execute", description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, default=[Path("book")])
    paths = find(parser.parse_args(arguments).paths)
    if missing := [path for path in paths if not path.is_file()]:
        parser.error(f"there is no {missing[0]}")
    changed = []
    with tqdm(total=sum(map(_code_cells, paths)), unit="cell", file=sys.stderr) as progress:
        for path in paths:
            progress.set_description(path.stem)
            try:
                if execute(path, progress.update):
                    changed.append(path)
            except CellFailed as failure:
                progress.close()
                print(failure, file=sys.stderr)
                return 1
        progress.set_description("done")
    print("\n".join(f"changed: {path.as_posix()}" for path in changed) or "nothing changed")
    return 0


def _code_cells(path: Path) -> int:
    cells = nbformat.read(path, as_version=4).cells
    return sum(cell.cell_type == "code" and bool(cell.source.strip()) for cell in cells)


if __name__ == "__main__":
    sys.exit(main())

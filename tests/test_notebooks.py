"""The stored notebooks hold nothing that belongs to one machine.

That they were run from the top, test_execute says; that a fresh run gives the same, nbval.
"""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parent.parent / "book"
NOTEBOOKS = sorted(p for p in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)

MACHINE = re.compile(
    r"/(?:home|Users|root|tmp|usr|opt|work|private)/"  # absolute paths
    r"|[A-Z]:\\|site-packages|\.venv"
    r"|\bat 0x[0-9a-f]+"  # addresses of objects
    r"|ipykernel_\d+|Warning:"  # warnings name files and processes
)
REGISTERED_TAGS = {"hide-input", "hide-output", "hide-cell", "remove-input", "remove-output"} | {
    "nbval-ignore-output",  # timings
    "raises-exception",  # what an error says
}


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.relative_to(BOOK).as_posix())
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(output):
    """Everything in an output that is text."""
    yield from (output.get(key, "") for key in ("text", "evalue"))
    yield from (text for text in output.get("data", {}).values() if isinstance(text, str))


def test_there_are_notebooks():
    assert NOTEBOOKS


def test_no_code_cell_is_empty(notebook):
    assert all(cell.source.strip() for cell in code_cells(notebook))


def test_no_output_is_an_error_that_nobody_expected(notebook):
    for cell in code_cells(notebook):
        if "raises-exception" not in cell.metadata.get("tags", []):
            assert not [o.ename for o in cell.outputs if o.output_type == "error"], cell.source


def test_no_output_is_a_complaint(notebook):
    for cell in code_cells(notebook):
        assert not [o.text for o in cell.outputs if o.get("name") == "stderr"], cell.source


def test_no_output_names_a_place_on_a_machine(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            for text in texts(output):
                without_pictures = re.sub(r"base64,[A-Za-z0-9+/=]+", "", text)
                assert not (found := MACHINE.search(without_pictures)), (found, cell.source)


def test_tags_are_known_ones(notebook):
    for cell in notebook.cells:
        assert set(cell.metadata.get("tags", [])) <= REGISTERED_TAGS, cell.source


def test_no_cell_is_magic(notebook):
    """A chapter is Python: it runs wherever Python runs."""
    for cell in code_cells(notebook):
        assert not re.search(r"^\s*[%!]", cell.source, re.MULTILINE), cell.source

"""Running the notebooks: the stored bytes are always the same, and a cell that raises is named."""

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from bookkit import execute

BOOK = Path(__file__).parents[1] / "book"
NOTEBOOKS = execute.find([BOOK])
IDS = [path.relative_to(BOOK).as_posix() for path in NOTEBOOKS]


@pytest.fixture
def write(tmp_path):
    """Write a notebook of these code cells, with all that editors leave behind."""

    def write(*sources: str) -> Path:
        noise = {
            "execution": {"iopub.execute_input": "2001-01-01"},
            "scrolled": True,
            "tags": ["a"],
        }
        cells = [new_code_cell(source, metadata=dict(noise)) for source in sources]
        notebook = new_notebook(cells=[new_markdown_cell("Σ of a window"), *cells])
        notebook.metadata.language_info = {"name": "python", "version": "3.1.4"}
        notebook.metadata.kernelspec = {"name": "python3", "display_name": "mine"}
        path = tmp_path / "chapter.ipynb"
        nbformat.write(notebook, path)
        return path

    return write


def test_a_second_run_changes_nothing(write):
    chatter = (
        "import sys\nfor i in range(20):\n    print(i, flush=True)\nprint('!', file=sys.stderr)"
    )
    path = write(chatter, "sum(range(20))")
    assert execute.execute(path)
    first = path.read_bytes()
    _, cell, _ = nbformat.read(path, as_version=4).cells
    assert [output.name for output in cell.outputs] == ["stdout", "stderr"]
    assert not execute.execute(path)
    assert path.read_bytes() == first


def test_what_is_stored_names_no_moment_no_version_and_no_machine(write):
    path = write("6 * 7")
    execute.execute(path)
    stored = path.read_bytes()
    notebook = nbformat.read(path, as_version=4)
    _, cell = notebook.cells
    assert notebook.metadata == {"kernelspec": execute.KERNEL, "language_info": execute.LANGUAGE}
    assert cell.outputs[0].data["text/plain"] == "42"
    assert cell.execution_count == 1
    assert cell.metadata == {"tags": ["a"]}
    assert "Σ".encode() in stored
    assert stored.endswith(b"}\n")
    assert b"\r" not in stored
    for absent in (b'execution"', b"3.1.4", b"mine", b"scrolled", b"2001"):
        assert absent not in stored


def test_a_cell_that_raises_is_named_and_the_file_is_kept(write, capsys):
    path = write("x = 1", "x / 0", "x = 2")
    before = path.read_bytes()
    assert execute.main([str(path)]) == 1
    assert path.read_bytes() == before
    message = capsys.readouterr().err
    assert "x / 0" in message
    assert f"{path.as_posix()}: cell 3 raised ZeroDivisionError" in message


def test_cells_that_should_raise_may(write):
    path = write("1 / 0")
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].metadata.tags = ["raises-exception"]
    nbformat.write(notebook, path)
    assert execute.execute(path)


def test_a_missing_file_is_an_error(capsys):
    with pytest.raises(SystemExit):
        execute.main(["no-such.ipynb"])
    assert "there is no no-such.ipynb" in capsys.readouterr().err


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_every_chapter_is_stored_as_a_run_from_the_top_leaves_it(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert execute.stored_form(notebook) == path.read_bytes(), "make notebooks stores it anew"

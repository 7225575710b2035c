"""What a chapter shows of the package, and what the reader of equations finds and refuses."""

from pathlib import Path

import nbformat
import pytest
from IPython.core.formatters import DisplayFormatter

from bookkit import equations
from bookkit.show import Source, show, source_file
from convpool import loops, operators
from convpool.geometry import Axis
from convpool.loops.max import first_maximum

ROOT = Path(__file__).parent.parent


# ---------------------------------------------------------------------------- show


def markdown(*functions):
    return Source(functions)._repr_markdown_()


def test_show_displays_the_source_of_the_function_behind_the_decorator():
    shown = markdown(loops.max_pool2d)
    assert "```python\n@on_images(x=4)\ndef max_pool2d(\n" in shown
    assert "return _take_maxima(x, window" in shown
    assert "batch = [" not in shown, "that is the decorator's own code"


def test_show_links_the_equations_and_names_the_file():
    heading = markdown(loops.max_pool2d).splitlines()[0]
    assert heading == (
        "`src/convpool/loops/max.py` · implements "
        "[(eq-max-forward)](#eq-max-forward), [(eq-max-argmax)](#eq-max-argmax)"
    )


def test_show_keeps_the_docstring_but_not_the_markup_of_its_citations():
    shown = markdown(loops.max_pool2d)
    assert '"""The largest cell of each window: eq-max-forward, its place: eq-max-arg' in shown
    assert ":eq:" not in shown


def test_functions_of_one_file_share_a_block():
    shown = markdown(loops.max_pool2d_backward, first_maximum, loops.lp_pool2d)
    assert shown.count("```python") == 2
    assert shown.index("def max_pool2d_backward") < shown.index("\n\n\ndef first_maximum")
    assert "`src/convpool/loops/lp.py`" in shown


def test_a_class_and_a_method_can_be_shown_and_the_method_is_not_indented():
    assert "class Axis" in markdown(Axis)
    assert "\ndef tap(self, i: int, u: int) -> int:\n" in markdown(Axis.tap)


def test_a_function_without_citations_has_no_links():
    assert markdown(first_maximum).splitlines()[0] == "`src/convpool/loops/max.py`"


def test_a_compiled_function_shows_what_was_compiled():
    numba = pytest.importorskip("numba")
    compiled = numba.njit(first_maximum)
    assert markdown(compiled) == markdown(first_maximum)


def test_the_source_of_a_package_file_is_named_by_its_path_in_the_checkout():
    for function in (loops.max_pool2d, operators.max_pool2d, Axis):
        assert (ROOT / source_file(function)).is_file()


def test_outside_a_notebook_show_prints_plain_code(capsys):
    show(first_maximum)
    assert capsys.readouterr().out.startswith("def first_maximum(")


def test_a_notebook_receives_markdown_and_plain_text():
    data, _ = DisplayFormatter().format(Source((first_maximum,)))
    assert set(data) == {"text/markdown", "text/plain"}
    assert data["text/plain"].startswith("def first_maximum(")


def test_code_that_is_in_no_package_is_refused():
    def homemade(x):
        return x

    homemade.__module__ = "__main__"
    with pytest.raises(ValueError, match=r"homemade.* is in no package"):
        show(homemade)


# ---------------------------------------------------------------------------- equations


@pytest.fixture
def book(tmp_path):
    """A book of one chapter: its text, then cells (of code, or of code and tags)."""

    def write(text, *cells, package="", name="chapter"):
        notebook = nbformat.v4.new_notebook()
        notebook.cells.append(nbformat.v4.new_markdown_cell(text))
        for cell in cells:
            code, *tags = [cell] if isinstance(cell, str) else cell
            notebook.cells.append(nbformat.v4.new_code_cell(code, metadata={"tags": tags}))
        for folder in ("book", "package"):
            (tmp_path / folder).mkdir(exist_ok=True)
        nbformat.write(notebook, tmp_path / f"book/{name}.ipynb")
        (tmp_path / "package/code.py").write_text(package, encoding="utf-8")
        return equations.read(tmp_path / "book", tmp_path / "package")

    return write


ONE = "$$\n1 + 1 = 2\n$$ (eq-one)"
CHECK = "# checks eq-one\nassert 1 + 1 == 2"


def test_an_equation_that_a_cell_checks_is_fine(book):
    found = book(ONE, CHECK, package='"""Adds: :eq:`eq-one`."""')
    assert found.problems() == []
    assert found.labels == {"eq-one"}
    assert [check.where for check in found.checking("eq-one")] == ["book/chapter, cell 1"]
    assert found.citations[0].where == "package/code.py:1"


def test_one_cell_may_check_several(book):
    text = f"Text $x$.\n\n{ONE}\n\n$$ 2 + 2 = 4 $$ (eq-two)\n\n$$ unlabelled $$\n"
    assert book(text, "# checks eq-one, eq-two\nassert 1 + 1 == 2").problems() == []


@pytest.mark.parametrize(
    "fence", ["```", "```md", "~~~", "```{code-block} md", "```{code-cell}", "```{eval-rst}"]
)
def test_an_equation_in_code_is_a_quotation(book, fence):
    text = f"{fence}\n$$ 0 $$ (eq-quoted)\n{fence[:3]}\n\n{ONE}"
    assert book(text, CHECK).labels == {"eq-one"}


@pytest.mark.parametrize("fence", ["```{note}", "````{solution} ex-1", ":::{admonition} One"])
def test_an_equation_in_a_directive_counts(book, fence):
    close = fence[:4].rstrip("{")
    text = (
        f"```{{tip}}\nA tip.\n```\n\n{fence}\n{ONE}\n{close}\n\n- In a list:\n\n  $$ 2 $$ (eq-two)"
    )
    assert book(text, CHECK).labels == {"eq-one", "eq-two"}


@pytest.mark.parametrize(
    ("text", "cell", "problem"),
    [
        (ONE, "1 + 1", "eq-one in book/chapter is checked by no cell"),
        (ONE, "# checks eq-one\n1 + 1", "without an assertion that runs"),
        (ONE, "# checks eq-one\nassert True", "without an assertion that runs"),
        (ONE, "# checks eq-one\nassert (1 == 2, 'message')", "without an assertion that runs"),
        (ONE, "# checks eq-one\ndef f():\n    assert 1 == 2", "without an assertion that runs"),
        (ONE, "# checks eq-one\n%time assert 1 == 1", "without an assertion that runs"),
        (ONE, "import math\n" + CHECK, "says what it checks below its first line"),
        (ONE, "# checks eq-one, eq-two\nassert 1 + 1 == 2", "checks eq-two, which no page defines"),
        (ONE, (CHECK, "nbval-skip"), "checks eq-one but is tagged nbval-skip"),
        (ONE, (CHECK, "nbval-ignore-output"), "checks eq-one but is tagged nbval-ignore-output"),
        (ONE, (CHECK, "raises-exception"), "checks eq-one but is tagged raises-exception"),
        (f"{ONE}\n{ONE}", CHECK, "eq-one is defined twice: in book/chapter and in book/chapter"),
        ("$$ 1 $$ (one)", "1", "labels an equation one, which is not of the form eq-some-words"),
    ],
)
def test_what_is_wrong_is_said(book, text, cell, problem):
    assert any(problem in sentence for sentence in book(text, cell).problems())


def test_a_citation_without_an_equation_is_a_problem(book):
    problems = book(ONE, CHECK, package='"""Adds.\n\nSee :eq:`eq-two`.\n"""').problems()
    assert problems == ["package/code.py:3 cites eq-two, which no page defines"]


def test_pages_of_text_define_equations_too_and_another_page_may_check_them(book, tmp_path):
    (tmp_path / "book/part").mkdir(parents=True)
    (tmp_path / "book/part/page.md").write_text(f"# Page\n\n{ONE}\n", encoding="utf-8")
    found = book("", CHECK)
    assert [equation.page for equation in found.equations] == ["book/part/page"]
    assert found.problems() == []


def test_an_assertion_inside_a_loop_counts(book):
    assert (
        book(ONE, "# checks eq-one\nfor n in (1, 2):\n    assert n + n == 2 * n").problems() == []
    )


def test_every_equation_of_this_book_is_checked_and_every_citation_resolves():
    found = equations.read(ROOT / "book", ROOT / "src/convpool")
    assert found.labels
    assert not found.problems(), "\n".join(found.problems())

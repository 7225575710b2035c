"""The book's equations: where each is defined, which cells check it, which docstrings cite it.

Reads files only; nothing is imported or executed, so it also sees what does not run.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import nbformat
from markdown_it import MarkdownIt
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from bookkit.citations import CITED

CHECKS = re.compile(r"# checks (eq-.*)")
LABEL = re.compile(r"eq-[a-z0-9]+(-[a-z0-9]+)*")
DIRECTIVE = re.compile(r"\s*\{(?!code|eval-rst)[\w:-]+\}")  # whose content is text
NOT_COMPARED = ("nbval-skip", "nbval-ignore-output", "raises-exception")
MARKDOWN = MarkdownIt("commonmark").use(dollarmath_plugin).use(colon_fence_plugin)


@dataclass(frozen=True)
class Equation:
    """A labelled equation: `$$ … $$ (label)` on a page."""

    label: str
    page: str


@dataclass(frozen=True)
class Check:
    """A cell that begins with `# checks label, label`."""

    labels: tuple[str, ...]
    page: str
    cell: int
    source: str
    tags: tuple[str, ...]

    @property
    def where(self) -> str:
        return f"{self.page}, cell {self.cell}"


@dataclass(frozen=True)
class Citation:
    """:eq:`label` in the package's source."""

    label: str
    where: str


@dataclass(frozen=True)
class Equations:
    """All equations of a book, the cells that check them and the docstrings that cite them."""

    equations: tuple[Equation, ...]
    checks: tuple[Check, ...]
    citations: tuple[Citation, ...]

    @cached_property
    def labels(self) -> frozenset[str]:
        return frozenset(equation.label for equation in self.equations)

    def checking(self, label: str) -> list[Check]:
        """The cells that check an equation."""
        return [check for check in self.checks if label in check.labels]

    def problems(self) -> list[str]:
        """What is wrong, a sentence each; empty if a cell that counts checks every equation."""
        return [
            *self._of_equations(),
            *(problem for check in self.checks for problem in self._of_check(check)),
            *(
                f"{citation.where} cites {citation.label}, which no page defines"
                for citation in self.citations
                if citation.label not in self.labels
            ),
        ]

    def _of_equations(self) -> Iterator[str]:
        pages: dict[str, str] = {}
        for label, page in ((equation.label, equation.page) for equation in self.equations):
            if not LABEL.fullmatch(label):
                yield f"{page} labels an equation {label}, which is not of the form eq-some-words"
            if label in pages:
                yield f"{label} is defined twice: in {pages[label]} and in {page}"
            elif not self.checking(label):
                yield f"{label} in {page} is checked by no cell"
            pages[label] = page

    def _of_check(self, check: Check) -> Iterator[str]:
        if not CHECKS.match(check.source):
            yield f"{check.where} says what it checks below its first line"
        for label in check.labels:
            if label not in self.labels:
                yield f"{check.where} checks {label}, which no page defines"
        for tag in check.tags:
            if tag in NOT_COMPARED:
                yield f"{check.where} checks {', '.join(check.labels)} but is tagged {tag}"
        if not asserts_something(check.source):
            yield f"{check.where} checks {', '.join(check.labels)} without an assertion that runs"


def asserts_something(source: str) -> bool:
    """Whether a cell of plain Python has an `assert` that runs and that can fail."""

    def runs(node: ast.AST) -> Iterator[ast.AST]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                yield child
                yield from runs(child)

    try:
        tree = ast.parse(source)
    except SyntaxError:
        return False
    tests = [node.test for node in runs(tree) if isinstance(node, ast.Assert)]
    return any(not isinstance(test, ast.Constant | ast.Tuple) for test in tests)


# ---------------------------------------------------------------------------- reading


def read(book: Path, package: Path) -> Equations:
    """Everything under the folder of the pages and the folder of the package's source."""
    equations: list[Equation] = []
    checks: list[Check] = []
    for path in sorted([*book.rglob("*.md"), *book.rglob("*.ipynb")]):
        if ".ipynb_checkpoints" in path.parts:
            continue
        page = path.relative_to(book.parent).with_suffix("").as_posix()
        for number, cell in enumerate(cells(path)):
            if cell.cell_type == "markdown":
                equations += (Equation(label, page) for label in defined_labels(cell.source))
            elif cell.cell_type == "code" and (labels := checked_labels(cell.source)) is not None:
                tags = tuple(cell.metadata.get("tags", ()))
                checks.append(Check(labels, page, number, cell.source, tags))
    return Equations(tuple(equations), tuple(checks), tuple(citations(package)))


def cells(path: Path) -> list[nbformat.NotebookNode]:
    """A notebook's cells; a page of MyST text counts as one cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4).cells
    return [nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))]


def defined_labels(text: str) -> Iterator[str]:
    """The labels of the equations in MyST text, also inside its directives."""
    for token in MARKDOWN.parse(text):
        if token.type == "math_block_label":
            yield token.info
        elif token.type in ("fence", "colon_fence") and DIRECTIVE.match(token.info):
            yield from defined_labels(token.content)


def checked_labels(source: str) -> tuple[str, ...] | None:
    """The labels that a code cell says it checks; None if it is not a checking cell."""
    for line in source.splitlines():
        if found := CHECKS.match(line):
            return tuple(found[1].replace(",", " ").split())
    return None


def citations(package: Path) -> Iterator[Citation]:
    for path in sorted(package.rglob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            where = f"{path.relative_to(package.parent).as_posix()}:{number}"
            yield from (Citation(label, where) for label in CITED.findall(line))

"""The Sphinx extension: a mark at each equation that a cell checks, and a link back at the cell.

It also puts beside the pages what they need as files: MathJax, which they would else fetch from
another host, and the figures' colours.
"""

import html
import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.domains.math import MathDomain
from sphinx.environment import BuildEnvironment

from bookkit import figures
from bookkit.equations import checked_labels


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", write_files)
    app.connect("env-purge-doc", forget_checks)
    app.connect("env-merge-info", merge_checks)
    app.connect("doctree-read", note_checks)
    app.connect("env-updated", pages_to_mark_again)
    app.connect("doctree-resolved", mark_equations)
    app.connect("doctree-resolved", link_reports)
    app.connect("doctree-resolved", drop_repeated_ids)
    app.connect("html-page-context", quote_search_results)
    app.add_css_file("figures.css", priority=900)
    app.add_css_file("book.css", priority=901)
    return {"env_version": 1, "parallel_read_safe": True, "parallel_write_safe": True}


# ---------------------------------------------------------------------------- checking cells


def note_checks(app: Sphinx, doctree: nodes.document) -> None:
    """Give each checking cell its anchors and the links to the equations that it checks."""
    noted = checks(app.env).setdefault(app.env.docname, [])
    for cell in list(doctree.findall(is_code_cell)):
        if labels := checked_labels(cell_source(cell)):
            new = [label for label in labels if label not in noted]
            cell.insert(0, links_to_equations(labels, ids=[anchor(label) for label in new]))
            cell["classes"].append("checking")
            noted += new


def checks(env: BuildEnvironment) -> dict[str, list[str]]:
    """For each page the labels that its cells check."""
    if not hasattr(env, "bookkit_checks"):
        env.bookkit_checks = {}  # type: ignore[attr-defined]
    return env.bookkit_checks  # type: ignore[attr-defined]


def anchor(label: str) -> str:
    return f"check-{label}"


def is_code_cell(node: nodes.Node) -> bool:
    return isinstance(node, nodes.container) and node.get("nb_element") == "cell_code"


def cell_source(cell: nodes.Element) -> str:
    for part in cell.children:
        if part.get("nb_element") == "cell_code_source":
            return part.astext()
    return ""


def links_to_equations(labels: tuple[str, ...], ids: list[str]) -> nodes.paragraph:
    line = nodes.paragraph("", "checks ", classes=["checks"], ids=ids)
    for number, label in enumerate(labels):
        line += nodes.Text(", " if number else "")
        line += addnodes.pending_xref(
            "", nodes.inline("", label), refdomain="math", reftype="eq", reftarget=label
        )
    return line


def forget_checks(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    checks(env).pop(docname, None)


def merge_checks(
    app: Sphinx, env: BuildEnvironment, docnames: set[str], other: BuildEnvironment
) -> None:
    checks(env).update({name: labels for name, labels in checks(other).items() if name in docnames})


# ---------------------------------------------------------------------------- equations


def pages_to_mark_again(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """All pages with equations, if a checking cell has come, gone or moved to another page."""
    marked = getattr(env, "bookkit_marked", {})
    env.bookkit_marked = dict(checks(env))  # type: ignore[attr-defined]
    if marked == checks(env):
        return []
    domain = cast(MathDomain, env.get_domain("math"))
    return sorted({docname for docname, _ in domain.equations.values()})


def mark_equations(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Put a mark that leads to the checking cell at each equation that has one."""
    for equation in list(doctree.findall(nodes.math_block)):
        if page := checking_page(app.env, equation.get("label"), docname):
            uri = app.builder.get_relative_uri(docname, page) if page != docname else ""
            mark = link_to_check(f"{uri}#{anchor(equation['label'])}")
            row = nodes.container(classes=["equation"])
            equation.parent.replace(equation, row)
            row += [equation, mark]


def checking_page(env: BuildEnvironment, label: str | None, docname: str) -> str | None:
    """The page with a cell that checks an equation: its own, if that has one."""
    pages = sorted(page for page, labels in checks(env).items() if label in labels)
    return docname if docname in pages else next(iter(pages), None)


def link_to_check(uri: str) -> nodes.paragraph:
    link = nodes.reference(
        "", "", internal=True, refuri=uri, reftitle="A cell checks this equation"
    )
    link += nodes.inline("", "✓")
    link += nodes.inline("", " checked by a cell", classes=["visually-hidden"])
    return nodes.paragraph("", "", link, classes=["check-mark"])


# ---------------------------------------------------------------------------- reports

REPORT_LINK = re.compile(r'<a href="\.\./([\w-]+/[\w-]+)\.ipynb">[^<]*</a>')


def link_reports(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Turn a report's links, which lead from notebook to notebook, into links between pages."""

    def link(match: re.Match[str]) -> str:
        page = f"book/{match[1]}"
        if page not in app.env.titles:
            return page
        title = html.escape(app.env.titles[page].astext())
        return f'<a href="{app.builder.get_relative_uri(docname, page)}">{title}</a>'

    for raw in list(doctree.findall(nodes.raw)):
        if raw.get("format") == "html" and "bk-report" in raw.astext():
            new = nodes.raw("", REPORT_LINK.sub(link, raw.astext()), **raw.attributes)
            raw.replace_self(new)


# ---------------------------------------------------------------------------- repairs


def drop_repeated_ids(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """sphinx-exercise gives the content of every exercise of a page the same id."""
    for section in doctree.findall(nodes.section):
        if section["ids"] in (["exercise-content"], ["solution-content"]):
            section["ids"] = []


def quote_search_results(app: Sphinx, pagename: str, *_: Any) -> None:
    if pagename == "search":
        app.add_js_file("search.js", loading_method="defer")


# ---------------------------------------------------------------------------- files


def write_files(app: Sphinx) -> None:
    if app.builder.format == "html":
        static = Path(app.outdir, "_static")
        static.mkdir(parents=True, exist_ok=True)
        (static / "figures.css").write_text(figures.css(), encoding="utf-8")
        copy_mathjax(static / "mathjax")


def copy_mathjax(target: Path) -> None:
    """Copy the part of MathJax that renders TeX."""
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    assert package is not None
    assert package.submodule_search_locations
    source = Path(package.submodule_search_locations[0], "static", "mathjax")
    for folder in ("input/tex/extensions", "output/chtml/fonts/woff-v2"):
        shutil.copytree(source / folder, target / folder, dirs_exist_ok=True)
    shutil.copyfile(source / "tex-chtml.js", target / "tex-chtml.js")

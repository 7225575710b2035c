"""Reports: what they say, how they show the smallest failing case, and what a program gets."""

import json
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from sphinx.util.osutil import relative_uri

from bookkit import check
from bookkit.exercises import EXERCISES
from bookkit.sphinx_ext import link_reports
from convpool.verify import Report, conformance
from convpool.verify.examination import Diagnosis, Finding, Suspect, Trial

OVERLAP = Suspect(
    "assignment in overlap",
    "Later windows overwrite. Add: `dx[…] += …`.",
    "pooling/max",
    frozenset(["assign"]),
)
LAST = Suspect(
    "last tie wins", "The last one wins. Take the first.", "pooling/max", frozenset(["last tie"])
)


def plane(*rows):
    """(1, 1, H, W)."""
    return np.array([[rows]], dtype=float)


def trial(name="overlap", **expected):
    arrays = {"dy": plane([1.0, 2.5]), "x": plane([1, 9, 2], [0, 3, 4])}
    arguments = {"kernel_size": 2, "stride": 1, "padding": 0, "dilation": 1, "ceil_mode": False}
    expected = expected or {"dx": plane([0, 3.5, 0], [0, 0, 0])}
    return Trial(name, arrays, arguments, expected)


def failed(actual, reason="dx differs in 1 of 6 entries", name="overlap", notes=()):
    return Finding(trial(name), "failed", reason, {"dx": actual}, notes)


def passed(name):
    right = trial(name)
    return Finding(right, "passed", "", right.expected)


def report(*findings, culprits=(OVERLAP,), others=(), op="max_pool2d_backward", name="mine"):
    return Report(name, op, findings, Diagnosis(culprits, others))


ASSIGNED = plane([0, 2.5, 0], [0, 0, 0])
REFUSED = [
    Finding(trial(name), "not supported", "takes no dilation") for name in ("dilation 2", "both")
]


# ---------------------------------------------------------------------------- text


def test_a_wrong_function_is_told_its_mistake_and_shown_the_smallest_case():
    told = str(report(passed("side by side"), failed(ASSIGNED), *REFUSED))
    assert (
        told
        == """\
mine is wrong: 1 of 4 cases fails.
assignment in overlap: Later windows overwrite. Add: `dx[…] += …`.
Read on in book/pooling/max.ipynb.

failed         overlap  dx differs in 1 of 6 entries
not supported  2 cases  takes no dilation
passed         1 case

The failing case: overlap
kernel_size=2, stride=1
dx first differs at [0, 0, 0, 1] (n, c, h, w): 3.50 expected, 2.50 given.

dy            x
1.00  2.50    1  9  2
              0  3  4

expected dx         actual dx
0.00  3.50  0.00    0.00   2.50*  0.00
0.00  0.00  0.00    0.00   0.00   0.00"""
    )


def test_a_right_function_is_told_so_in_one_line():
    assert str(report(passed("a"), passed("b"), culprits=())) == "mine is right: 2 cases passed."


def test_a_function_that_refuses_some_cases_is_right_on_the_others():
    told = str(report(passed("a"), *REFUSED, culprits=()))
    assert told.splitlines()[0] == "mine is right: 1 case passed, 2 not supported."
    assert "not supported  2 cases  takes no dilation" in told


def test_a_function_that_refuses_everything_is_not_right():
    nothing = report(*REFUSED, culprits=())
    assert not nothing
    assert str(nothing).startswith("mine could not be asked: it supports none of the 2 cases.")


def test_two_mistakes_are_explained_one_after_the_other():
    told = str(report(failed(ASSIGNED), culprits=(OVERLAP, LAST)))
    assert "assignment in overlap: Later windows" in told
    assert "last tie wins: The last one wins. Take the first." in told
    assert told.count("Read on") == 1


def test_other_explanations_are_named():
    told = str(report(failed(ASSIGNED), others=(LAST,)))
    assert "On these cases last tie wins would give the same numbers." in told


def test_where_no_known_mistake_fits_the_report_says_so():
    assert "No known mistake gives these numbers." in str(report(failed(ASSIGNED), culprits=()))


def test_without_numbers_nobody_is_suspected():
    finding = Finding(trial(), "failed", "raises KeyError: 3 (line 7: cache[3])")
    told = str(report(finding, culprits=()))
    assert "No known mistake" not in told
    assert told.endswith("dy (1, 1, 1, 2), x (1, 1, 2, 3)\nraises KeyError: 3 (line 7: cache[3])")


def test_numbers_that_differ_never_read_alike():
    told = str(report(failed(plane([0, 3.5001, 0], [0, 0, 0]))))
    assert "3.5000 expected, 3.5001 given" in told


def test_a_result_of_another_shape_is_shown_beside_the_expected_one():
    told = str(report(failed(plane([1.0, 2.5]), "dx has shape (1, 1, 1, 2), expected …")))
    assert "expected dx, shape (1, 1, 2, 3)    actual dx, shape (1, 1, 1, 2)" in told
    assert "*" not in told.partition("actual dx")[2]


def test_of_several_planes_the_one_with_the_first_wrong_entry_is_shown():
    x = np.arange(24.0).reshape(2, 3, 2, 2)
    wrong = x.copy()
    wrong[1, 2, 0, 1] = -1
    asked = Trial("planes", {"dy": x + 100, "x": x}, {"kernel_size": 1}, {"dx": x})
    told = str(report(Finding(asked, "failed", "dx differs", {"dx": wrong})))
    assert "dx first differs at [1, 2, 0, 1] (n, c, h, w): 21 expected, -1 given." in told
    assert "dy[1, 2]    x[1, 2]\n120  121    20  21\n122  123    22  23" in told
    assert "expected dx[1, 2]    actual dx[1, 2]\n20  21               20   -1*" in told


def test_of_a_large_plane_the_part_around_the_first_wrong_entry_is_shown():
    x = np.zeros((1, 1, 30, 30))
    wrong = x.copy()
    wrong[0, 0, 25, 3] = 7
    asked = Trial("large", {"x": x}, {}, {"dx": x})
    told = str(report(Finding(asked, "failed", "dx differs", {"dx": wrong})))
    assert "actual dx[0, 0, 20:30, 0:10]" in told
    assert "7*" in told


def test_what_was_never_returned_is_said():
    def halves(dy, weight):
        return dy.mean() * weight

    told = str(conformance(halves, "conv2d_backward", returns="dweight"))
    assert "not returned, and not checked: dx, dbias" in told


def test_notes_are_told_once():
    note = ("dx is float64 where the input is float32",)
    told = str(report(failed(ASSIGNED, notes=note), failed(ASSIGNED, name="b", notes=note)))
    assert told.count("dx is float64 where the input is float32 (2 cases).") == 1


def test_no_line_is_wider_than_a_page_and_none_ends_in_blanks():
    wide = Finding(trial("a name " * 12), "failed", "a reason " * 30, {"dx": ASSIGNED})
    for line in str(report(wide)).splitlines():
        assert len(line) <= 100
        assert line == line.rstrip()


def test_addresses_never_appear():
    asked = Trial("callables", {}, {"key": len, "thing": object()}, {"dx": ASSIGNED})
    told = str(report(Finding(asked, "failed", "no", {"dx": plane([0])})))
    assert "key=len, thing=object" in told


def test_a_terminal_shows_the_same_in_colour():
    from rich.console import Console

    wrong = report(failed(ASSIGNED))
    console = Console(width=100, force_terminal=True, color_system="standard", _environ={})
    with console.capture() as captured:
        console.print(wrong)
    assert "\x1b[1;31m2.50\x1b[0m" in captured.get() or "\x1b[1;31m 2.50\x1b[0m" in captured.get()


def test_a_narrow_terminal_loses_no_reason():
    from rich.console import Console

    console = Console(width=50, height=100, _environ={})
    with console.capture() as captured:
        console.print(report(failed(ASSIGNED), *REFUSED))
    assert "failed  overlap: dx differs in 1 of 6 entries\n" in captured.get()
    assert "not supported  2 cases: takes no dilation\n" in captured.get()


# ---------------------------------------------------------------------------- notebook


def test_a_notebook_marks_exactly_the_cells_that_differ():
    actual = plane([0, 2.5, 0], [0, 0, np.nan])
    soup = BeautifulSoup(report(failed(actual))._repr_html_(), "html.parser")
    assert [cell.text for cell in soup.select(".bk-actual")] == ["✗ 2.50", "✗ nan"]
    assert [cell.text for cell in soup.select(".bk-expected")] == ["3.50", "0.00"]
    grids = soup.select("[role=img]")
    assert [len(grid.find_all("span")) for grid in grids] == [2, 6, 6, 6]
    assert grids[3]["aria-label"] == (
        "actual dx: 0.00, 2.50, 0.00; 0.00, 0.00, nan. Wrong at (0, 1), (1, 2)"
    )


def test_a_notebook_names_the_mistake_and_links_the_chapter():
    soup = BeautifulSoup(report(failed(ASSIGNED))._repr_html_(), "html.parser")
    assert soup.a["href"] == "../pooling/max.ipynb"
    assert soup.em.text == "assignment in overlap"
    assert soup.code.text == "dx[…] += …"
    assert not soup.find_all(id=True)


@pytest.mark.parametrize(
    ("docname", "expected"),
    [
        ("book/wrong/gradients", '<a href="../pooling/max.html">Max &amp; more</a>'),
        ("index", '<a href="book/pooling/max.html">Max &amp; more</a>'),
    ],
)
def test_on_the_website_the_chapter_is_a_page_with_its_title(docname, expected):
    page = nodes.raw("", report(failed(ASSIGNED))._repr_html_(), format="html")
    doctree = new_document("page")
    doctree += page
    titles = {"book/pooling/max": nodes.title("", "Max & more")}
    builder = SimpleNamespace(
        get_relative_uri=lambda here, there: relative_uri(here, f"{there}.html")
    )
    link_reports(
        SimpleNamespace(env=SimpleNamespace(titles=titles), builder=builder), doctree, docname
    )
    assert expected in doctree.astext()


def test_what_somebody_wrote_is_no_markup():
    finding = Finding(trial(), "failed", "raises ValueError: <b>&</b>")
    html = report(finding, culprits=(), name="<lambda>")._repr_html_()
    assert "<lambda>" not in html
    assert "<b>" not in html


def test_every_case_can_be_unfolded():
    html = report(passed("side by side"), failed(ASSIGNED), *REFUSED)._repr_html_()
    details = BeautifulSoup(html, "html.parser").details
    assert details.summary.text == "Every case: 1 failed, 2 not supported, 1 passed"
    rows = [[cell.text for cell in row.find_all("td")] for row in details.find_all("tr")]
    assert rows == [
        ["failed", "overlap", "dx differs in 1 of 6 entries"],
        ["not supported", "dilation 2; both", "takes no dilation"],
        ["passed", "side by side", ""],
    ]


# ---------------------------------------------------------------------------- a program


def strictly(text):
    def fail(constant):
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=fail)


def test_json_is_strict_and_has_the_numbers():
    told = strictly(report(failed(plane([0, np.nan, np.inf], [-np.inf, 0, 1]))).to_json())
    assert told["passed"] is False
    assert told["diagnosis"][0]["name"] == "assignment in overlap"
    assert told["diagnosis"][0]["chapter"] == "book/pooling/max.ipynb"
    assert told["smallest"]["actual"]["dx"] == [[[[0, "NaN", "Infinity"], ["-Infinity", 0, 1]]]]
    assert told["smallest"]["expected"]["dx"] == [[[[0, 3.5, 0], [0, 0, 0]]]]
    assert told["cases"] == [
        {"name": "overlap", "status": "failed", "reason": "dx differs in 1 of 6 entries"}
    ]


def test_a_report_is_true_exactly_if_it_passed():
    assert report(passed("a"), culprits=())
    assert not report(passed("a"), failed(ASSIGNED))


# ---------------------------------------------------------------------------- exercises


def unwritten(dy, m, shape):
    raise NotImplementedError


def test_an_exercise_that_is_not_written_yet_asks_for_it():
    told = (
        "Not written yet: replace `raise NotImplementedError` in `unwritten` and run both cells "
        "again."
    )
    verdict = check("ex-max-2", unwritten)
    assert str(verdict) == told
    assert not verdict
    html = verdict._repr_html_()
    assert BeautifulSoup(html, "html.parser").get_text() == f"… {told.replace('`', '')}"


def test_a_solved_exercise_is_one_line():
    (scatter,) = EXERCISES["ex-max-2"].solution
    verdict = check("ex-max-2", scatter)
    assert verdict
    assert str(verdict) == f"`{scatter.__name__}` is right: 3 cases passed."


def test_an_exercise_that_refuses_is_wrong():
    def scatter(dy, m, shape):
        raise ValueError("not today")

    verdict = check("ex-max-2", scatter)
    assert not verdict
    assert "raises ValueError: not today" in str(verdict)
    assert "Not written" not in str(verdict)


# ---------------------------------------------------------------------------- on real functions


def test_a_function_that_calls_exit_is_a_finding():
    def leaves(dy, x, kernel_size, stride=None):
        sys.exit(3)

    verdict = conformance(leaves, "max_pool2d_backward")
    assert verdict.failures
    assert "raises SystemExit: 3" in verdict.failures[0].reason


def test_an_exception_is_told_with_the_line_of_the_function_not_of_numpy():
    def reshapes(dy, x, kernel_size, stride=None):
        return np.broadcast_to(dy, x.shape)

    (first, *_) = conformance(reshapes, "max_pool2d_backward").failures
    assert "return np.broadcast_to(dy, x.shape))" in first.reason
    assert first.raised_in == "reshapes"


@pytest.mark.parametrize("printed", [False, True])
def test_rich_is_loaded_only_when_a_report_is_printed(printed):
    code = (
        "import sys\n"
        "from convpool.verify import Report\n"
        "from convpool.verify.examination import Diagnosis\n"
        "report = Report('f', 'max_pool2d', (), Diagnosis())\n"
        "report.to_json(), report._repr_html_()\n"
        f"{'str(report)' if printed else ''}\n"
        "print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(printed)

"""Exercises check themselves: what is shown is right, what is empty says so, the wrong is named.

The right answers are those that the chapters show, run as a reader runs them; `wrong/exercises.py`
has answers as people write them. Here no exercise is compared with its own solution.
"""

import ast
import re
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
import numpy as np
import pytest
from wrong import exercises, exercises_of_losses, exercises_of_networks

from bookkit import check
from bookkit.exercises import EXERCISES
from bookkit.exercises.exercise import Exercise, Wrong, results, shaped
from convpool.verify import conformance

ATTEMPTS = [*exercises.ATTEMPTS, *exercises_of_losses.WRONG, *exercises_of_networks.WRONG]

BOOK = Path(__file__).parent.parent / "book"
NOTEBOOKS = sorted(p for p in BOOK.rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts)
START = re.compile(r"(?:^|\n)(`{3,}){exercise-start} [^\n]+\n:label: (\S+)\n\1\n\n\S")
CHECK = re.compile(r"""check\("(?P<label>[^"]+)"(?P<functions>(?:, \w+)+)\)""")
CONFORMANCE = re.compile(r"""conformance\((?P<functions>\w+), "\w+"[^\n]*\)""")


# ---------------------------------------------------------------------------- the notebooks


@dataclass(frozen=True)
class Gated:
    """An exercise between `exercise-start` and `exercise-end`, and its solution, as cells."""

    label: str
    asked: list
    solved: list
    unfolded: bool


@cache
def cells_of(path):
    return nbformat.read(path, as_version=4).cells


def gated(path):
    """The exercises of a notebook that ask for code, in order."""
    cells, found = cells_of(path), []
    for number, cell in enumerate(cells):
        if cell.cell_type == "markdown" and (start := START.search(cell.source)):
            asked, end = until(cells, number + 1, "{exercise-end}")
            behind = end if "{solution-start}" in cells[end].source else end + 1
            opening = cells[behind].source
            assert f"{{solution-start}} {start[2]}\n" in opening, opening
            solved, _ = until(cells, behind + 1, "{solution-end}")
            found.append(Gated(start[2], asked, solved, ":class: dropdown" not in opening))
    return found


def until(cells, first, end):
    """(the code cells from `first` up to the directive `end`, the number of its cell)."""
    for number in range(first, len(cells)):
        if cells[number].cell_type == "markdown" and end in cells[number].source:
            return [c for c in cells[first:number] if c.cell_type == "code"], number
    raise AssertionError(f"no {end} after cell {first}")


def is_check(cell):
    return CHECK.fullmatch(cell.source) or CONFORMANCE.fullmatch(cell.source)


WITH_CHECKS = [path for path in NOTEBOOKS if any(is_check(c) for c in cells_of(path))]
IDS = [path.relative_to(BOOK).as_posix() for path in NOTEBOOKS]
IDS_WITH_CHECKS = [path.relative_to(BOOK).as_posix() for path in WITH_CHECKS]


def run(path):
    """Run what the exercises of a notebook need; the report of each line that checks, by cell."""
    names, reports = {"__name__": "chapter"}, {}
    for cell in needed(path):
        code = compile(cell.source, cell.id, "eval" if is_check(cell) else "exec")
        if is_check(cell):
            reports[cell.id] = eval(code, names)
        else:
            exec(code, names)
    return reports


def needed(path):
    """The code cells of the exercises, and those above that make a name which they use."""
    wanted = {cell.id for exercise in gated(path) for cell in exercise.asked + exercise.solved}
    cells, used = [], set()
    for cell in reversed(cells_of(path)):
        if cell.cell_type == "code":
            made = set().union(*map(names_made, ast.parse(cell.source).body))
            if cell.id in wanted or made & used:
                cells.append(cell)
                used = used - made | names_read(cell.source)
    return cells[::-1]


def names_made(node):
    """The names that a statement of a cell makes, without those inside of functions."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return {node.name}
    if isinstance(node, ast.alias):
        return {node.asname or node.name}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    inside = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
    parts = [] if isinstance(node, inside) else ast.iter_child_nodes(node)
    return set().union(*map(names_made, parts))


def names_read(source):
    """The names that a cell may read, and those that `+=` changes."""
    nodes = list(ast.walk(ast.parse(source)))
    changed = [node.target for node in nodes if isinstance(node, ast.AugAssign)]
    read = [n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)]
    return {name.id for name in read + changed if isinstance(name, ast.Name)}


@pytest.mark.parametrize("path", WITH_CHECKS, ids=IDS_WITH_CHECKS)
def test_nothing_written_is_not_wrong_and_the_solution_that_is_shown_is_right(path):
    reports = run(path)
    for exercise in gated(path):
        (before,) = (reports[c.id] for c in exercise.asked if is_check(c))
        (after,) = (reports[c.id] for c in exercise.solved if is_check(c))
        assert str(before).startswith("Not written yet"), exercise.label
        assert not before.passed
        assert after.passed, str(after)
        assert not after.unsupported


# ---------------------------------------------------------------------------- their form


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_an_exercise_that_asks_for_code_is_a_cell_to_edit_and_a_line_that_checks_it(path):
    for exercise in gated(path):
        edited, checked = exercise.asked
        written = [node.name for node in ast.parse(edited.source).body if is_function(node)]
        assert "raise NotImplementedError" in edited.source, exercise.label
        line = is_check(checked)
        assert line, checked.source
        asked = re.findall(r"\w+", line["functions"])
        assert set(asked) <= set(written), exercise.label
        assert line.groupdict().get("label", exercise.label) == exercise.label


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_its_solution_is_folded_and_checked_by_the_same_line(path):
    for exercise in gated(path):
        assert not exercise.unfolded, exercise.label
        lines = [cell.source for cell in exercise.solved if is_check(cell)]
        assert lines == [exercise.asked[-1].source]
        assert not any("NotImplementedError" in cell.source for cell in exercise.solved)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=IDS)
def test_no_code_is_asked_for_that_nothing_checks(path):
    to_edit = [cell.id for exercise in gated(path) for cell in exercise.asked]
    for cell in cells_of(path):
        if cell.cell_type == "code" and "raise NotImplementedError" in cell.source:
            assert cell.id in to_edit, cell.source
        if cell.cell_type == "markdown" and "{exercise" in cell.source:
            assert "raise NotImplementedError\n" not in cell.source, cell.source
        if cell.cell_type == "code" and re.search(r"^check\(", cell.source, re.MULTILINE):
            assert is_check(cell), cell.source


def test_every_exercise_of_the_package_stands_in_its_chapter_once():
    asked = [cell.source for p in NOTEBOOKS for exercise in gated(p) for cell in exercise.asked]
    lines = [line for source in asked if (line := CHECK.fullmatch(source))]
    assert sorted(line["label"] for line in lines) == sorted(EXERCISES)
    for line in lines:
        assert line["functions"].count(",") == len(EXERCISES[line["label"]].solution)


def is_function(node):
    return isinstance(node, ast.FunctionDef)


# ---------------------------------------------------------------------------- wrong answers

TYPICAL = [(label, wrong) for label, exercise in EXERCISES.items() for wrong in exercise.wrong]


@pytest.mark.parametrize("label", EXERCISES)
def test_every_exercise_asks_something_and_knows_a_typical_wrong_answer(label):
    exercise = EXERCISES[label]
    assert exercise.questions
    assert exercise.wrong
    assert len({wrong.name for wrong in exercise.wrong}) == len(exercise.wrong)
    assert (BOOK / f"{exercise.chapter}.ipynb").exists()


@pytest.mark.parametrize(
    ("label", "wrong"), TYPICAL, ids=[f"{label}: {wrong.name}" for label, wrong in TYPICAL]
)
def test_a_typical_wrong_answer_is_caught_and_named_with_a_hint(label, wrong):
    report = check(label, *wrong.functions)
    assert not report.passed
    assert report.failures
    assert report.diagnosis == wrong.name
    assert not report.verdict.others
    assert opening(wrong.hint) in opening(str(report), None)


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda a: f"{a.label}: {a.diagnosis}")
def test_what_people_write_is_caught_and_named(attempt):
    report = judged(attempt.label)(*attempt.functions)
    assert not report.passed
    assert report.diagnosis == attempt.diagnosis, str(report)


def test_people_have_tried_every_exercise():
    assert {attempt.label for attempt in ATTEMPTS} == set(EXERCISES) | conforming_labels()


def judged(label):
    """The line that checks an exercise, as a function of the reader's functions."""
    if label in EXERCISES:
        return lambda *functions: check(label, *functions)
    (line,) = (e.asked[-1].source for p in NOTEBOOKS for e in gated(p) if e.label == label)
    call = ast.parse(line, mode="eval").body
    options = {word.arg: ast.literal_eval(word.value) for word in call.keywords}
    return lambda function: conformance(function, ast.literal_eval(call.args[1]), **options)


def conforming_labels():
    """The exercises that are an operator, and are checked as one."""
    exercises = [exercise for path in NOTEBOOKS for exercise in gated(path)]
    return {e.label for e in exercises if CONFORMANCE.fullmatch(e.asked[-1].source)}


def opening(text, words=6):
    """The first words, without marks and line ends."""
    return " ".join(re.sub(r"[`*]", "", text).split()[:words])


# ---------------------------------------------------------------------------- whatever is written


def asked(double, x):
    return {"y": double(x)}


DOUBLING = Exercise(
    ask=asked,
    questions={
        "one number": dict(x=np.array([3.0])),
        "a row": dict(x=np.array([1.0, -2.0, 0.5])),
        "a matrix": dict(x=np.arange(6.0).reshape(2, 3)),
    },
    solution=(lambda x: 2 * x,),
    wrong=(
        Wrong("squared", "Twice a number is not its square.", (lambda x: x * x,)),
        Wrong("never runs", "Nobody is accused of this.", (lambda x: x.no_such_thing,)),
    ),
    chapter="foundations/notation",
)


def reasons(function):
    """Why the function fails, question by question."""
    report = DOUBLING.examine(function)
    assert not report.passed
    assert isinstance(str(report), str)
    return [finding.reason for finding in report.findings if finding.status == "failed"]


def test_a_right_answer_of_any_kind_is_right():
    assert DOUBLING.examine(lambda x: x + x).passed
    assert DOUBLING.examine(lambda x: (x + x).tolist()).passed
    assert DOUBLING.examine(np.vectorize(lambda number: 2 * number)).passed


def test_a_wrong_answer_that_nobody_foresaw_is_wrong_and_has_no_name():
    report = DOUBLING.examine(lambda x: 3 * x)
    assert not report.passed
    assert report.diagnosis is None


def test_a_wrong_answer_is_named_only_if_it_explains_every_number():
    report = DOUBLING.examine(lambda x: x * x if x.size == 1 else 2 * x)
    assert [finding.trial.name for finding in report.failures] == ["one number"]
    assert report.diagnosis is None


def test_an_answer_that_is_half_written_is_not_called_empty():
    def half(x):
        if x.ndim == 2:
            raise NotImplementedError
        return 2 * x

    report = DOUBLING.examine(half)
    assert not report.passed
    assert len(report.failures) == 1
    assert not str(report).startswith("Not written yet")


def test_a_question_cannot_be_refused():
    def picky(x):
        if x.ndim == 2:
            raise ValueError("one row at a time")
        return 2 * x

    report = DOUBLING.examine(picky)
    assert not report.passed
    assert "one row at a time" in str(report)


def test_a_function_that_never_returns_is_stopped():
    def forever(x):
        while True:
            pass

    begin = time.perf_counter()
    report = DOUBLING.examine(forever)
    assert time.perf_counter() - begin < 10
    assert [finding.status for finding in report.findings] == ["failed", "not run", "not run"]
    assert "still running" in str(report)


def test_a_function_that_returns_nothing_is_told_to_return():
    assert reasons(lambda x: None) == ["y is nothing: does the function return it?"] * 3
    assert reasons(lambda x: [None] * 3) == ["y is nothing: does the function return it?"] * 3


def test_what_is_no_array_of_numbers_is_quoted():
    assert "'six'" in reasons(lambda x: "six")[0]
    assert "[[1], [1, 2]]" in reasons(lambda x: [[1], [1, 2]])[0]
    assert "real numbers" in reasons(lambda x: 2j * x)[0]
    assert "expected real numbers" in reasons(lambda x: (2 * number for number in x))[0]


def test_a_shape_that_is_wrong_is_told():
    assert reasons(lambda x: 2 * x[..., :1])[0] == "y has shape (1,), expected (3,)"


def test_an_exception_is_told_with_its_line():
    def divided(x):
        return x / {}["two"]

    assert reasons(divided)[0].startswith("raises KeyError: 'two' (line ")


def test_a_function_that_ends_the_program_does_not_end_the_notebook():
    assert "SystemExit" in reasons(lambda x: exit(3))[0]


def test_a_function_that_writes_into_what_it_was_given_is_told():
    def in_place(x):
        x *= 2
        return x

    assert reasons(in_place) == ["writes into x, which belongs to the caller"] * 3


def test_a_function_with_other_arguments_fails_and_is_told():
    assert "positional argument" in reasons(lambda: 2)[0]


def test_the_wrong_number_of_functions_is_an_error_that_says_so():
    with pytest.raises(TypeError, match="asks for 1 function, got 2"):
        DOUBLING.examine(abs, abs)
    with pytest.raises(TypeError, match="asks for 1 function, got 0"):
        DOUBLING.examine()


def test_a_called_function_is_an_error_that_says_so():
    with pytest.raises(TypeError, match="without calling it"):
        DOUBLING.examine(np.ones(3))


def test_an_unknown_label_is_an_error_that_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"ex-index-1, .*got 'ex-index-0'"):
        check("ex-index-0", abs)


def test_several_results_must_be_as_many_as_asked_for():
    two = Exercise(
        ask=lambda halves, x: results(halves(x), "left", "right"),
        questions={"a row": dict(x=np.arange(4.0))},
        solution=(lambda x: (x[:2], x[2:]),),
        wrong=(),
        chapter="foundations/notation",
    )
    assert two.examine(lambda x: [x[:2], x[2:]]).passed
    assert "returns nothing, expected 2 results" in str(two.examine(lambda x: None))
    assert "left, right" in str(two.examine(lambda x: (x[:2], x[2:3], x[3:])))


def test_an_array_with_which_a_question_goes_on_must_have_its_shape_and_be_finite():
    def total(make):
        return {"total": shaped("the array", make(), (2, 2)).sum()}

    of_four = Exercise(total, {"four": {}}, (lambda: np.ones((2, 2)),), (), "foundations/notation")
    assert of_four.examine(lambda: [[4, 0], [0, 0]]).passed
    assert "(3,), expected (2, 2)" in str(of_four.examine(lambda: np.ones(3)))
    assert "finite" in str(of_four.examine(lambda: np.full((2, 2), np.nan)))


def test_a_single_number_is_told_without_a_place_and_a_truth_as_yes_or_no():
    def judged(even, number):
        return {"is even": even(number), "half": number / 2}

    question = {"seven": dict(number=7)}
    exercise = Exercise(judged, question, (lambda n: n % 2 == 0,), (), "foundations/notation")
    assert "is even: no expected, yes given." in str(exercise.examine(lambda n: True))
    assert "y: 6 expected, 9 given." in str(
        Exercise(asked, {"three": dict(x=3)}, DOUBLING.solution, (), "").examine(lambda x: x * x)
    )

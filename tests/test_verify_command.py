"""`python -m convpool.verify`: what it prints, its exit status, and code that misbehaves."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OP = "max_pool2d_backward"

MISBEHAVING = """
import os, sys, time
import numpy as np

def right(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    import convpool
    import beside
    print("printed by the function", beside.VALUE)
    return convpool.vectorized.max_pool2d_backward(
        dy, x, kernel_size, stride, padding, dilation, ceil_mode
    )

def dies(dy, x, kernel_size, stride=None):
    if stride == 1:
        os._exit(7)
    import convpool
    return convpool.vectorized.max_pool2d_backward(dy, x, kernel_size, stride)

def hangs(dy, x, kernel_size, stride=None):
    while True:
        try:
            time.sleep(0.01)
        except:
            pass

def leaves(dy, x, kernel_size, stride=None):
    sys.exit("enough")

def raises(dy, x, kernel_size, stride=None):
    return {}["nothing"]

def misshapen(dy, x, kernel_size, stride=None):
    return dy

def lists(dy, x, kernel_size, stride=None):
    return x.tolist()

def writes(dy, x, kernel_size, stride=None):
    import convpool
    dx = convpool.vectorized.max_pool2d_backward(dy, x, kernel_size, stride)
    x[:] = 0
    return dx

def refuses(dy, x, kernel_size, stride=None):
    raise NotImplementedError

class Holder:
    inside = staticmethod(right)
    number = 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("somebody")
    (folder / "mine.py").write_text(MISBEHAVING, encoding="utf-8")
    (folder / "beside.py").write_text("VALUE = 42\n", encoding="utf-8")
    (folder / "broken.py").write_text("import nowhere_to_be_found\n", encoding="utf-8")
    (folder / "endless.py").write_text("while True: pass\n", encoding="utf-8")
    (folder / "gone.py").write_text("import os\nos._exit(0)\n", encoding="utf-8")
    return folder


def verify(*arguments, cwd=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "convpool.verify", *arguments],
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )


# ---------------------------------------------------------------------------- the README

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(
    r"^\$ python -m convpool\.verify (.*)\n((?:(?!\$ |```).*\n)*)", README, re.MULTILINE
)


def test_the_readme_shows_a_right_function_and_wrong_ones():
    assert len(SHOWN) >= 3
    assert sum(" is right: " in output for _, output in SHOWN) == 1


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_the_readme_shows_what_the_command_prints(command, output):
    command, _, head = command.partition(" | head -n ")
    done = verify(*shlex.split(command))
    lines = done.stdout.splitlines()
    assert output.splitlines() == (lines[: int(head)] if head else lines)
    assert done.returncode == (0 if " is right: " in output else 1)
    assert done.stderr == ""


# ---------------------------------------------------------------------------- exit statuses


def test_a_right_function_may_print_and_import_what_lies_beside_it(folder):
    done = verify("mine.py:right", "--op", OP, "--json", cwd=folder)
    assert done.returncode == 0
    told = json.loads(done.stdout)
    assert told["passed"]
    assert {case["status"] for case in told["cases"]} == {"passed"}
    assert "printed by the function 42" in done.stderr


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("dies", r"failed +overlap: 3 × 3, stride 1 +ends the process with exit status 7\n"),
        ("hangs", r"still running after 0\.3 s"),
        ("leaves", r"raises SystemExit: enough \(line \d+: sys\.exit\(\"enough\"\)\)"),
        ("raises", r"raises KeyError: 'nothing' \(line \d+: return {}\[\"nothing\"\]\)"),
        ("misshapen", r"expected dx, shape \(.*\) +actual dx, shape \("),
        ("lists", r"dx is a list, expected an array"),
        ("writes", r"writes into x"),
    ],
)
def test_code_that_misbehaves_is_a_finding(folder, function, said):
    done = verify(f"mine.py:{function}", "--op", OP, "--limit", "0.3", cwd=folder)
    assert done.stdout.startswith(f"{function} is wrong: ")
    assert re.search(said, done.stdout), done.stdout
    assert "Traceback" not in done.stderr
    assert done.returncode == 1


def test_before_it_dies_a_function_has_passed_some_cases(folder):
    told = json.loads(verify("mine.py:dies", "--op", OP, "--json", cwd=folder).stdout)
    statuses = [case["status"] for case in told["cases"]]
    died = statuses.index("failed")
    assert "passed" in statuses[:died]
    assert set(statuses[died + 1 :]) == {"not run"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere.py:f"], "there is no file nowhere.py"),
        (["min.py:right"], "there is no file min.py; did you mean mine.py?"),
        (["no.such.module:f"], "there is neither a file nor a module no.such.module"),
        (["mine.py:rihgt"], "mine.py has no rihgt; did you mean right?"),
        (["mine.py:Holder.outside"], "mine.py has no Holder.outside; did you mean inside?"),
        (["mine.py:Holder.number"], "Holder.number in mine.py is no function: its type is int"),
        (["broken.py:f"], "raises ModuleNotFoundError: No module named 'nowhere_to_be_found'"),
        (["gone.py:f"], "gone.py cannot be imported: ends the process with exit status 0"),
        (["endless.py:f", "--total", "1"], "endless.py cannot be imported: still running after 1"),
        (["mine.py"], f"give FILE.py:FUNCTION, as in mine.py:{OP}"),
        ([], "give FILE.py:FUNCTION"),
    ],
)
def test_what_cannot_run_is_said_with_what_would_be_valid(folder, arguments, said):
    done = verify(*arguments, "--op", OP, cwd=folder)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert done.returncode == 2


def test_an_unknown_operator_is_answered_with_the_nearest(folder):
    done = verify("mine.py:right", "--op", "max_pool_backward", "--json", cwd=folder)
    assert done.returncode == 2
    assert "did you mean max_pool2d_backward" in json.loads(done.stdout)["could_not_run"]


def test_a_function_that_refuses_every_case_could_not_be_asked(folder):
    done = verify("mine.py:refuses", "--op", OP, cwd=folder)
    assert done.stdout.startswith("refuses could not be asked: ")
    assert done.returncode == 2


def test_a_function_in_a_class_of_a_module_is_found(folder):
    done = verify("mine:Holder.inside", "--op", OP, cwd=folder)
    assert done.stdout.startswith("Holder.inside is right: ")


# ---------------------------------------------------------------------------- what there is


def test_the_operators_are_listed():
    assert OP in verify("--list").stdout.splitlines()


def test_the_case_table_is_printed():
    table = verify("--cases", "--op", OP).stdout
    assert re.search(r"^overlap: 3 × 3, stride 1 +x 1×1×4×4 +kernel_size=3, stride=1$", table, re.M)

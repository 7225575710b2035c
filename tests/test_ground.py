"""What everything else stands on: installation, licences, commands, who imports whom."""

import ast
import functools
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


# ---------------------------------------------------------------------------- what is installed


def direct(requirements: list[str]) -> Iterator[Requirement]:
    """The requirements, with those of the project's own extras in the place of their names."""
    for requirement in map(Requirement, requirements):
        if requirement.name != PROJECT["name"]:
            yield requirement
        for extra in sorted(requirement.extras if requirement.name == PROJECT["name"] else ()):
            yield from direct(PROJECT["optional-dependencies"][extra])


def developers() -> list[Requirement]:
    """What the project itself asks for, everything but the benchmark's peers."""
    return list(direct([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]))


def locked(python: str) -> dict[str, str]:
    """The versions that the lock gives to one version of Python on this machine."""
    environment = default_environment() | {"python_version": python, "python_full_version": python}
    entries = map(Requirement, re.findall(r"^([a-z0-9][^\\\n]*?) ?\\?$", LOCK, re.MULTILINE))
    return {
        entry.name: str(entry.specifier).removeprefix("==")
        for entry in entries
        if entry.marker is None or entry.marker.evaluate(environment)
    }


def test_the_lock_has_hashes_for_every_entry():
    entries = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)[1:]
    assert len(entries) > 100
    for entry in entries:
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry.splitlines()[0]


def test_the_lock_pins_and_holds_no_address():
    assert "://" not in LOCK
    assert not re.search(r"^-", LOCK, re.MULTILINE), "an option, such as an index"
    assert "@" not in LOCK
    for name, version in locked("3.12").items():
        assert re.fullmatch(r"[0-9][0-9a-z.]*", version), name


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
def test_the_lock_has_what_the_project_asks_for(python):
    versions = locked(python)
    for requirement in developers():
        assert requirement.specifier.contains(versions[requirement.name]), requirement


def test_the_lock_spares_readers_the_peers():
    (torch,) = map(Requirement, PROJECT["optional-dependencies"]["peers"])
    assert torch.name not in locked("3.12")


def test_the_conda_environment_agrees_with_the_lock():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    versions = locked(python.removeprefix("python="))
    pins = [f"{name}=={versions[name]}" for name in sorted({r.name for r in developers()})]
    assert pip == "pip"
    assert packages == {"pip": [*pins, "-e ."]}


def test_the_citation_names_the_version_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"]


# ---------------------------------------------------------------------------- what is tracked


@functools.cache
def git(*arguments: str) -> list[str]:
    """The paths that `git ARGUMENTS` prints."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    command = ["git", "-c", "safe.directory=*", *arguments, "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    return [path for path in done.stdout.decode().split("\0") if path]


def test_no_generated_file_is_tracked():
    assert git("ls-files", "--cached", "--ignored", "--exclude-standard") == []


@pytest.mark.parametrize(
    "generated",
    [
        "_build/html/index.html",
        ".venv/bin/python",
        "book/pooling/.ipynb_checkpoints/max.ipynb",
        "src/convpool/__pycache__/geometry.pyc",
        "src/convpool.egg-info/PKG-INFO",
    ],
)
def test_git_ignores_what_is_generated(generated):
    git("ls-files")  # skips where there is no checkout
    assert subprocess.run(["git", "check-ignore", "-q", generated], cwd=ROOT).returncode == 0


def test_no_tracked_file_names_a_place_on_a_machine():
    place = re.compile(r"(?<![\w.])/(?:work|root|home/\w+|Users/\w+|private/tmp|tmp)/|\b[A-Z]:\\\w")
    named = [
        f"{path}:{number}: {line.strip()[:80]}"
        for path in git("ls-files")
        if (ROOT / path).is_file() and (text := decoded(ROOT / path)) is not None
        for number, line in enumerate(text.splitlines(), 1)
        if place.search(line) and path != Path(__file__).relative_to(ROOT).as_posix()
    ]
    assert named == []


def decoded(path: Path) -> str | None:
    """The text of a file, or None of a picture or an archive."""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None


# ---------------------------------------------------------------------------- what people type


def targets() -> set[str]:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    assert phony
    for target in (names := phony[1].split()):
        assert re.search(rf"^{target}:.* ## \w", makefile, re.MULTILINE), f"help omits {target}"
    return set(names)


def typed(text: str) -> set[str]:
    """What stands after `make` in the code of a page, or in a line of shell."""
    code = re.findall(r"`+[^`]+`+", text) if "`" in text else [text]
    return {t for piece in code for t in re.findall(r"\bmake ([a-z][\w-]*)", piece)}


def test_the_readme_gives_every_target_and_no_other():
    assert typed((ROOT / "README.md").read_text(encoding="utf-8")) == targets() - {"help"}


def test_contributors_are_told_to_type_what_exists():
    assert typed((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")) <= targets()


def workflow_commands(path: Path) -> list[str]:
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step["run"] for job in jobs for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("workflow", ["test.yml", "publish.yml"])
def test_workflows_type_what_a_person_would(workflow):
    commands = workflow_commands(ROOT / ".github" / "workflows" / workflow)
    called = set().union(*map(typed, commands))
    assert called
    assert called <= targets()
    for command in commands:
        assert not re.search(r"\b(pip|pytest|python|jupyter)\b", command), "make does that"


def test_the_script_for_bare_machines_ends_in_a_target():
    last = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()[-1]
    assert typed(last) == {"test"}


def test_workflows_cover_the_systems_and_the_pythons():
    path = ROOT / ".github" / "workflows" / "test.yml"
    matrix = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]["test"]["strategy"]["matrix"]
    assert matrix == {
        "os": ["ubuntu-latest", "macos-latest", "windows-latest"],
        "python": ["3.11", "3.12", "3.13"],
    }


def test_the_readme_shows_code_that_runs():
    (code,) = re.findall(
        r"^```python\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["y"].shape == (2, 3, 14, 14)
    assert names["dx"].shape == names["x"].shape


# ---------------------------------------------------------------------------- who imports whom

EDGE = {"convpool.geometry", "convpool.arguments"}
TIERS = {"convpool.loops", "convpool.vectorized", "convpool.compiled"}
PUBLIC = EDGE | {"convpool", "convpool.operators"}
MAY_IMPORT = {
    "convpool": EDGE | TIERS | PUBLIC | {"convpool.verify", "convpool.nn", "convpool.data"},
    "convpool.geometry": set(),
    "convpool.arguments": {"convpool.geometry"},
    "convpool.loops": EDGE,
    "convpool.vectorized": EDGE,
    "convpool.compiled": EDGE,
    "convpool.operators": EDGE | TIERS,
    "convpool.verify": PUBLIC,
    "convpool.nn": PUBLIC | {"convpool.data"},
    "convpool.data": set(),
}


def modules() -> list[tuple[str, Path]]:
    """(dotted name, file) of everything in convpool."""
    found = []
    for path in sorted((ROOT / "src" / "convpool").rglob("*.py")):
        parts = path.relative_to(ROOT / "src").with_suffix("").parts
        found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def room(module: str) -> str:
    """The part of the package that a module is in: `convpool.loops` of `convpool.loops.max`."""
    return ".".join(module.split(".")[:2])


def imported(name: str, path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it the import stands."""
    known = {module for module, _ in modules()} | set(MAY_IMPORT)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1]
            source = ".".join([*(above if node.level else []), *filter(None, [node.module])])
            for alias in node.names:
                inside = f"{source}.{alias.name}"
                yield inside if inside in known else source


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_a_module_imports_only_what_the_design_allows(name, path):
    rooms = {room(m) for m in imported(name, path) if m.split(".")[0] in ("convpool", "bookkit")}
    assert rooms - {room(name)} <= MAY_IMPORT[room(name)]


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_only_the_rooms_that_say_so_need_more_than_numpy(name, path):
    needs = {m.split(".")[0] for m in imported(name, path)} - {"convpool"} - sys.stdlib_module_names
    allowed = {
        "convpool.compiled": {"numpy", "numba", "llvmlite"},
        "convpool.verify": {"numpy", "rich"},
        "convpool.nn": {"numpy", "tqdm", "sklearn", "matplotlib"},
    }
    if room(name) != "convpool.data":
        assert needs <= allowed.get(room(name), {"numpy"})


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_numpy_and_nothing_heavier():
    loaded = run_python("import sys, convpool; print(*{m.split('.')[0] for m in sys.modules})")
    heavy = {
        "numba",
        "llvmlite",
        "rich",
        "sklearn",
        "scipy",
        "matplotlib",
        "PIL",
        "IPython",
        "bookkit",
    }
    assert "numpy" in loaded.split()
    assert heavy.isdisjoint(loaded.split())


def test_the_package_works_where_numba_does_not_exist():
    shape = run_python(
        "import sys; sys.modules['numba'] = sys.modules['llvmlite'] = None\n"
        "import numpy as np, convpool\n"
        "x = np.arange(16.0).reshape(1, 1, 4, 4)\n"
        "print(convpool.max_pool2d_backward(convpool.max_pool2d(x, 2), x, 2).sum())"
    )
    assert shape.strip() == "40.0"  # 5 + 7 + 13 + 15

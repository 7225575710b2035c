"""Somebody's code in a process of its own: what it prints, breaks or never ends stays there.

`run` starts the process and reads what it found; `main` is what the process does. They share a
file, to which the process adds each finding as it comes, so that none is lost if it dies.
"""

import importlib
import importlib.util
import json
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import ModuleType
from typing import Any

from convpool.verify import cases
from convpool.verify.examination import Ask, Finding, examine, told
from convpool.verify.signatures import adapt


class CouldNotRun(Exception):
    """Nothing could be asked; the message says why, and what would be valid."""


# ---------------------------------------------------------------------------- outside

START = (
    "import sys; sys.path.append(sys.argv[1])\n"
    "from convpool.verify import sandbox; sandbox.main(*sys.argv[2:])"
)


def run(job: Mapping[str, Any], limit: float) -> list[Finding]:
    """The findings on a function, within `limit` seconds; `CouldNotRun` if there are none.

    `job` has the file, the function, the operator, how to ask (as `conformance` takes it) and the
    limit for one case. What the function prints goes to the standard error.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        file = Path(folder, "records")
        file.touch()
        end = _started(job, file, limit)
        records = list(_records(file))
    for what, value in records:
        if what == "could not run":
            raise CouldNotRun(value)
    if not any(what == "ready" for what, _ in records):
        raise CouldNotRun(f"{job['file']} cannot be imported: {end}")
    findings = [value for what, value in records if what == "finding"]
    if len(findings) < len(cases.CASES[job["op"]]):
        died, *rest = cases.trials(job["op"])[len(findings) :]
        findings.append(Finding(died, "failed", end))
        findings += [
            Finding(trial, "not run", "an earlier case ended the process") for trial in rest
        ]
    return findings


def _started(job: Mapping[str, Any], file: Path, limit: float) -> str:
    """Run the process to its end, and say in words how it came."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-P", "-c", START, str(root), str(file), json.dumps(job)]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8:backslashreplace"}
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=2, env=environment, timeout=limit
        )
    except subprocess.TimeoutExpired:
        return f"still running after {limit:g} s"
    if done.returncode < 0:
        return f"ends the process: {signal.Signals(-done.returncode).name}"
    return f"ends the process with exit status {done.returncode}"


def _records(file: Path) -> Iterator[tuple[str, Any]]:
    """The records in the file, up to one that was not finished."""
    with file.open("rb") as stream:
        while True:
            try:
                yield pickle.load(stream)
            except (EOFError, pickle.UnpicklingError):
                return


# ---------------------------------------------------------------------------- inside


def main(path: str, told_job: str) -> None:
    """What the process does."""
    job = json.loads(told_job)
    file = open(path, "ab", buffering=0)  # noqa: SIM115 — it is open until the process ends

    def tell(what: str, value: Any = None) -> None:
        file.write(pickle.dumps((what, value)))

    try:
        ask = _asking(job)
    except CouldNotRun as error:
        tell("could not run", str(error))
    else:
        tell("ready")
        examine(
            ask,
            cases.trials(job["op"]),
            limit=job["limit"],
            each=lambda finding: tell("finding", finding),
        )
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)  # whatever the code has left running


def _asking(job: Mapping[str, Any]) -> Ask:
    module = _guarded(job["file"], lambda: _imported(job["file"]))
    function = _found(module, job["file"], job["function"])
    forward = _found(module, job["file"], job["forward"]) if job["forward"] else None
    how = {name: job[name] for name in ("signature", "layout", "weights", "returns")}
    try:
        return adapt(function, job["op"], forward=forward, **how)
    except (TypeError, ValueError) as error:
        raise CouldNotRun(f"{job['function']}: {error}") from None


def _guarded(file: str, load: Callable[[], ModuleType]) -> ModuleType:
    try:
        return load()
    except CouldNotRun:
        raise
    except BaseException as error:  # whatever stands at the top of somebody's file
        raise CouldNotRun(f"{file} cannot be imported: {told(error)[0]}") from None


def _imported(file: str) -> ModuleType:
    """The module of a file, or of a name that Python knows."""
    path = Path(file)
    if path.suffix != ".py" and not path.exists():
        sys.path.insert(0, os.getcwd())
        try:
            known = importlib.util.find_spec(file)
        except (ImportError, ValueError):
            known = None
        if known is None:
            raise CouldNotRun(f"there is neither a file nor a module {file}")
        return importlib.import_module(file)
    if not path.is_file():
        near = get_close_matches(path.name, _names(path.parent), 1)
        raise CouldNotRun(f"there is no file {file}{_hint(near, '')}")
    return _loaded(path.resolve())


def _loaded(path: Path) -> ModuleType:
    sys.path.insert(0, str(path.parent))  # it may import what lies beside it
    sys.argv = [str(path)]
    taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    name = f"{path.stem}_" if taken else path.stem
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise CouldNotRun(f"{path.name} is no Python file: its name must end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.glob("*.py")) if folder.is_dir() else []


def _found(module: ModuleType, file: str, dotted: str) -> Any:
    """What a dotted name means in a module: a function, a class, or what is in a class."""
    found: Any = module
    for name in dotted.split("."):
        if not hasattr(found, name):
            there = [n for n, v in vars(found).items() if callable(v) and not n.startswith("_")]
            near = get_close_matches(name, there, 2)
            raise CouldNotRun(f"{file} has no {dotted}{_hint(near, '; it has ' + _list(there))}")
        found = getattr(found, name)
    if (not callable(found) and not hasattr(found, "forward")) or isinstance(found, ModuleType):
        raise CouldNotRun(f"{dotted} in {file} is no function: its type is {type(found).__name__}")
    return found


def _hint(near: list[str], otherwise: str) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else otherwise


def _list(names: list[str]) -> str:
    return ", ".join(names) if names else "nothing to call"

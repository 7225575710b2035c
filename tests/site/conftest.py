"""The website, built once for all of these tests, and where it says that its pages are."""

import functools
import os
import subprocess
import sysconfig
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parent.parent.parent
BUILDER = Path(sysconfig.get_path("scripts"), "jupyter-book")


@dataclass(frozen=True)
class Site:
    """The folder of the built pages, and what the build said if it did not end well."""

    folder: Path
    complaint: str

    @functools.cache  # noqa: B019
    def page(self, name: str) -> BeautifulSoup:
        text = (self.folder / f"{name}.html").read_text(encoding="utf-8")
        return BeautifulSoup(text, "html.parser")

    @functools.cache  # noqa: B019
    def pages(self) -> list[str]:
        """Every page, as in book/pooling/max."""
        found = [path.relative_to(self.folder) for path in self.folder.rglob("*.html")]
        return sorted(p.with_suffix("").as_posix() for p in found if p.parts[0] != "_static")


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Site:
    """The site, warnings being errors. Of several test processes the first one builds it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder, complaint = shared / "site", shared / "complaint"
    try:
        folder.mkdir()
    except FileExistsError:
        _wait_for(complaint)
    else:
        _write_whole(complaint, _build(folder))
    return Site(folder / "_build/html", complaint.read_text(encoding="utf-8"))


def _build(folder: Path) -> str:
    command = [BUILDER, "build", ROOT, "--path-output", folder, "-W", "-n", "--keep-going", "-q"]
    run = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    return run.stdout + run.stderr if run.returncode else ""


def _write_whole(path: Path, text: str) -> None:
    """No other process sees half of it."""
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.rename(path)


def _wait_for(path: Path, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not path.exists():
        assert time.monotonic() < end, f"no {path} after {seconds} s"
        time.sleep(0.2)

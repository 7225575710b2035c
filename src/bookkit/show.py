"""The package's own source in a chapter: what is shown is what is tested."""

import inspect
import sys
import textwrap
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from IPython.display import display

from bookkit.citations import CITED, cited_labels


class Source:
    """The source of functions, file by file: Markdown in a notebook, plain text elsewhere."""

    def __init__(self, functions: tuple[Callable, ...]) -> None:
        unwrapped = [inspect.unwrap(function) for function in functions]
        self.blocks = [
            (file, "\n\n\n".join(map(source_code, group)))
            for file, group in groupby(unwrapped, key=source_file)
        ]

    def _repr_markdown_(self) -> str:
        return "\n\n".join(_markdown(file, code) for file, code in self.blocks)

    def __repr__(self) -> str:
        return "\n\n\n".join(_readable(code) for _, code in self.blocks)


def show(*functions: Callable) -> None:
    """Display the tested source of functions, with links to the equations that they implement."""
    display(Source(functions))


def source_file(function: Callable) -> str:
    """The file a function is from, as in src/convpool/loops/max.py."""
    package = sys.modules[function.__module__.partition(".")[0]]
    if package.__name__ == "__main__" or not package.__file__:
        raise ValueError(f"show displays a package's own code, and {function!r} is in no package")
    root = Path(package.__file__).parent.parent
    return "src/" + Path(inspect.getfile(function)).relative_to(root).as_posix()


def source_code(function: Callable) -> str:
    return textwrap.dedent(inspect.getsource(function)).rstrip()


def _markdown(file: str, code: str) -> str:
    links = ", ".join(f"[({label})](#{label})" for label in cited_labels(code))
    heading = f"`{file}`" + (f" · implements {links}" if links else "")
    return f"{heading}\n\n```python\n{_readable(code)}\n```"


def _readable(code: str) -> str:
    """The code with the bare labels for citations."""
    return CITED.sub(r"\1", code)

"""A call that may take only so long."""

import ctypes
import threading
from collections.abc import Callable
from typing import TypeVar

CASE = 20.0  # seconds for one case: enough for a kernel that Numba compiles when it is first called

Result = TypeVar("Result")


class TimeUp(BaseException):
    """Raised inside a call that took too long; no `except Exception` catches it."""


def within(seconds: float, call: Callable[[], Result]) -> Result:
    """The result of a call, or `TimeUp` if it takes longer.

    The call runs in a thread of its own. A loop in Python is interrupted; what hangs in a library
    is left behind, and ends with the process.
    """
    outcome: list[tuple[bool, object]] = []

    def run() -> None:
        try:
            outcome.append((True, call()))
        except BaseException as error:  # it belongs to the caller, whatever it is
            outcome.append((False, error))

    worker = threading.Thread(target=run, daemon=True)
    worker.start()
    worker.join(seconds)
    if worker.is_alive():
        _interrupt(worker)
        raise TimeUp
    ((returned, value),) = outcome
    if not returned:
        raise value  # type: ignore[misc]
    return value  # type: ignore[return-value]


def _interrupt(worker: threading.Thread) -> None:
    ident = ctypes.c_ulong(worker.ident or 0)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(TimeUp))
    worker.join(0.5)

"""A file from one of several mirrors: resumed, checked, and kept."""

import contextlib
import hashlib
import http.client
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHUNK = 1 << 16
TIMEOUT = 30  # seconds without a byte


def fetch(name: str, file: str, checksum: str, mirrors: tuple[str, ...]) -> Path:
    """The path of a file of the data set `name`, downloaded unless it is here and right.

    Raises
    ------
    ConnectionError
        If no mirror gives the file with its checksum.
    OSError
        If the folder for it cannot be written.
    """
    pooch = _pooch()
    folder = Path(os.environ.get("CONVPOOL_DATA") or pooch.os_cache("convpool")) / name
    kept, part = folder / file, folder / f"{file}.part"
    if _is_right(kept, checksum):
        return kept
    troubles = []
    with _alone(folder):
        for mirror in mirrors:
            try:
                reader = _resuming(part, checksum)
                return Path(
                    pooch.retrieve(mirror + file, checksum, file, folder, downloader=reader)
                )
            except (OSError, ValueError, http.client.HTTPException) as error:
                troubles.append(f"  {mirror}{file}: {' '.join(str(error).split())}")
        read = part.stat().st_size if part.exists() else 0
    raise ConnectionError(
        f"{file} of {name} could not be downloaded:\n"
        + "\n".join(troubles)
        + f"\nTry again later{f': the {read} bytes read so far are kept' if read else ''}. "
        f"Or put the file into {folder} yourself. "
        "Or take convpool.data.digits(), which needs no download."
    )


def _resuming(part: Path, checksum: str) -> Any:
    """A downloader for pooch that goes on from `part`, which an earlier one may have left."""

    def download(url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        resumed, complete = _read_on(url, part)
        if resumed and not _is_right(part, checksum):  # its start may be another mirror's mistake
            part.unlink()
            _, complete = _read_on(url, part)
        if not complete and not _is_right(part, checksum):
            raise ConnectionError(f"ended after {part.stat().st_size} bytes, perhaps too early")
        os.replace(part, output_file)

    return download


def _read_on(url: str, part: Path) -> tuple[bool, bool]:
    """Add to `part` what it lacks: whether it was begun before, and whether it is surely whole."""
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        return True, True  # there is nothing beyond what is here
    with response, part.open("ab" if response.status == 206 else "wb") as out:
        expected = response.headers.get("Content-Length")
        start = out.tell()
        while chunk := response.read(CHUNK):
            out.write(chunk)
        if expected is not None and out.tell() - start != int(expected):
            raise ConnectionError(f"ended after {out.tell()} of {start + int(expected)} bytes")
    return start > 0, expected is not None


def _is_right(path: Path, checksum: str) -> bool:
    if not path.is_file():
        return False
    kind, digits = checksum.split(":")
    with path.open("rb") as file:
        return hashlib.file_digest(file, kind).hexdigest() == digits


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process downloads into this folder; a lock ends with its process."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("a")
    except OSError as error:
        raise OSError(
            f"{folder} cannot keep the data ({error}): name another folder in the environment "
            "variable CONVPOOL_DATA. Or take convpool.data.digits(), which needs no download."
        ) from error
    with lock:
        _wait_for(lock)
        yield


if sys.platform == "win32":
    import msvcrt

    def _wait_for(lock: Any) -> None:
        while True:
            try:
                return msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
            except OSError:  # it gives up after ten seconds
                pass

else:
    import fcntl

    def _wait_for(lock: Any) -> None:
        with contextlib.suppress(OSError):  # a network's folder may have no locks
            fcntl.flock(lock, fcntl.LOCK_EX)


def _pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise ImportError("downloads need pooch: pip install 'convpool[data]'") from error
    return pooch

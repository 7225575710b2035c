"""A file from one of several mirrors: resumed, checked, and kept."""

import http.client
import os
import urllib.error
import urllib.request
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
    """
    pooch = _pooch()
    folder = Path(os.environ.get("CONVPOOL_DATA") or pooch.os_cache("convpool")) / name
    troubles = []
    for mirror in mirrors:
        try:
            return Path(
                pooch.retrieve(mirror + file, checksum, file, folder, downloader=_resuming(folder))
            )
        except (OSError, ValueError, http.client.HTTPException) as error:
            troubles.append(f"  {mirror}{file}: {' '.join(str(error).split())}")
    raise ConnectionError(
        f"{file} of {name} could not be downloaded:\n"
        + "\n".join(troubles)
        + "\nTry again later: what has been read is kept. Or put the file into "
        f"{folder} yourself. Or take convpool.data.digits(), which needs no download."
    )


def _resuming(folder: Path) -> Any:
    """A downloader for pooch that goes on where an earlier one was cut off."""

    def download(url: str, output_file: str, pooch: Any, check_only: bool = False) -> None:
        part = folder / f"{url.rpartition('/')[2]}.part"
        _read_on(url, part)
        os.replace(part, output_file)

    return download


def _read_on(url: str, part: Path) -> None:
    have = part.stat().st_size if part.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing beyond what is here: then the checksum decides
            raise
        return
    with response, part.open("ab" if response.status == 206 else "wb") as out:
        expected = response.headers.get("Content-Length")
        start = out.tell()
        while chunk := response.read(CHUNK):
            out.write(chunk)
        if expected is not None and out.tell() - start != int(expected):
            raise ConnectionError(f"ended after {out.tell()} of {start + int(expected)} bytes")


def _pooch() -> Any:
    try:
        import pooch
    except ImportError as error:
        raise ImportError("downloads need pooch: pip install 'convpool[data]'") from error
    return pooch

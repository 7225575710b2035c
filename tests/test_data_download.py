"""Downloads, from a server on this machine: good, cut off, tampered with, absent."""

import gzip
import hashlib
import http.server
import os
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from convpool import data
from convpool.data import downloaded as room


def idx(numbers: np.ndarray) -> bytes:
    """The bytes of a gzipped IDX file."""
    header = struct.pack(f">HBB{numbers.ndim}I", 0, 8, numbers.ndim, *numbers.shape)
    return gzip.compress(header + numbers.tobytes(), mtime=0)


RNG = np.random.default_rng(0)
IMAGES, TEST_IMAGES = (RNG.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (12, 5))
LABELS, TEST_LABELS = (RNG.integers(0, 10, n, dtype=np.uint8) for n in (12, 5))
FILES = {
    "train-images-idx3-ubyte.gz": idx(IMAGES),
    "train-labels-idx1-ubyte.gz": idx(LABELS),
    "t10k-images-idx3-ubyte.gz": idx(TEST_IMAGES),
    "t10k-labels-idx1-ubyte.gz": idx(TEST_LABELS),
}
BIG = "train-images-idx3-ubyte.gz"


@dataclass
class Server:
    """A mirror: what it does with a request, by the first folder of the address, and its log."""

    address: str = ""
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def mirror(self, kind: str) -> str:
        return f"{self.address}/{kind}/"


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    log = Server()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            _, kind, name = self.path.split("/")
            span = self.headers.get("Range")
            log.asked.append((f"{kind}/{name}", span))
            if kind == "absent":
                self.send_error(404)
                return
            whole = FILES[name]
            if "tampered" in kind:
                whole = whole[:100] + bytes([whole[100] ^ 1]) + whole[101:]
            start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
            resumes = bool(span) and kind != "forgetful"
            body = whole[start:] if resumes else whole
            if start >= len(whole):
                self.send_error(416)
                return
            self.send_response(206 if resumes else 200)
            if "unmeasured" not in kind:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            body = body[: len(body) // 2] if "cut" in kind else body
            for at in range(0, len(body), 1000):
                self.wfile.write(body[at : at + 1000])
                time.sleep(0.1 if kind == "slow" else 0)

        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        log.address = f"http://127.0.0.1:{running.server_port}"
        monkeypatch.setenv("CONVPOOL_DATA", str(tmp_path / "cache"))
        monkeypatch.setattr(
            room,
            "MNIST_FILES",
            {name: f"sha256:{hashlib.sha256(whole).hexdigest()}" for name, whole in FILES.items()},
        )
        yield log
        running.shutdown()


def use(monkeypatch, *mirrors: str) -> None:
    monkeypatch.setattr(room, "MNIST_MIRRORS", mirrors)


def right(sets) -> bool:
    (x, labels), (x_test, test_labels) = sets
    assert x.shape == (12, 1, 28, 28)
    assert x.dtype == np.float32
    assert labels.dtype == np.int64
    np.testing.assert_array_equal(x[:, 0], IMAGES.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(x_test[:, 0], TEST_IMAGES.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(labels, LABELS)
    np.testing.assert_array_equal(test_labels, TEST_LABELS)
    return True


def test_a_good_mirror_gives_the_images_and_is_asked_once(server, monkeypatch):
    use(monkeypatch, server.mirror("good"))
    assert right(data.mnist())
    assert len(server.asked) == 4
    assert right(data.mnist())
    assert len(server.asked) == 4


def test_the_next_mirror_is_asked_where_one_fails(server, monkeypatch):
    use(monkeypatch, server.mirror("absent"), server.mirror("tampered"), server.mirror("good"))
    assert right(data.mnist())


def test_a_download_that_was_cut_off_is_resumed(server, monkeypatch):
    use(monkeypatch, server.mirror("cut"))
    with pytest.raises(ConnectionError, match=r"ended after \d+ of \d+ bytes"):
        data.mnist()
    server.asked.clear()
    use(monkeypatch, server.mirror("good"))
    assert right(data.mnist())
    asked = dict(server.asked)
    assert asked[f"good/{BIG}"] == f"bytes={len(FILES[BIG]) // 2}-"


def test_a_mirror_that_cannot_resume_starts_again(server, monkeypatch):
    use(monkeypatch, server.mirror("cut"))
    with pytest.raises(ConnectionError):
        data.mnist()
    use(monkeypatch, server.mirror("forgetful"))
    assert right(data.mnist())


@pytest.mark.parametrize("start", ["cut", "tampered-cut", "unmeasured-tampered-cut"])
@pytest.mark.parametrize("rest", ["good", "unmeasured", "forgetful"])
def test_a_good_mirror_makes_up_for_any_start(server, monkeypatch, start, rest):
    start, rest = server.mirror(start), server.mirror(rest)
    use(monkeypatch, start)
    with pytest.raises(ConnectionError):
        data.mnist()
    use(monkeypatch, start, rest)
    assert right(data.mnist())


def test_what_a_mirror_cuts_off_without_a_word_is_resumed(server, monkeypatch):
    use(monkeypatch, server.mirror("unmeasured-cut"))
    half = len(FILES[BIG]) // 2
    with pytest.raises(ConnectionError, match=f"ended after {half} bytes, perhaps too early"):
        data.mnist()
    server.asked.clear()
    use(monkeypatch, server.mirror("unmeasured"))
    assert right(data.mnist())
    assert dict(server.asked)[f"unmeasured/{BIG}"] == f"bytes={half}-"


def test_two_processes_at_once_download_a_file_once(server, monkeypatch, tmp_path):
    code = (
        "import sys; from convpool.data.download import fetch; fetch(*sys.argv[1:4], sys.argv[4:])"
    )
    checksum, mirror = room.MNIST_FILES[BIG], server.mirror("slow")
    command = [sys.executable, "-c", code, "mnist", BIG, checksum, mirror]
    both = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert server.asked == [(f"slow/{BIG}", None)]
    assert (tmp_path / "cache" / "mnist" / BIG).read_bytes() == FILES[BIG]


@pytest.mark.parametrize("kind", ["absent", "tampered", "cut"])
def test_what_no_mirror_gives_is_an_error_that_says_what_to_do(server, monkeypatch, kind):
    use(monkeypatch, server.mirror(kind))
    with pytest.raises(ConnectionError) as caught:
        data.mnist()
    told = str(caught.value)
    assert f"{BIG} of mnist could not be downloaded" in told
    assert server.mirror(kind) in told
    assert {"absent": "404", "tampered": "hash", "cut": "ended after"}[kind] in told
    kept = f": the {len(FILES[BIG]) // 2} bytes read so far are kept" if kind == "cut" else ""
    assert f"Try again later{kept}. Or put" in told
    assert "convpool.data.digits(), which needs no download" in told


def files(tmp_path) -> list[str]:
    return [path.name for path in (tmp_path / "cache").rglob("[!.]*") if path.is_file()]


def test_a_tampered_file_is_not_kept(server, monkeypatch, tmp_path):
    use(monkeypatch, server.mirror("tampered"))
    with pytest.raises(ConnectionError):
        data.mnist()
    assert files(tmp_path) == []


def test_what_is_kept_is_checked_and_downloaded_again(server, monkeypatch, tmp_path):
    use(monkeypatch, server.mirror("good"))
    assert right(data.mnist())
    (tmp_path / "cache" / "mnist" / BIG).write_bytes(b"something else")
    assert right(data.mnist())
    assert sorted(files(tmp_path)) == sorted(FILES)


def test_a_folder_that_cannot_be_written_is_said(server, monkeypatch, tmp_path):
    (tmp_path / "cache").write_text("no folder")
    with pytest.raises(OSError, match=r"mnist cannot keep the data .* CONVPOOL_DATA.*digits\(\)"):
        data.mnist()
    assert server.asked == []


def test_files_in_a_folder_that_is_only_read_are_enough(server, monkeypatch, tmp_path):
    folder = tmp_path / "cache" / "mnist"
    folder.mkdir(parents=True)
    for name, whole in FILES.items():
        (folder / name).write_bytes(whole)
    assert right(data.mnist())
    assert sorted(os.listdir(folder)) == sorted(FILES)
    assert server.asked == []


def test_no_network_is_an_error_that_names_what_needs_none(server, monkeypatch):
    use(monkeypatch, "http://127.0.0.1:9/")
    with pytest.raises(ConnectionError, match=r"convpool\.data\.digits"):
        data.mnist()


def test_the_clothes_come_the_same_way(server, monkeypatch):
    sums = {name: f"md5:{hashlib.md5(whole).hexdigest()}" for name, whole in FILES.items()}
    monkeypatch.setattr(room, "FASHION_FILES", sums)
    monkeypatch.setattr(room, "FASHION_MIRRORS", (server.mirror("good"),))
    assert right(data.fashion_mnist())


def test_every_file_has_a_checksum_and_more_than_one_mirror():
    for files in (room.MNIST_FILES, room.FASHION_FILES):
        assert set(files) == set(FILES)
        for checksum in files.values():
            kind, digits = checksum.split(":")
            assert len(digits) == {"sha256": 64, "md5": 32}[kind]
    for mirrors in (room.MNIST_MIRRORS, room.FASHION_MIRRORS):
        assert len(set(mirrors)) >= 2
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in mirrors)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (struct.pack(">HBBI", 0, 13, 1, 3) + b"abc", "is no IDX file of bytes"),
        (struct.pack(">HBBI", 0, 8, 1, 4) + b"abc", r"holds 3 bytes and announces \(4,\)"),
    ],
)
def test_another_file_is_not_taken_for_images(tmp_path, content, message):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=message):
        room.read_idx(path)

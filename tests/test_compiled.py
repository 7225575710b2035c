"""The compiled tier as compiled code: its bounds, its threads, its cache."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parent / "compiled_awkward.py"


def run(*what, **environment):
    return subprocess.run(
        [sys.executable, SCRIPT, *what],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_no_kernel_reads_or_writes_outside_its_arrays():
    done = run("bounds")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("features", "tile"), [("avx512f,avx2", "32 64"), ("avx2", "16 32")])
def test_tiles_of_any_processor_give_the_same_sums(features, tile):
    done = run("registers", features)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tile}\n"


def test_the_bits_do_not_depend_on_the_threads_and_a_kernel_is_compiled_once(tmp_path):
    environment = dict(NUMBA_NUM_THREADS="3", NUMBA_CACHE_DIR=str(tmp_path))
    first, second = (run("threads", **environment) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    hits, misses = map(int, first.stdout.split())
    assert hits == 0
    assert misses > 0
    assert list(map(int, second.stdout.split())) == [misses, 0]

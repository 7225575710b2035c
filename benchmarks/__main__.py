"""The table: `python -m benchmarks [--threads N] [--rounds N] [--json FILE]`."""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.implementations import ALL
from benchmarks.worker import order_to_prepare
from benchmarks.workloads import POOLING, Workload

PAIRS = (  # (slower, faster): how many times as long the first one takes
    ("PyTorch", "convpool"),
    ("im2col", "convpool"),
    ("im2col", "vectorized"),
    ("convpool", "copy"),
)


class Worker:
    """A process that runs one implementation."""

    def __init__(self, name: str, threads: int) -> None:
        limits = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(limits, str(threads))
        command = [sys.executable, "-m", "benchmarks.worker", name, str(threads)]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, order: str):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            raise SystemExit(f"a worker stopped: {self.process.args}")
        return json.loads(reply)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


def measure(work: Workload, names: list[str], threads: int, rounds: int) -> dict[str, list[float]]:
    """Seconds of each implementation, a median a round; they take turns."""
    with tempfile.TemporaryDirectory() as folder:
        workers = {name: Worker(name, threads) for name in names}
        results = {name: str(Path(folder, f"{name}.npz")) for name in names}
        for name, worker in workers.items():
            worker.ask(order_to_prepare(work, results[name]))
        compare(work, [results[name] for name in names if name != "copy"])
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for _ in range(rounds):
            for name, worker in workers.items():
                times = worker.ask(json.dumps({"seconds": 0.3}))
                seconds[name].append(statistics.median(times))
        for worker in workers.values():
            worker.stop()
    return seconds


def compare(work: Workload, files: list[str]) -> None:
    """All implementations must give the same y and dx before any of them is timed."""
    with np.load(files[0]) as first:
        for file in files[1:]:
            with np.load(file) as other:
                for key in ("y", "dx"):
                    if not np.allclose(first[key], other[key], rtol=1e-4, atol=1e-5):
                        raise SystemExit(f"{work.name}: {key} of {file} and {files[0]} differ")


def versions(names: list[str]) -> str:
    packages = ["numpy", "numba", *(["torch"] if "PyTorch" in names else [])]
    found = []
    for package in packages:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Python {platform.python_version()}, " + ", ".join(found)


def table(rows: dict[str, dict[str, list[float]]], names: list[str]) -> str:
    """Milliseconds of the best round, which other work disturbed least, and the ratios."""
    pairs = [pair for pair in PAIRS if set(pair) <= set(names)]
    width = max(map(len, rows))
    head = f"{'forward + backward, ms':{width}}" + "".join(f"{name:>12}" for name in names)
    lines = [head + "".join(f"{f'{a} / {b}':>22}" for a, b in pairs)]
    for row, seconds in rows.items():
        best = {name: min(seconds[name]) for name in names}
        cells = "".join(f"{1000 * best[name]:12.3f}" for name in names)
        ratios = "".join(f"{best[a] / best[b]:22.2f}" for a, b in pairs)
        lines.append(f"{row:{width}}{cells}{ratios}")
    return "\n".join(lines)


def spread(rows: dict[str, dict[str, list[float]]]) -> float:
    """The widest range of an implementation's rounds, relative to its median."""
    return max(
        (max(times) - min(times)) / statistics.median(times)
        for seconds in rows.values()
        for times in seconds.values()
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each process")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each takes")
    parser.add_argument("--json", type=Path, help="also write every round's median there")
    options = parser.parse_args()

    names = list(ALL)
    if importlib.util.find_spec("torch") is None:
        names.remove("PyTorch")
        print("PyTorch is not installed (pip install 'convpool[peers]'): going on without it")
    print(f"{platform.machine()}, {options.threads} threads each, {versions(names)}")

    rows = {}
    for work in tqdm(POOLING, unit="row", leave=False):
        rows[work.name] = measure(work, names, options.threads, options.rounds)
    print(table(rows, names))
    print(
        f"copy: moving as many bytes as pooling must. Widest spread of rounds: {spread(rows):.0%}"
    )
    if options.json:
        made = dict(machine=platform.machine(), threads=options.threads, versions=versions(names))
        options.json.write_text(json.dumps(dict(made, rows=rows), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

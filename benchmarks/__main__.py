"""The tables: `python -m benchmarks [--only TABLE] [--threads N] [--rounds N] [--json FILE]`."""

import argparse
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.training import STEPS, Training
from benchmarks.workloads import CONVOLUTION, GROWING, ONE_IMAGE, POOLING, Workload

Measured = dict[str, list[float]]  # by implementation, a number a round


class Worker:
    """A process that runs one implementation."""

    def __init__(self, name: str, threads: int) -> None:
        limits = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = os.environ | dict.fromkeys(limits, str(threads))
        command = [sys.executable, "-m", "benchmarks.worker", name, str(threads)]
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        reply = self.process.stdout.readline()
        if not reply:
            raise SystemExit(f"a worker stopped: {self.process.args}")
        return json.loads(reply)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait()


# ---------------------------------------------------------------------------- what is measured


def seconds(work: Workload, names: list[str], threads: int, rounds: int) -> Measured:
    """A median a round; the implementations take turns."""
    with tempfile.TemporaryDirectory() as folder:
        workers = {name: Worker(name, threads) for name in names}
        for name, worker in workers.items():
            worker.ask(prepare=work.name, save=str(Path(folder, f"{name}.npz")))
        compare(work, sorted(Path(folder).iterdir()))
        measured: Measured = {name: [] for name in names}
        for _ in range(rounds):
            for name, worker in workers.items():
                measured[name].append(statistics.median(worker.ask(seconds=0.3)))
        for worker in workers.values():
            worker.stop()
    return measured


def compare(work: Workload, files: list[Path]) -> None:
    """All implementations must give the same results before any of them is timed."""
    with np.load(files[0]) as first:
        for file in files[1:]:
            with np.load(file) as other:
                for key in work.results:
                    rounding = 1e-4 * np.abs(first[key]).max()
                    if not np.allclose(first[key], other[key], rtol=0, atol=rounding):
                        pair = f"{files[0].stem} and {file.stem}"
                        raise SystemExit(f"{work.name}: {key} of {pair} differ")


def bytes_beyond(work: Workload, names: list[str], threads: int, rounds: int) -> Measured:
    """The memory that each takes at its peak beyond inputs and results, in a fresh process."""
    measured: Measured = {}
    for name in names:
        worker = Worker(name, threads)
        measured[name] = [worker.ask(bytes=work.name)]
        worker.stop()
    return measured


# ---------------------------------------------------------------------------- the tables


@dataclass(frozen=True)
class Table:
    """Rows and columns, what is measured in them, and which columns to divide."""

    rows: tuple[Workload | Training, ...]
    names: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]  # (slower, faster): how many times as long the first takes
    heading: str = "forward + backward, ms"
    scale: float = 1000
    measure: Callable[[Workload, list[str], int, int], Measured] = seconds
    needs: str = ""  # a file that only some systems have


TABLES = {
    "pooling": Table(
        POOLING,
        ("convpool", "vectorized", "im2col", "PyTorch", "limit"),
        (("PyTorch", "convpool"), ("im2col", "convpool"), ("convpool", "limit")),
    ),
    "convolution": Table(
        CONVOLUTION,
        ("convpool", "vectorized", "PyTorch", "limit"),
        (("PyTorch", "convpool"), ("vectorized", "convpool"), ("convpool", "limit")),
    ),
    "training": Table(
        STEPS,
        ("convpool", "vectorized", "PyTorch"),
        (("PyTorch", "convpool"), ("vectorized", "convpool")),
        heading="a training step, ms",
    ),
    "loops": Table(
        ONE_IMAGE,
        ("convpool", "vectorized", "loops"),
        (("loops", "vectorized"), ("loops", "convpool")),
    ),
    "memory": Table(
        GROWING,
        ("convpool", "vectorized", "PyTorch"),
        (),
        heading="memory beyond inputs and results, MiB",
        scale=2**-20,
        measure=bytes_beyond,
        needs="/proc/self/clear_refs",
    ),
}


def text(table: Table, rows: dict[str, Measured]) -> str:
    """The best round of each, which other work disturbed least, and the ratios."""
    names = list(next(iter(rows.values())))
    pairs = [pair for pair in table.pairs if set(pair) <= set(names)]
    width = max(map(len, [table.heading, *rows]))
    head = f"{table.heading:{width}}" + "".join(f"{name:>12}" for name in names)
    lines = [head + "".join(f"{f'{a} / {b}':>22}" for a, b in pairs)]
    for row, measured in rows.items():
        best = {name: min(measured[name]) for name in names}
        cells = "".join(f"{table.scale * best[name]:12.3f}" for name in names)
        ratios = "".join(f"{best[a] / best[b]:22.2f}" for a, b in pairs)
        lines.append(f"{row:{width}}{cells}{ratios}")
    return "\n".join(lines)


def spread(rows: dict[str, Measured]) -> float:
    """The widest range of an implementation's rounds, relative to its median."""
    return max(
        (max(times) - min(times)) / statistics.median(times)
        for measured in rows.values()
        for times in measured.values()
    )


def versions() -> str:
    found = [f"Python {platform.python_version()}"]
    for package in ("numpy", "numba", "torch"):
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=TABLES, action="append", help="this table; repeatable")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of each process")
    parser.add_argument("--rounds", type=int, default=5, help="turns that each takes")
    parser.add_argument("--json", type=Path, help="also write every round's median there")
    options = parser.parse_args()

    absent = set()
    if importlib.util.find_spec("torch") is None:
        absent = {"PyTorch"}
        print("PyTorch is not installed (pip install 'convpool[peers]'): going on without it")
    print(f"{platform.machine()}, {options.threads} threads each, {versions()}")

    measured = {}
    for title in options.only or TABLES:
        table = TABLES[title]
        if not Path(table.needs).exists():
            print(f"\n{title}: needs {table.needs}, which this system does not have")
            continue
        names = [name for name in table.names if name not in absent]
        measured[title] = {
            work.name: table.measure(work, names, options.threads, options.rounds)
            for work in tqdm(table.rows, title, unit="row", leave=False)
        }
        print(f"\n{text(table, measured[title])}")
        if table.measure is seconds:
            print(f"Widest spread of rounds: {spread(measured[title]):.0%}")
    if any("limit" in TABLES[title].names for title in measured):
        print(
            "\nlimit: copying as many bytes as the layer must move, or one large matrix product "
            "with as\nmany multiplications, whichever takes longer."
        )
    if options.json:
        made = dict(machine=platform.machine(), threads=options.threads, versions=versions())
        options.json.write_text(json.dumps(dict(made, tables=measured), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

"""One implementation in a process of its own; it does as it is told, a line of JSON at a time."""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.implementations import ALL, Step
from benchmarks.workloads import WORKLOADS, Workload


def main(name: str, threads: int) -> None:
    use_threads(name, threads)
    for line in sys.stdin:
        match json.loads(line):
            case {"prepare": row, "save": file}:
                step = ALL[name](WORKLOADS[row])
                save(WORKLOADS[row], step(), file)
                reply = "ready"
            case {"seconds": budget}:
                reply = seconds_of(step, budget)
            case {"bytes": row}:
                reply = bytes_of(name, WORKLOADS[row])
        print(json.dumps(reply), flush=True)


def use_threads(name: str, threads: int) -> None:
    if name == "PyTorch":
        import torch

        torch.set_num_threads(threads)


def save(work: Workload, results: tuple[np.ndarray, ...], file: str) -> None:
    if results:
        np.savez(file, **dict(zip(work.results, results, strict=True)))


def seconds_of(step: Step, budget: float) -> list[float]:
    """As many runs as fit into the budget, at least three, after one that is not counted."""
    step()
    times: list[float] = []
    while len(times) < 3 or sum(times) < budget:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return times


def bytes_of(name: str, work: Workload) -> int:
    """The memory in use at the peak of the first run, beyond its inputs and its results."""
    ALL[name](replace(work, shape=(1, work.shape[1], 8, 8)))()  # what is loaded and compiled once
    step = ALL[name](work)
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what is in use now
    before = peak()
    results = step()
    return peak() - before - sum(result.nbytes for result in results)


def peak() -> int:
    """The most memory that this process ever had at once, in bytes."""
    status = Path("/proc/self/status").read_text()
    (kibibytes,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return 1024 * int(kibibytes)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

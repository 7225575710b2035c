"""One implementation in a process of its own; it does as it is told, a line of JSON at a time."""

import json
import sys
import time
from dataclasses import asdict

import numpy as np

from benchmarks.implementations import ALL, Step
from benchmarks.workloads import Workload


def main(name: str, threads: int) -> None:
    use_threads(name, threads)
    step = None
    for line in sys.stdin:
        order = json.loads(line)
        if "prepare" in order:
            step = ALL[name](Workload(**order["prepare"]))
            y, dx = step()
            if name != "copy":
                np.savez(order["save"], y=y, dx=dx)
            reply = "ready"
        else:
            reply = seconds_of(step, order["seconds"])
        print(json.dumps(reply), flush=True)


def use_threads(name: str, threads: int) -> None:
    if name == "PyTorch":
        import torch

        torch.set_num_threads(threads)


def seconds_of(step: Step, budget: float) -> list[float]:
    """As many runs as fit into the budget, at least three, after one that is not counted."""
    step()
    times: list[float] = []
    while len(times) < 3 or sum(times) < budget:
        before = time.perf_counter()
        step()
        times.append(time.perf_counter() - before)
    return times


def order_to_prepare(work: Workload, save: str) -> str:
    return json.dumps({"prepare": asdict(work), "save": save})


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

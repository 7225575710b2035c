"""Speed and memory, side by side: `python -m benchmarks` (or `make bench`).

Every implementation runs in a process of its own with the same number of threads, and they take
turns, so that what else the machine does meets all of them alike. Nothing is timed whose result has
not been compared first.
"""

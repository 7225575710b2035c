"""Not a test itself: what test_compiled.py runs in processes of their own.

`bounds` runs every kernel with bounds checking; `threads` compares the bits that different numbers
of threads give, and says how often a kernel came from the cache and how often it was compiled.
"""

import sys
from functools import partial

import numba
import numpy as np

AWKWARD = (  # (height, width), arguments of a window
    ((1, 1), dict(kernel_size=1)),
    ((2, 3), dict(kernel_size=2)),
    ((6, 4), dict(kernel_size=2, stride=2)),
    ((7, 5), dict(kernel_size=2, stride=2)),
    ((7, 5), dict(kernel_size=2, stride=2, ceil_mode=True)),
    ((6, 6), dict(kernel_size=3, stride=2, padding=1, ceil_mode=True)),
    ((5, 8), dict(kernel_size=3, stride=1, padding=1)),
    ((5, 8), dict(kernel_size=(1, 4), stride=(3, 2), padding=((0, 0), (2, 1)))),
    ((4, 4), dict(kernel_size=(4, 4), padding=((3, 0), (0, 3)), stride=1)),
    ((9, 7), dict(kernel_size=3, stride=2, dilation=3, padding=3)),
    ((6, 5), dict(kernel_size=(2, 3), stride=(5, 4), dilation=(4, 1), ceil_mode=True)),
    ((7, 7), dict(kernel_size=3, stride=4, padding="same", dilation=2)),
    ((3, 9), dict(kernel_size=(2, 5), stride=1, padding="same")),
)
BINS = (((5, 7), (3, 4)), ((2, 3), (5, 7)), ((6, 6), (6, 6)), ((4, 9), (1, 2)))


def calls(rng):
    """(name, x, arguments) of every pooling operator on awkward images."""
    for size, window in AWKWARD:
        x = rng.normal(size=(2, 3, *size)).astype(np.float32)
        yield "max_pool2d", x, window
        yield "avg_pool2d", x, window
        yield "lp_pool2d", x, dict(window, norm_type=3)
        with_nan = x.copy()
        with_nan[..., -1, -1] = np.nan
        yield "max_pool2d", with_nan, window
    for size, output_size in BINS:
        x = rng.normal(size=(2, 3, *size)).astype(np.float32)
        yield "adaptive_max_pool2d", x, dict(output_size=output_size)
        yield "adaptive_avg_pool2d", x, dict(output_size=output_size)
        yield "global_max_pool2d", x, {}
        yield "global_avg_pool2d", x, {}


def results(tier, name, x, arguments, rng):
    """What the operator gives forward, with indices where it has them, and backward."""
    forward = partial(getattr(tier, name), x, **arguments)
    y = forward()
    yield y
    if "max" in name and "global" not in name:
        yield from forward(return_indices=True)
    dy = rng.normal(size=y.shape).astype(x.dtype)
    yield getattr(tier, f"{name}_backward")(dy, x, **arguments)


def agree(tier, other):
    rng = np.random.default_rng(5)
    for name, x, arguments in calls(rng):
        seed = int(rng.integers(1000))
        mine, theirs = (
            results(t, name, x, arguments, np.random.default_rng(seed)) for t in (tier, other)
        )
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5, err_msg=f"{name} {arguments}")
    y, indices = other.max_pool2d(x, 1, return_indices=True)
    np.testing.assert_array_equal(tier.max_unpool2d(y, indices, 1), x)


def bounds():
    """Serial kernels: in a parallel loop Numba does not hand on the exception of a bounds check."""
    njit = numba.njit

    def checked(*function, **options):
        options |= dict(parallel=False, cache=False, boundscheck=True)
        return njit(*function, **options)

    numba.njit = checked
    from convpool import compiled, vectorized

    agree(compiled, vectorized)
    for name, arguments in (
        ("max_pool2d", (3, 2, 1)),
        ("avg_pool2d", (3, 2, 1)),
        ("lp_pool2d", (3, 3, 2)),
        ("adaptive_max_pool2d", (3,)),
        ("adaptive_avg_pool2d", (3,)),
    ):
        must_be_caught(getattr(compiled, name), arguments, below_the_image)
    for name in ("max_pool2d", "avg_pool2d"):
        must_be_caught(getattr(compiled, name), (3, 1), in_pairs_though_it_is_not)


def below_the_image(lies):
    return lies._replace(rows=lies.rows + 6)


def in_pairs_though_it_is_not(lies):
    return lies._replace(pairs=True)


def must_be_caught(operator, arguments, spoil):
    """A kernel that is told to read beyond its array must raise: the bounds are being checked."""
    room = sys.modules[operator.__wrapped__.__module__]
    lie = room.lie
    room.lie = lambda window: spoil(lie(window))
    try:
        operator(np.ones((1, 1, 6, 6)), *arguments)
    except IndexError:
        return
    finally:
        room.lie = lie
    raise AssertionError(f"{operator.__name__} read beyond its array and nobody noticed")


def threads():
    from convpool import compiled

    rng = np.random.default_rng(6)
    cases = [
        ("max_pool2d", dict(kernel_size=3, stride=2, padding=1)),
        ("max_pool2d", dict(kernel_size=2)),
        ("adaptive_max_pool2d", dict(output_size=(5, 4))),
        ("avg_pool2d", dict(kernel_size=3, stride=1, padding=1)),
        ("avg_pool2d", dict(kernel_size=2)),
        ("adaptive_avg_pool2d", dict(output_size=(5, 4))),
        ("lp_pool2d", dict(kernel_size=3, stride=2, norm_type=2)),
    ]
    for name, arguments in cases:
        x = rng.normal(size=(3, 5, 17, 19)).astype(np.float32)
        seen = set()
        for count in (1, 2, 3):
            numba.set_num_threads(count)
            outputs = results(compiled, name, x, arguments, np.random.default_rng(7))
            seen.add(b"".join(output.tobytes() for output in outputs))
        assert len(seen) == 1, f"{name} depends on the number of threads"
    kernels = [
        value
        for room in ("max", "average", "lp")
        for value in vars(sys.modules[f"convpool.compiled.{room}"]).values()
        if hasattr(value, "stats") and value.targetoptions.get("parallel")
    ]
    hits = sum(sum(kernel.stats.cache_hits.values()) for kernel in kernels)
    misses = sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels)
    print(hits, misses)


if __name__ == "__main__":
    {"bounds": bounds, "threads": threads}[sys.argv[1]]()

"""Not a test itself: what test_compiled.py runs in processes of their own.

`bounds` runs every kernel with bounds checking, and fills with NaN what nobody has written yet;
`threads` compares the bits that different numbers of threads give, and says how often a kernel came
from the cache and how often it was compiled; `registers` works with the tiles of other processors.
"""

import sys
from functools import partial
from itertools import product
from unittest import mock

import numba
import numpy as np
from numba.core import cgutils, types
from numba.extending import intrinsic

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

LAYERS = (  # groups, inputs and outputs of each, (height, width), kernel, arguments of conv2d
    ((1, 1, 1), (1, 1), (1, 1), {}),
    ((1, 3, 5), (1, 1), (3, 3), dict(padding=1)),
    ((1, 1, 9), (5, 17), (2, 2), dict(stride=3)),
    ((1, 13, 3), (7, 5), (3, 2), dict(stride=(2, 1), padding=((0, 2), (1, 0)))),
    ((1, 2, 8), (6, 49), (3, 3), dict(padding=1)),
    ((1, 9, 17), (4, 7), (1, 1), {}),
    ((3, 1, 1), (9, 33), (3, 3), dict(padding="same", dilation=2)),
    ((2, 3, 2), (8, 11), (2, 3), dict(stride=(3, 4), dilation=(1, 2), padding=(0, 3))),
    ((4, 1, 3), (7, 6), (3, 1), dict(stride=5, padding=4)),
    ((1, 6, 4), (12, 13), (5, 5), dict(stride=2, padding=(5, 6), dilation=(1, 2))),
    ((1, 4, 6), (3, 52), (3, 5), dict(stride=(4, 3))),
    ((2, 3, 7), (8, 6), (3, 5), dict(stride=(2, 1), padding=(2, 1))),
)
BATCHES = (5, 31)  # images apart, and crowds of which the last lacks an image
CACHES = (1 << 18, 3000, 1)  # bytes for sheets: the whole image, some rows of it, one row


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


def layer_calls(rng, dtype):
    """(name, arrays, arguments) of every convolution, then the same transposed."""
    for batch, layer in product(BATCHES, LAYERS):
        (groups, inputs, outputs), size, kernel, steps = layer
        x = rng.normal(size=(batch, groups * inputs, *size)).astype(dtype)
        weight = rng.normal(size=(groups * outputs, inputs, *kernel)).astype(dtype)
        yield "conv2d", (x, weight), dict(steps, groups=groups)
        if steps.get("padding") != "same":
            z = rng.normal(size=(batch, groups * outputs, 6, 7)).astype(dtype)
            stride, dilation = (as_pair(steps.get(name, 1)) for name in ("stride", "dilation"))
            extra = tuple(max(both) - 1 for both in zip(stride, dilation, strict=True))
            yield "conv_transpose2d", (z, weight), dict(steps, groups=groups, output_padding=extra)


def as_pair(value):
    return value if isinstance(value, tuple) else (value, value)


def layer_results(tier, name, arrays, arguments, rng):
    """What a convolution gives forward, with a bias and without, and backward."""
    x, weight = arrays
    y = getattr(tier, name)(x, weight, **arguments)
    bias = rng.normal(size=y.shape[1]).astype(x.dtype)
    yield y
    yield getattr(tier, name)(x, weight, bias, **arguments)
    dy = rng.normal(size=y.shape).astype(x.dtype)
    yield from getattr(tier, f"{name}_backward")(dy, x, weight, **arguments)


def column_results(tier, x, window, rng):
    """unfold, and fold of other numbers."""
    col = tier.unfold(x, **window)
    yield col
    yield tier.fold(rng.normal(size=col.shape).astype(x.dtype), x.shape[2:], **window)


def products(tier, rng):
    """One product that several threads share."""
    a, b = rng.normal(size=(33, 40)), rng.normal(size=(50, 40)).T
    yield tier.products.product(a, b)


def pointwise_results(room, x, rng):
    """What there is forward, and what goes back."""
    yield room.relu(x)
    yield room.sigmoid(x)
    for name in ("relu", "tanh", "sigmoid"):
        yield getattr(room, f"{name}_backward")(rng.normal(size=x.shape).astype(x.dtype), x)


def same(mine, theirs, what):
    for a, b in zip(mine, theirs, strict=True):
        scale = max(1, np.abs(b).max(initial=0))
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5 * scale, err_msg=what)


def agree_on_convolutions(tier, other, dtype):
    rng = np.random.default_rng(8)
    for name, arrays, arguments in layer_calls(rng, dtype):
        mine = partial(layer_results, tier, name, arrays, arguments)
        theirs = partial(layer_results, other, name, arrays, arguments)
        repeat_and_compare(mine, theirs, f"{name} {arrays[0].shape} {arguments}")
    for size, window in AWKWARD:
        x = rng.normal(size=(2, 3, *size)).astype(dtype)
        window = {key: value for key, value in window.items() if key != "ceil_mode"}
        mine, theirs = (partial(column_results, t, x, window) for t in (tier, other))
        repeat_and_compare(mine, theirs, f"unfold {size} {window}")


def repeat_and_compare(mine, theirs, what):
    """The first time compiles; the second time every new array is full of NaN until written to."""
    first, expected = (list(f(np.random.default_rng(9))) for f in (mine, theirs))
    same(first, expected, what)
    with mock.patch("numpy.empty", full_of_nan):
        same(list(mine(np.random.default_rng(9))), expected, f"unwritten cells in {what}")


def full_of_nan(shape, dtype=float):
    return np.full(shape, np.nan, dtype)


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


def compile_serially(**more):
    """In a parallel loop Numba does not hand on the exception of a bounds check."""
    njit = numba.njit

    def serial(*function, **options):
        return njit(*function, **(options | dict(parallel=False, cache=False) | more))

    numba.njit = serial


def bounds():
    compile_serially(boundscheck=True)
    from convpool import compiled, vectorized

    agree(compiled, vectorized)
    for name, arguments in (
        ("max_pool2d", (3, 2, 1)),
        ("avg_pool2d", (3, 2, 1)),
        ("lp_pool2d", (3, 3, 2)),
        ("adaptive_max_pool2d", (3,)),
        ("adaptive_avg_pool2d", (3,)),
    ):
        must_be_caught(getattr(compiled, name), arguments, "lie", below_the_image)
    for name in ("max_pool2d", "avg_pool2d"):
        must_be_caught(getattr(compiled, name), (3, 1), "lie", in_pairs_though_it_is_not)

    guard(sys.modules["convpool.compiled.convolution"])
    guard_blocks(sys.modules["convpool.compiled.sheets"])
    guard_blocks(sys.modules["convpool.compiled.products"])
    agree_on_products(compiled)
    seen = watch_crowds(sys.modules["convpool.compiled.convolution"])
    for size in CACHES:
        with_cache(size)
        agree_on_convolutions(compiled, vectorized, np.float32)
    both = {"forward": (False, True), "backward": (False, True)}
    assert {way: tuple(sorted(crowded)) for way, crowded in seen.items()} == both, seen
    kernel = np.ones((1, 1, 3, 3))
    must_be_caught(compiled.conv2d, (kernel,), "forward", beyond_the_sheets)
    must_be_caught(compiled.conv_transpose2d, (kernel,), "backward", beyond_the_sheets)
    must_be_caught(compiled.conv2d, (kernel,), "in_panels", short_of_a_row)
    with_cache(CACHES[0])
    two_maps, crowd = np.ones((1, 2, 3, 3)), 31
    must_be_caught(compiled.conv2d, (kernel,), "forward", beyond_the_crowd, crowd)
    must_be_caught(compiled.conv_transpose2d, (two_maps,), "backward", beyond_the_crowd, crowd)
    must_be_caught(compiled.unfold, (3,), "meetings", below_the_taps)


def below_the_image(lies):
    return lies._replace(rows=lies.rows + 6)


def in_pairs_though_it_is_not(lies):
    return lies._replace(pairs=True)


def beyond_the_sheets(lies):
    return lies._replace(offsets=lies.offsets + 400)


def beyond_the_crowd(lies):
    assert lies.lay.images > 1
    return lies._replace(offsets=lies.offsets + 4000)


def short_of_a_row(panels):
    return panels[:, :, :-1].copy()


def below_the_taps(meetings):
    heights, *rest = meetings
    return heights + 6, *rest


def agree_on_products(tier):
    """With each matrix as it lies and transposed, for tiles that do not come out even."""
    rng = np.random.default_rng(10)
    for M, K, N in ((1, 1, 1), (9, 3, 50), (17, 33, 5)):
        for left, right in product((False, True), repeat=2):
            a = rng.normal(size=(K, M)).T if left else rng.normal(size=(M, K))
            b = rng.normal(size=(N, K)).T if right else rng.normal(size=(K, N))
            same([tier.products.product(a, b)], [a @ b], f"{M} × {K} × {N}")


def watch_crowds(room):
    """Whether sheets were for images apart and whether for crowds, from now on, each way."""
    seen = {}

    def watched(way, honest):
        def lay_of(*given):
            told = honest(*given)
            seen.setdefault(way, set()).add(told.lay.images > 1)
            return told

        return lay_of

    for way in ("forward", "backward"):
        setattr(room, way, watched(way, getattr(room, way)))
    return seen


def must_be_caught(operator, arguments, name, spoil, images=1):
    """A kernel that is told to read beyond its array must raise: the bounds are being checked."""
    room = sys.modules[operator.__wrapped__.__module__]
    honest = getattr(room, name)
    setattr(room, name, lambda *given: spoil(honest(*given)))
    try:
        operator(np.ones((images, 1, 6, 6)), *arguments)
    except IndexError:
        return
    finally:
        setattr(room, name, honest)
    raise AssertionError(f"{operator.__name__} read beyond its array and nobody noticed")


def with_cache(size):
    """As if this were the size of the processor's cache: bands of fewer rows."""
    sheets = sys.modules["convpool.compiled.sheets"]
    sheets.CACHE_BYTES = size
    sheets.forward.cache_clear()
    sheets.backward.cache_clear()


# ---------------------------------------------------------------------------- tiles


@intrinsic
def rows_of(typing, tile):
    """How many rows a tile has."""
    return types.intp(tile), constant(tile.rows)


@intrinsic
def vectors_of(typing, tile):
    """How many vectors a row of it has."""
    return types.intp(tile), constant(tile.vectors)


@intrinsic
def lanes_of(typing, tile):
    """How many numbers a vector has."""
    return types.intp(tile), constant(tile.lanes)


def constant(number):
    return lambda context, builder, signature, arguments: cgutils.intp_t(number)


@numba.njit
def must_hold(array, first, count):
    """The array has entries first, first + 1, …, count of them."""
    if first < 0 or first + count > array.size:
        raise IndexError("a tile reaches beyond its array")


def guard(room):
    """The verbs of a tile go by bare addresses: before each, look where it will reach."""
    everywhere, add_products, add_dots = room.everywhere, room.add_products, room.add_dots
    store, add_sums_of_lanes = room.store, room.add_sums_of_lanes

    @numba.njit
    def guarded_everywhere(array, at, tall, wide):
        must_hold(array, at, len(tall))
        return everywhere(array, at, tall, wide)

    @numba.njit
    def guarded_products(tile, weights, at_weights, cells, at_cells):
        must_hold(weights, at_weights, rows_of(tile))
        must_hold(cells, at_cells, vectors_of(tile) * lanes_of(tile))
        return add_products(tile, weights, at_weights, cells, at_cells)

    @numba.njit
    def guarded_dots(tile, left, at_left, step, right, offsets, at_offsets, at_right):
        must_hold(offsets, at_offsets, vectors_of(tile))
        for m in range(rows_of(tile)):
            must_hold(left, at_left + m * step, lanes_of(tile))
        for k in range(vectors_of(tile)):
            must_hold(right, offsets[at_offsets + k] + at_right, lanes_of(tile))
        return add_dots(tile, left, at_left, step, right, offsets, at_offsets, at_right)

    @numba.njit
    def guarded_store(tile, array, at, step):
        for m in range(rows_of(tile)):
            must_hold(array, at + m * step, vectors_of(tile) * lanes_of(tile))
        store(tile, array, at, step)

    @numba.njit
    def guarded_sums(tile, array, at):
        must_hold(array, at, rows_of(tile) * vectors_of(tile))
        add_sums_of_lanes(tile, array, at)

    new_sums = room.new_sums

    @numba.njit
    def poisoned_sums(lay, like, tall, wide):
        sums, step = new_sums(lay, like, tall, wide)
        sums[:] = np.nan
        return sums, step

    room.everywhere = guarded_everywhere
    room.add_products, room.add_dots = guarded_products, guarded_dots
    room.store, room.add_sums_of_lanes = guarded_store, guarded_sums
    room.new_sums = poisoned_sums


def guard_blocks(room):
    """Blocks of images × cells go by bare addresses, too."""
    block, store_block = room.block, room.store_block

    @numba.njit
    def guarded_block(array, at, step, rows, lanes):
        for m in range(rows):
            must_hold(array, at + m * step, lanes)
        return block(array, at, step, rows, lanes)

    @numba.njit
    def guarded_store_block(tile, array, at, step, rows, lanes):
        for m in range(rows):
            must_hold(array, at + m * step, lanes)
        store_block(tile, array, at, step, rows, lanes)

    room.block, room.store_block = guarded_block, guarded_store_block


# ---------------------------------------------------------------------------- registers


def registers(features):
    """The tiles of a processor with these features, on whichever we run."""
    numba.njit(lambda: None)()  # lets Numba ask for the true ones first
    compile_serially()
    found = dict.fromkeys(features.split(","), True)
    with mock.patch("llvmlite.binding.get_host_cpu_features", return_value=found):
        from convpool.compiled import tiles
    from convpool import compiled, vectorized

    agree_on_convolutions(compiled, vectorized, np.float32)
    print(tiles.REGISTERS, tiles.VECTOR_BYTES)


# ---------------------------------------------------------------------------- threads


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
        must_not_depend_on_threads(name, partial(results, compiled, name, x, arguments))
    with_cache(6000)  # several bands a image
    for name, arrays, arguments in parallel_layers(rng):
        run = partial(layer_results, compiled, name, arrays, arguments)
        must_not_depend_on_threads(name, run)
    window = dict(kernel_size=(2, 3), padding=1, stride=2)
    must_not_depend_on_threads("unfold", partial(column_results, compiled, x, window))
    must_not_depend_on_threads("products", partial(products, compiled))
    must_not_depend_on_threads("pointwise", partial(pointwise_results, compiled.pointwise, x))
    kernels = [
        value
        for room in ("max", "average", "lp", "convolution", "columns", "pointwise", "products")
        for value in vars(sys.modules[f"convpool.compiled.{room}"]).values()
        if hasattr(value, "stats") and value.targetoptions.get("parallel")
    ]
    hits = sum(sum(kernel.stats.cache_hits.values()) for kernel in kernels)
    misses = sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels)
    print(hits, misses)


def parallel_layers(rng):
    """Layers whose images do not divide evenly among two or three threads; large ones and small."""
    weight = rng.normal(size=(4, 3, 3, 3)).astype(np.float32)
    for size in ((17, 19), (4, 3)):
        x, z = (rng.normal(size=(5, c, *size)).astype(np.float32) for c in (6, 4))
        steps = dict(stride=2, padding=1, groups=2)
        yield "conv2d", (x, weight), steps
        yield "conv_transpose2d", (z, weight), steps


def must_not_depend_on_threads(name, run):
    seen = set()
    for count in (1, 2, 3, 3):
        numba.set_num_threads(count)
        outputs = run(np.random.default_rng(7))
        seen.add(b"".join(output.tobytes() for output in outputs))
    assert len(seen) == 1, f"{name} depends on the number of threads"


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    {"bounds": bounds, "registers": registers, "threads": threads}[what](*rest)

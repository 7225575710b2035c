"""Pooling written wrong by hand: WRONG[op][mistake] are functions that make it. No tests here.

Where a mistake is one of routing or of arithmetic, the whole function stands here as somebody would
write it. Where it is one of geometry, the function is a right one that is given the wrong numbers,
or whose result is cut wrong. Some take fewer arguments than the operator does: people do.
"""

import functools
import inspect
import itertools
from collections import defaultdict

import numpy as np

from convpool import loops

WRONG = defaultdict(lambda: defaultdict(list))
SLIDING = ("max_pool2d", "avg_pool2d", "lp_pool2d")


def wrong(op, mistake):
    """Enter a function into the table."""

    def enter(function):
        WRONG[op][mistake].append(function)
        return function

    return enter


def both(value):
    """(rows, columns)."""
    return value if isinstance(value, tuple) else (value, value)


def four(padding):
    """(top, bottom), (left, right)."""
    rows, cols = both(padding)
    return both(rows), both(cols)


def padded(x, padding, fill):
    return np.pad(x, ((0, 0), (0, 0), *four(padding)), constant_values=fill)


def span(kernel, dilation):
    return [d * (k - 1) + 1 for k, d in zip(both(kernel), both(dilation), strict=True)]


def counted(x, kernel, stride, padding, dilation):
    """H' and W', rounded down."""
    return [
        (size + sum(pad) - reach) // s + 1
        for size, pad, reach, s in zip(
            x.shape[2:], four(padding), span(kernel, dilation), both(stride), strict=True
        )
    ]


def slices(i, j, kernel, stride, dilation=1):
    (kh, kw), (sh, sw), (dh, dw) = both(kernel), both(stride), both(dilation)
    rows = slice(i * sh, i * sh + dh * (kh - 1) + 1, dh)
    return rows, slice(j * sw, j * sw + dw * (kw - 1) + 1, dw)


# ---------------------------------------------------------------------------- right, by scalars


def spread(dy, x, kernel, stride, padding, dilation, weights):
    """Every output's gradient on the cells of its window, by weights(values, i, j)."""
    (kh, kw), (sh, sw), (dh, dw) = both(kernel), both(stride), both(dilation)
    (top, _), (left, _) = four(padding)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        rows = [i * sh - top + u * dh for u in range(kh)]
        cols = [j * sw - left + v * dw for v in range(kw)]
        rows = [h for h in rows if 0 <= h < x.shape[2]]
        cols = [w for w in cols if 0 <= w < x.shape[3]]
        cells = list(itertools.product(rows, cols))
        parts = weights([x[n, c, h, w] for h, w in cells], i, j)
        for (h, w), part in zip(cells, parts, strict=True):
            dx[n, c, h, w] += part * dy[n, c, i, j]
    return dx


def to_the_first(values, i, j):
    won = int(np.argmax(values))
    return [float(k == won) for k in range(len(values))]


def taps_on(shape, kernel, stride, padding, dilation, count_padding):
    """divisor(i, j): the taps of a window on the padded plane, or on the plane."""

    def on(axis, i):
        size, k, s = shape[axis], both(kernel)[axis], both(stride)[axis]
        (before, after), d = four(padding)[axis], both(dilation)[axis]
        first, stop = (-before, size + after) if count_padding else (0, size)
        return sum(first <= i * s - before + u * d < stop for u in range(k))

    return lambda i, j: on(0, i) * on(1, j)


def p_weights(p):
    def weights(values, i, j):
        sizes = np.abs(values)
        norm = (sizes**p).sum() ** (1 / p)
        return (
            np.sign(values) * sizes ** (p - 1) / norm ** (p - 1) if norm else np.zeros(len(sizes))
        )

    return weights


def even_weights(divisor):
    return lambda values, i, j: [1 / divisor(i, j)] * len(values)


# ---------------------------------------------------------------------------- geometry, forward


def told_otherwise(op, change):
    """The right operator, given other arguments than its caller gave."""
    right = getattr(loops, op)

    @functools.wraps(right)
    def function(*args, **kwargs):
        call = inspect.signature(right).bind(*args, **kwargs)
        call.apply_defaults()
        change(call.arguments)
        return right(*call.args, **call.kwargs)

    return function


def put(**values):
    return lambda a: a.update(values)


def turned(name):
    def change(a):
        a[name] = both(a[name] if a[name] is not None else a["kernel_size"])[::-1]

    return change


def all_turned(a):
    for name in ("stride", "kernel_size", "dilation"):
        turned(name)(a)
    a["padding"] = four(a["padding"])[::-1]


def leading_twice(a):
    a["padding"] = tuple((before, before) for before, _ in four(a["padding"]))


def dilated_by_one_more(a):
    a["dilation"] = tuple(d + 1 for d in both(a["dilation"]))


for op in SLIDING:
    for mistake, change in {
        "padding ignored": put(padding=0),
        "leading padding on both sides": leading_twice,
        "stride taken as kernel size": put(stride=None),
        "dilation ignored": put(dilation=1),
        "dilation off by one": dilated_by_one_more,
        "ceil_mode ignored": put(ceil_mode=False),
        "ceil_mode always on": put(ceil_mode=True),
        "height and width exchanged": all_turned,
    }.items():
        wrong(op, mistake)(told_otherwise(op, change))
    for name in ("kernel_size", "stride", "dilation"):
        wrong(op, "height and width exchanged")(told_otherwise(op, turned(name)))


def counted_without_padding(op):
    """The right windows, but only as many as fit without padding."""
    right, fewer = getattr(loops, op), told_otherwise(op, put(padding=0))

    @functools.wraps(right)
    def function(*args, **kwargs):
        y, small = right(*args, **kwargs), fewer(*args, **kwargs)
        if isinstance(y, tuple):
            return tuple(
                array[:, :, : s.shape[2], : s.shape[3]] for array, s in zip(y, small, strict=True)
            )
        return y[:, :, : small.shape[2], : small.shape[3]]

    return function


def span_as_kernel_times_dilation(x, kernel, stride, padding, dilation):
    (kh, kw), (dh, dw) = both(kernel), both(dilation)
    return counted(x, (kh * dh, kw * dw), stride, padding, 1)


def one_less(op):
    right = getattr(loops, op)

    @functools.wraps(right)
    def function(*args, **kwargs):
        y = right(*args, **kwargs)
        return tuple(a[:, :, :-1, :-1] for a in y) if isinstance(y, tuple) else y[:, :, :-1, :-1]

    return function


def without_bound(op, empty):
    """Size ⌈room / stride⌉ + 1 with `ceil_mode`; a window without a cell gives `empty`."""
    right = getattr(loops, op)

    @functools.wraps(right)
    def function(*args, **kwargs):
        y = right(*args, **kwargs)
        call = inspect.signature(right).bind(*args, **kwargs)
        call.apply_defaults()
        a = call.arguments
        if not a["ceil_mode"]:
            return y
        stride = both(a["kernel_size"] if a["stride"] is None else a["stride"])
        reach = span(a["kernel_size"], a["dilation"])
        sides = zip(a["x"].shape[2:], four(a["padding"]), reach, stride, strict=True)
        size = [-(-(n + sum(pad) - r) // s) + 1 for n, pad, r, s in sides]
        more = np.full((*y.shape[:2], *size), empty)
        more[:, :, : y.shape[2], : y.shape[3]] = y
        return more

    return function


for op, empty in zip(SLIDING, (-np.inf, 0.0, 0.0), strict=True):
    wrong(op, "ceil_mode without its bound")(without_bound(op, empty))
    wrong(op, "last window missing")(one_less(op))
    wrong(op, "padding ignored")(counted_without_padding(op))


@wrong("avg_pool2d", "dilation off by one")
def avg_of_too_few_windows(x, kernel_size, stride=None, padding=0, *, dilation=1):
    stride = kernel_size if stride is None else stride
    H, W = span_as_kernel_times_dilation(x, kernel_size, stride, padding, dilation)
    return loops.avg_pool2d(x, kernel_size, stride, padding, dilation=dilation)[:, :, :H, :W]


@wrong("max_pool2d", "windows from the unpadded input")
def max_of_unpadded(x, kernel_size, stride=None, padding=0, dilation=1):
    stride = stride or kernel_size
    H, W = counted(x, kernel_size, stride, padding, dilation)
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = np.max(x[n, c][slices(i, j, kernel_size, stride, dilation)])
    return y


@wrong("avg_pool2d", "windows from the unpadded input")
def mean_of_unpadded(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    H, W = counted(x, kernel_size, stride, padding, 1)
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = np.mean(x[n, c][slices(i, j, kernel_size, stride)])
    return y


@wrong("lp_pool2d", "windows from the unpadded input")
def norm_of_unpadded(x, norm_type, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    H, W = counted(x, kernel_size, stride, padding, 1)
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        patch = np.abs(x[n, c][slices(i, j, kernel_size, stride)])
        y[n, c, i, j] = np.sum(patch**norm_type) ** (1 / norm_type)
    return y


def read_in_another_order(op):
    """The windows are pooled one by one, n, i, j and c, and the result is only reshaped."""
    right = getattr(loops, op)

    @functools.wraps(right)
    def function(*args, **kwargs):
        result = right(*args, **kwargs)
        results = result if isinstance(result, tuple) else (result,)
        read = [np.moveaxis(array, 1, -1).ravel().reshape(array.shape) for array in results]
        return tuple(read) if isinstance(result, tuple) else read[0]

    return function


for op in SLIDING:
    wrong(op, "reshaped instead of transposed")(read_in_another_order(op))


@wrong("max_pool2d", "reshaped instead of transposed")
def max_by_columns(x, kernel_size, stride=None):
    windows = np.lib.stride_tricks.sliding_window_view(x, both(kernel_size), axis=(2, 3))
    sh, sw = both(stride or kernel_size)
    windows = windows[:, :, ::sh, ::sw]  # (N, C, H', W', kh, kw)
    N, C, H, W, kh, kw = windows.shape
    col = windows.transpose(0, 2, 3, 1, 4, 5).reshape(-1, kh * kw)  # (N·H'·W'·C, kh·kw)
    return col.max(axis=1).reshape(N, C, H, W)


# ---------------------------------------------------------------------------- geometry, backward


def max_spread(dy, x, kernel_size, stride, padding, dilation, extra):
    return spread(dy, x, kernel_size, stride, padding, dilation, to_the_first)


def avg_spread(dy, x, kernel_size, stride, padding, dilation, extra):
    include, override = extra["count_include_pad"], extra["divisor_override"]
    divisor = taps_on(x.shape[2:], kernel_size, stride, padding, dilation, include)
    if override is not None:
        return spread(
            dy, x, kernel_size, stride, padding, dilation, even_weights(lambda *_: override)
        )
    return spread(dy, x, kernel_size, stride, padding, dilation, even_weights(divisor))


def lp_spread(dy, x, kernel_size, stride, padding, dilation, extra):
    weights = p_weights(extra["norm_type"])
    return spread(dy, x, kernel_size, stride, padding, dilation, weights)


SPREAD = {"max_pool2d": max_spread, "avg_pool2d": avg_spread, "lp_pool2d": lp_spread}


def going_back(op, change):
    """A backward pass that is right but for `change`, which sees all that the function takes."""
    right = getattr(loops, f"{op}_backward")

    @functools.wraps(right)
    def function(*args, **kwargs):
        call = inspect.signature(right).bind(*args, **kwargs)
        call.apply_defaults()
        a = call.arguments
        a["stride"] = a["kernel_size"] if a["stride"] is None else a["stride"]
        cut = change(a) or (lambda dx: dx)
        extra = {n: a.get(n) for n in ("norm_type", "count_include_pad", "divisor_override")}
        names = ("dy", "x", "kernel_size", "stride", "padding", "dilation")
        return cut(SPREAD[op](*(a[name] for name in names), extra))

    return function


def floored(a):
    H, W = counted(a["x"], a["kernel_size"], a["stride"], a["padding"], a["dilation"])
    a["dy"] = a["dy"][:, :, :H, :W]


def without_the_last(a):
    a["dy"] = a["dy"][:, :, :-1, :-1]


def steps_of_the_kernel(a):
    a["stride"] = a["kernel_size"]


def dy_in_another_order(a):
    N, C, H, W = a["dy"].shape
    a["dy"] = np.moveaxis(a["dy"].reshape(N, H * W, C), 2, 1).reshape(N, C, H, W)


def as_far_as_windows_reach(a):
    H, W = (
        (out - 1) * s + reach - before
        for out, s, reach, (before, _) in zip(
            a["dy"].shape[2:],
            both(a["stride"]),
            span(a["kernel_size"], a["dilation"]),
            four(a["padding"]),
            strict=True,
        )
    )
    return lambda dx: dx[:, :, :H, :W]


def in_the_border(op, keep):
    """The gradient of the padded input, border and all, then keep(dx_padded, H, W, pads)."""
    fill = -np.inf if op == "max_pool2d" else 0.0

    def change(a):
        pads, (H, W) = four(a["padding"]), a["x"].shape[2:]
        extra_pads = [sum(pad) for pad in pads]
        include = a.get("count_include_pad", True)
        if include or not any(extra_pads):
            a["x"], a["padding"] = padded(a["x"], a["padding"], fill), 0
            return lambda dx: keep(dx, H, W, pads)
        raise NotImplementedError("count_include_pad=False")

    return change


def all_of_it(dx, H, W, pads):
    return dx


def from_the_corner(dx, H, W, pads):
    return dx[:, :, :H, :W]


def to_minus_p(dx, H, W, pads):
    (top, bottom), (left, right) = pads
    return dx[:, :, top:-bottom, left:-right]


def leading_off_both_ends(dx, H, W, pads):
    (top, _), (left, _) = pads
    return dx[:, :, top : dx.shape[2] - top, left : dx.shape[3] - left]


for op in SLIDING:
    for mistake, change in {
        "stride taken as kernel size": steps_of_the_kernel,
        "dilation ignored": put(dilation=1),
        "dilation off by one": dilated_by_one_more,
        "ceil_mode ignored": floored,
        "last window missing": without_the_last,
        "reshaped instead of transposed": dy_in_another_order,
        "remainder dropped": as_far_as_windows_reach,
        "height and width exchanged": all_turned,
        "leading padding on both sides": in_the_border(op, leading_off_both_ends),
        "padding cut by minus zero": in_the_border(op, to_minus_p),
        "padding not removed": in_the_border(op, all_of_it),
    }.items():
        wrong(f"{op}_backward", mistake)(going_back(op, change))
    for name in ("kernel_size", "stride", "dilation"):
        wrong(f"{op}_backward", "height and width exchanged")(going_back(op, turned(name)))

# A mean's share is the same wherever its window lies: cutting its dx from the corner is the same as
# ignoring the padding.
for op in ("max_pool2d", "lp_pool2d"):
    corner = in_the_border(op, from_the_corner)
    wrong(f"{op}_backward", "padding not removed")(going_back(op, corner))
wrong("avg_pool2d_backward", "padding ignored")(
    going_back("avg_pool2d", in_the_border("avg_pool2d", from_the_corner))
)

wrong("lp_pool2d_backward", "padding ignored")(going_back("lp_pool2d", put(padding=0)))


@wrong("avg_pool2d_backward", "padding ignored")
def shares_without_padding(dy, x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c][slices(i, j, kernel_size, stride)] += dy[n, c, i, j] / np.prod(both(kernel_size))
    return dx


# ---------------------------------------------------------------------------- max, forward


def best_by_loop(patch, better, start=-np.inf):
    best, place = start, 0
    for k, value in enumerate(patch.ravel()):
        if better(value, best):
            best, place = value, k
    return best, place


def pooled(op, choose, fill=-np.inf):
    """Max pooling of the padded x by choose(patch) → (value, number in the patch)."""

    def function(x, kernel_size, stride=None, padding=0, return_indices=False):
        stride = stride or kernel_size
        cells = padded(x, padding, fill)
        (top, _), (left, _) = four(padding)
        H, W = counted(x, kernel_size, stride, padding, 1)
        y, m = np.zeros((*x.shape[:2], H, W), x.dtype), np.zeros((*x.shape[:2], H, W), np.int64)
        for n, c, i, j in np.ndindex(y.shape):
            rows, cols = slices(i, j, kernel_size, stride)
            y[n, c, i, j], place = choose(cells[n, c, rows, cols])
            u, v = divmod(place, both(kernel_size)[1])
            m[n, c, i, j] = (rows.start + u - top) * x.shape[3] + cols.start + v - left
        return (y, m) if return_indices else y

    return function


def by_argmax(patch):
    return patch.max(), int(patch.argmax())


wrong("max_pool2d", "last tie wins")(
    pooled("max_pool2d", lambda p: best_by_loop(p, lambda v, best: v >= best or np.isnan(v)))
)
wrong("max_pool2d", "NaN ignored")(
    pooled("max_pool2d", lambda p: best_by_loop(p, lambda v, best: v > best))
)


@wrong("max_pool2d", "NaN ignored")
def max_by_nanmax(x, kernel_size, stride=None):
    stride = stride or kernel_size
    windows = np.lib.stride_tricks.sliding_window_view(x, both(kernel_size), axis=(2, 3))
    sh, sw = both(stride)
    return np.nanmax(windows[:, :, ::sh, ::sw], axis=(4, 5))


@wrong("max_pool2d", "maximum starts at zero")
def max_from_zero(x, kernel_size, stride=None):
    stride = stride or kernel_size
    H, W = counted(x, kernel_size, stride, 0, 1)
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for n, c, i, j in np.ndindex(y.shape):
        for value in x[n, c][slices(i, j, kernel_size, stride)].ravel():
            if value > y[n, c, i, j]:
                y[n, c, i, j] = value
    return y


@wrong("max_pool2d", "zero padding in max")
def max_with_zeros(x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    cells = padded(x, padding, 0)
    H, W = counted(x, kernel_size, stride, padding, 1)
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for i, j in np.ndindex(H, W):
        rows, cols = slices(i, j, kernel_size, stride)
        y[:, :, i, j] = np.max(cells[:, :, rows, cols], axis=(2, 3))
    return y


@wrong("max_pool2d", "zero padding in max")
def max_with_zeros_on_all_sides(x, kernel_size, stride=None, padding=0, ceil_mode=False):
    stride = stride or kernel_size
    H, W = loops.max_pool2d(x, kernel_size, stride, padding, 1, ceil_mode).shape[2:]
    cells = padded(x, padding, 0)
    more = [
        max((out - 1) * s + k - size, 0)
        for out, s, k, size in zip(
            (H, W), both(stride), both(kernel_size), cells.shape[2:], strict=True
        )
    ]
    cells = np.pad(cells, ((0, 0), (0, 0), (0, more[0]), (0, more[1])))
    y = np.zeros((*x.shape[:2], H, W), x.dtype)
    for i, j in np.ndindex(H, W):
        rows, cols = slices(i, j, kernel_size, stride)
        y[:, :, i, j] = np.max(cells[:, :, rows, cols], axis=(2, 3))
    return y


def places_by(count):
    """Max pooling whose indices are count(n, c, i, j, place in the window, ...)."""

    def function(x, kernel_size, stride=None, padding=0, return_indices=False):
        stride = stride or kernel_size
        cells = padded(x, padding, -np.inf)
        H, W = counted(x, kernel_size, stride, padding, 1)
        y, m = np.zeros((*x.shape[:2], H, W), x.dtype), np.zeros((*x.shape[:2], H, W), np.int64)
        for n, c, i, j in np.ndindex(y.shape):
            rows, cols = slices(i, j, kernel_size, stride)
            patch = cells[n, c, rows, cols]
            u, v = divmod(int(patch.argmax()), patch.shape[1])
            y[n, c, i, j] = patch.max()
            m[n, c, i, j] = count((n, c), (rows.start + u, cols.start + v), (u, v), patch, cells, x)
        return (y, m) if return_indices else y

    return function


wrong("max_pool2d", "places counted elsewhere")(
    places_by(lambda plane, at, inside, patch, cells, x: inside[0] * patch.shape[1] + inside[1])
)
wrong("max_pool2d", "places counted elsewhere")(
    places_by(lambda plane, at, inside, patch, cells, x: at[0] * cells.shape[3] + at[1])
)


@wrong("max_pool2d", "height and width exchanged")
def places_by_the_height(x, kernel_size, stride=None, return_indices=False):
    y, m = loops.max_pool2d(x, kernel_size, stride, return_indices=True)
    h, w = np.divmod(m, x.shape[3])
    return (y, h * x.shape[2] + w) if return_indices else y


# ---------------------------------------------------------------------------- max, backward


@wrong("max_pool2d_backward", "assignment in overlap")
def assigned_to_the_winner(dy, x, kernel_size, stride=None):
    """One image cell at a time, as it is published."""
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        k, l = divmod(int(np.argmax(x[n, c, rows, cols])), both(kernel_size)[1])  # noqa: E741
        dx[n, c, rows.start + k, cols.start + l] = dy[n, c, i, j]
    return dx


@wrong("max_pool2d_backward", "assignment in overlap")
def assigned_to_the_window(dy, x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    cells = padded(x, padding, -np.inf)
    dcells = np.zeros_like(cells)
    for n, c, i, j in np.ndindex(dy.shape):
        at = slices(i, j, kernel_size, stride)
        patch = cells[n, c][at]
        mask = np.arange(patch.size).reshape(patch.shape) == patch.argmax()
        dcells[n, c][at] = mask * dy[n, c, i, j]
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("max_pool2d_backward", "zero padding in max")
def routed_past_zeros(dy, x, kernel_size, stride=None, padding=0):
    """With zeros around x, as it is published."""
    stride = stride or kernel_size
    cells = padded(x, padding, 0)
    dcells = np.zeros_like(cells)
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        u, v = divmod(int(np.argmax(cells[n, c, rows, cols])), both(kernel_size)[1])
        dcells[n, c, rows.start + u, cols.start + v] += dy[n, c, i, j]
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("max_pool2d_backward", "zero padding in max")
def routed_past_zeros_on_all_sides(dy, x, kernel_size, stride=None, padding=0, ceil_mode=False):
    stride = stride or kernel_size
    (top, _), (left, _) = four(padding)
    reach = [
        (out - 1) * s + k
        for out, s, k in zip(dy.shape[2:], both(stride), both(kernel_size), strict=True)
    ]
    cells = np.zeros((*x.shape[:2], *np.maximum(reach, padded(x, padding, 0).shape[2:])), x.dtype)
    cells[:, :, top : top + x.shape[2], left : left + x.shape[3]] = x
    dcells = np.zeros_like(cells)
    for n, c, i, j in np.ndindex(dy.shape):
        at = slices(i, j, kernel_size, stride)
        dcells[n, c][at] += first_one(cells[n, c][at]) * dy[n, c, i, j]
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("max_pool2d_backward", "windows from the unpadded input")
def mask_from_unpadded(dy, x, kernel_size, stride=None, padding=0):
    """Masks from x in a padded dx, as it is published."""
    stride = stride or kernel_size
    dcells = np.zeros_like(padded(x, padding, 0))
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        patch = x[n, c, rows, cols]
        mask = np.zeros_like(patch, dtype=bool)
        mask[tuple(np.argwhere(patch == np.max(patch))[0])] = True
        dcells[n, c, rows, cols] += mask * dy[n, c, i, j]
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("max_pool2d_backward", "windows from the unpadded input")
def place_from_unpadded(dy, x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    dcells = np.zeros_like(padded(x, padding, 0))
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        patch = x[n, c, rows, cols]
        u, v = np.unravel_index(np.argmax(patch), patch.shape)
        dcells[n, c, rows.start + u, cols.start + v] += dy[n, c, i, j]
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("max_pool2d_backward", "windows from the unpadded input")
def number_from_unpadded(dy, x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    dcells = np.zeros_like(padded(x, padding, 0))
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        number = int(np.argmax(x[n, c, rows, cols]))
        u, v = number // both(kernel_size)[1], number % both(kernel_size)[1]
        dcells[n, c, rows.start + u, cols.start + v] += dy[n, c, i, j]
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("max_pool2d_backward", "windows from the unpadded input")
def never_padded(dy, x, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        at = slices(i, j, kernel_size, stride)
        patch = x[n, c][at]
        dx[n, c][at] += (np.arange(patch.size).reshape(patch.shape) == patch.argmax()) * dy[
            n, c, i, j
        ]
    return dx


@wrong("max_pool2d_backward", "height and width exchanged")
def unravelled_by_the_height(dy, x, kernel_size, stride=None):
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = slices(i, j, kernel_size, stride)
        u, v = divmod(int(np.argmax(x[n, c, rows, cols])), both(kernel_size)[0])
        dx[n, c, rows.start + u, cols.start + v] += dy[n, c, i, j]
    return dx


@wrong("max_pool2d_backward", "every plane in the first")
def scattered_in_one_plane(dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False):
    _, m = loops.max_pool2d(x, kernel_size, stride, padding, dilation, ceil_mode, True)
    dx = np.zeros_like(x)
    np.add.at(dx.reshape(-1), m.ravel(), dy.ravel())
    return dx


def masked(patches, x, dy, weights):
    """dx from weights(patch) over patches(i, j), for functions without padding."""
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        at = patches(i, j)
        dx[n, c][at] += weights(x[n, c][at]) * dy[n, c, i, j]
    return dx


def all_that_equal(patch):
    return patch == patch.max()


def split_evenly(patch):
    mask = patch == patch.max()
    return mask / mask.sum()


def the_last(patch):
    _, place = best_by_loop(patch, lambda v, best: v >= best or np.isnan(v))
    return np.arange(patch.size).reshape(patch.shape) == place


def greater_only(patch):
    _, place = best_by_loop(patch, lambda v, best: v > best)
    return np.arange(patch.size).reshape(patch.shape) == place


def greater_than_zero(patch):
    _, place = best_by_loop(patch, lambda v, best: v > best, start=0.0)
    return np.arange(patch.size).reshape(patch.shape) == place


MASKS = {
    "every tied maximum": all_that_equal,
    "gradient split among ties": split_evenly,
    "last tie wins": the_last,
    "NaN ignored": greater_only,
    "maximum starts at zero": greater_than_zero,
}


def sliding_mask(weights):
    def function(dy, x, kernel_size, stride=None):
        stride = stride or kernel_size
        return masked(lambda i, j: slices(i, j, kernel_size, stride), x, dy, weights)

    return function


for mistake, weights in MASKS.items():
    wrong("max_pool2d_backward", mistake)(sliding_mask(weights))


# ---------------------------------------------------------------------------- average


def divided(divisor):
    """Average pooling by divisor(H, W, window, count_include_pad, divisor_override)."""

    def forward(
        x,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        y = loops.avg_pool2d(x, kernel_size, stride, padding, ceil_mode, divisor_override=1)
        by = divisor(x, kernel_size, stride or kernel_size, padding, count_include_pad)
        for i, j in np.ndindex(y.shape[2:]):
            y[:, :, i, j] /= by(i, j) if divisor_override is None else divisor_override
        return y

    def backward(
        dy,
        x,
        kernel_size,
        stride=None,
        padding=0,
        ceil_mode=False,
        count_include_pad=True,
        divisor_override=None,
    ):
        by = divisor(x, kernel_size, stride or kernel_size, padding, count_include_pad)
        if divisor_override is not None:
            by = lambda *_: divisor_override  # noqa: E731
        return spread(dy, x, kernel_size, stride or kernel_size, padding, 1, even_weights(by))

    return forward, backward


def in_the_array(x, kernel, stride, padding, include):
    return taps_on(x.shape[2:], kernel, stride, padding, 1, True)


def never_the_padding(x, kernel, stride, padding, include):
    return taps_on(x.shape[2:], kernel, stride, padding, 1, False)


def whole_windows(x, kernel, stride, padding, include):
    by = taps_on(x.shape[2:], kernel, stride, padding, 1, False)
    return (lambda i, j: np.prod(both(kernel))) if include else by


for mistake, divisor in {
    "divisor counts padding": in_the_array,
    "divisor leaves padding out": never_the_padding,
    "ceil overhang counted": whole_windows,
}.items():
    forward, backward = divided(divisor)
    wrong("avg_pool2d", mistake)(forward)
    wrong("avg_pool2d_backward", mistake)(backward)

wrong("avg_pool2d", "divisor_override ignored")(
    told_otherwise("avg_pool2d", put(divisor_override=None))
)
wrong("avg_pool2d_backward", "divisor_override ignored")(
    going_back("avg_pool2d", put(divisor_override=None))
)


@wrong("avg_pool2d", "divisor without parentheses")
def sum_over_kh_times_kw(x, kernel_size, stride=None):
    kh, kw = both(kernel_size)
    return loops.avg_pool2d(x, kernel_size, stride, divisor_override=1) / kh * kw


@wrong("avg_pool2d_backward", "divisor without parentheses")
def share_over_kh_times_kw(dy, x, kernel_size, stride=None, padding=0):
    (kh, kw), (top, left) = both(kernel_size), both(padding)
    stride = stride or kernel_size
    dcells = np.zeros_like(padded(x, padding, 0))
    for i, j in np.ndindex(dy.shape[2:]):
        rows, cols = slices(i, j, kernel_size, stride)
        dcells[:, :, rows, cols] += dy[:, :, i : i + 1, j : j + 1] / kh * kw
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("avg_pool2d_backward", "mean's gradient taken as 1")
def whole_gradient_to_all(dy, x, kernel_size, stride=None, padding=0):
    (top, _), (left, _) = four(padding)
    stride = stride or kernel_size
    dcells = np.zeros_like(padded(x, padding, 0))
    for i, j in np.ndindex(dy.shape[2:]):
        rows, cols = slices(i, j, kernel_size, stride)
        dcells[:, :, rows, cols] += dy[:, :, i : i + 1, j : j + 1]
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("avg_pool2d_backward", "assignment in overlap")
def share_assigned(dy, x, kernel_size, stride=None):
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c][slices(i, j, kernel_size, stride)] = dy[n, c, i, j] / np.prod(both(kernel_size))
    return dx


# ---------------------------------------------------------------------------- Lp


def windows_of(x, kernel_size, stride):
    sh, sw = both(kernel_size if stride is None else stride)
    view = np.lib.stride_tricks.sliding_window_view(x, both(kernel_size), axis=(2, 3))
    return view[:, :, ::sh, ::sw]


@wrong("lp_pool2d", "absolute value missing")
def root_of_signed_powers(x, norm_type, kernel_size, stride=None):
    return (windows_of(x, kernel_size, stride) ** norm_type).sum(axis=(4, 5)) ** (1 / norm_type)


@wrong("lp_pool2d", "root not taken")
def sum_of_powers(x, norm_type, kernel_size, stride=None):
    return (np.abs(windows_of(x, kernel_size, stride)) ** norm_type).sum(axis=(4, 5))


@wrong("lp_pool2d", "norm of the mean")
def root_of_the_mean(x, norm_type, kernel_size, stride=None):
    powers = np.abs(windows_of(x, kernel_size, stride)) ** norm_type
    return powers.mean(axis=(4, 5)) ** (1 / norm_type)


@wrong("lp_pool2d", "norm_type ignored")
def always_euclidean(x, norm_type, kernel_size, stride=None):
    return np.sqrt((windows_of(x, kernel_size, stride) ** 2).sum(axis=(4, 5)))


@wrong("lp_pool2d", "ceil overhang counted")
def by_the_average(x, norm_type, kernel_size, stride=None, ceil_mode=False):
    """As libraries do it: the mean of the powers, times the size of a whole window."""
    mean = loops.avg_pool2d(np.abs(x) ** norm_type, kernel_size, stride, 0, ceil_mode)
    return (mean * np.prod(both(kernel_size))) ** (1 / norm_type)


def norm_going_back(partials):
    """Lp pooling backwards by partials(patch, p), for functions without padding."""

    def function(dy, x, norm_type, kernel_size, stride=None):
        stride = stride or kernel_size
        dx = np.zeros_like(x)
        for n, c, i, j in np.ndindex(dy.shape):
            at = slices(i, j, kernel_size, stride)
            dx[n, c][at] += dy[n, c, i, j] * partials(x[n, c][at], norm_type)
        return dx

    return function


def p_norm(patch, p):
    return (np.abs(patch) ** p).sum() ** (1 / p)


def over_norm(numerator, patch, p):
    norm = p_norm(patch, p)
    return numerator / norm ** (p - 1) if norm else np.zeros_like(patch)


PARTIALS = {
    "absolute value missing": (
        lambda patch, p: over_norm(patch ** (p - 1), patch, p),
        lambda patch, p: patch ** (p - 1) * (patch**p).sum() ** (1 / p - 1),
    ),
    "sign lost": (lambda patch, p: over_norm(np.abs(patch) ** (p - 1), patch, p),),
    "root not taken": (lambda patch, p: p * np.abs(patch) ** (p - 1) * np.sign(patch),),
    "norm of the mean": (
        lambda patch, p: over_norm(
            np.sign(patch) * np.abs(patch) ** (p - 1) * patch.size ** (-1 / p), patch, p
        ),
    ),
    "norm_type ignored": (lambda patch, p: over_norm(patch, patch, 2),),
    "norm not divided": (lambda patch, p: np.sign(patch) * np.abs(patch) ** (p - 1),),
    "zero over zero": (
        lambda patch, p: np.sign(patch) * (np.abs(patch) / p_norm(patch, p)) ** (p - 1),
    ),
}
for mistake, ways in PARTIALS.items():
    for way in ways:
        wrong("lp_pool2d_backward", mistake)(norm_going_back(way))


@wrong("lp_pool2d_backward", "windows from the unpadded input")
def norm_back_from_unpadded(dy, x, norm_type, kernel_size, stride=None, padding=0):
    stride = stride or kernel_size
    dcells = np.zeros_like(padded(x, padding, 0))
    for n, c, i, j in np.ndindex(dy.shape):
        at = slices(i, j, kernel_size, stride)
        patch = x[n, c][at]
        parts = over_norm(np.sign(patch) * np.abs(patch) ** (norm_type - 1), patch, norm_type)
        dcells[n, c][at] += dy[n, c, i, j] * parts
    (top, _), (left, _) = four(padding)
    return dcells[:, :, top : top + x.shape[2], left : left + x.shape[3]]


@wrong("lp_pool2d_backward", "assignment in overlap")
def norm_assigned(dy, x, norm_type, kernel_size, stride=None):
    stride = stride or kernel_size
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        at = slices(i, j, kernel_size, stride)
        patch = x[n, c][at]
        parts = over_norm(np.sign(patch) * np.abs(patch) ** (norm_type - 1), patch, norm_type)
        dx[n, c][at] = dy[n, c, i, j] * parts
    return dx


# ---------------------------------------------------------------------------- bins


def sizes(x, output_size):
    """H' and W'."""
    given = both(output_size)
    return tuple(n if out is None else out for n, out in zip(x.shape[2:], given, strict=True))


def bins_by(ends):
    """cut(x, i, j, out) → the two slices of a bin, whose ends(i, size, out) are given."""

    def cut(x, i, j, out):
        return slice(*ends(i, x.shape[2], out[0])), slice(*ends(j, x.shape[3], out[1]))

    return cut


right_bins = bins_by(lambda i, size, out: (i * size // out, -(-(i + 1) * size // out)))
BINS = {
    "bins without overlap": (bins_by(lambda i, n, out: (i * n // out, (i + 1) * n // out)),),
    "bins of one size": (
        bins_by(lambda i, n, out: (i * (n // out), (i + 1) * (n // out))),
        bins_by(lambda i, n, out: (i * (n // out), i * (n // out) + n - (out - 1) * (n // out))),
    ),
}


def adaptive(reduce, cut=right_bins):
    def function(x, output_size):
        out = sizes(x, output_size)
        y = np.zeros((*x.shape[:2], *out), x.dtype)
        for n, c, i, j in np.ndindex(y.shape):
            y[n, c, i, j] = reduce(x[n, c][cut(x, i, j, out)])
        return y

    return function


def adaptive_back(weights, cut=right_bins):
    def function(dy, x, output_size):
        out = sizes(x, output_size)
        return masked(lambda i, j: cut(x, i, j, out), x, dy, weights)

    return function


def first_one(patch):
    return np.arange(patch.size).reshape(patch.shape) == patch.argmax()


def even(patch):
    return np.full(patch.shape, 1 / patch.size)


for mistake, cuts in BINS.items():
    for cut in cuts:
        wrong("adaptive_max_pool2d", mistake)(adaptive(np.max, cut))
        wrong("adaptive_avg_pool2d", mistake)(adaptive(np.mean, cut))
        wrong("adaptive_max_pool2d_backward", mistake)(adaptive_back(first_one, cut))
        wrong("adaptive_avg_pool2d_backward", mistake)(adaptive_back(even, cut))

for mistake, weights in MASKS.items():
    wrong("adaptive_max_pool2d_backward", mistake)(adaptive_back(weights))

for mistake, better, start in (
    ("NaN ignored", lambda v, best: v > best, -np.inf),
    ("maximum starts at zero", lambda v, best: v > best, 0.0),
):
    reduce = functools.partial(best_by_loop, better=better, start=start)
    wrong("adaptive_max_pool2d", mistake)(adaptive(lambda p, reduce=reduce: reduce(p)[0]))


@wrong("adaptive_max_pool2d", "last tie wins")
def adaptive_last(x, output_size, return_indices=False):
    out, W = sizes(x, output_size), x.shape[3]
    y, m = loops.adaptive_max_pool2d(x, output_size, return_indices=True)
    for n, c, i, j in np.ndindex(y.shape):
        rows, cols = right_bins(x, i, j, out)
        u, v = np.argwhere(the_last(x[n, c, rows, cols]))[0]
        m[n, c, i, j] = (rows.start + u) * W + cols.start + v
    return (y, m) if return_indices else y


@wrong("adaptive_max_pool2d", "places counted elsewhere")
def adaptive_places_in_the_bin(x, output_size, return_indices=False):
    out = sizes(x, output_size)
    y, m = loops.adaptive_max_pool2d(x, output_size, return_indices=True)
    for n, c, i, j in np.ndindex(y.shape):
        m[n, c, i, j] = np.argmax(x[n, c][right_bins(x, i, j, out)])
    return (y, m) if return_indices else y


for op in ("max_pool2d", "adaptive_max_pool2d"):

    @wrong(op, "places counted elsewhere")
    @functools.wraps(getattr(loops, op))
    def places_in_the_batch(x, *args, op=op, **kwargs):
        result = getattr(loops, op)(x, *args, **kwargs)
        if not isinstance(result, tuple):
            return result
        planes = np.arange(x.shape[0] * x.shape[1]).reshape(*x.shape[:2], 1, 1)
        return result[0], result[1] + planes * x.shape[2] * x.shape[3]


for op, reduce in (("adaptive_max_pool2d", np.max), ("adaptive_avg_pool2d", np.mean)):
    wrong(op, "height and width exchanged")(
        lambda x, output_size, reduce=reduce: adaptive(reduce)(x, both(output_size)[::-1])
    )


@wrong("adaptive_avg_pool2d_backward", "height and width exchanged")
def columns_first(dy, x, output_size):
    out = sizes(x, output_size)[::-1]
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = right_bins(x, i, j, out)
        cells = (rows.stop - rows.start) * (cols.stop - cols.start)
        dx[n, c, rows, cols] += dy[n, c, i, j] / cells
    return dx


@wrong("adaptive_max_pool2d_backward", "every plane in the first")
def adaptive_in_one_plane(dy, x, output_size):
    _, m = loops.adaptive_max_pool2d(x, output_size, return_indices=True)
    dx = np.zeros_like(x)
    np.add.at(dx.reshape(-1), m.ravel(), dy.ravel())
    return dx


@wrong("adaptive_max_pool2d_backward", "height and width exchanged")
def adaptive_unravelled_by_the_height(dy, x, output_size):
    out = sizes(x, output_size)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        rows, cols = right_bins(x, i, j, out)
        patch = x[n, c, rows, cols]
        u, v = divmod(int(patch.argmax()), patch.shape[0])
        dx[n, c, rows.start + u, cols.start + v] += dy[n, c, i, j]
    return dx


def adaptive_assigned(weights):
    def function(dy, x, output_size):
        out = sizes(x, output_size)
        dx = np.zeros_like(x)
        for n, c, i, j in np.ndindex(dy.shape):
            at = right_bins(x, i, j, out)
            dx[n, c][at] = weights(x[n, c][at]) * dy[n, c, i, j]
        return dx

    return function


wrong("adaptive_max_pool2d_backward", "assignment in overlap")(adaptive_assigned(first_one))
wrong("adaptive_avg_pool2d_backward", "assignment in overlap")(adaptive_assigned(even))


@wrong("adaptive_max_pool2d_backward", "assignment in overlap")
def adaptive_assigned_by_index(dy, x, output_size):
    _, m = loops.adaptive_max_pool2d(x, output_size, return_indices=True)
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c, *divmod(m[n, c, i, j], x.shape[3])] = dy[n, c, i, j]
    return dx


wrong("adaptive_avg_pool2d_backward", "mean's gradient taken as 1")(adaptive_back(np.ones_like))
wrong("adaptive_avg_pool2d", "divisor without parentheses")(
    adaptive(lambda patch: patch.sum() / patch.shape[0] * patch.shape[1])
)
wrong("adaptive_avg_pool2d_backward", "divisor without parentheses")(
    adaptive_back(lambda patch: np.full(patch.shape, 1 / patch.shape[0] * patch.shape[1]))
)


@wrong("adaptive_avg_pool2d", "one divisor for all bins")
def one_mean_for_all(x, output_size):
    (H, W), (rows, cols) = x.shape[2:], sizes(x, output_size)
    return adaptive(np.sum)(x, output_size) / (H * W / (rows * cols))


@wrong("adaptive_avg_pool2d_backward", "one divisor for all bins")
def one_share_for_all(dy, x, output_size):
    (H, W), (rows, cols) = x.shape[2:], sizes(x, output_size)
    return adaptive_back(np.ones_like)(dy / ((H // rows) * (W // cols)), x, output_size)


# ---------------------------------------------------------------------------- whole planes


@wrong("global_max_pool2d", "NaN ignored")
def global_nanmax(x):
    return np.nanmax(x, axis=(2, 3))


@wrong("global_max_pool2d", "maximum starts at zero")
def global_from_zero(x):
    y = np.zeros(x.shape[:2], x.dtype)
    for n, c, h, w in np.ndindex(x.shape):
        if x[n, c, h, w] > y[n, c]:
            y[n, c] = x[n, c, h, w]
    return y


for op, reduce in (("global_max_pool2d", np.max), ("global_avg_pool2d", np.mean)):
    wrong(op, "plane axes kept")(lambda x, reduce=reduce: reduce(x, axis=(2, 3), keepdims=True))
    wrong(op, "channels taken for a side of the plane")(
        lambda x, reduce=reduce: reduce(x, axis=(1, 2))
    )


@wrong("global_avg_pool2d", "divisor without parentheses")
def plane_over_h_times_w(x):
    return x.sum(axis=(2, 3)) / x.shape[2] * x.shape[3]


def global_back(weights):
    def function(dy, x):
        dx = np.zeros_like(x)
        for n, c in np.ndindex(dy.shape):
            dx[n, c] = weights(x[n, c]) * dy[n, c]
        return dx

    return function


for mistake, weights in MASKS.items():
    name = "every global maximum" if weights is all_that_equal else mistake
    wrong("global_max_pool2d_backward", name)(global_back(weights))


@wrong("global_max_pool2d_backward", "height and width exchanged")
def global_by_the_height(dy, x):
    N, C, H, _ = x.shape
    dx = np.zeros_like(x)
    for n, c in np.ndindex(N, C):
        number = np.argmax(x[n, c])
        dx[n, c, number // H, number % H] = dy[n, c]
    return dx


@wrong("global_avg_pool2d_backward", "mean's gradient taken as 1")
def global_ones(dy, x):
    return np.ones_like(x) * dy[:, :, np.newaxis, np.newaxis]


@wrong("global_avg_pool2d_backward", "divisor without parentheses")
def global_over_h_times_w(dy, x):
    H, W = x.shape[2:]
    return np.ones_like(x) * (dy / H * W)[:, :, np.newaxis, np.newaxis]


# ---------------------------------------------------------------------------- unpooling


def unpooled(size, place):
    """Unpooling into size(y, kernel, stride, padding, output_size), by place(x, at, value)."""

    def function(y, indices, kernel_size, stride=None, padding=0, output_size=None):
        H, W = size(y, kernel_size, stride or kernel_size, padding, output_size)
        x = np.zeros((*y.shape[:2], H, W), y.dtype)
        for n, c, i, j in np.ndindex(y.shape):
            place(x, (n, c), int(indices[n, c, i, j]), y[n, c, i, j])
        return x

    return function


def unpooled_size(y, kernel, stride, padding, output_size):
    if output_size is not None:
        return output_size
    return [
        (out - 1) * s - sum(pad) + k
        for out, s, pad, k in zip(
            y.shape[2:], both(stride), four(padding), both(kernel), strict=True
        )
    ]


def put_back(x, plane, index, value):
    h, w = divmod(index, x.shape[3])
    x[*plane, h, w] = value


def put_in_the_first(x, plane, index, value):
    x.reshape(-1)[index] = value


def put_on_top(x, plane, index, value):
    h, w = divmod(index, x.shape[3])
    x[*plane, h, w] += value


def put_by_the_height(x, plane, index, value):
    h, w = divmod(index, x.shape[2])
    x[*plane, h, w] = value


for mistake, size, place in (
    ("every plane in the first", unpooled_size, put_in_the_first),
    ("addition in unpooling", unpooled_size, put_on_top),
    ("height and width exchanged", unpooled_size, put_by_the_height),
    (
        "output_size ignored",
        lambda y, k, s, p, out: unpooled_size(y, k, s, p, None),
        put_back,
    ),
    ("padding ignored", lambda y, k, s, p, out: unpooled_size(y, k, s, 0, out), put_back),
    (
        "leading padding on both sides",
        lambda y, k, s, p, out: unpooled_size(y, k, s, tuple((a, a) for a, _ in four(p)), out),
        put_back,
    ),
    (
        "stride taken as kernel size",
        lambda y, k, s, p, out: unpooled_size(y, k, k, p, out),
        put_back,
    ),
    (
        "height and width exchanged",
        lambda y, k, s, p, out: unpooled_size(y, both(k)[::-1], both(s)[::-1], p, out),
        put_back,
    ),
):
    wrong("max_unpool2d", mistake)(unpooled(size, place))


@wrong("max_unpool2d", "indices ignored")
def bed_of_nails(y, indices, kernel_size, stride=None):
    sh, sw = both(stride or kernel_size)
    H, W = unpooled_size(y, kernel_size, stride or kernel_size, 0, None)
    x = np.zeros((*y.shape[:2], H, W), y.dtype)
    x[:, :, ::sh, ::sw][:, :, : y.shape[2], : y.shape[3]] = y
    return x


# ---------------------------------------------------------------------------- dy, read wrongly


def width_first(op):
    """dy as if its rows were W' long and its columns H'."""
    right = getattr(loops, op)

    @functools.wraps(right)
    def function(dy, x, *args, **kwargs):
        N, C, H_out, W_out = dy.shape
        exchanged = np.swapaxes(dy.reshape(N, C, W_out, H_out), 2, 3)
        return right(np.ascontiguousarray(exchanged), x, *args, **kwargs)

    return function


for op in ("max_pool2d_backward", "avg_pool2d_backward", "lp_pool2d_backward"):
    wrong(op, "height and width exchanged")(width_first(op))

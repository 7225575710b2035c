"""Wrong answers to the exercises, as people write them, each with the mistake that it makes.

They are written for themselves, and not like the typical wrong answers that the exercises know.
An exercise that is an operator is checked by the kit: its row has the kit's name of the mistake.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from convpool import max_pool2d_backward


@dataclass(frozen=True)
class Attempt:
    """Somebody's functions for an exercise, and what `check` or `conformance` must call it."""

    label: str
    functions: tuple[Callable, ...]
    diagnosis: str


ATTEMPTS: list[Attempt] = []


def attempt(label: str, diagnosis: str, *functions: Callable) -> None:
    ATTEMPTS.append(Attempt(label, functions, diagnosis))


# ---------------------------------------------------------------------------- foundations


def lower_triangle():
    dy = np.zeros((1, 1, 3, 3))
    dy[0, 0, 2, 0] = 1.0
    return dy


attempt("ex-index-1", "a cotangent that tells rows from columns", lower_triangle)
attempt("ex-index-1", "a constant", lambda: np.zeros((1, 1, 3, 3)))


def sum_of_diagonal_windows(x):
    total = 0.0
    for i in range(len(x) - 1):
        for u in range(2):
            if i + 1 < x.shape[1]:
                total += x[i + u, i + u]
    return total


attempt("ex-notation-1", "windows on the diagonal alone", sum_of_diagonal_windows)
attempt("ex-notation-1", "each cell counted once", lambda x: x.diagonal().sum())


def from_zero_on(divide):
    for a in range(41):
        for b in range(1, 6):
            for c in range(1, 6):
                if divide(divide(a, b), c) != divide(a, b * c):
                    return False
    return True


attempt("ex-notation-2", "nothing below zero", from_zero_on)


def with_int(h, k, s):
    return int(max((h - k + 1) / s, 0)), int(h / s)


attempt("ex-notation-3", "rounded down where up is meant", with_int)


def forgot_itemsize(address, shape, itemsize):
    return np.unravel_index(address % np.prod(shape), shape)


def fortran(address, shape, itemsize):
    return np.unravel_index(address // itemsize, shape, order="F")


attempt("ex-tensors-1", "bytes taken for numbers", forgot_itemsize)
attempt("ex-tensors-1", "the first axis fastest", fortran)


def blocks_of_four(x):
    x = x[:, :, : x.shape[2] - x.shape[2] % 2, : x.shape[3] - x.shape[3] % 2]
    N, C, H, W = x.shape
    return np.max(x.reshape(N, C, H // 2, W // 2, 2, 2), axis=(-1, -2))


attempt("ex-tensors-2", "four cells in a row", blocks_of_four)
attempt("ex-tensors-3", "the mean", lambda a: np.mean(a, axis=(0, 2, 3))[:, None, None])
attempt("ex-tensors-3", "the axes lost", lambda a: np.einsum("nchw->c", a))


def contiguous_view(x, k, s, d):
    N, C, H, W = x.shape
    H_out, W_out = ((n - d * (k - 1) - 1) // s + 1 for n in (H, W))
    size = x.itemsize
    plane, row = H * W * size, W * size
    steps = (C * plane, plane, s * row, s * size, d * row, d * size)
    return as_strided(x, (N, C, H_out, W_out, k, k), steps)


attempt("ex-tensors-4", "the memory taken to be in order", contiguous_view)


def not_limited(h, H_out, k, s, p):
    first = 0
    while first * s - p + k - 1 < h:
        first += 1
    return range(first, (h + p) // s + 1)


def exclusive(h, H_out, k, s, p):
    covering = [i for i in range(H_out) if i * s - p <= h < i * s - p + k]
    return covering[:-1]


def smallest_alone(n, k, s, p, q, d):
    return [n * s - s - p - q + d * k - d + 1]


def product_of_spans(n):
    return float(np.prod(1 + 2.0 ** np.arange(1, n + 1)))


def one_dilation_late(n):
    return 1 + sum(2 * 2**layer for layer in range(1, n + 1))


attempt("ex-windows-2", "windows after the last", not_limited)
attempt("ex-windows-2", "the last window left out", exclusive)
attempt("ex-windows-3", "the smallest size alone", smallest_alone)
attempt("ex-windows-4", "spans multiplied", lambda n: 3**n, product_of_spans)
attempt("ex-windows-4", "dilations from 2 on", lambda n: 2 * n + 1, one_dilation_late)


def logistic(dy, x):
    return np.exp(x) / (np.exp(x) + 1) * dy


def unweighted(dy, x):
    return np.exp(-np.logaddexp(0, -x))


attempt("ex-backward-1", "infinity over infinity", logistic)
attempt("ex-backward-1", "the cotangent forgotten", unweighted)


def overwritten(dy):
    dx = np.zeros(dy.size + 2)
    for i, gradient in enumerate(dy):
        dx[i : i + 3] = gradient / 3
    return dx


def without_the_ends(dy):
    return np.convolve(dy, np.ones(3), "full")[1:-1] / 3


attempt("ex-backward-2", "assignment in overlap, window by window", overwritten)
attempt("ex-backward-2", "as short as the output", without_the_ends)
attempt("ex-backward-2", "the share forgotten", lambda dy: np.convolve(dy, np.ones(3), "full"))
attempt("ex-backward-3", "ones", lambda: np.full((1, 1, 2, 2), 3.0))
attempt("ex-backward-3", "four numbers", lambda: np.random.default_rng(0).normal(size=(1, 1, 2, 2)))


# ---------------------------------------------------------------------------- max


def patches(x, k, s):
    """(where, window) for every window of every plane, without padding."""
    H_out, W_out = ((size - k) // s + 1 for size in x.shape[-2:])
    for at in np.ndindex(*x.shape[:-2], H_out, W_out):
        i, j = at[-2] * s, at[-1] * s
        yield at, (*at[:-2], slice(i, i + k), slice(j, j + k))


def plus_equals(dy, m, shape):
    dx = np.zeros((shape[0], shape[1], shape[2] * shape[3]))
    n, c = np.ogrid[: shape[0], : shape[1]]
    dx[n[..., None], c[..., None], m.reshape(*m.shape[:2], -1)] += dy.reshape(*dy.shape[:2], -1)
    return dx.reshape(shape)


def bincount_over_all(dy, m, shape):
    return np.bincount(m.ravel(), dy.ravel(), int(np.prod(shape))).reshape(shape)


attempt("ex-max-2", "buffered addition", plus_equals)
attempt("ex-max-2", "every plane in the first", bincount_over_all)


def min_with_zeros(x, k=3, s=2, p=1):
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    y = {at: padded[cells].min() for at, cells in patches(padded, k, s)}
    return np.reshape(list(y.values()), np.add(max(y), 1))


def argmin_backward(dy, x, k=3, s=2, p=1):
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=np.inf)
    dx = np.zeros_like(padded)
    for at, cells in patches(padded, k, s):
        u, v = divmod(padded[cells].argmin(), k)
        dx[(*at[:2], at[2] * s + u, at[3] * s + v)] += dy[at]
    return dx[:, :, p : p + x.shape[2], p : p + x.shape[3]]


attempt("ex-max-3", "zeros in the padding", min_with_zeros, argmin_backward)


def all_winners(dy, x, k):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, k, k):
        dx[cells][x[cells] == x[cells].max()] += dy[at]
    return dx


def argmax_alone(dy, x, k):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, k, k):
        dx[cells][np.unravel_index(x[cells].argmax(), (k, k))] = dy[at]
    return dx


attempt("ex-max-4", "each takes all", all_winners)
attempt("ex-max-4", "the first takes all", argmax_alone)


def as_one_layer(dy, x):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, 3, 1):
        dx[cells][np.unravel_index(x[cells].argmax(), (3, 3))] += dy[at]
    return dx


def image_on_which_they_differ():
    image = np.zeros((1, 1, 4, 4))
    image[0, 0, 0, 2] = image[0, 0, 1, 0] = 1
    return image


attempt("ex-max-5", "one large window for two small ones", as_one_layer, image_on_which_they_differ)


def sums_before_and_after(backward, x, dy, kernel_size, stride, padding):
    received, handed_back = np.sum(dy), np.sum(backward(dy, x, kernel_size, stride, padding))
    return received - handed_back


attempt("ex-max-6", "the sums of the gradients", sums_before_and_after)


# ---------------------------------------------------------------------------- average


def ninth(x):
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    return sum(padded[:, u : u + x.shape[1], v : v + x.shape[2]] for u, v in np.ndindex(3, 3)) / 9


attempt("ex-average-2", "the dark border", ninth, lambda dy, x: ninth(dy))
attempt(
    "ex-average-2",
    "the mask forgotten going back",
    lambda x: ninth(x) / ninth(np.ones(x.shape)),
    lambda dy, x: ninth(dy),
)


def variances(x, kernel_size, stride):
    y = {at: np.var(x[cells]) for at, cells in patches(x, kernel_size, stride)}
    return np.reshape(list(y.values()), np.add(max(y), 1))


def variance_of_squares(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, kernel_size, stride):
        dx[cells] += 2 * x[cells] * dy[at] / kernel_size**2
    return dx


def variance_assigned(dy, x, kernel_size, stride):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, kernel_size, stride):
        dx[cells] = dy[at] * (x[cells] - np.mean(x[cells])) * 2 / x[cells].size
    return dx


attempt("ex-average-3", "the mean taken as a constant", variances, variance_of_squares)
attempt("ex-average-3", "assignment in overlap", variances, variance_assigned)


def without_tanh(dy, x, beta, b):
    dx, dbeta = np.zeros(x.shape), 0.0
    for at, cells in patches(x, 2, 2):
        dx[cells] = beta[0] * dy[at] / 4
        dbeta += dy[at] * x[cells].mean()
    return dx, np.array([dbeta]), np.array([np.sum(dy)])


attempt("ex-average-4", "the activation forgotten", without_tanh)


# ---------------------------------------------------------------------------- global and adaptive


def dealt_out(size, out, i):
    return len(range(i, size, out))


attempt("ex-global-adaptive-2", "bins without overlap", dealt_out)
attempt("ex-global-adaptive-2", "one length for all", lambda size, out, i: (size + out - 1) // out)
attempt("ex-global-adaptive-2", "rounded down", lambda size, out, i: int(size / out))


def pooled_to(x, out):
    y = np.zeros((*x.shape[:2], out, out))
    for n, c, i, j in np.ndindex(y.shape):
        y[n, c, i, j] = x[(n, c, *bins(x, out, i, j))].max()
    return y


def bins(x, out, i, j):
    H, W = x.shape[2:]
    rows = slice(i * H // out, -(-(i + 1) * H // out))
    return rows, slice(j * W // out, -(-(j + 1) * W // out))


def levels(x):
    return np.concatenate([pooled_to(x, out).reshape(len(x), -1) for out in (1, 2, 4)], axis=1)


def fine_level_only(dy, x):
    dx, C = np.zeros(x.shape), x.shape[1]
    for n, c, i, j in np.ndindex(len(x), C, 4, 4):
        cells = (n, c, *bins(x, 4, i, j))
        best = np.unravel_index(x[cells].argmax(), x[cells].shape)
        dx[cells][best] += dy[n, 5 * C + 16 * c + 4 * i + j]
    return dx


attempt("ex-global-adaptive-3", "the last level alone", levels, fine_level_only)


def largest_of_z(z, x, output_size):
    y = np.zeros((*x.shape[:2], *output_size))
    for n, c, i, j in np.ndindex(y.shape):
        (H, W), (rows, columns) = x.shape[2:], output_size
        part = z[n, c, i * H // rows : -(-(i + 1) * H // rows)]
        y[n, c, i, j] = part[:, j * W // columns : -(-(j + 1) * W // columns)].max()
    return y


attempt("ex-global-adaptive-4", "the maxima of z", largest_of_z)
attempt("ex-global-adaptive-4", "the maxima of x", lambda z, x, size: largest_of_z(x, x, size))


# ---------------------------------------------------------------------------- lp and im2col


def power_mean(x, p, kernel_size, stride):
    y = {at: np.mean(abs(x[c]) ** p) ** (1 / p) for at, c in patches(x, kernel_size, stride)}
    return np.reshape(list(y.values()), np.add(max(y), 1))


def power_mean_backward(dy, x, p, kernel_size, stride, count=None):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, kernel_size, stride):
        norm, a = np.sum(abs(x[cells]) ** p) ** (1 / p), abs(x[cells])
        if norm > 0:
            slope = np.sign(x[cells]) * (a / norm) ** (p - 1)
            dx[cells] += dy[at] * slope / (count or kernel_size**2) ** (1 / p)
    return dx


def norm_backward(dy, x, p, kernel_size, stride):
    return power_mean_backward(dy, x, p, kernel_size, stride, count=1)


def mean_of_the_norm(x, p, k, s):
    y = {at: np.sum(abs(x[c]) ** p) ** (1 / p) / k**2 for at, c in patches(x, k, s)}
    return np.reshape(list(y.values()), np.add(max(y), 1))


def mean_of_the_norm_backward(dy, x, p, k, s):
    return norm_backward(dy, x, p, k, s) / k**2


attempt("ex-lp-2", "the factor missing going back", power_mean, norm_backward)
attempt("ex-lp-2", "divided outside the root", mean_of_the_norm, mean_of_the_norm_backward)


def root_held(a, p):
    total = sum(number**p for number in a)
    return total ** (1 / p) / p * sum(n**p * np.log(n) for n in a) / total


attempt("ex-lp-3", "the root held fixed", root_held)


def windows_view(x, k, s):
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(2, 3))
    return windows[:, :, ::s, ::s]  # (N, C, H', W', k, k)


def no_transpose(x, k, s):
    windows = windows_view(x, k, s)
    N, C, H_out, W_out = windows.shape[:4]
    return windows.reshape(N * H_out * W_out, C * k * k)


def stride_one(x, k, s):
    return windows_view(x, k, 1).transpose(0, 2, 3, 1, 4, 5).reshape(-1, x.shape[1] * k * k)


def channels_last(x, k, s):
    return windows_view(x, k, s).transpose(0, 2, 3, 4, 5, 1).reshape(-1, x.shape[1] * k * k)


attempt("ex-im2col-2", "a reshape without a transpose", no_transpose)
attempt("ex-im2col-2", "the stride forgotten", stride_one)
attempt("ex-im2col-2", "columns in another order", channels_last)


def norms(x, k, s):
    return np.sqrt((windows_view(x, k, s) ** 2).sum(axis=(4, 5)))


def norms_backward(dy, x, k, s):
    dx, y = np.zeros(x.shape), norms(x, k, s)
    for at, cells in patches(x, k, s):
        dx[cells] += dy[at] * x[cells] / y[at]
    return dx


def unnormed_backward(dy, x, k, s):
    dx = np.zeros(x.shape)
    for at, cells in patches(x, k, s):
        dx[cells] += dy[at] * x[cells]
    return dx


attempt("ex-im2col-3", "zero divided by zero", norms, norms_backward)
attempt("ex-im2col-3", "the norm missing going back", norms, unnormed_backward)


# ---------------------------------------------------------------------------- convolution


def convolved_twice(x, column, row):
    down = np.array([np.convolve(line, column, "valid") for line in x.T]).T
    return np.array([np.convolve(line, row, "valid") for line in down])


def row_first_axis(x, column, row):
    k = np.outer(row, column)
    windows = np.lib.stride_tricks.sliding_window_view(x, k.shape)
    return np.einsum("ijuv,uv->ij", windows, k)


attempt("ex-conv-forward-2", "kernel flipped", convolved_twice)
attempt("ex-conv-forward-2", "column and row exchanged", row_first_axis)


def full_correlation(a, b):
    return full_sum(a, b[::-1, ::-1])


def full_sum(a, b):
    kernel = np.zeros(np.add(a.shape, b.shape) - 1)
    for u, v in np.ndindex(b.shape):
        kernel[u : u + a.shape[0], v : v + a.shape[1]] += b[u, v] * a
    return kernel


attempt("ex-conv-forward-3", "correlation of the kernels", full_correlation)
attempt("ex-conv-forward-3", "kernel cut off", lambda a, b: full_sum(a, b)[: len(a), : len(a[0])])


def slices_nhwc(x, weight, s, p, d, step=None):
    kh, kw, _, M = weight.shape
    padded = np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
    H_out = (padded.shape[1] - d * (kh - 1) - 1) // s + 1
    W_out = (padded.shape[2] - d * (kw - 1) - 1) // s + 1
    y, step = np.zeros((len(x), H_out, W_out, M)), step or d
    for i, j in np.ndindex(H_out, W_out):
        rows = slice(i * s, i * s + step * (kh - 1) + 1, step)
        columns = slice(j * s, j * s + step * (kw - 1) + 1, step)
        y[:, i, j] = np.einsum("nuvc,uvcm->nm", padded[:, rows, columns], weight)
    return y


def undilated(x, weight, s, p, d):
    return slices_nhwc(x, weight, s, p, d, step=1)


def always_from_i(x, weight, s, p, d):
    H_out, W_out = slices_nhwc(x, weight, s, p, d).shape[1:3]
    return slices_nhwc(x, weight, 1, p, d)[:, :H_out, :W_out]


attempt("ex-conv-forward-4", "dilation ignored", undilated)
attempt("ex-conv-forward-4", "stride left out of the slice", always_from_i)


def by_slices(dy, x, weight, s, p, d, assign=False, cut=True):
    (H_out, W_out), (H, W) = dy.shape[2:], x.shape[2:]
    padded = np.zeros((*x.shape[:2], H + 2 * p, W + 2 * p))
    for u, v in np.ndindex(weight.shape[2:]):
        rows = slice(u * d, u * d + (H_out - 1) * s + 1, s)
        columns = slice(v * d, v * d + (W_out - 1) * s + 1, s)
        share = np.einsum("nmij,mc->ncij", dy, weight[:, :, u, v])
        padded[:, :, rows, columns] = share + (0 if assign else padded[:, :, rows, columns])
    return padded[:, :, p : p + H, p : p + W] if cut else padded


def minus_zero(dy, x, weight, s, p, d):
    return by_slices(dy, x, weight, s, p, d, cut=False)[:, :, p:-p, p:-p]


attempt("ex-input-gradient-3", "padding cut by minus zero", minus_zero)
attempt("ex-input-gradient-3", "assignment in overlap", lambda *a: by_slices(*a, assign=True))
attempt("ex-input-gradient-3", "padding not removed", lambda *a: by_slices(*a, cut=False))
attempt(
    "ex-input-gradient-3",
    "kernel turned",
    lambda dy, x, w, *geometry: by_slices(dy, x, np.rot90(w, 2, axes=(2, 3)), *geometry),
)


def forward(x, weight, s, p):
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    kh, kw = weight.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))
    return np.einsum("ncijuv,mcuv->nmij", windows[:, :, ::s, ::s], weight)


attempt(
    "ex-input-gradient-4", "kernel turned", lambda g, w, s, p: forward(g, w[..., ::-1, ::-1], s, p)
)


def inside(size, k, s, p, d):
    """How many taps of one axis ever lie inside, and how many of the first window do."""
    out = (size + 2 * p - d * (k - 1) - 1) // s + 1
    used = {u for i in range(out) for u in range(k) if 0 <= i * s - p + u * d < size}
    return len(used), sum(0 <= u * d - p < size for u in range(k))


def both_axes_idle(size, kernel_size, stride=1, padding=0, dilation=1):
    idle = [
        k - inside(n, k, stride, padding, dilation)[0]
        for n, k in zip(size, kernel_size, strict=True)
    ]
    return idle[0] * idle[1]


def from_the_first_window(size, kernel_size, stride=1, padding=0, dilation=1):
    pairs = zip(size, kernel_size, strict=True)
    seen = [inside(n, k, stride, padding, dilation)[1] for n, k in pairs]
    return kernel_size[0] * kernel_size[1] - seen[0] * seen[1]


attempt("ex-weight-gradient-2", "idle along both axes", both_axes_idle)
attempt("ex-weight-gradient-2", "only the first window", from_the_first_window)


def each_image(dy, x, kernel_size, s, p, d):
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    (H_out, W_out), (kh, kw) = dy.shape[2:], kernel_size
    dw = np.zeros((len(x), dy.shape[1], x.shape[1], kh, kw))
    for u, v in np.ndindex(kh, kw):
        rows, columns = padded[:, :, u * d :: s], slice(v * d, None, s)
        cells = rows[:, :, :H_out, columns][..., :W_out]
        dw[..., u, v] = np.einsum("nmij,ncij->nmc", dy, cells)
    return dw


attempt("ex-weight-gradient-3", "batch averaged", lambda *a: each_image(*a) / len(a[0]))
attempt("ex-weight-gradient-3", "batch summed", lambda *a: each_image(*a).sum(axis=0))


def a_step(x, target, kernel_size, stride=1, dilation=1):
    return each_image(target, x, kernel_size, stride, 0, dilation)[0]


attempt("ex-weight-gradient-4", "one step of descent", a_step)


def rows_of(x, kh, kw, s, p):
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))
    windows = windows[:, :, ::s, ::s].transpose(0, 2, 3, 1, 4, 5)  # (N, H', W', C, kh, kw)
    return windows.reshape(-1, x.shape[1] * kh * kw), windows.shape[1:3]


def reshaped_output(x, weight, bias, stride, padding):
    col, (H_out, W_out) = rows_of(x, *weight.shape[2:], stride, padding)
    y = col @ weight.reshape(len(weight), -1).T + bias
    return y.reshape(len(x), len(weight), H_out, W_out)


def right_output(x, weight, bias, stride, padding):
    return forward(x, weight, stride, padding) + bias[:, np.newaxis, np.newaxis]


def mean_bias(dy, x, weight, bias, stride, padding):
    dx = by_slices(dy, x, weight, stride, padding, 1)
    dweight = each_image(dy, x, weight.shape[2:], stride, padding, 1).sum(axis=0)
    return dx, dweight, dy.mean(axis=(0, 2, 3))


def right_gradients(dy, x, weight, bias, stride, padding):
    dx, dweight, _ = mean_bias(dy, x, weight, bias, stride, padding)
    return dx, dweight, dy.sum(axis=(0, 2, 3))


attempt("ex-conv-im2col-2", "y reshaped, not transposed", reshaped_output, right_gradients)
attempt("ex-conv-im2col-2", "bias gradient averaged", right_output, mean_bias)


def folded(z, output_size, kernel_size, stride, assign=False):
    (H, W), (kh, kw), s = output_size, kernel_size, stride
    x = np.zeros((len(z), z.shape[1] // (kh * kw), H, W))
    places = [(i, j) for i in range(0, H - kh + 1, s) for j in range(0, W - kw + 1, s)]
    for number, (i, j) in enumerate(places):
        window = z[:, :, number].reshape(*x.shape[:2], kh, kw)
        x[:, :, i : i + kh, j : j + kw] = window + (
            0 if assign else x[:, :, i : i + kh, j : j + kw]
        )
    return x


def mean_of_copies(z, *geometry):
    return folded(z, *geometry) / folded(np.ones(z.shape), *geometry)


attempt("ex-conv-im2col-3", "the sum of the copies", folded)
attempt("ex-conv-im2col-3", "the last copy wins", lambda *a: folded(*a, assign=True))
attempt("ex-conv-im2col-3", "nothing divided by nothing", mean_of_copies)


def blocks_assigned(dy, x, weight, stride, block):
    dx, dweight = np.zeros(x.shape), np.zeros(weight.shape)
    for first in range(0, dy.shape[2], block):
        part = dy[:, :, first : first + block]
        rows = (part.shape[2] - 1) * stride + weight.shape[2]
        strip = x[:, :, first * stride : first * stride + rows]
        dx[:, :, first * stride : first * stride + rows] = by_slices(
            part, strip, weight, stride, 0, 1
        )
        dweight += each_image(part, strip, weight.shape[2:], stride, 0, 1).sum(axis=0)
    return dx, dweight


def whole_blocks(dy, x, weight, stride, block):
    dy = dy.copy()
    dy[:, :, dy.shape[2] // block * block :] = 0
    dx = by_slices(dy, x, weight, stride, 0, 1)
    return dx, each_image(dy, x, weight.shape[2:], stride, 0, 1).sum(axis=0)


attempt("ex-conv-im2col-4", "assignment where blocks overlap", blocks_assigned)
attempt("ex-conv-im2col-4", "short last block dropped", whole_blocks)
attempt(
    "ex-variants-2",
    "the other factor forgotten",
    lambda dw, a, tau: (np.einsum("mcuv->mc", dw), np.einsum("mcuv->cuv", dw)),
)
attempt(
    "ex-variants-2",
    "averaged",
    lambda dw, a, tau: ((dw * tau).mean(axis=(2, 3)), (dw * a[..., None, None]).mean(axis=0)),
)


def interleaved(x, weight):
    """The copies with the axes n, m, i, u, j, v, and what becomes of them."""
    (N, _, H, W), (_, M, s, _) = x.shape, weight.shape
    copies = np.einsum("ncij,cmuv->nmuivj", x, weight)
    return copies.reshape(N, M, s * H, s * W)


def mirrored(x, weight):
    (N, _, H, W), (_, M, s, _) = x.shape, weight.shape
    return np.einsum("ncij,cmuv->nmivju", x, weight).reshape(N, M, s * H, s * W)


attempt("ex-variants-3", "small images side by side", interleaved)
attempt("ex-variants-3", "blocks mirrored along their diagonal", mirrored)


def hadamard():
    two = np.array([[1.0, 1.0], [1.0, -1.0]])
    return np.kron(two, two).reshape(4, 1, 2, 2)


attempt("ex-variants-4", "kernels too long", hadamard)


# ---------------------------------------------------------------------------- wrong gradients


def padded_with_minus_infinity(dy, x, k, s, p):
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=-np.inf)
    dx = np.zeros_like(padded)
    for (n, c, i, j), cells in patches(padded, k, s):
        u, v = np.unravel_index(np.argmax(padded[cells]), (k, k))
        dx[n, c, i * s + u, j * s + v] = dy[n, c, i, j]
    return dx[:, :, p : p + x.shape[2], p : p + x.shape[3]]


attempt("ex-wrong-1", "still assigns", padded_with_minus_infinity)


def peak_in_the_middle():
    return np.array([[[[2.0, 5.0]]]]), np.array([[[[3.0, 7.0, 1.0]]]]), (1, 2), 0


attempt("ex-wrong-2", "three cells in a row", peak_in_the_middle)


def columns_reversed(dy, x, kernel_size, stride, padding):
    return max_pool2d_backward(np.flip(dy, 3), x, kernel_size, stride, padding)


attempt("ex-wrong-3", "caught at random", columns_reversed)

"""Make pooling.json and pooling.npz, the reference vectors of the pooling operators, with PyTorch.

Run it from the repository's root in an environment that has PyTorch (the extra `peers`):

    python tests/reference/make_pooling.py

Every case holds the input, a random cotangent, and what PyTorch's forward and autograd gave. Where
PyTorch has no such argument (asymmetric padding, dilation in average pooling, p-norms with
overhang), the same operator is put together from its padding and `unfold`; convpool has no part
in it.
"""

import itertools

import numpy as np
import torch
import torch.nn.functional as F
from vectors import pair, sides, store

SHAPES = ((1, 2, 6, 7), (2, 1, 5, 8))
# (kernel_size, stride, padding, dilation): squares and not, overlap, gaps, remainders
GEOMETRIES = (
    (2, None, 0, 1),
    (2, 1, 0, 1),
    (2, 3, 0, 1),
    (3, 2, 1, 1),
    (3, 1, 1, 1),
    (3, None, 0, 1),
    ((2, 3), (1, 2), (1, 0), 1),
    ((3, 2), (2, 1), (0, 1), 1),
    ((1, 4), (2, 3), (0, 2), 1),
    (5, 2, 2, 1),
    (1, 2, 0, 1),
    (2, 2, 1, 2),
    (3, 1, 1, 2),
    ((2, 3), (2, 1), (0, 1), (3, 1)),
)
ASYMMETRIC = (
    (2, 2, ((0, 1), (1, 0)), 1),
    (3, 2, ((2, 0), (0, 1)), 1),
    ((3, 2), (1, 3), ((0, 2), (1, 0)), 1),
    (3, 2, ((1, 2), (0, 2)), 2),
    (3, 1, ((2, 2), (2, 2)), 2),
)


def pad(x, padding, value):
    (top, bottom), (left, right) = sides(padding)
    return F.pad(x, (left, right, top, bottom), value=value)


def windows(x, kernel, stride, padding, dilation, fill):
    """(N, C, taps, H', W') by unfold, from a padded input."""
    padded = pad(x, padding, fill)
    n, c = padded.shape[:2]
    kernel, stride, dilation = pair(kernel), pair(stride or kernel), pair(dilation)
    columns = F.unfold(padded, kernel, dilation, 0, stride)
    out = [
        (size - d * (k - 1) - 1) // s + 1
        for size, k, s, d in zip(padded.shape[2:], kernel, stride, dilation, strict=True)
    ]
    return columns.reshape(n, c, -1, *out)


def max_cases():
    for (k, s, p, d), ceil, ties in itertools.product(GEOMETRIES, (False, True), (False, True)):
        kwargs = dict(kernel_size=k, stride=s, padding=p, dilation=d, ceil_mode=ceil)
        yield (
            "max_pool2d",
            kwargs,
            lambda x, kw=kwargs: F.max_pool2d(x, **kw, return_indices=True),
            ties,
        )
    for k, s, p, d in ASYMMETRIC:
        kwargs = dict(kernel_size=k, stride=s, padding=p, dilation=d)

        def padded_max(x, k=k, s=s, p=p, d=d):
            return F.max_pool2d(pad(x, p, -torch.inf), k, s, 0, d)

        yield "max_pool2d", kwargs, padded_max, False


def average_cases():
    for (k, s, p, d), ceil, count in itertools.product(GEOMETRIES, (False, True), (False, True)):
        if pair(d) != (1, 1):
            continue
        kwargs = dict(kernel_size=k, stride=s, padding=p, ceil_mode=ceil, count_include_pad=count)
        yield "avg_pool2d", kwargs, lambda x, kw=kwargs: F.avg_pool2d(x, **kw), False
    for divisor in (1, 3, 7):
        kwargs = dict(kernel_size=3, stride=2, padding=1, divisor_override=divisor)
        yield "avg_pool2d", kwargs, lambda x, kw=kwargs: F.avg_pool2d(x, **kw), False
    dilated = [g for g in GEOMETRIES if pair(g[3]) != (1, 1)]
    for (k, s, p, d), count in itertools.product((*dilated, *ASYMMETRIC), (False, True)):
        kwargs = dict(kernel_size=k, stride=s, padding=p, dilation=d, count_include_pad=count)

        def mean(x, k=k, s=s, p=p, d=d, count=count):
            total = windows(x, k, s, p, d, 0.0).sum(2)
            ones = torch.ones_like(x)
            inside = windows(ones, k, s, p, d, 1.0 if count else 0.0).sum(2)
            return total / inside

        yield "avg_pool2d", kwargs, mean, False


def lp_cases():
    for (k, s, p, d), norm in itertools.product((*GEOMETRIES, *ASYMMETRIC), (1, 2, 3.5)):
        kwargs = dict(norm_type=norm, kernel_size=k, stride=s, padding=p, dilation=d)

        def p_norm(x, k=k, s=s, p=p, d=d, norm=norm):
            return (windows(x, k, s, p, d, 0.0).abs() ** norm).sum(2) ** (1 / norm)

        yield "lp_pool2d", kwargs, p_norm, False
    for k, s, norm in itertools.product((2, 3, (2, 3)), (None, 1), (2, 4)):
        kwargs = dict(norm_type=norm, kernel_size=k, stride=s)
        yield "lp_pool2d", kwargs, lambda x, kw=kwargs: F.lp_pool2d(x, **kw), False


def adaptive_cases():
    for size in (1, 2, 3, 5, (2, 7), (4, 3), (6, 8), (9, 10)):
        kwargs = dict(output_size=size)

        def maximum(x, size=size):
            return F.adaptive_max_pool2d(x, size, return_indices=True)

        yield "adaptive_max_pool2d", kwargs, maximum, False
        yield "adaptive_max_pool2d", kwargs, maximum, True
        yield (
            "adaptive_avg_pool2d",
            kwargs,
            lambda x, size=size: F.adaptive_avg_pool2d(x, size),
            False,
        )


def global_cases():
    yield "global_max_pool2d", {}, lambda x: x.amax((2, 3)), False
    yield "global_avg_pool2d", {}, lambda x: x.mean((2, 3)), False


def unpool_cases():
    for k, s, p in ((2, None, 0), (2, 2, 1), (3, 2, 1), ((2, 3), (2, 3), (1, 0))):

        def unpool(x, k=k, s=s, p=p):
            y, indices = F.max_pool2d(x, k, s, p, return_indices=True)
            return F.max_unpool2d(y, indices, k, s, p, output_size=x.shape[2:]), y, indices

        yield "max_unpool2d", dict(kernel_size=k, stride=s, padding=p), unpool, False


def draw(rng, shape, ties, dtype):
    """Numbers that print short; with ties, few different ones."""
    values = (
        rng.integers(-2, 2, shape) if ties else rng.permutation(np.prod(shape)) / 8 - 5 + 1 / 16
    )
    return np.reshape(values, shape).astype(dtype)


def run(name, function, x, dy_of):
    t = torch.tensor(x, requires_grad=True)
    result = function(t)
    if name == "max_unpool2d":
        back, y, indices = result
        return dict(y=y.detach().numpy(), indices=indices.numpy(), x=back.detach().numpy())
    y, indices = result if isinstance(result, tuple) else (result, None)
    dy = dy_of(tuple(y.shape))
    y.backward(torch.tensor(dy))
    arrays = dict(x=x, dy=dy, y=y.detach().numpy(), dx=t.grad.numpy())
    if indices is not None:
        arrays["indices"] = indices.numpy()
    return arrays


def main():
    rng = np.random.default_rng(20)
    makers = (max_cases, average_cases, lp_cases, adaptive_cases, global_cases, unpool_cases)
    cases, arrays = [], {}
    for maker in makers:
        for number, (name, kwargs, function, ties) in enumerate(maker()):
            dtype = np.float32 if number % 5 == 4 else np.float64
            shape = SHAPES[number % len(SHAPES)]
            x = draw(rng, shape, ties, dtype)
            dy_of = lambda s, dtype=dtype: (rng.integers(-99, 100, s) / 16).astype(dtype)  # noqa: E731
            for key, array in run(name, function, x, dy_of).items():
                arrays[f"{len(cases)}/{key}"] = array
            cases.append(dict(op=name, kwargs=kwargs, ties=ties))
    store("pooling", cases, arrays)


if __name__ == "__main__":
    main()

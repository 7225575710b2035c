"""Make convolution.json and convolution.npz, the reference vectors of the convolutions, by PyTorch.

Run it from the repository's root in an environment that has PyTorch (the extra `peers`):

    python tests/reference/make_convolution.py

Every case holds the inputs, a random cotangent, and what PyTorch's forward and autograd gave. Where
PyTorch has no such argument (asymmetric padding, "same" with a stride), the input is padded or the
output cut by hand; convpool has no part in it. The numbers are small fractions with a power of two
below the line: every sum of their products is exact, in float32 too, in whatever order it is made.
"""

import itertools

import numpy as np
import torch
import torch.nn.functional as F
from vectors import pair, sides, store

STRIDES = (1, 2, (3, 2))
DILATIONS = (1, 2, (1, 3))
PADDINGS = (0, (1, 2), 4, ((0, 2), (3, 1)))  # 4 is more than k − 1, for each kernel below
KERNELS = (3, (2, 3), (3, 1), 2)
SIZES = ((7, 7), (6, 8), (7, 8))
CHANNELS = ((2, 3, 1), (4, 2, 2), (3, 3, 3), (2, 4, 2))  # C_in, C_out, groups


def same(size, kernel, stride, dilation):
    """((top, bottom), (left, right)) for ⌈size / stride⌉ outputs, the odd cell after."""
    result = []
    for n, k, s, d in zip(size, pair(kernel), pair(stride), pair(dilation), strict=True):
        total = max((-(-n // s) - 1) * s + d * (k - 1) + 1 - n, 0)
        result.append((total // 2, total - total // 2))
    return tuple(result)


def symmetric(padding):
    """The padding as (rows, columns) where each has the same before and after, else None."""
    (top, bottom), (left, right) = sides(padding)
    return (top, left) if (top, left) == (bottom, right) else None


def padded(x, padding):
    (top, bottom), (left, right) = sides(padding)
    return F.pad(x, (left, right, top, bottom))


def cut(x, padding):
    (top, bottom), (left, right) = sides(padding)
    return x[..., top : x.shape[-2] - bottom, left : x.shape[-1] - right]


# ---------------------------------------------------------------------------- the operators


def conv2d(x, weight, bias=None, *, stride, padding, dilation, groups):
    if padding == "valid":
        padding = 0
    if padding == "same":
        padding = same(x.shape[-2:], weight.shape[-2:], stride, dilation)
    if (both := symmetric(padding)) is not None:
        return F.conv2d(x, weight, bias, stride, both, dilation, groups)
    return F.conv2d(padded(x, padding), weight, bias, stride, 0, dilation, groups)


def conv_transpose2d(x, weight, bias=None, *, stride, padding, output_padding, groups, dilation):
    more = output_padding, groups, dilation
    if (both := symmetric(padding)) is not None:
        return F.conv_transpose2d(x, weight, bias, stride, both, *more)
    return cut(F.conv_transpose2d(x, weight, bias, stride, 0, *more), padding)


def unfold(x, *, kernel_size, dilation, padding, stride):
    if padding == "same":
        padding = same(x.shape[-2:], kernel_size, stride, dilation)
    return F.unfold(padded(x, padding), kernel_size, dilation, 0, stride)


def fold(col, *, output_size, kernel_size, dilation, padding, stride):
    size = pair(output_size)
    if padding == "same":
        padding = same(size, kernel_size, stride, dilation)
    whole = tuple(n + sum(p) for n, p in zip(size, sides(padding), strict=True))
    return cut(F.fold(col, whole, kernel_size, dilation, 0, stride), padding)


OPERATORS = {f.__name__: f for f in (conv2d, conv_transpose2d, unfold, fold)}


# ---------------------------------------------------------------------------- the cases


def convolutions():
    """(kwargs, shape of x, shape of weight): every mix of stride, padding, dilation and groups."""
    mixes = itertools.product(STRIDES, (*PADDINGS, "same"), DILATIONS, CHANNELS)
    for number, (s, p, d, (C, M, G)) in enumerate(mixes):
        kernel = pair(KERNELS[(number + number // 4) % 4])
        size = SIZES[(number + number // 3) % 3]
        kwargs = dict(stride=s, padding=p, dilation=d, groups=G)
        yield kwargs, (1 + number % 2, C, *size), (M, C // G, *kernel)
    for kernel, size in (((1, 1), (3, 4)), ((5, 5), (5, 5)), ((4, 2), (6, 3))):
        kwargs = dict(stride=1, padding="valid", dilation=1, groups=1)
        yield kwargs, (2, 3, *size), (2, 3, *kernel)
    for stride in (2, 3, 4):  # strides beyond the kernel: cells that no window sees
        kwargs = dict(stride=stride, padding=0, dilation=1, groups=1)
        yield kwargs, (2, 2, 7, 9), (3, 2, 1, 2)


def transposed_convolutions():
    """The same for the transpose, with every output_padding that the stride and dilation allow."""
    mixes = itertools.product(STRIDES, PADDINGS, DILATIONS, CHANNELS)
    for number, (s, p, d, (C, M, G)) in enumerate(mixes):
        kernel = pair(KERNELS[(number + number // 4) % 4])
        most = [max(both) for both in zip(pair(s), pair(d), strict=True)]
        extra = tuple((number + number // 4 + axis) % top for axis, top in enumerate(most))
        size = ((4, 3), (3, 4), (4, 4))[(number + number // 3) % 3]
        if p != 0:  # enough that something is left when the padding is cut off
            size = (9, 9) if s == 1 and p == 4 else (6, 6)
        kwargs = dict(stride=s, padding=p, output_padding=extra, groups=G, dilation=d)
        yield kwargs, (1 + number % 2, C, *size), (C, M // G, *kernel)


def unfoldings():
    """(kwargs, shape of x)."""
    mixes = itertools.product(STRIDES, (*PADDINGS, "same"), (1, (1, 3)))
    for number, (s, p, d) in enumerate(mixes):
        kwargs = dict(kernel_size=KERNELS[number % 4], dilation=d, padding=p, stride=s)
        yield kwargs, (1 + number % 2, 1 + number % 3, *SIZES[(number + number // 3) % 3])


# ---------------------------------------------------------------------------- what PyTorch says


def eighths(rng, shape, dtype):
    return (rng.integers(-20, 21, shape) / 8).astype(dtype)


def run(op, kwargs, arrays, rng):
    """The arrays of one case: what went in, a cotangent, what came out."""
    leaves = {name: torch.tensor(array, requires_grad=True) for name, array in arrays.items()}
    y = OPERATORS[op](*leaves.values(), **kwargs)
    dy = eighths(rng, tuple(y.shape), next(iter(arrays.values())).dtype)
    y.backward(torch.tensor(dy))
    gradients = {f"d{name}": leaf.grad.numpy() for name, leaf in leaves.items()}
    return {**arrays, "dy": dy, "y": y.detach().numpy(), **gradients}


def exact(op, kwargs, arrays, results):
    """Whether a sum in float64 gives the same: then rounding had no part in the results."""
    wide = {name: array.astype(np.float64) for name, array in arrays.items()}
    again = OPERATORS[op](*map(torch.tensor, wide.values()), **kwargs).numpy()
    return np.array_equal(again, results["y"])


def cases():
    """(op, kwargs, shapes of the arrays) of every case."""
    for op, layers in (
        ("conv2d", convolutions()),
        ("conv_transpose2d", transposed_convolutions()),
    ):
        for kwargs, x, weight in layers:
            outputs = weight[0] if op == "conv2d" else weight[1] * kwargs["groups"]
            yield op, kwargs, dict(x=x, weight=weight, bias=(outputs,))
    for kwargs, x in unfoldings():
        yield "unfold", kwargs, dict(x=x)
        columns = unfold(torch.zeros(x), **kwargs)
        yield "fold", dict(output_size=x[2:], **kwargs), dict(col=tuple(columns.shape))


def main():
    torch.backends.mkldnn.enabled = False  # plain sums, no transforms
    rng = np.random.default_rng(30)
    listed, stored = [], {}
    for number, (op, kwargs, shapes) in enumerate(cases()):
        dtype = np.float32 if number % 4 == 3 - number // 4 % 4 else np.float64
        if "bias" in shapes and number % 3 == 1:
            del shapes["bias"]
        if number % 7 == 5:  # a single image
            shapes = {k: s[1:] if k in ("x", "col") else s for k, s in shapes.items()}
        arrays = {name: eighths(rng, shape, dtype) for name, shape in shapes.items()}
        results = run(op, kwargs, arrays, rng)
        assert exact(op, kwargs, arrays, results)
        stored.update({f"{number}/{name}": array for name, array in results.items()})
        listed.append(dict(op=op, kwargs=kwargs))
    store("convolution", listed, stored)


if __name__ == "__main__":
    main()

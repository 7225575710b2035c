"""Answers to the exercises on convolution, as people write them: right ones, and wrong ones.

None is written like the answers that the exercises know. A wrong one comes with its mistake.
"""

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from convpool.vectorized import col2im, conv2d, conv2d_backward, fold, im2col, unfold
from wrong.exercises import Attempt

WRONG: list[Attempt] = []
RIGHT: list[tuple[str, tuple[Callable, ...]]] = []


def wrong(label: str, diagnosis: str, *functions: Callable) -> None:
    WRONG.append(Attempt(label, functions, diagnosis))


def right(label: str, *functions: Callable) -> None:
    RIGHT.append((label, functions))


# ---------------------------------------------------------------------------- forward


def along(kind, mode):
    def separable(x, column, row):
        down = np.stack([kind(x[:, w], column, mode) for w in range(x.shape[1])], axis=1)
        return np.stack([kind(line, row, mode) for line in down])

    return separable


right("ex-conv-forward-2", lambda x, p, q: along(np.convolve, "valid")(x, p[::-1], q[::-1]))
wrong("ex-conv-forward-2", "kernel flipped", along(np.convolve, "valid"))


def as_matrices(x, column, row):
    windows = sliding_window_view(x, (len(row), len(column)))
    return np.einsum("ijuv,u,v->ij", windows, row, column)


wrong("ex-conv-forward-2", "column and row exchanged", as_matrices)


def composed_by_an_impulse(turn):
    def composed(a, b):
        plane = np.pad(a, [(n - 1, n - 1) for n in b.shape])
        return conv2d(plane[np.newaxis], turn(b)[np.newaxis, np.newaxis])[0]

    return composed


right("ex-conv-forward-3", composed_by_an_impulse(lambda b: b[::-1, ::-1]))
wrong(
    "ex-conv-forward-3",
    "correlation of the kernels",
    composed_by_an_impulse(lambda b: b),
)


def through_the_package(weights):
    def conv_channels_last(x, weight, s, p, d):
        kernels = weights(weight)  # (M, C, kh, kw)
        return conv2d(np.moveaxis(x, 3, 1), kernels, None, s, p, d).transpose(0, 2, 3, 1)

    return conv_channels_last


right("ex-conv-forward-4", through_the_package(lambda w: w.transpose(3, 2, 0, 1)))
wrong(
    "ex-conv-forward-4",
    "weights reshaped, not transposed",
    through_the_package(lambda w: np.moveaxis(w.reshape(w.shape[3], *w.shape[:3]), 3, 1)),
)


def sliding(step):
    def conv_channels_last(x, weight, s, p, d):
        (kh, kw), padded = weight.shape[:2], np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))
        spans = d * (kh - 1) + 1, d * (kw - 1) + 1
        views = sliding_window_view(padded, spans, axis=(1, 2))[..., ::d, ::d]
        out = (padded.shape[1] - spans[0]) // s + 1, (padded.shape[2] - spans[1]) // s + 1
        views = views[:, ::s, ::s] if step else views[:, : out[0], : out[1]]
        return np.einsum("nijcuv,uvcm->nijm", views, weight)

    return conv_channels_last


right("ex-conv-forward-4", sliding(step=True))
wrong("ex-conv-forward-4", "stride left out of the slice", sliding(step=False))


# ---------------------------------------------------------------------------- input gradient


def by_taps(add=True, cut="p : p + H", turned=False):
    def gradient(dy, x, weight, stride, padding, dilation):
        N, C, H, W = x.shape
        p, (kh, kw) = padding, weight.shape[2:]
        out = np.zeros((N, C, H + 2 * p, W + 2 * p))
        for u in range(kh):
            for v in range(kw):
                tap = weight[:, :, kh - 1 - u, kw - 1 - v] if turned else weight[:, :, u, v]
                share = np.tensordot(dy, tap, axes=(1, 0)).transpose(0, 3, 1, 2)
                for i in range(dy.shape[2]):
                    for j in range(dy.shape[3]):
                        h, w = i * stride + u * dilation, j * stride + v * dilation
                        out[:, :, h, w] = share[:, :, i, j] + (out[:, :, h, w] if add else 0)
        if cut == "p : -p":
            return out[:, :, p:-p, p:-p]
        return out[:, :, p : p + H, p : p + W] if cut else out

    return gradient


right("ex-input-gradient-3", by_taps())
wrong("ex-input-gradient-3", "assignment in overlap", by_taps(add=False))
wrong("ex-input-gradient-3", "padding cut by minus zero", by_taps(cut="p : -p"))
wrong("ex-input-gradient-3", "padding not removed", by_taps(cut=None))
wrong("ex-input-gradient-3", "kernel turned", by_taps(turned=True))


def turned_again(ddx, weight, stride, padding):
    return conv2d(ddx, np.flip(weight, (2, 3)), None, stride, padding)


right("ex-input-gradient-4", lambda ddx, weight, s, p: conv2d(ddx, weight, stride=s, padding=p))
wrong("ex-input-gradient-4", "kernel turned", turned_again)


# ---------------------------------------------------------------------------- weight gradient


def idle(rule):
    def idle_weights(size, kernel_size, stride, padding, dilation):
        count = 0
        for u in range(kernel_size[0]):
            for v in range(kernel_size[1]):
                outside = []
                for n, k, t in zip(size, kernel_size, (u, v), strict=True):
                    last = n + padding - dilation * (k - 1) - 1
                    starts = range(-padding, last + 1, stride)
                    outside.append(all(not 0 <= h + t * dilation < n for h in starts))
                count += rule(outside)
        return count

    return idle_weights


right("ex-weight-gradient-2", idle(any))
wrong("ex-weight-gradient-2", "idle along both axes", idle(all))


def one_by_one(share):
    def gradient_of_each_image(dy, x, kernel_size, stride, padding, dilation):
        weight = np.zeros((dy.shape[1], x.shape[1], *kernel_size))
        geometry = stride, padding, dilation
        each = [
            conv2d_backward(dy[n : n + 1], x[n : n + 1], weight, *geometry).dweight
            for n in range(len(x))
        ]
        return share(np.stack(each))

    return gradient_of_each_image


right("ex-weight-gradient-3", one_by_one(lambda each: each))
wrong("ex-weight-gradient-3", "batch averaged", one_by_one(lambda each: each / each.shape[0]))
wrong("ex-weight-gradient-3", "batch summed", one_by_one(lambda each: each.sum(axis=0)))


def unfolded_by_position(dy, x, kernel_size, stride, padding, dilation):
    columns = unfold(x, kernel_size, stride, padding, dilation)
    dw = dy.reshape(*dy.shape[:2], -1) @ columns.transpose(0, 2, 1)
    return dw.reshape(*dw.shape[:2], x.shape[1], *kernel_size)


wrong("ex-weight-gradient-3", "stride and dilation exchanged", unfolded_by_position)


def inverted(transpose):
    def find_kernel(x, target, kernel_size, stride=1, dilation=1):
        U = unfold(x, kernel_size, dilation=dilation, stride=stride)[0]
        t = target.reshape(target.shape[1], -1)
        w = t @ np.linalg.pinv(U)  # (M, R)
        return (w if transpose else w.T).reshape(len(w), x.shape[1], *kernel_size)

    return find_kernel


right("ex-weight-gradient-4", inverted(transpose=True))
wrong("ex-weight-gradient-4", "reshaped, not transposed", inverted(transpose=False))


# ---------------------------------------------------------------------------- im2col


def rows_forward(x, weight, bias, stride, padding, transposed=True):
    (N, _, H, W), (M, _, kh, kw) = x.shape, weight.shape
    H_out, W_out = (H + 2 * padding - kh) // stride + 1, (W + 2 * padding - kw) // stride + 1
    y = im2col(x, (kh, kw), stride, padding) @ weight.reshape(M, -1).T + bias
    if transposed:
        return np.moveaxis(y.reshape(N, H_out, W_out, M), 3, 1)
    return y.reshape(N, M, H_out, W_out)


def rows_backward(rows):
    def backward(dy, x, weight, bias, stride, padding):
        dY, flat = rows(dy), weight.reshape(len(weight), -1)
        dx = col2im(dY @ flat, x.shape, weight.shape[2:], stride, padding)
        dW = dY.T @ im2col(x, weight.shape[2:], stride, padding)
        return dx, dW.reshape(weight.shape), dY.sum(axis=0)

    return backward


def maps_last(dy):
    return np.moveaxis(dy, 1, 3).reshape(-1, dy.shape[1])


def untransposed_forward(x, weight, bias, stride, padding):
    return rows_forward(x, weight, bias, stride, padding, transposed=False)


right("ex-conv-im2col-2", rows_forward, rows_backward(maps_last))
wrong(
    "ex-conv-im2col-2",
    "y reshaped, not transposed",
    untransposed_forward,
    rows_backward(maps_last),
)
wrong(
    "ex-conv-im2col-2",
    "images taken for maps",
    rows_forward,
    rows_backward(lambda dy: dy.reshape(dy.shape[1], -1).T),
)
wrong(
    "ex-conv-im2col-2",
    "dy reshaped, not transposed",
    rows_forward,
    rows_backward(lambda dy: dy.reshape(-1, dy.shape[1])),
)


def mean_of_copies(z, output_size, kernel_size, stride):
    image = fold(z, output_size, kernel_size, stride=stride)
    seen = fold(z * 0 + 1, output_size, kernel_size, stride=stride)
    return np.divide(image, seen, out=np.full(image.shape, 7.0), where=seen > 0)


def unguarded_mean(z, output_size, kernel_size, stride):
    ones = unfold(np.ones((1, 1, *output_size)), kernel_size, stride=stride)
    seen = fold(ones, output_size, kernel_size, stride=stride)
    return fold(z, output_size, kernel_size, stride=stride) / seen


right("ex-conv-im2col-3", mean_of_copies)
wrong("ex-conv-im2col-3", "nothing divided by nothing", unguarded_mean)
wrong("ex-conv-im2col-3", "the sum of the copies", lambda z, n, k, s: fold(z, n, k, stride=s))


def blocks(add=True, whole_blocks_only=False):
    def gradients_in_blocks(dy, x, weight, stride, block):
        dx, dw = np.zeros_like(x), np.zeros_like(weight)
        height, kh = dy.shape[2], weight.shape[2]
        count = height // block if whole_blocks_only else -(-height // block)
        for b in range(count):
            rows = dy[:, :, b * block : (b + 1) * block]
            first = b * block * stride
            until = first + (rows.shape[2] - 1) * stride + kh
            part = conv2d_backward(rows, x[:, :, first:until], weight, stride)
            dw += part.dweight
            if add:
                dx[:, :, first:until] += part.dx
            else:
                dx[:, :, first:until] = part.dx
        return dx, dw

    return gradients_in_blocks


right("ex-conv-im2col-4", blocks())
wrong("ex-conv-im2col-4", "assignment where blocks overlap", blocks(add=False))
wrong("ex-conv-im2col-4", "short last block dropped", blocks(whole_blocks_only=True))


# ---------------------------------------------------------------------------- variants


def averaged_factors(dw, a, tau):
    return (dw * tau).mean(axis=(2, 3)), (dw * a[:, :, None, None]).mean(axis=0)


def factors(dw, a, tau):
    return (dw * tau).sum(axis=(2, 3)), (dw * a[:, :, None, None]).sum(axis=0)


right("ex-variants-2", factors)
wrong("ex-variants-2", "averaged", averaged_factors)


def shuffle(axes):
    def transposed_by_shuffle(x, weight):
        blocks = np.einsum("ncij,cmuv->nmuvij", x, weight)
        (N, M, s), (H_out, W_out) = blocks.shape[:3], x.shape[2:]
        return blocks.transpose(axes).reshape(N, M, s * H_out, s * W_out)

    return transposed_by_shuffle


right("ex-variants-3", shuffle((0, 1, 4, 2, 5, 3)))
wrong("ex-variants-3", "small images side by side", shuffle((0, 1, 2, 4, 3, 5)))
wrong("ex-variants-3", "blocks mirrored along their diagonal", shuffle((0, 1, 4, 3, 5, 2)))


def hadamard():
    H = np.array([[1, 1], [1, -1]])
    return np.kron(H, H)[::-1].reshape(4, 1, 2, 2) / 2


right("ex-variants-4", hadamard)
wrong(
    "ex-variants-4",
    "kernels too long",
    lambda: np.kron(*[[[1, 1], [1, -1]]] * 2).reshape(4, 1, 2, 2),
)

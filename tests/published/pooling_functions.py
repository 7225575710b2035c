# ruff: noqa
# From src-pooling-functions in book/references.bib, quoted for testing.
import numpy as np


def max_pooling_forward(z, pooling, strides=(2, 2), padding=(0, 0)):
    N, C, H, W = z.shape
    # changed: np.lib.pad is gone from NumPy 2
    padding_z = np.pad(
        z,
        ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])),
        "constant",
        constant_values=0,
    )
    out_h = (H + 2 * padding[0] - pooling[0]) // strides[0] + 1
    out_w = (W + 2 * padding[1] - pooling[1]) // strides[1] + 1
    pool_z = np.zeros((N, C, out_h, out_w))
    for n in np.arange(N):
        for c in np.arange(C):
            for i in np.arange(out_h):
                for j in np.arange(out_w):
                    pool_z[n, c, i, j] = np.max(
                        padding_z[
                            n,
                            c,
                            strides[0] * i : strides[0] * i + pooling[0],
                            strides[1] * j : strides[1] * j + pooling[1],
                        ]
                    )
    return pool_z


def max_pooling_backward(next_dz, z, pooling, strides=(2, 2), padding=(0, 0)):
    N, C, H, W = z.shape
    _, _, out_h, out_w = next_dz.shape
    padding_z = np.pad(
        z,
        ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])),
        "constant",
        constant_values=0,
    )
    padding_dz = np.zeros_like(padding_z)
    for n in np.arange(N):
        for c in np.arange(C):
            for i in np.arange(out_h):
                for j in np.arange(out_w):
                    flat_idx = np.argmax(
                        padding_z[
                            n,
                            c,
                            strides[0] * i : strides[0] * i + pooling[0],
                            strides[1] * j : strides[1] * j + pooling[1],
                        ]
                    )
                    h_idx = strides[0] * i + flat_idx // pooling[1]
                    w_idx = strides[1] * j + flat_idx % pooling[1]
                    padding_dz[n, c, h_idx, w_idx] += next_dz[n, c, i, j]
    return _remove_padding(padding_dz, padding)


def avg_pooling_forward(z, pooling, strides=(2, 2), padding=(0, 0)):
    N, C, H, W = z.shape
    padding_z = np.pad(
        z,
        ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])),
        "constant",
        constant_values=0,
    )
    out_h = (H + 2 * padding[0] - pooling[0]) // strides[0] + 1
    out_w = (W + 2 * padding[1] - pooling[1]) // strides[1] + 1
    pool_z = np.zeros((N, C, out_h, out_w))
    for n in np.arange(N):
        for c in np.arange(C):
            for i in np.arange(out_h):
                for j in np.arange(out_w):
                    pool_z[n, c, i, j] = np.mean(
                        padding_z[
                            n,
                            c,
                            strides[0] * i : strides[0] * i + pooling[0],
                            strides[1] * j : strides[1] * j + pooling[1],
                        ]
                    )
    return pool_z


def avg_pooling_backward(next_dz, z, pooling, strides=(2, 2), padding=(0, 0)):
    N, C, H, W = z.shape
    _, _, out_h, out_w = next_dz.shape
    padding_z = np.pad(
        z,
        ((0, 0), (0, 0), (padding[0], padding[0]), (padding[1], padding[1])),
        "constant",
        constant_values=0,
    )
    padding_dz = np.zeros_like(padding_z)
    for n in np.arange(N):
        for c in np.arange(C):
            for i in np.arange(out_h):
                for j in np.arange(out_w):
                    padding_dz[
                        n,
                        c,
                        strides[0] * i : strides[0] * i + pooling[0],
                        strides[1] * j : strides[1] * j + pooling[1],
                    ] += next_dz[n, c, i, j] / (pooling[0] * pooling[1])
    return _remove_padding(padding_dz, padding)


# changed: called above, never published. Written so that it is right for every padding.
def _remove_padding(z, padding):
    return z[
        :,
        :,
        padding[0] : z.shape[2] - padding[0],
        padding[1] : z.shape[3] - padding[1],
    ]


def global_max_pooling_forward(z):
    return np.max(np.max(z, axis=-1), -1)


# changed: published under the name of the function above, which it replaces
def global_max_pooling_backward(next_dz, z):
    N, C, H, W = z.shape
    dz = np.zeros_like(z)
    for n in np.arange(N):
        for c in np.arange(C):
            idx = np.argmax(z[n, c, :, :])
            h_idx = idx // W
            w_idx = idx % W
            dz[n, c, h_idx, w_idx] = next_dz[n, c]
    return dz


def global_avg_pooling_forward(z):
    return np.mean(np.mean(z, axis=-1), axis=-1)


def global_avg_pooling_backward(next_dz, z):
    N, C, H, W = z.shape
    dz = np.zeros_like(z)
    for n in np.arange(N):
        for c in np.arange(C):
            dz[n, c, :, :] += next_dz[n, c] / (H * W)
    return dz


# The trial in Cython ends in this comment, which is what `_remove_padding` stands for elsewhere:
#     padding_z[:, :, padding[0]:-padding[0], padding[1]:-padding[1]]
def _remove_padding_as_commented(padding_z, padding):
    return padding_z[:, :, padding[0] : -padding[0], padding[1] : -padding[1]]

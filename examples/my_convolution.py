"""The gradient of a convolution by its input, written by hand: right, and wrong."""

import numpy as np


def dx_by_full(dy, weight):
    """Every output's gradient goes back through the weights that it came through."""
    _, _, kh, kw = weight.shape
    rotated = weight[:, :, ::-1, ::-1]
    padded = np.pad(dy, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))
    return np.einsum("nohwuv,ocuv->nchw", windows, rotated)


def dx_without_rotation(dy, weight):
    """Wrong: a full convolution needs the kernel turned by 180°."""
    _, _, kh, kw = weight.shape
    padded = np.pad(dy, ((0, 0), (0, 0), (kh - 1, kh - 1), (kw - 1, kw - 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))
    return np.einsum("nohwuv,ocuv->nchw", windows, weight)

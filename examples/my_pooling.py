"""Pooling layers as one writes them by hand: a right backward pass, and three wrong ones."""

import numpy as np


def max_backward(dy, x, kernel_size, stride=None, padding=0):
    """Each output's gradient goes to the cell that won its window."""
    (kh, kw), (sh, sw), (ph, pw) = map(pair, (kernel_size, stride or kernel_size, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    dpadded = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(dy.shape):
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dpadded[n, c, i * sh + u, j * sw + v] += dy[n, c, i, j]
    H, W = x.shape[2:]
    return dpadded[:, :, ph : ph + H, pw : pw + W]


def max_backward_that_assigns(dy, x, kernel_size, stride=None, padding=0):
    """Wrong: = where it must be +=."""
    (kh, kw), (sh, sw), (ph, pw) = map(pair, (kernel_size, stride or kernel_size, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)), constant_values=-np.inf)
    dpadded = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(dy.shape):
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dpadded[n, c, i * sh + u, j * sw + v] = dy[n, c, i, j]
    H, W = x.shape[2:]
    return dpadded[:, :, ph : ph + H, pw : pw + W]


def max_backward_padded_with_zeros(dy, x, kernel_size, stride=None, padding=0):
    """Wrong: the padding takes part, and beats what is negative."""
    (kh, kw), (sh, sw), (ph, pw) = map(pair, (kernel_size, stride or kernel_size, padding))
    padded = np.pad(x, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    dpadded = np.zeros_like(padded)
    for n, c, i, j in np.ndindex(dy.shape):
        window = padded[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw]
        u, v = np.unravel_index(window.argmax(), window.shape)
        dpadded[n, c, i * sh + u, j * sw + v] += dy[n, c, i, j]
    H, W = x.shape[2:]
    return dpadded[:, :, ph : ph + H, pw : pw + W]


def average_backward(dy, x, kernel_size, stride=None):
    """Wrong: the derivative of a mean of k numbers by one of them is 1/k, not 1."""
    (kh, kw), (sh, sw) = map(pair, (kernel_size, stride or kernel_size))
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(dy.shape):
        dx[n, c, i * sh : i * sh + kh, j * sw : j * sw + kw] += dy[n, c, i, j]
    return dx


def pair(value):
    """One number for both axes, or one each."""
    if np.ndim(value) > 1:
        raise NotImplementedError("the same padding on both sides, please")
    return value if isinstance(value, tuple) else (value, value)

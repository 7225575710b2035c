"""Windows as the columns of a matrix, and back: unfold and its adjoint fold."""

import numpy as np

from convpool.arguments import folded_window, on_images, window


@on_images(x=4)
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The matrix whose columns are the windows of x, zeros in the padding: :eq:`eq-unfold`."""
    windows = window(x.shape[2:], kernel_size, stride, padding, dilation)
    (N, C), (H_out, W_out) = x.shape[:2], windows.out
    kh, kw = windows.rows.kernel, windows.cols.kernel
    col = np.zeros((N, C, kh, kw, H_out, W_out), x.dtype)
    for n, c, i, j in np.ndindex(N, C, H_out, W_out):
        for u, v, h, w in windows.numbered_taps(i, j):
            col[n, c, u, v, i, j] = x[n, c, h, w]
    return col.reshape(N, C * kh * kw, H_out * W_out)


@on_images(col=3)
def fold(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Each entry goes back to its cell, and adds where windows overlap: :eq:`eq-fold`."""
    windows = folded_window(col, output_size, kernel_size, dilation, padding, stride)
    N, (H_out, W_out) = len(col), windows.out
    kh, kw = windows.rows.kernel, windows.cols.kernel
    C = col.shape[1] // (kh * kw)
    col = col.reshape(N, C, kh, kw, H_out, W_out)
    x = np.zeros((N, C, windows.rows.size, windows.cols.size), col.dtype)
    for n, c, i, j in np.ndindex(N, C, H_out, W_out):
        for u, v, h, w in windows.numbered_taps(i, j):
            x[n, c, h, w] += col[n, c, u, v, i, j]
    return x

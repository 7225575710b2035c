"""The public operators: memory layout and the choice of tier. What they compute, the tiers say.

Every operator takes a batch (N, C, H, W) or a single image (C, H, W), float32 or float64; with
`layout="NHWC"` the channels come last, in what it takes and in what it returns.
"""

import functools
import importlib.util
from types import ModuleType
from typing import Any

import numpy as np

from convpool import arguments, vectorized


@functools.cache
def tier() -> ModuleType:
    """The fastest tier that this machine can run."""
    if importlib.util.find_spec("numba") is None:
        return vectorized
    from convpool import compiled

    return compiled


IMAGE, COLUMNS = -3, -2  # where the channels are: (…, C, H, W), (…, C·kh·kw, L)


def _run(
    layout: str,
    name: str,
    arrays: tuple,
    *args: Any,
    takes: int = IMAGE,
    gives: int = IMAGE,
    **kwargs: Any,
) -> Any:
    operator = getattr(tier(), name)
    if not arguments.layout(layout):
        return operator(*arrays, *args, **kwargs)
    try:
        first = (_channels_first(array, takes) for array in arrays)
        result = operator(*first, *args, **kwargs)
    except (TypeError, ValueError) as error:
        error.add_note("Shapes are given in N, C, H, W order; layout='NHWC' moved the axes.")
        raise
    if isinstance(result, arguments.Gradients):
        return result._replace(dx=_channels_last(result.dx, gives))
    if isinstance(result, tuple):
        return tuple(_channels_last(array, gives) for array in result)
    return _channels_last(result, gives)


def _channels_first(array: Any, axis: int) -> Any:
    return np.moveaxis(array, -1, axis) if np.ndim(array) >= -axis else array


def _channels_last(array: np.ndarray, axis: int) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(array, axis, -1)) if array.ndim >= -axis else array


# ---------------------------------------------------------------------------- max


def max_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    dilation=1,
    ceil_mode=False,
    return_indices=False,
    *,
    layout="NCHW",
):
    """The largest cell of each window.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    kernel_size, stride, dilation : int or (int, int)
        Taps, step and distance of taps, for rows and columns. `stride=None` means `kernel_size`.
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        Cells around the image. They are −∞: no cell of the padding ever wins.
    ceil_mode : bool
        Whether a last window may hang over the end.
    return_indices : bool
        Whether to return the places of the maxima as well.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C, H', W') or (C, H', W')
        The maxima. A window with a NaN gives NaN.
    indices : ndarray of int64, the shape of y
        With `return_indices`: the flat place h·W + w of each maximum in its unpadded plane, the
        first one in row-major order among equals, or the first NaN.

    Raises
    ------
    TypeError
        If x is not a float32 or float64 array, or an argument is not of its form.
    ValueError
        If a number is out of range, no window fits, or a window would see only padding.

    Notes
    -----
    Implements :eq:`eq-max-forward` and :eq:`eq-max-argmax`.
    """
    return _run(
        layout,
        "max_pool2d",
        (x,),
        kernel_size,
        stride,
        padding,
        dilation,
        ceil_mode,
        return_indices,
    )


def max_pool2d_backward(
    dy, x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, *, layout="NCHW"
):
    """The gradient of `max_pool2d` with respect to x.

    Each output's gradient goes whole to the cell that won; where windows overlap and one cell
    wins several, the gradients add.

    Parameters
    ----------
    dy : ndarray, (N, C, H', W') or (C, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass.
    kernel_size, stride, padding, dilation, ceil_mode, layout
        As in `max_pool2d`.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `max_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-max-backward`.
    """
    return _run(
        layout,
        "max_pool2d_backward",
        (dy, x),
        kernel_size,
        stride,
        padding,
        dilation,
        ceil_mode,
    )


def adaptive_max_pool2d(x, output_size, return_indices=False, *, layout="NCHW"):
    """The largest cell of each of H' × W' bins.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    output_size : int, None or a pair of them
        H' and W'; None keeps the size of the input. Bin i of an axis of H cells goes from
        ⌊i·H / H'⌋ up to and without ⌈(i + 1)·H / H'⌉.
    return_indices : bool
        Whether to return the places of the maxima as well.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C, H', W') or (C, H', W')
    indices : ndarray of int64, the shape of y
        With `return_indices`, as in `max_pool2d`.

    Raises
    ------
    TypeError, ValueError
        If x is not a float array with at least one cell, or a size is not a positive int.

    Notes
    -----
    Implements :eq:`eq-adaptive-bins` and :eq:`eq-adaptive-max-forward`.
    """
    return _run(layout, "adaptive_max_pool2d", (x,), output_size, return_indices)


def adaptive_max_pool2d_backward(dy, x, output_size, *, layout="NCHW"):
    """The gradient of `adaptive_max_pool2d` with respect to x.

    Parameters
    ----------
    dy : ndarray, (N, C, H', W') or (C, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass.
    output_size, layout
        As in `adaptive_max_pool2d`.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `adaptive_max_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-adaptive-max-backward`.
    """
    return _run(layout, "adaptive_max_pool2d_backward", (dy, x), output_size)


def global_max_pool2d(x, *, layout="NCHW"):
    """The largest cell of each plane.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C) or (C,)

    Raises
    ------
    TypeError, ValueError
        If x is not a float array with at least one cell.

    Notes
    -----
    Implements :eq:`eq-global-max-forward`.
    """
    return _run(layout, "global_max_pool2d", (x,))


def global_max_pool2d_backward(dy, x, *, layout="NCHW"):
    """The gradient of `global_max_pool2d` with respect to x: the first largest cell gets it all.

    Parameters
    ----------
    dy : ndarray, (N, C) or (C,)
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass.
    layout : "NCHW" or "NHWC"
        Where the channels of x are.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `global_max_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-global-max-backward`.
    """
    return _run(layout, "global_max_pool2d_backward", (dy, x))


def max_unpool2d(
    y, indices, kernel_size, stride=None, padding=0, output_size=None, *, layout="NCHW"
):
    """Put pooled values back where they came from, with zeros elsewhere.

    Parameters
    ----------
    y : ndarray, (N, C, H', W') or (C, H', W')
        The values.
    indices : ndarray of int64, the shape of y
        Where each goes: flat places in a plane of the result, as `max_pool2d` returns them. Of
        values with the same place, the last in row-major order stays.
    kernel_size, stride, padding
        Those of the pooling, padding in numbers. They give the size of the result:
        (H' − 1)·stride − padding + kernel_size.
    output_size : (int, int), optional
        The size itself, less than a stride away from that: several sizes pool to the same.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    x : ndarray, (N, C, H, W) or (C, H, W)

    Raises
    ------
    TypeError
        If y is not a float array or indices are not whole numbers.
    ValueError
        If indices have another shape than y or lie outside the result, or the size is impossible.

    Notes
    -----
    Implements :eq:`eq-max-unpool`.
    """
    return _run(
        layout,
        "max_unpool2d",
        (y, indices),
        kernel_size,
        stride,
        padding,
        output_size,
    )


# ---------------------------------------------------------------------------- average


def avg_pool2d(
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    dilation=1,
    layout="NCHW",
):
    """The sum of each window over its divisor.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    kernel_size, stride, dilation : int or (int, int)
        Taps, step and distance of taps, for rows and columns. `stride=None` means `kernel_size`.
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        Cells around the image, zeros in the sum.
    ceil_mode : bool
        Whether a last window may hang over the end. Taps past the padded input never count.
    count_include_pad : bool
        Whether the divisor counts the taps in the padding.
    divisor_override : int, optional
        A divisor for all windows, other than 0.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C, H', W') or (C, H', W')

    Raises
    ------
    TypeError
        If x is not a float32 or float64 array, or an argument is not of its form.
    ValueError
        If a number is out of range, no window fits, or a window would see only padding.

    Notes
    -----
    Implements :eq:`eq-avg-forward` and :eq:`eq-avg-divisor`.
    """
    return _run(
        layout,
        "avg_pool2d",
        (x,),
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
        dilation=dilation,
    )


def avg_pool2d_backward(
    dy,
    x,
    kernel_size,
    stride=None,
    padding=0,
    ceil_mode=False,
    count_include_pad=True,
    divisor_override=None,
    *,
    dilation=1,
    layout="NCHW",
):
    """The gradient of `avg_pool2d` with respect to x.

    Parameters
    ----------
    dy : ndarray, (N, C, H', W') or (C, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass; only its shape matters.
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override, dilation, layout
        As in `avg_pool2d`.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `avg_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-avg-backward`.
    """
    return _run(
        layout,
        "avg_pool2d_backward",
        (dy, x),
        kernel_size,
        stride,
        padding,
        ceil_mode,
        count_include_pad,
        divisor_override,
        dilation=dilation,
    )


def adaptive_avg_pool2d(x, output_size, *, layout="NCHW"):
    """The mean of each of H' × W' bins.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    output_size : int, None or a pair of them
        H' and W', as in `adaptive_max_pool2d`.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C, H', W') or (C, H', W')

    Raises
    ------
    TypeError, ValueError
        If x is not a float array with at least one cell, or a size is not a positive int.

    Notes
    -----
    Implements :eq:`eq-adaptive-bins` and :eq:`eq-adaptive-avg-forward`.
    """
    return _run(layout, "adaptive_avg_pool2d", (x,), output_size)


def adaptive_avg_pool2d_backward(dy, x, output_size, *, layout="NCHW"):
    """The gradient of `adaptive_avg_pool2d` with respect to x.

    Parameters
    ----------
    dy : ndarray, (N, C, H', W') or (C, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass; only its shape matters.
    output_size, layout
        As in `adaptive_avg_pool2d`.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `adaptive_avg_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-adaptive-avg-backward`.
    """
    return _run(layout, "adaptive_avg_pool2d_backward", (dy, x), output_size)


def global_avg_pool2d(x, *, layout="NCHW"):
    """The mean of each plane.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C) or (C,)

    Raises
    ------
    TypeError, ValueError
        If x is not a float array with at least one cell.

    Notes
    -----
    Implements :eq:`eq-global-avg-forward`.
    """
    return _run(layout, "global_avg_pool2d", (x,))


def global_avg_pool2d_backward(dy, x, *, layout="NCHW"):
    """The gradient of `global_avg_pool2d` with respect to x: every cell gets an equal share.

    Parameters
    ----------
    dy : ndarray, (N, C) or (C,)
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass; only its shape matters.
    layout : "NCHW" or "NHWC"
        Where the channels of x are.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `global_avg_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-global-avg-backward`.
    """
    return _run(layout, "global_avg_pool2d_backward", (dy, x))


# ---------------------------------------------------------------------------- Lp


def lp_pool2d(
    x,
    norm_type,
    kernel_size,
    stride=None,
    ceil_mode=False,
    *,
    padding=0,
    dilation=1,
    layout="NCHW",
):
    """The p-norm of each window, `(Σ |x|ᵖ)^(1/p)`.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    norm_type : float
        p, finite and at least 1.
    kernel_size, stride, dilation : int or (int, int)
        Taps, step and distance of taps, for rows and columns. `stride=None` means `kernel_size`.
    ceil_mode : bool
        Whether a last window may hang over the end.
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        Cells around the image, zeros in the sum.
    layout : "NCHW" or "NHWC"
        Where the channels are.

    Returns
    -------
    y : ndarray, (N, C, H', W') or (C, H', W')
        Computed relative to the largest cell of the window, so that no power overflows.

    Raises
    ------
    TypeError
        If x is not a float32 or float64 array, or an argument is not of its form.
    ValueError
        If a number is out of range, no window fits, or a window would see only padding.

    Notes
    -----
    Implements :eq:`eq-lp-forward` and :eq:`eq-lp-scaled`.
    """
    return _run(
        layout,
        "lp_pool2d",
        (x,),
        norm_type,
        kernel_size,
        stride,
        ceil_mode,
        padding=padding,
        dilation=dilation,
    )


def lp_pool2d_backward(
    dy,
    x,
    norm_type,
    kernel_size,
    stride=None,
    ceil_mode=False,
    *,
    padding=0,
    dilation=1,
    layout="NCHW",
):
    """The gradient of `lp_pool2d` with respect to x; zero for a window of zeros.

    Parameters
    ----------
    dy : ndarray, (N, C, H', W') or (C, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C, H, W) or (C, H, W)
        The input of the forward pass.
    norm_type, kernel_size, stride, ceil_mode, padding, dilation, layout
        As in `lp_pool2d`.

    Returns
    -------
    dx : ndarray, the shape of x

    Raises
    ------
    TypeError, ValueError
        As in `lp_pool2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-lp-backward`.
    """
    return _run(
        layout,
        "lp_pool2d_backward",
        (dy, x),
        norm_type,
        kernel_size,
        stride,
        ceil_mode,
        padding=padding,
        dilation=dilation,
    )


# ---------------------------------------------------------------------------- convolution


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, *, layout="NCHW"):
    """The cross-correlation of images and kernels, which the field calls convolution.

    Parameters
    ----------
    x : ndarray, (N, C_in, H, W) or (C_in, H, W)
        The images.
    weight : ndarray, (C_out, C_in/groups, kh, kw)
        A kernel for each output channel and each input channel of its group.
    bias : ndarray, (C_out,), optional
        A number for each output channel.
    stride, dilation : int or (int, int)
        Step and distance of taps, for rows and columns.
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        Cells around the image, zeros: for all sides; rows and columns; ((top, bottom),
        (left, right)); none; or as many as give ⌈size / stride⌉ outputs.
    groups : int
        Into how many groups the channels are dealt: an output channel reads those of its own.
    layout : "NCHW" or "NHWC"
        Where the channels of the images are. Weights stay as they are.

    Returns
    -------
    y : ndarray, (N, C_out, H', W') or (C_out, H', W')

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the arrays differ in dtype, or an argument is not of
        its form.
    ValueError
        If the channels of x, weight, bias and groups do not fit together, a number is out of range,
        or no window fits.

    Notes
    -----
    Implements :eq:`eq-conv-forward`, with groups :eq:`eq-conv-groups`. A product of a NaN or ±∞
    with a zero of the padding is NaN: which outputs it reaches is up to the tier.
    """
    return _run(layout, "conv2d", (x,), weight, bias, stride, padding, dilation, groups)


def conv2d_backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1, *, layout="NCHW"):
    """The gradients of `conv2d` with respect to x, weight and bias.

    Parameters
    ----------
    dy : ndarray, (N, C_out, H', W') or (C_out, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C_in, H, W) or (C_in, H, W)
        The input of the forward pass.
    weight : ndarray, (C_out, C_in/groups, kh, kw)
        The weight of the forward pass.
    stride, padding, dilation, groups, layout
        As in `conv2d`.

    Returns
    -------
    Gradients(dx, dweight, dbias)
        A named tuple of arrays with the shapes of x, of weight, and (C_out,).

    Raises
    ------
    TypeError, ValueError
        As in `conv2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-conv-scatter` (the same as :eq:`eq-conv-rot180`),
    :eq:`eq-conv-weight-gradient` and :eq:`eq-conv-bias-gradient`. Which entries a NaN or ±∞
    reaches is up to the tier, as in `conv2d`.
    """
    return _run(layout, "conv2d_backward", (dy, x), weight, stride, padding, dilation, groups)


def conv_transpose2d(
    x,
    weight,
    bias=None,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
    *,
    layout="NCHW",
):
    """The input gradient of `conv2d` as a layer: each cell of x spreads its kernel over y.

    Parameters
    ----------
    x : ndarray, (N, C_in, H, W) or (C_in, H, W)
        The images.
    weight : ndarray, (C_in, C_out/groups, kh, kw)
        That of the convolution which goes back from y to x.
    bias : ndarray, (C_out,), optional
        A number for each output channel.
    stride, dilation : int or (int, int)
        Those of the convolution which goes back from y to x.
    padding : int, (int, int), ((int, int), (int, int)) or "valid"
        How many cells are cut off each side of y.
    output_padding : int or (int, int)
        Rows and columns at the bottom and right that the convolution's last window leaves over:
        less than the larger of stride and dilation.
    groups : int
        Into how many groups the channels are dealt.
    layout : "NCHW" or "NHWC"
        Where the channels of the images are. Weights stay as they are.

    Returns
    -------
    y : ndarray, (N, C_out, H', W') or (C_out, H', W')
        H' = (H − 1)·stride + dilation·(kh − 1) + 1 − padding on both sides + output_padding.

    Raises
    ------
    TypeError
        If an array is not float32 or float64, the arrays differ in dtype, or an argument is not of
        its form.
    ValueError
        If the channels of x, weight, bias and groups do not fit together, a number is out of range,
        or nothing would be left of y.

    Notes
    -----
    Implements :eq:`eq-conv-transpose` and :eq:`eq-conv-transpose-size`.
    """
    return _run(
        layout,
        "conv_transpose2d",
        (x,),
        weight,
        bias,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


def conv_transpose2d_backward(
    dy,
    x,
    weight,
    stride=1,
    padding=0,
    output_padding=0,
    groups=1,
    dilation=1,
    *,
    layout="NCHW",
):
    """The gradients of `conv_transpose2d` with respect to x, weight and bias.

    Parameters
    ----------
    dy : ndarray, (N, C_out, H', W') or (C_out, H', W')
        The gradient with respect to the output.
    x : ndarray, (N, C_in, H, W) or (C_in, H, W)
        The input of the forward pass.
    weight : ndarray, (C_in, C_out/groups, kh, kw)
        The weight of the forward pass.
    stride, padding, output_padding, groups, dilation, layout
        As in `conv_transpose2d`.

    Returns
    -------
    Gradients(dx, dweight, dbias)
        A named tuple of arrays with the shapes of x, of weight, and (C_out,).

    Raises
    ------
    TypeError, ValueError
        As in `conv_transpose2d`, and if dy differs from x in dtype or from the output in shape.

    Notes
    -----
    Implements :eq:`eq-conv-transpose-backward`.
    """
    return _run(
        layout,
        "conv_transpose2d_backward",
        (dy, x),
        weight,
        stride,
        padding,
        output_padding,
        groups,
        dilation,
    )


# ---------------------------------------------------------------------------- columns


def unfold(x, kernel_size, dilation=1, padding=0, stride=1, *, layout="NCHW"):
    """The matrix whose columns are the windows of x, zeros in the padding.

    Parameters
    ----------
    x : ndarray, (N, C, H, W) or (C, H, W)
        The images.
    kernel_size, dilation, stride : int or (int, int)
        Taps, distance of taps and step, for rows and columns.
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        Cells around the image, zeros, as in `conv2d`.
    layout : "NCHW" or "NHWC"
        Where the channels are; with "NHWC" the result is (N, L, C·kh·kw).

    Returns
    -------
    col : ndarray, (N, C·kh·kw, L) or (C·kh·kw, L)
        Rows in the order c, u, v; columns, L = H'·W' of them, in the order i, j.

    Raises
    ------
    TypeError, ValueError
        If x is not a float32 or float64 array, an argument is not of its form or out of range, or
        no window fits.

    Notes
    -----
    Implements :eq:`eq-unfold`.
    """
    return _run(layout, "unfold", (x,), kernel_size, dilation, padding, stride, gives=COLUMNS)


def fold(col, output_size, kernel_size, dilation=1, padding=0, stride=1, *, layout="NCHW"):
    """Each entry goes back to its cell, and adds where windows overlap.

    The adjoint of `unfold`, not its inverse: a cell under k windows comes back k times.

    Parameters
    ----------
    col : ndarray, (N, C·kh·kw, L) or (C·kh·kw, L)
        One column a window, as `unfold` makes them.
    output_size : int or (int, int)
        Height and width of the images.
    kernel_size, dilation, padding, stride
        As in `unfold`.
    layout : "NCHW" or "NHWC"
        Where the channels are; with "NHWC" col is (N, L, C·kh·kw).

    Returns
    -------
    x : ndarray, (N, C, H, W) or (C, H, W)

    Raises
    ------
    TypeError, ValueError
        If col is not a float32 or float64 array of as many rows and columns as the other arguments
        ask for, or an argument is not of its form or out of range.

    Notes
    -----
    Implements :eq:`eq-fold`.
    """
    return _run(
        layout,
        "fold",
        (col,),
        output_size,
        kernel_size,
        dilation,
        padding,
        stride,
        takes=COLUMNS,
    )

"""The edge: what a user hands in is checked and normalised here, once; every error is worded here.

Behind it the tiers trust what they get: float arrays of one dtype with a batch axis, a `Window`.
"""

import functools
import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from convpool.geometry import Axis, Bins, Groups, Window, same_padding

AXES = {4: ("N", "C", "H", "W"), 3: ("N", "C·kh·kw", "L"), 2: ("N", "C")}
PADDING_FORMS = "an int, (ph, pw), ((top, bottom), (left, right)), 'valid' or 'same'"


class Gradients(NamedTuple):
    """What a layer with parameters hands back: one gradient for each thing that it took."""

    dx: np.ndarray
    dweight: np.ndarray
    dbias: np.ndarray


# ---------------------------------------------------------------------------- arrays


def on_images(**ranks: int) -> Callable:
    """Let a function of batched arrays take single images too, and check the arrays.

    `ranks` gives the function's first parameters, in their order, and the rank each has with its
    batch axis. The function behind it sees batches of one float dtype; from its results the batch
    axis that was added is taken off again. Of `Gradients` only dx has one.
    """

    def decorate(function: Callable) -> Callable:
        names = tuple(ranks)

        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            given, rest = dict(zip(names, args, strict=False)), kwargs
            if len(given) < len(names):
                by_name = {name: kwargs[name] for name in names if name in kwargs}
                rest = {name: value for name, value in kwargs.items() if name not in by_name}
                if not len(given | by_name) == len(names) == len(given) + len(by_name):
                    return function(*args, **kwargs)  # Python words what is missing or twice there
                given |= by_name
            check_float_arrays({k: v for k, v in given.items() if k != "indices"})
            single = _is_single(given, ranks)
            batch = [array[np.newaxis] if single else array for array in given.values()]
            with np.errstate(over="ignore", invalid="ignore"):  # NaN and ±inf are no errors
                result = function(*batch, *args[len(names) :], **rest)
            if not single:
                return result
            if isinstance(result, Gradients):
                return result._replace(dx=result.dx[0])
            return tuple(r[0] for r in result) if isinstance(result, tuple) else result[0]

        return checked

    return decorate


def check_float_arrays(arrays: dict[str, Any]) -> None:
    """Every array is a float32 or float64 ndarray, and all are of one dtype."""
    first_name, first = next(iter(arrays.items()))
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
            raise TypeError(
                f"{name} must be a numpy.ndarray of float32 or float64, got {type(array).__name__}"
                f": pass np.asarray({name}, dtype=np.float64)"
            )
        if array.dtype != np.float32 and array.dtype != np.float64:
            raise TypeError(
                f"{name} must be float32 or float64, got dtype {array.dtype} with shape "
                f"{array.shape}: cast it with {name}.astype(np.float64)"
            )
        if array.dtype != first.dtype:
            raise TypeError(
                f"{first_name} and {name} must share one dtype, got {first.dtype} and "
                f"{array.dtype}: cast one, as in {name}.astype(np.{first.dtype})"
            )


def _is_single(given: dict[str, np.ndarray], ranks: dict[str, int]) -> bool:
    """True if every array lacks the batch axis, False if none does; a mixture is an error."""
    decisive = "x" if "x" in given else next(iter(given))
    single = given[decisive].ndim == ranks[decisive] - 1
    for name, array in given.items():
        rank = ranks[name] - 1 if single else ranks[name]
        if getattr(array, "ndim", None) != rank:
            axes = AXES[ranks[name]]
            raise ValueError(
                f"{name} must have the axes {_listed(axes)} or, for a single image, "
                f"{_listed(axes[1:])}, and all "
                "arrays of one call the same choice; got "
                + ", ".join(f"{k} of shape {np.shape(v)}" for k, v in given.items())
            )
    return single


def _listed(axes: tuple[str, ...]) -> str:
    return f"({', '.join(axes)}{',' * (len(axes) == 1)})"


def check_upstream(dy: np.ndarray, shape: tuple[int, ...], x: np.ndarray) -> None:
    """The upstream gradient has the shape of the forward output."""
    if dy.shape != shape:
        raise ValueError(
            f"dy must have the shape of the forward output, {shape}, for x of shape {x.shape}; "
            f"got {dy.shape} (a single image counts as a batch of one)"
        )


def check_indices(indices: Any, y: np.ndarray, cells: int) -> None:
    """`indices` are whole numbers that name cells of a plane, one for each entry of y."""
    if not isinstance(indices, np.ndarray) or indices.dtype.kind not in "iu":
        kind = getattr(indices, "dtype", type(indices).__name__)
        raise TypeError(f"indices must be an int64 numpy.ndarray, got {kind}")
    if indices.shape != y.shape:
        raise ValueError(f"indices must have the shape of y, {y.shape}, got {indices.shape}")
    if indices.size and not (0 <= indices.min() and indices.max() < cells):
        raise ValueError(
            f"indices must lie in 0 … {cells - 1}, the cells of one output plane; "
            f"got {indices.min()} … {indices.max()}"
        )


def check_columns(col: Any, shape: tuple[int, int], x_shape: tuple[int, ...]) -> None:
    """An im2col matrix has one row a window and one column a tap."""
    check_float_arrays({"col": col})
    if col.shape != shape:
        raise ValueError(
            f"col must have one row a window and one column a tap, {shape}, for x_shape {x_shape}; "
            f"got {col.shape}"
        )


def image_shape(x_shape: Any) -> tuple[int, ...]:
    """The shape of a batch or of a single image."""
    if not isinstance(x_shape, tuple | list) or len(x_shape) not in (3, 4):
        raise ValueError(f"x_shape must be (N, C, H, W) or (C, H, W), got {x_shape!r}")
    return tuple(integer("x_shape", size, 0) for size in x_shape)


def layout(value: Any) -> bool:
    """True for channels last."""
    if value not in ("NCHW", "NHWC"):
        raise ValueError(f"layout must be 'NCHW' or 'NHWC', got {value!r}")
    return value == "NHWC"


# ---------------------------------------------------------------------------- numbers


def integer(name: str, value: Any, at_least: int) -> int:
    """A whole number (of Python or NumPy, not a bool) that is large enough."""
    if type(value) is int and value >= at_least:
        return value
    try:
        if isinstance(value, bool | np.bool):
            raise TypeError
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} must be an int or a pair of ints, got {value!r}") from None
    if number < at_least:
        raise ValueError(f"{name} must be at least {at_least}, got {value!r}")
    return number


def pair(name: str, value: Any, at_least: int) -> tuple[int, int]:
    """(rows, columns) from one int for both or from two."""
    if isinstance(value, tuple | list):
        if len(value) != 2:
            raise ValueError(f"{name} must be an int or a pair of ints, got {value!r}")
        return integer(name, value[0], at_least), integer(name, value[1], at_least)
    number = integer(name, value, at_least)
    return number, number


def flag(name: str, value: Any) -> bool:
    """A bool, and nothing that merely looks like one."""
    if not isinstance(value, bool | np.bool):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)


def paddings(value: Any) -> tuple[tuple[int, int], tuple[int, int]] | str:
    """((top, bottom), (left, right)) from any spelling in numbers; the words pass through."""
    if isinstance(value, str):
        if value not in ("valid", "same"):
            raise ValueError(f"padding must be {PADDING_FORMS}, got {value!r}")
        return ((0, 0), (0, 0)) if value == "valid" else value
    if type(value) is int and value >= 0:
        return (value, value), (value, value)
    try:
        if isinstance(value, tuple | list) and any(isinstance(v, tuple | list) for v in value):
            rows, cols = value
            if not (isinstance(rows, tuple | list) and isinstance(cols, tuple | list)):
                raise TypeError
            return pair("padding", rows, 0), pair("padding", cols, 0)
        rows, cols = pair("padding", value, 0)
        return (rows, rows), (cols, cols)
    except TypeError:
        raise TypeError(f"padding must be {PADDING_FORMS}, got {value!r}") from None
    except ValueError as error:
        if "at least" in str(error):
            raise ValueError(f"padding must not be negative, got {value!r}") from None
        raise ValueError(f"padding must be {PADDING_FORMS}, got {value!r}") from None


def norm_type(value: Any) -> float:
    """The p of a p-norm: finite, and at least 1."""
    if isinstance(value, bool | np.bool) or not isinstance(value, int | float | np.number):
        raise TypeError(f"norm_type must be a number, got {value!r}")
    if not 1 <= value < np.inf:
        raise ValueError(
            f"norm_type must be a finite number of at least 1, got {value!r}; "
            "for the limit p = ∞ take max_pool2d(np.abs(x), …)"
        )
    return float(value)


def divisor_override(value: Any) -> int | None:
    """None, or a whole number other than zero."""
    if value is None:
        return None
    if isinstance(value, bool | np.bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"divisor_override must be None or an int other than 0, got {value!r}")
    if value == 0:
        raise ValueError("divisor_override must be None or an int other than 0, got 0")
    return int(value)


# ---------------------------------------------------------------------------- windows


def window(
    shape: tuple[int, int],
    kernel_size: Any,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: Any = False,
) -> Window:
    """The windows that these arguments lay on an image of `shape` = (height, width).

    Parameters
    ----------
    shape : (int, int)
        Height and width of the image, in cells.
    kernel_size, stride, dilation : int or (int, int)
        For rows and columns. `stride=None` means `kernel_size`.
    padding : int, (int, int), ((int, int), (int, int)), "valid" or "same"
        For all sides; rows and columns; ((top, bottom), (left, right)); none; or as many cells as
        give ⌈size / stride⌉ outputs, the odd one at the bottom and right.
    ceil_mode : bool
        Whether a last window may hang over the end.

    Returns
    -------
    geometry.Window

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form, and where no window fits.

    Notes
    -----
    Implements :eq:`eq-output-size`, :eq:`eq-output-size-ceil` and :eq:`eq-same-padding`.

    Examples
    --------
    >>> window((5, 7), kernel_size=3, stride=2).out
    (2, 3)
    """
    return _window(
        *pair("shape", shape, 0),
        *pair("kernel_size", kernel_size, 1),
        *pair("stride", kernel_size if stride is None else stride, 1),
        paddings(padding),
        *pair("dilation", dilation, 1),
        flag("ceil_mode", ceil_mode),
    )


@functools.lru_cache(maxsize=1024)
def _window(
    height: int,
    width: int,
    kh: int,
    kw: int,
    sh: int,
    sw: int,
    padding: tuple[tuple[int, int], tuple[int, int]] | str,
    dh: int,
    dw: int,
    ceil_mode: bool,
) -> Window:
    if isinstance(padding, str):
        padding = same_padding(height, kh, sh, dh), same_padding(width, kw, sw, dw)
    rows = Axis.sliding(height, kh, sh, *padding[0], dh, ceil_mode)
    cols = Axis.sliding(width, kw, sw, *padding[1], dw, ceil_mode)
    if rows.out < 1 or cols.out < 1:
        raise ValueError(
            f"the output would have size {max(rows.out, 0)} × {max(cols.out, 0)}: kernel_size "
            f"{(kh, kw)} with dilation {(dh, dw)} does not fit in an input of {(height, width)} "
            f"with padding {padding}; take a smaller kernel or more padding"
        )
    return Window(rows, cols)


def pooling_window(
    x: np.ndarray, kernel_size: Any, stride: Any, padding: Any, dilation: Any, ceil_mode: Any
) -> Window:
    """The windows of a pooling call on x: each must see at least one cell of the input."""
    result = window(x.shape[2:], kernel_size, stride, padding, dilation, ceil_mode)
    _refuse_empty(result)
    return result


@functools.lru_cache(maxsize=1024)
def _refuse_empty(windows: Window) -> None:
    for name, axis in (("rows", windows.rows), ("columns", windows.cols)):
        assert isinstance(axis, Axis)
        if empty := axis.empty_windows():
            raise ValueError(
                f"padding {(axis.before, axis.after)} leaves window {empty[0]} along the {name} "
                f"without a single input cell (size {axis.size}, kernel_size {axis.kernel}, stride "
                f"{axis.stride}, dilation {axis.dilation}); pad less than the kernel spans"
            )


def adaptive_window(x: np.ndarray, output_size: Any) -> Window:
    """The bins of an adaptive pooling call on x."""
    height, width = x.shape[2:]
    if height == 0 or width == 0:
        raise ValueError(f"x must have at least one row and one column, got shape {x.shape}")
    if not isinstance(output_size, tuple | list):
        output_size = (output_size, output_size)
    if len(output_size) != 2:
        raise ValueError(f"output_size must be an int, None or a pair of them, got {output_size!r}")
    out_h, out_w = output_size
    return Window(
        Bins(height, height if out_h is None else integer("output_size", out_h, 1)),
        Bins(width, width if out_w is None else integer("output_size", out_w, 1)),
    )


def unpool_shape(
    y: np.ndarray, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[int, int]:
    """Height and width of max_unpool2d's result."""
    kernel = pair("kernel_size", kernel_size, 1)
    steps = pair("stride", kernel_size if stride is None else stride, 1)
    pads = paddings(padding)
    if isinstance(pads, str):
        raise ValueError("padding 'same' does not say which size to go back to: give it in numbers")
    smallest = [
        (size - 1) * s - before - after + k
        for size, k, s, (before, after) in zip(y.shape[2:], kernel, steps, pads, strict=True)
    ]
    result = (smallest[0], smallest[1])
    if output_size is not None:
        result = pair("output_size", output_size, 1)
    near = all(abs(r - d) < s for r, d, s in zip(result, smallest, steps, strict=True))
    if not near or min(result) < 1:
        raise ValueError(
            f"output_size {result} must be positive and differ from {tuple(smallest)}, the size "
            f"that y of shape {y.shape}, kernel_size {kernel}, stride {steps} and padding {pads} "
            f"give, by less than the stride"
        )
    return result


# ---------------------------------------------------------------------------- convolutions


def convolution(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
) -> tuple[Window, Groups]:
    """The windows of a convolution on x, and which channels meet in it."""
    _check_parameters(x, weight, bias, "(C_out, C_in/groups, kh, kw)")
    count = _group_count(groups, x)
    if weight.shape[0] % count:
        raise ValueError(
            f"groups must divide C_out, the first axis of weight: got groups {count} "
            f"and weight of shape {weight.shape}"
        )
    if weight.shape[1] * count != x.shape[1]:
        raise ValueError(
            f"weight must have the axes (C_out, C_in/groups, kh, kw) with C_in/groups = "
            f"{x.shape[1] // count}: got weight of shape {weight.shape} for x of shape {x.shape} "
            f"with groups {count}"
        )
    _check_bias(bias, weight.shape[0], weight)
    windows = window(x.shape[2:], weight.shape[2:], stride, padding, dilation)
    return windows, Groups(count, weight.shape[1], weight.shape[0] // count)


def transposed_convolution(
    x: np.ndarray,
    weight: Any,
    bias: Any,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
) -> tuple[Window, Groups]:
    """The convolution whose input gradient is asked for: its output has the size of x."""
    _check_parameters(x, weight, bias, "(C_in, C_out/groups, kh, kw)")
    count = _group_count(groups, x)
    if weight.shape[0] != x.shape[1]:
        raise ValueError(
            f"weight must have the axes (C_in, C_out/groups, kh, kw) with C_in = {x.shape[1]}: "
            f"got weight of shape {weight.shape} for x of shape {x.shape}"
        )
    _check_bias(bias, weight.shape[1] * count, weight)
    if 0 in x.shape[2:]:
        raise ValueError(f"x must have at least one row and one column, got shape {x.shape}")
    windows = _transposed_window(
        x.shape[2:], weight.shape[2:], stride, padding, output_padding, dilation
    )
    return windows, Groups(count, weight.shape[1], weight.shape[0] // count)


def _check_parameters(x: np.ndarray, weight: Any, bias: Any, axes: str) -> None:
    given = {"x": x, "weight": weight}
    check_float_arrays(given if bias is None else given | {"bias": bias})
    if weight.ndim != 4 or 0 in weight.shape:
        raise ValueError(f"weight must have the axes {axes}, none empty; got shape {weight.shape}")


def _group_count(groups: Any, x: np.ndarray) -> int:
    count = integer("groups", groups, 1)
    if x.shape[1] % count:
        raise ValueError(
            f"groups must divide C_in, the channels of x, {x.shape[1]}: got groups {count}"
        )
    return count


def _check_bias(bias: np.ndarray | None, channels: int, weight: np.ndarray) -> None:
    if bias is not None and bias.shape != (channels,):
        raise ValueError(
            f"bias must have one entry an output channel, shape ({channels},), for weight of "
            f"shape {weight.shape}; got {bias.shape}"
        )


def _transposed_window(
    shape: tuple[int, int],
    kernel: tuple[int, int],
    stride: Any,
    padding: Any,
    output_padding: Any,
    dilation: Any,
) -> Window:
    strides = pair("stride", kernel if stride is None else stride, 1)
    dilations = pair("dilation", dilation, 1)
    left_over = pair("output_padding", output_padding, 0)
    pads = paddings(padding)
    if isinstance(pads, str):
        raise ValueError(
            "padding 'same' does not say which size a transposed convolution goes back to: "
            "give it in numbers"
        )
    if any(o >= max(s, d) for o, s, d in zip(left_over, strides, dilations, strict=True)):
        raise ValueError(
            f"output_padding must be less than the larger of stride and dilation: got "
            f"output_padding {left_over} with stride {strides} and dilation {dilations}"
        )
    rows, cols = (
        Axis.transposed(size, k, s, before, after, d, o)
        for size, k, s, (before, after), d, o in zip(
            shape, kernel, strides, pads, dilations, left_over, strict=True
        )
    )
    if rows.size < 1 or cols.size < 1:
        raise ValueError(
            f"the output would have size {rows.size} × {cols.size}: padding {pads} cuts off all "
            f"that x of {shape} gives with a kernel of {kernel}, stride {strides} and dilation "
            f"{dilations}; take less padding"
        )
    return Window(rows, cols)


def folded_window(
    col: np.ndarray, output_size: Any, kernel_size: Any, dilation: Any, padding: Any, stride: Any
) -> Window:
    """The windows whose columns are to be folded into an image of `output_size`."""
    size = pair("output_size", output_size, 1)
    windows = window(size, kernel_size, stride, padding, dilation)
    taps, count = windows.rows.kernel * windows.cols.kernel, windows.rows.out * windows.cols.out
    if col.shape[1] % taps or col.shape[2] != count:
        raise ValueError(
            f"col must have the axes (N, C·kh·kw, L) with kh·kw = {taps} and L = "
            f"{windows.rows.out}·{windows.cols.out} = {count} windows for output_size {size}; "
            f"got {col.shape} (a single image counts as a batch of one)"
        )
    return windows

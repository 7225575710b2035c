"""The known mistakes of pooling, in the order in which they are suspected."""

from convpool.verify.mistakes.mistake import Mistake


def _with_backward(*ops: str) -> tuple[str, ...]:
    return ops + _backward(*ops)


def _backward(*ops: str) -> tuple[str, ...]:
    return tuple(f"{op}_backward" for op in ops)


MAX_WINDOWS = _with_backward("max_pool2d")
MAX = _with_backward("max_pool2d", "adaptive_max_pool2d")
EVERY_MAX = _with_backward("max_pool2d", "adaptive_max_pool2d", "global_max_pool2d")
AVERAGE = _with_backward("avg_pool2d")
BINS = _with_backward("adaptive_max_pool2d", "adaptive_avg_pool2d")
LP = _with_backward("lp_pool2d")
WINDOWS = ("max_pool2d", "avg_pool2d", "lp_pool2d")
MEANS = ("avg_pool2d", "adaptive_avg_pool2d", "global_avg_pool2d")

MAXIMUM: tuple[Mistake, ...] = (
    Mistake(
        "assignment in overlap",
        ("assign", "assign window"),
        _backward(*WINDOWS, "adaptive_max_pool2d", "adaptive_avg_pool2d"),
        "Where windows overlap, a later window overwrites what an earlier one left in dx.",
        "Start dx at zero and add to it: `dx[…] += …`.",
        "pooling/max",
    ),
    Mistake(
        "zero padding in max",
        ("zero padding", "zero padding, overhang too"),
        MAX_WINDOWS,
        "The padding holds zeros, which beat every negative cell at the border.",
        "Pad with −∞, or leave the padding out of the window.",
        "pooling/max",
    ),
    Mistake(
        "maximum starts at zero",
        ("start at zero",),
        EVERY_MAX,
        "The running maximum starts at 0, so a window of negative cells has no winner.",
        "Start it at −∞, or at the first cell of the window.",
        "pooling/max",
    ),
    Mistake(
        "windows from the unpadded input",
        ("windows of x", "windows of x, by place", "windows of x, by kernel", "windows of x in dx"),
        (*MAX_WINDOWS, "avg_pool2d", *LP),
        "The windows are counted with padding but cut from x without it, so each looks at cells "
        "further down and to the right than its own.",
        "Pad x first, with −∞ for a maximum and zeros for a sum, and cut from the padded array.",
        "pooling/max",
    ),
    Mistake(
        "every tied maximum",
        ("all ties",),
        _backward("max_pool2d", "adaptive_max_pool2d"),
        "Every cell that equals the maximum gets the whole gradient, so a tie multiplies it.",
        "Let one cell win, the first in row-major order, as `argmax` does.",
        "pooling/max",
    ),
    Mistake(
        "every global maximum",
        ("all ties",),
        _backward("global_max_pool2d"),
        "Every cell that equals the plane's maximum gets the whole gradient.",
        "Let one cell win, the first in row-major order, as `argmax` does.",
        "pooling/global-adaptive",
    ),
    Mistake(
        "gradient split among ties",
        ("split ties",),
        _backward("max_pool2d", "adaptive_max_pool2d", "global_max_pool2d"),
        "Cells that share the maximum share the gradient, while the forward pass took one of them.",
        "Give all of it to the first maximum in row-major order, the one that `argmax` finds.",
        "pooling/max",
    ),
    Mistake(
        "last tie wins",
        ("last tie",),
        (*MAX, "global_max_pool2d_backward"),
        "Among equal cells the last one wins, as with `>=` in the comparison.",
        "Compare with `>`, so that the first maximum in row-major order stays.",
        "pooling/max",
    ),
    Mistake(
        "NaN ignored",
        ("NaN ignored",),
        EVERY_MAX,
        "No comparison with NaN is true, so a NaN in the window never wins and goes unnoticed.",
        "Let the first NaN win: `np.max` and `np.argmax` do, a loop must ask `np.isnan`.",
        "pooling/max",
    ),
    Mistake(
        "places counted elsewhere",
        ("places in the window", "places with the padding", "places in the batch"),
        ("max_pool2d", "adaptive_max_pool2d"),
        "The places of the maxima count cells of the window, of the padded plane or of the whole "
        "batch.",
        "Count in the unpadded H × W plane: the index of cell (h, w) is h·W + w.",
        "pooling/max",
    ),
    Mistake(
        "every plane in the first",
        ("first plane",),
        (*_backward("max_pool2d", "adaptive_max_pool2d"), "max_unpool2d"),
        "The places count within one H × W plane, and are used as places in the whole batch.",
        "Keep an axis for images and one for channels, and place within each plane.",
        "pooling/max",
    ),
    Mistake(
        "addition in unpooling",
        ("add",),
        ("max_unpool2d",),
        "Values with the same place are added up.",
        "Assign: they are one maximum that several windows chose, and it counts once.",
        "pooling/max",
    ),
    Mistake(
        "indices ignored",
        ("corners",),
        ("max_unpool2d",),
        "Every value goes to the first cell of its window, wherever the maximum was.",
        "Put it where its index says: row `index // W`, column `index % W`.",
        "pooling/max",
    ),
    Mistake(
        "output_size ignored",
        ("output_size ignored",),
        ("max_unpool2d",),
        "The size of the result is worked out though it is given, and a remainder is lost.",
        "Take `output_size` where there is one; several sizes pool to the same.",
        "pooling/max",
    ),
)

MEAN: tuple[Mistake, ...] = (
    Mistake(
        "divisor counts padding",
        ("padding counted",),
        AVERAGE,
        "With `count_include_pad=False` the divisor still counts the cells of the padding.",
        "Divide by the number of cells of the window that lie inside the input.",
        "pooling/average",
    ),
    Mistake(
        "divisor leaves padding out",
        ("padding left out",),
        AVERAGE,
        "With `count_include_pad=True` the divisor still counts only cells inside the input.",
        "Divide by the number of taps on the padded input.",
        "pooling/average",
    ),
    Mistake(
        "ceil overhang counted",
        ("overhang counted",),
        (*AVERAGE, "lp_pool2d"),
        "A last window that hangs over the end counts the taps out there as if they were cells.",
        "Count only taps on the padded input: what lies past its end is in no sum and no divisor.",
        "pooling/average",
    ),
    Mistake(
        "mean's gradient taken as 1",
        ("gradient 1",),
        _backward(*MEANS),
        "Every cell gets the whole gradient of its output, as if the window were summed.",
        "Divide by the number of cells: each partial derivative of a mean of k cells is 1/k.",
        "pooling/average",
    ),
    Mistake(
        "divisor without parentheses",
        ("no parentheses",),
        _with_backward(*MEANS),
        "`/ kh * kw` divides by kh and then multiplies by kw.",
        "Divide by the product: `/ (kh * kw)`.",
        "pooling/average",
    ),
    Mistake(
        "divisor_override ignored",
        ("override ignored",),
        AVERAGE,
        "`divisor_override` is taken and not used.",
        "Where it is given, divide every window's sum by it, padding and overhang or not.",
        "pooling/average",
    ),
)

NORM: tuple[Mistake, ...] = (
    Mistake(
        "absolute value missing",
        ("signed", "power of x"),
        LP,
        "x is raised to the power p with its sign: an odd p keeps it, and a p between whole "
        "numbers makes NaN of it.",
        "Take `np.abs(x)` to the power, and give the gradient its sign by `np.sign(x)`.",
        "pooling/lp",
    ),
    Mistake(
        "sign lost",
        ("sign lost",),
        _backward("lp_pool2d"),
        "The derivative of |x| is taken as 1, so negative cells are pushed the wrong way.",
        "Multiply by `np.sign(x)`.",
        "pooling/lp",
    ),
    Mistake(
        "root not taken",
        ("no root",),
        LP,
        "The window gives Σ|x|ᵖ, without the p-th root; the gradient is then p·|x|ᵖ⁻¹.",
        "Raise the sum to 1/p; in the gradient that turns p·|x|ᵖ⁻¹ into (|x|/y)ᵖ⁻¹.",
        "pooling/lp",
    ),
    Mistake(
        "norm of the mean",
        ("mean",),
        LP,
        "The powers are averaged, not summed, under the root.",
        "Sum them: a p-norm does not divide by the number of cells.",
        "pooling/lp",
    ),
    Mistake(
        "norm_type ignored",
        ("always 2",),
        LP,
        "p is taken as 2 whatever `norm_type` says.",
        "Use `norm_type` in the power and in the root.",
        "pooling/lp",
    ),
    Mistake(
        "norm not divided",
        ("norm not divided",),
        _backward("lp_pool2d"),
        "The gradient is |x|ᵖ⁻¹ and lacks its denominator, the norm of the window to the p − 1.",
        "Divide each |x| by the window's norm before taking the power.",
        "pooling/lp",
    ),
    Mistake(
        "zero over zero",
        ("zero over zero",),
        _backward("lp_pool2d"),
        "In a window of zeros the norm is 0, and 0/0 puts NaN into dx.",
        "Let the gradient of such a window be zero: divide only where the norm is not 0.",
        "pooling/lp",
    ),
)

BIN: tuple[Mistake, ...] = (
    Mistake(
        "bins without overlap",
        ("bins end early",),
        BINS,
        "Every bin ends where the next begins, rounded down, so no cell is shared.",
        "Bin i goes from ⌊i·H/H'⌋ up to ⌈(i + 1)·H/H'⌉: round the end up.",
        "pooling/global-adaptive",
    ),
    Mistake(
        "bins of one size",
        ("bins of the step", "bins as windows"),
        BINS,
        "The bins are windows of one kernel size and stride, which fits only where H' divides H.",
        "Work out the two ends of every bin: ⌊i·H/H'⌋ and ⌈(i + 1)·H/H'⌉.",
        "pooling/global-adaptive",
    ),
    Mistake(
        "one divisor for all bins",
        ("one divisor", "divisor of the step"),
        _with_backward("adaptive_avg_pool2d"),
        "All bins are divided by the same number, though they differ in size.",
        "Divide by the number of cells of each bin.",
        "pooling/global-adaptive",
    ),
    Mistake(
        "plane axes kept",
        ("axes kept",),
        ("global_max_pool2d", "global_avg_pool2d"),
        "The result keeps its two axes of length 1.",
        "Return (N, C): leave out `keepdims=True`, or take `[:, :, 0, 0]`.",
        "pooling/global-adaptive",
    ),
    Mistake(
        "channels taken for a side of the plane",
        ("axes 1 and 2",),
        ("global_max_pool2d", "global_avg_pool2d"),
        "The result is taken over channels and rows, axes 1 and 2, as in an N, H, W, C layout.",
        "In N, C, H, W the plane is axes 2 and 3.",
        "pooling/global-adaptive",
    ),
)

GEOMETRY: tuple[Mistake, ...] = (
    Mistake(
        "padding ignored",
        ("padding ignored", "size without padding", "shares put into dx unpadded"),
        (*WINDOWS, *_backward("avg_pool2d", "lp_pool2d"), "max_unpool2d"),
        "`padding` is taken and not used, in the windows or in the size of the output.",
        "Tap u of window i lies on row i·s − p + u·d, and H' counts the padding on both sides.",
        "foundations/windows",
    ),
    Mistake(
        "padding not removed",
        ("padding not removed", "cut at the end"),
        _backward(*WINDOWS),
        "dx still has the padding, or has lost as many rows and columns at the wrong end.",
        "Cut it off where it was put on: `dx[:, :, top:top + H, left:left + W]`.",
        "foundations/windows",
    ),
    Mistake(
        "padding cut by minus zero",
        ("cut to minus zero",),
        _backward(*WINDOWS),
        "`dx[:, :, p:-p]` is empty for p = 0, because −0 is 0.",
        "Cut by what is to be left: `dx[:, :, p:p + H, p:p + W]`.",
        "foundations/windows",
    ),
    Mistake(
        "leading padding on both sides",
        ("leading padding twice", "leading padding cut twice"),
        (*_with_backward(*WINDOWS), "max_unpool2d"),
        "The padding above and on the left is used for below and on the right as well.",
        "Keep four numbers, ((top, bottom), (left, right)), for the size, the windows and the cut.",
        "foundations/windows",
    ),
    Mistake(
        "stride taken as kernel size",
        ("stride is kernel",),
        (*_with_backward(*WINDOWS), "max_unpool2d"),
        "The windows move by the kernel size whatever `stride` says.",
        "Window i starts at i·stride − padding; only `stride=None` means the kernel size.",
        "foundations/windows",
    ),
    Mistake(
        "dilation ignored",
        ("dilation ignored", "taps undilated"),
        _with_backward(*WINDOWS),
        "The taps of a window stand side by side whatever `dilation` says.",
        "Tap u lies u·dilation cells after the first one.",
        "foundations/windows",
    ),
    Mistake(
        "dilation off by one",
        ("dilation one more", "span too long"),
        _with_backward(*WINDOWS),
        "A dilation of d is taken for d cells between taps, or a window's span for kernel·d.",
        "Dilation 1 means neighbours, and a window spans d·(kernel − 1) + 1 cells.",
        "foundations/windows",
    ),
    Mistake(
        "ceil_mode ignored",
        ("ceil ignored",),
        _with_backward(*WINDOWS),
        "The size of the output is rounded down even with `ceil_mode=True`; the last row or column "
        "of windows is left out.",
        "Round up when it is set, and going back take the size from dy.",
        "foundations/windows",
    ),
    Mistake(
        "ceil_mode always on",
        ("ceil always",),
        WINDOWS,
        "The size of the output is rounded up even where `ceil_mode` is off.",
        "Round down, with `//`, unless it is set.",
        "foundations/windows",
    ),
    Mistake(
        "ceil_mode without its bound",
        ("ceil unbounded",),
        WINDOWS,
        "With `ceil_mode=True` a last window starts in the trailing padding and sees no cell.",
        "Leave out a window that does not start inside the input or the padding before it.",
        "foundations/windows",
    ),
    Mistake(
        "last window missing",
        ("one window short",),
        _with_backward(*WINDOWS),
        "There is one row and one column of windows too few.",
        "Between the first and the last start lie (H + p + p − k) // s steps: one window more.",
        "foundations/windows",
    ),
    Mistake(
        "reshaped instead of transposed",
        ("reshaped",),
        _with_backward(*WINDOWS),
        "Numbers in the order n, i, j, c are read as n, c, i, j, or dy the other way round, which "
        "mixes places and channels.",
        "Go through both orders: `reshape(N, H', W', C).transpose(0, 3, 1, 2)`, and back.",
        "pooling/im2col",
    ),
    Mistake(
        "remainder dropped",
        ("remainder dropped",),
        _backward(*WINDOWS),
        "dx is only as large as the windows reach: the rows and columns after them are missing.",
        "Give dx the shape of x; what no window reaches has gradient 0.",
        "foundations/windows",
    ),
    Mistake(
        "height and width exchanged",
        (
            "all exchanged",
            "kernel exchanged",
            "kernel exchanged, and its stride",
            "stride exchanged",
            "dilation exchanged",
            "padding exchanged",
            "output_size exchanged",
            "divided by the height",
            "dy exchanged",
        ),
        (
            *_with_backward(*WINDOWS, "adaptive_max_pool2d", "adaptive_avg_pool2d"),
            "global_max_pool2d_backward",
            "max_unpool2d",
        ),
        "Rows and columns are mixed up: one takes the other's number.",
        "Rows come first, in `(kh, kw)` and in every shape, and cell (h, w) has the index h·W + w.",
        "foundations/windows",
    ),
)

POOLING: tuple[Mistake, ...] = MAXIMUM + MEAN + NORM + BIN + GEOMETRY

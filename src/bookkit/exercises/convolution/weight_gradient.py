"""The exercises of the chapter convolution/weight-gradient."""

import numpy as np

from bookkit.exercises.convolution.questions import layer
from bookkit.exercises.drawn import whole
from bookkit.exercises.exercise import Exercise, Wrong
from convpool import vectorized

WEIGHT_GRADIENT: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- idle weights


def _counted(idle_weights, size, kernel_size, stride=1, padding=0, dilation=1):
    return {"idle": idle_weights(size, kernel_size, stride, padding, dilation)}


def _zeros_in_the_gradient(size, kernel_size, stride, padding, dilation):
    """Count them where nothing can cancel: x and dy are positive."""
    rng = np.random.default_rng(0)
    x, weight = rng.uniform(1, 2, (1, 1, *size)), np.zeros((1, 1, *kernel_size))
    y = vectorized.conv2d(x, weight, None, stride, padding, dilation)
    dy = rng.uniform(1, 2, y.shape)
    dweight = vectorized.conv2d_backward(dy, x, weight, stride, padding, dilation).dweight
    return np.sum(dweight == 0)


def _alive(size, kernel, stride, padding, dilation, all_windows=True):
    """The taps of one axis that lie inside in some window, or in the first."""
    out = (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1
    starts = [i * stride - padding for i in range(out if all_windows else 1)]
    return sum(any(0 <= h + u * dilation < size for h in starts) for u in range(kernel))


def _idle_on_both_axes(size, kernel_size, stride, padding, dilation):
    rows, cols = (
        k - _alive(n, k, stride, padding, dilation) for n, k in zip(size, kernel_size, strict=True)
    )
    return rows * cols


def _idle_in_the_first_window(size, kernel_size, stride, padding, dilation):
    alive = (
        _alive(n, k, stride, padding, dilation, all_windows=False)
        for n, k in zip(size, kernel_size, strict=True)
    )
    return np.prod(kernel_size) - np.prod(list(alive))


def _idle_at_every_place(size, kernel_size, stride, padding, dilation):
    alive = (_alive(n, k, 1, padding, dilation) for n, k in zip(size, kernel_size, strict=True))
    return np.prod(kernel_size) - np.prod(list(alive))


WEIGHT_GRADIENT["ex-weight-gradient-2"] = Exercise(
    ask=_counted,
    questions={
        "no padding, none idle": dict(size=(5, 6), kernel_size=(3, 2)),
        "padding, none idle": dict(size=(5, 5), kernel_size=(3, 3), padding=1),
        "the border of a large kernel": dict(size=(3, 3), kernel_size=(5, 5), padding=1),
        "dilation": dict(size=(5, 5), kernel_size=(3, 3), padding=6, dilation=6),
        "idle along one axis": dict(size=(3, 9), kernel_size=(5, 3), padding=1),
        "stride, idle in the middle": dict(size=(3, 3), kernel_size=(3, 3), stride=4, padding=2),
    },
    solution=(_zeros_in_the_gradient,),
    wrong=(
        Wrong(
            "idle along both axes",
            "A tap (u, v) lies outside as soon as its row *or* its column does. Count the rows and "
            "the columns that are alive: their product is alive, the rest is idle.",
            (_idle_on_both_axes,),
        ),
        Wrong(
            "only the first window",
            "A tap may lie in the padding in the first window and inside in the next. It is idle "
            "if it lies inside in none of them.",
            (_idle_in_the_first_window,),
        ),
        Wrong(
            "stride ignored",
            "Windows start at every s-th cell only, and a tap can step over a small image: ask "
            "the windows that exist.",
            (_idle_at_every_place,),
        ),
    ),
    chapter="convolution/weight-gradient",
)


# ---------------------------------------------------------------------------- each image's gradient


def _each(gradient_of_each_image, dy, x, kernel_size, stride, padding, dilation):
    return {"dweight": gradient_of_each_image(dy, x, kernel_size, stride, padding, dilation)}


def _window_by_window(dy, x, kernel_size, stride, padding, dilation):
    (N, M, H_out, W_out), C, (kh, kw) = dy.shape, x.shape[1], kernel_size
    s, p, d = stride, padding, dilation
    padded = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dweight = np.zeros((N, M, C, kh, kw))
    for i, j, u, v in np.ndindex(H_out, W_out, kh, kw):
        cells = padded[:, np.newaxis, :, i * s + u * d, j * s + v * d]  # (N, 1, C)
        dweight[..., u, v] += dy[:, :, np.newaxis, i, j] * cells  # (N, M, 1) · (N, 1, C)
    return dweight


def _each_averaged(dy, x, *geometry):
    return _window_by_window(dy, x, *geometry) / len(x)


def _batch_summed(dy, x, *geometry):
    return _window_by_window(dy, x, *geometry).sum(axis=0)


def _channels_before_maps(dy, x, *geometry):
    dweight = _window_by_window(dy, x, *geometry)
    by_channel = np.moveaxis(dweight, 1, -1)  # (N, C, kh, kw, M)
    return by_channel.reshape(dweight.shape)


def _stride_as_dilation(dy, x, kernel_size, stride, padding, dilation):
    return _window_by_window(dy, x, kernel_size, dilation, padding, stride)


def _per_image(*args, **options):
    """What `gradient_of_each_image` is given."""
    question = layer(*args, **options)
    return {"kernel_size": question.pop("weight").shape[2:], **question}


WEIGHT_GRADIENT["ex-weight-gradient-3"] = Exercise(
    ask=_each,
    questions={
        "one image": _per_image(0, (1, 1, 3, 3), (1, 1, 2, 2)),
        "two images": _per_image(3, (2, 1, 3, 3), (1, 1, 2, 2)),
        "channels and maps": _per_image(6, (2, 3, 3, 4), (2, 3, 2, 2)),
        "non-square kernel": _per_image(9, (2, 2, 4, 4), (2, 2, 3, 1), padding=1),
        "stride with a remainder": _per_image(12, (2, 1, 6, 6), (1, 1, 3, 3), stride=2),
        "dilation": _per_image(15, (2, 1, 5, 6), (1, 1, 2, 2), padding=1, dilation=2),
    },
    solution=(_window_by_window,),
    wrong=(
        Wrong(
            "batch averaged",
            "Each image has its own gradient, and none is divided by N. A mean belongs to the "
            "loss, and is in dy already.",
            (_each_averaged,),
        ),
        Wrong(
            "batch summed",
            "That is the gradient of the whole batch. Keep n in the result of `np.einsum`: "
            "'nml, nrl -> nmr'.",
            (_batch_summed,),
        ),
        Wrong(
            "reshaped, not transposed",
            "The matrix product has M last, and `reshape` does not move it to the front. Ask "
            "`np.einsum` for the axes in the order n, m, r.",
            (_channels_before_maps,),
        ),
        Wrong(
            "stride and dilation exchanged",
            "`unfold` takes kernel_size, dilation, padding, stride, in this order. Write their "
            "names: `stride=stride`.",
            (_stride_as_dilation,),
        ),
    ),
    chapter="convolution/weight-gradient",
)


# ---------------------------------------------------------------------------- in one step


def _kernel_found(find_kernel, x, target, kernel_size, stride, dilation):
    return {"weight": find_kernel(x, target, kernel_size, stride, dilation)}


def _equations(x, target, kernel_size, stride, dilation):
    """One row for each window: what its cells are, and what it should give."""
    (M, H_out, W_out), s, d, (kh, kw) = target.shape[1:], stride, dilation, kernel_size
    height, width = d * (kh - 1) + 1, d * (kw - 1) + 1
    places = [(i * s, j * s) for i, j in np.ndindex(H_out, W_out)]
    windows = [x[0, :, h : h + height : d, w : w + width : d].ravel() for h, w in places]
    return np.array(windows), target[0].reshape(M, -1).T


def _least_squares(x, target, kernel_size, stride, dilation):
    windows, wanted = _equations(x, target, kernel_size, stride, dilation)
    return np.linalg.lstsq(windows, wanted)[0].T.reshape(-1, x.shape[1], *kernel_size)


def _not_transposed(x, target, kernel_size, stride, dilation):
    windows, wanted = _equations(x, target, kernel_size, stride, dilation)
    return np.linalg.lstsq(windows, wanted)[0].reshape(-1, x.shape[1], *kernel_size)


def _gradient_at_zero(x, target, kernel_size, stride, dilation):
    windows, wanted = _equations(x, target, kernel_size, stride, dilation)
    return (windows.T @ wanted).T.reshape(-1, x.shape[1], *kernel_size)


def _first_windows_only(x, target, kernel_size, stride, dilation):
    windows, wanted = _equations(x, target, kernel_size, stride, dilation)
    R = windows.shape[1]
    return np.linalg.solve(windows[:R], wanted[:R]).T.reshape(-1, x.shape[1], *kernel_size)


def _hidden(seed, x_shape, weight_shape, stride=1, dilation=1, noise=0):
    """What `find_kernel` is given: an image, and what a hidden kernel makes of it."""
    x, hidden = whole(seed, *x_shape), whole(seed + 1, *weight_shape)
    target = vectorized.conv2d(x, hidden, None, stride, 0, dilation)
    target += noise * whole(seed + 2, *target.shape)
    return dict(x=x, target=target, kernel_size=weight_shape[2:], stride=stride, dilation=dilation)


WEIGHT_GRADIENT["ex-weight-gradient-4"] = Exercise(
    ask=_kernel_found,
    questions={
        "one hidden kernel": _hidden(0, (1, 1, 5, 5), (1, 1, 2, 2)),
        "channels and maps": _hidden(2, (1, 2, 6, 6), (3, 2, 2, 2)),
        "non-square kernel": _hidden(4, (1, 1, 6, 6), (2, 1, 3, 2)),
        "stride": _hidden(6, (1, 1, 10, 9), (1, 1, 3, 3), stride=2),
        "dilation": _hidden(8, (1, 1, 9, 8), (1, 1, 3, 3), dilation=2),
        "a target that no kernel reaches": _hidden(10, (1, 1, 5, 5), (1, 1, 2, 2), noise=1),
    },
    solution=(_least_squares,),
    wrong=(
        Wrong(
            "one step of descent",
            "t·Uᵀ is the gradient at w = 0 with its sign changed, not the place where the gradient "
            "is zero. Solve w·U·Uᵀ = t·Uᵀ.",
            (_gradient_at_zero,),
        ),
        Wrong(
            "reshaped, not transposed",
            "The equations give one column for each map, (C·kh·kw, M). Transpose before you "
            "reshape to (M, C, kh, kw).",
            (_not_transposed,),
        ),
        Wrong(
            "only as many windows as weights",
            "The first windows alone determine the kernel if some kernel fits exactly. Where none "
            "does, all windows have a say: multiply by Uᵀ first.",
            (_first_windows_only,),
        ),
    ),
    chapter="convolution/weight-gradient",
)

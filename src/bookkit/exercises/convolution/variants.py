"""The exercises of the chapter convolution/variants."""

import numpy as np

from bookkit.exercises.drawn import whole
from bookkit.exercises.exercise import Exercise, Wrong, results, shaped

VARIANTS: dict[str, Exercise] = {}


# ---------------------------------------------------------------------------- a separable pair


def _factors(separable_gradients, dw, a, tau):
    return results(separable_gradients(dw, a, tau), "da", "dtau")


def _product_by_product(dw, a, tau):
    da, dtau = np.zeros(a.shape), np.zeros(tau.shape)
    for m, c, u, v in np.ndindex(dw.shape):
        da[m, c] += dw[m, c, u, v] * tau[c, u, v]
        dtau[c, u, v] += dw[m, c, u, v] * a[m, c]
    return da, dtau


def _without_the_other_factor(dw, a, tau):
    return dw.sum(axis=(2, 3)), dw.sum(axis=0)


def _averaged(dw, a, tau):
    da, dtau = _product_by_product(dw, a, tau)
    return da / tau[0].size, dtau / len(a)


def _maps_for_channels(dw, a, tau):
    return np.einsum("mcuv,muv->mc", dw, tau), np.einsum("mcuv,cm->cuv", dw, a)


def _pair(seed, M, C, kh, kw):
    shapes = dict(dw=(M, C, kh, kw), a=(M, C), tau=(C, kh, kw))
    return {name: whole(seed + k, *shape) for k, (name, shape) in enumerate(shapes.items())}


VARIANTS["ex-variants-2"] = Exercise(
    ask=_factors,
    questions={
        "one product": _pair(0, 1, 1, 1, 1),
        "one channel, one map": _pair(3, 1, 1, 2, 2),
        "as many maps as channels": _pair(6, 2, 2, 2, 2),
        "more maps than channels": _pair(9, 4, 2, 2, 2),
        "non-square kernel": _pair(12, 2, 3, 3, 2),
    },
    solution=(_product_by_product,),
    wrong=(
        Wrong(
            "the other factor forgotten",
            "w is a product. By the chain rule each factor's gradient is dw times the *other* "
            "factor, summed.",
            (_without_the_other_factor,),
        ),
        Wrong(
            "averaged",
            "A factor that is used in several weights collects the sum of what they send, not the "
            "mean.",
            (_averaged,),
        ),
        Wrong(
            "maps for channels",
            "tau belongs to a channel, tau[c, u, v], and a to a map and a channel, a[m, c]. Where "
            "there are as many maps as channels, the exchanged indices still run.",
            (_maps_for_channels,),
        ),
    ),
    chapter="convolution/variants",
)


# ---------------------------------------------------------------------------- kernel = stride


def _shuffled(transposed_by_shuffle, x, weight):
    return {"y": transposed_by_shuffle(x, weight)}


def _blocks(x, weight):
    """Each input cell lays a scaled copy of the kernel down, in an s × s block of its own."""
    (N, _, H_out, W_out), (_, M, s, _) = x.shape, weight.shape
    y = np.zeros((N, M, s * H_out, s * W_out))
    for i, j in np.ndindex(H_out, W_out):
        copies = np.einsum("nc,cmuv->nmuv", x[:, :, i, j], weight)
        y[:, :, i * s : (i + 1) * s, j * s : (j + 1) * s] = copies
    return y


def _blocks_mirrored(x, weight):
    return _blocks(x, weight.swapaxes(2, 3))


def _tiles(x, weight):
    """u and v before i and j: s × s small images instead of small blocks."""
    (N, _, H_out, W_out), (_, M, s, _) = x.shape, weight.shape
    y = _blocks(x, weight).reshape(N, M, H_out, s, W_out, s)
    return y.transpose(0, 1, 3, 2, 5, 4).reshape(N, M, s * H_out, s * W_out)


def _rows_of_the_weight(x, weight):
    """weight.reshape(M·s·s, C) where weight.reshape(C, M·s·s).T is meant."""
    C, M, s, _ = weight.shape
    return _blocks(x, weight.reshape(M, s, s, C).transpose(3, 0, 1, 2))


def _stretched(seed, x, weight):
    return dict(x=whole(seed, *x), weight=whole(seed + 1, *weight))


VARIANTS["ex-variants-3"] = Exercise(
    ask=_shuffled,
    questions={
        "one cell": _stretched(20, (1, 1, 1, 1), (1, 1, 2, 2)),
        "one channel": _stretched(22, (1, 1, 2, 2), (1, 1, 2, 2)),
        "kernel of one tap": _stretched(24, (1, 2, 2, 3), (2, 3, 1, 1)),
        "several channels": _stretched(26, (1, 2, 2, 2), (2, 1, 2, 2)),
        "several maps": _stretched(28, (1, 1, 2, 2), (1, 2, 2, 2)),
        "images, channels, maps": _stretched(30, (2, 3, 2, 3), (3, 2, 3, 3)),
    },
    solution=(_blocks,),
    wrong=(
        Wrong(
            "blocks mirrored along their diagonal",
            "u and v are exchanged: u counts rows and belongs behind i, v counts columns and "
            "belongs behind j. A symmetric kernel hides it.",
            (_blocks_mirrored,),
        ),
        Wrong(
            "small images side by side",
            "u and v run outside i and j, so the s² channels became tiles. Row is + u needs i "
            "before u: the axes n, m, i, u, j, v.",
            (_tiles,),
        ),
        Wrong(
            "weight reshaped, not transposed",
            "The weight has C first, the 1 × 1 kernels need it second. Reshape to (C, M·s·s), then "
            "transpose; a reshape alone mixes the channels.",
            (_rows_of_the_weight,),
        ),
    ),
    chapter="convolution/variants",
)


# ---------------------------------------------------------------------------- transpose = inverse


def _tried(four_kernels, **question):
    """What must hold of any four kernels that are right, with a kernel in each row."""
    rows = shaped("the weight", four_kernels(), (4, 1, 2, 2)).reshape(4, 4)
    if "x" not in question:
        return {"sizes of the entries": abs(rows), "products of two kernels": rows @ rows.T}
    (x,) = question.values()
    blocks = x.reshape(2, 2, 3, 2).transpose(0, 2, 1, 3).reshape(6, 4)  # i u j v → (i j, u v)
    back = blocks @ rows.T @ rows
    return {"x": back.reshape(2, 3, 2, 2).transpose(0, 2, 1, 3).reshape(x.shape)}


def _kernels(*signs, scale=0.5):
    return lambda: scale * np.array(signs, dtype=float).reshape(4, 1, 2, 2)


ODD_ONE_OUT = 1 - 2 * np.eye(4)  # another four that are right: one minus in each
HAAR = ([1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1])

VARIANTS["ex-variants-4"] = Exercise(
    ask=_tried,
    questions={"the kernels": {}, "there and back": dict(x=whole(40, 4, 6))},
    solution=(_kernels(*ODD_ONE_OUT),),
    wrong=(
        Wrong(
            "kernels too long",
            "With entries ±1 each kernel has the length 2, and the image comes back four times as "
            "bright. Halve the entries.",
            (_kernels(*HAAR, scale=1),),
        ),
        Wrong(
            "one cell each",
            "These kernels do bring the image back, but each only picks a cell. Mix: every entry "
            "is ½ or −½.",
            (_kernels(*np.eye(4), scale=1),),
        ),
        Wrong(
            "opposite kernels",
            "A kernel and its negative are not orthogonal, their product is −1: they see the same "
            "thing, and something else is not seen. Every two must differ in the sign of exactly "
            "two entries.",
            (_kernels(HAAR[0], [-1, -1, -1, -1], HAAR[1], [-1, 1, -1, 1]),),
        ),
    ),
    chapter="convolution/variants",
)

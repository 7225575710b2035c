"""The exercises of the chapter on what a LeNet has learned."""

import numpy as np

from bookkit.exercises.drawn import drawn
from bookkit.exercises.exercise import Exercise, Wrong, results

INSIDE_LENET: dict[str, Exercise] = {}
CHAPTER = "networks/inside-lenet"


# ---------------------------------------------------------------------------- ex-inside-2


def _seen(field, layers):
    return results(field(list(layers)), "size", "stride", "start")


def _walking(span=lambda k, d: (k - 1) * d + 1, reach=lambda S, s: S, pad=lambda p, S: p * S):
    """A function that follows the layers down, right unless told otherwise."""

    def field(layers):
        R, S, A = 1, 1, 0
        for k, s, p, d in layers:
            A -= pad(p, S)
            R += (span(k, d) - 1) * reach(S, s)
            S *= s
        return R, S, A

    return field


def _from_the_top(layers):
    """From the first and the last cell of output 0 down, and those of output 1."""
    ends = []
    for i in (0, 1):
        first = last = i
        for k, s, p, d in reversed(layers):
            first, last = first * s - p, last * s - p + (k - 1) * d
        ends.append((first, last))
    return ends[0][1] - ends[0][0] + 1, ends[1][0] - ends[0][0], ends[0][0]


def _backwards(layers):
    return _walking()(layers[::-1])


def _last_stride(layers):
    R, _, A = _walking()(layers)
    return R, layers[-1][1], A


def _strides_added(layers):
    R, _, A = _walking()(layers)
    return R, sum(s for _, s, _, _ in layers), A


def _start_positive(layers):
    R, S, A = _walking()(layers)
    return R, S, -A


INSIDE_LENET["ex-inside-2"] = Exercise(
    ask=_seen,
    questions={
        "one layer": dict(layers=((3, 2, 1, 2),)),
        "LeNet": dict(layers=((5, 1, 0, 1), (2, 2, 0, 1), (5, 1, 0, 1), (2, 2, 0, 1))),
        "padding and dilation": dict(layers=((7, 2, 3, 1), (3, 2, 1, 1), (3, 1, 2, 2))),
        "strides first": dict(layers=((2, 3, 0, 1), (3, 2, 1, 3), (4, 1, 2, 1))),
    },
    solution=(_from_the_top,),
    wrong=(
        Wrong(
            "kernels in cells of the image",
            "A kernel of a later layer steps over S cells of the image at each tap, S the product "
            "of the strides below. Multiply what it adds by S.",
            (_walking(reach=lambda S, s: 1),),
        ),
        Wrong(
            "the stride too early",
            "What a layer adds is counted in the stride of the layers below it. Update the stride "
            "last.",
            (_walking(reach=lambda S, s: S * s, pad=lambda p, S: p * S),),
        ),
        Wrong(
            "dilation ignored",
            "A kernel with dilation d spans (k − 1) · d + 1 cells.",
            (_walking(span=lambda k, d: k),),
        ),
        Wrong(
            "dilation times kernel",
            "k taps at the distance d span (k − 1) · d + 1 cells: between k taps there are k − 1 "
            "gaps.",
            (_walking(span=lambda k, d: k * d),),
        ),
        Wrong(
            "padding in cells of the image",
            "The padding of a later layer lies around its input, and one cell of that is S cells "
            "of the image.",
            (_walking(pad=lambda p, S: p),),
        ),
        Wrong(
            "padding ignored",
            "Padding moves the start to the left: the field of output 0 begins outside of the "
            "image.",
            (_walking(pad=lambda p, S: 0),),
        ),
        Wrong(
            "the start with the wrong sign",
            "Cell 0 is the first of the image, so a field that begins in the padding has a "
            "negative start.",
            (_start_positive,),
        ),
        Wrong(
            "layers in the wrong order",
            "The layers are given in forward order; the first of them lies on the image.",
            (_backwards,),
        ),
        Wrong(
            "the last layer's stride",
            "Neighbours at the top are as far apart as all strides together take them: multiply.",
            (_last_stride,),
        ),
        Wrong(
            "strides added",
            "Two layers of stride 2 take every fourth cell: strides multiply.",
            (_strides_added,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-inside-3


def _staying(share, k, down, right):
    return {"share": share(k, down, right)}


def _share_by_sets(k, down, right):
    window = {(h, w) for h in range(k) for w in range(k)}
    other = {(h - down, w - right) for h, w in window}
    return len(window & other) / len(window | other)


def _common(k, down, right):
    return max(k - abs(down), 0) * max(k - abs(right), 0)


def _of_the_window(k, down, right):
    return _common(k, down, right) / (k * k)


def _product_of_shares(k, down, right):
    parts = [max(k - abs(r), 0) / (k + abs(r)) for r in (down, right)]
    return parts[0] * parts[1]


def _never_zero(k, down, right):
    both = (k - abs(down)) * (k - abs(right))
    return both / (2 * k * k - both)


def _signs_count(k, down, right):
    both = max(k - down, 0) * max(k - right, 0)
    return both / (2 * k * k - both)


def _one_way_only(k, down, right):
    r = max(abs(down), abs(right))
    return max(k - r, 0) / (k + r)


def _counted_twice(k, down, right):
    return _common(k, down, right) / (2 * k * k)


INSIDE_LENET["ex-inside-3"] = Exercise(
    ask=_staying,
    questions={
        "no shift": dict(k=3, down=0, right=0),
        "one way": dict(k=2, down=0, right=1),
        "both ways": dict(k=3, down=1, right=2),
        "up and left": dict(k=4, down=-1, right=-2),
        "out of the window": dict(k=2, down=1, right=3),
        "out both ways": dict(k=2, down=-3, right=3),
    },
    solution=(_share_by_sets,),
    wrong=(
        Wrong(
            "divided by the window",
            "The largest cell may also be one that comes in. Divide by all cells that the window "
            "sees before or after.",
            (_of_the_window,),
        ),
        Wrong(
            "the product of two shares",
            "It is one largest cell, not one for each direction. Your divisor counts the box "
            "around both windows, and two corners of that belong to neither.",
            (_product_of_shares,),
        ),
        Wrong(
            "a negative number of cells",
            "From k on the windows no longer meet: the intersection is empty, not negative.",
            (_never_zero,),
        ),
        Wrong(
            "the sign of the shift",
            "A shift to the left is as long as one to the right: take its absolute value.",
            (_signs_count,),
        ),
        Wrong(
            "the longer way only",
            "Along a diagonal the window loses rows and columns. Use both shifts.",
            (_one_way_only,),
        ),
        Wrong(
            "the common cells counted twice",
            "In 2k² the cells of the intersection are counted twice: subtract them once.",
            (_counted_twice,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-inside-4


def _counted(unchanged, x, kernel_size, stride, cells):
    return {"share": unchanged(x, kernel_size, stride, cells)}


def _pooled(x, k, s):
    N, C, H, W = x.shape
    y = np.zeros((N, C, (H - k) // s + 1, (W - k) // s + 1))
    for i, j in np.ndindex(*y.shape[2:]):
        y[:, :, i, j] = x[:, :, i * s : i * s + k, j * s : j * s + k].max(axis=(2, 3))
    return y


def _right(x, cells):
    """Moved to the right, paper from the left."""
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (cells, 0)))[..., : x.shape[-1]]


def _left(x, cells):
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (0, cells)))[..., cells:]


def _down(x, cells):
    return np.pad(x, ((0, 0), (0, 0), (cells, 0), (0, 0)))[..., : x.shape[-2], :]


def _rolled(x, cells):
    return np.roll(x, cells, axis=-1)


def _repeated(x, cells):
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (cells, 0)), mode="edge")[..., : x.shape[-1]]


def _counting(move=_right, ink=np.logical_or, same=np.equal, none=1.0):
    """A function that counts, right unless told otherwise."""

    def unchanged(x, kernel_size, stride, cells):
        before, after = (_pooled(z, kernel_size, stride) for z in (x, move(x, cells)))
        counts = ink(before != 0, after != 0)
        total = int(counts.sum())
        return float((same(before, after) & counts).sum() / total) if total else none

    return unchanged


def _of_the_pixels(x, kernel_size, stride, cells):
    after = _right(x, cells)
    ink = (x != 0) | (after != 0)
    return float(np.mean((x == after)[ink])) if ink.any() else 1.0


def _pooled_and_then_moved(x, kernel_size, stride, cells):
    before = _pooled(x, kernel_size, stride)
    after = _right(before, cells)
    ink = (before != 0) | (after != 0)
    return float(np.mean((before == after)[ink])) if ink.any() else 1.0


def _above_zero(x, kernel_size, stride, cells):
    before, after = (_pooled(z, kernel_size, stride) for z in (x, _right(x, cells)))
    ink = (before > 0) | (after > 0)
    return float(np.mean((before == after)[ink])) if ink.any() else 1.0


def _whole_images(x, kernel_size, stride, cells):
    before, after = (_pooled(z, kernel_size, stride) for z in (x, _right(x, cells)))
    return float(np.mean((before == after).all(axis=(1, 2, 3))))


def _stride_of_the_kernel(x, kernel_size, stride, cells):
    return _counting()(x, kernel_size, kernel_size, cells)


def _the_others(x, kernel_size, stride, cells):
    return 1 - _counting()(x, kernel_size, stride, cells)


def _sketch(seed, *shape):
    """Ink in about half of the cells, in few shades, so that some outputs stay."""
    rng = np.random.default_rng(seed)
    ink = rng.integers(1, 4, shape) * (rng.random(shape) < 0.35)
    ink[..., :2, :3] = 0
    return ink / 4.0


INSIDE_LENET["ex-inside-4"] = Exercise(
    ask=_counted,
    questions={
        "one image": dict(x=_sketch(1, 1, 1, 4, 6), kernel_size=2, stride=2, cells=1),
        "overlap, not square": dict(x=_sketch(2, 2, 1, 5, 9), kernel_size=3, stride=2, cells=1),
        "far": dict(x=_sketch(3, 2, 2, 6, 8), kernel_size=2, stride=1, cells=3),
        "a remainder": dict(x=_sketch(4, 1, 2, 7, 9), kernel_size=2, stride=3, cells=2),
        "not moved": dict(x=_sketch(5, 1, 1, 4, 4), kernel_size=2, stride=2, cells=0),
        "blank paper": dict(x=np.zeros((1, 1, 4, 4)), kernel_size=2, stride=2, cells=1),
        "values below zero": dict(
            x=-0.25 - _sketch(9, 1, 1, 6, 8), kernel_size=2, stride=2, cells=1
        ),
    },
    solution=(_counting(),),
    wrong=(
        Wrong(
            "rolled",
            "`np.roll` brings the columns that leave on the right back in on the left. There must "
            "be zeros.",
            (_counting(move=_rolled),),
        ),
        Wrong(
            "the first column repeated",
            "What comes in on the left is empty paper, zeros.",
            (_counting(move=_repeated),),
        ),
        Wrong(
            "moved to the left",
            "To the right: the cell at column w comes from column w − cells.",
            (_counting(move=_left),),
        ),
        Wrong(
            "moved down",
            "You move the rows, axis −2. To the right is along the columns, axis −1.",
            (_counting(move=_down),),
        ),
        Wrong(
            "all outputs counted",
            "Windows that see only paper before and after stay trivially. Leave them out, above "
            "and below the line.",
            (_counting(ink=lambda a, b: np.full(a.shape, True)),),
        ),
        Wrong(
            "ink before only",
            "Windows into which ink comes by the shift count, too.",
            (_counting(ink=lambda a, b: a),),
        ),
        Wrong(
            "ink before and after",
            "A window counts if it is not zero before *or* not zero after.",
            (_counting(ink=np.logical_and),),
        ),
        Wrong(
            "only what is above zero",
            "Asked for are outputs that are not zero; maps may also be negative.",
            (_above_zero,),
        ),
        Wrong(
            "nothing divided by nothing",
            "On blank paper no output counts, and the mean of nothing is no number. Return 1.",
            (_counting(none=float("nan")),),
        ),
        Wrong(
            "pixels, not outputs",
            "You compare the images themselves. Pool both first.",
            (_of_the_pixels,),
        ),
        Wrong(
            "the outputs moved",
            "You pool first and move the outputs. Move the image, then pool.",
            (_pooled_and_then_moved,),
        ),
        Wrong(
            "whole images",
            "You ask whether all outputs of an image stay. Count the outputs one by one.",
            (_whole_images,),
        ),
        Wrong(
            "the kernel for the stride",
            "Windows are `stride` apart, which need not be the kernel's size.",
            (_stride_of_the_kernel,),
        ),
        Wrong(
            "what changes",
            "This is the share that changes; asked for is what stays.",
            (_the_others,),
        ),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-inside-5


def _softened(blurred_max_pool, x):
    return {"y": blurred_max_pool(x)}


BLUR = np.outer([1, 2, 1], [1, 2, 1]) / 16


def _weighted(z, kernel, step=2, first=0, mode="constant"):
    """The sums of weight times cell around every `step`-th row and column of each plane."""
    z = np.pad(z, [(0, 0), (0, 0), (1, 1), (1, 1)], mode=mode)
    H, W = z.shape[2] - 2, z.shape[3] - 2
    total = np.zeros((*z.shape[:2], H, W))
    for u, v in np.ndindex(3, 3):
        total += kernel[u, v] * z[:, :, u : u + H, v : v + W]
    return total[:, :, first::step, first::step]


def _largest_of_four(x, step=1):
    H, W = (size - size % step for size in x.shape[2:])
    corners = [x[:, :, u : H - 1 + u : step, v : W - 1 + v : step] for u in (0, 1) for v in (0, 1)]
    return np.max(corners, axis=0)


def _blurred_max_pool(x):
    return _weighted(_largest_of_four(x), BLUR)


def _dropped_first(x):
    return _weighted(_largest_of_four(x, 2), BLUR, step=1)


def _blurred_first(x):
    return _largest_of_four(_weighted(x, BLUR, step=1), 2)


def _box(x):
    return _weighted(_largest_of_four(x), np.full((3, 3), 1 / 9))


def _brighter(x):
    return _weighted(_largest_of_four(x), 16 * BLUR)


def _from_the_second_on(x):
    return _weighted(_largest_of_four(x), BLUR, first=1)


def _border_repeated(x):
    return _weighted(_largest_of_four(x), BLUR, mode="edge")


def _channels_mixed(x):
    y = _blurred_max_pool(x)
    return np.repeat(y.sum(axis=1, keepdims=True), x.shape[1], axis=1)


def _only_dropped(x):
    return _largest_of_four(x)[:, :, ::2, ::2]


def _means(x):
    corners = [x[:, :, u : x.shape[2] - 1 + u, v : x.shape[3] - 1 + v]
               for u in (0, 1) for v in (0, 1)]  # fmt: skip
    return _weighted(np.mean(corners, axis=0), BLUR)


INSIDE_LENET["ex-inside-5"] = Exercise(
    ask=_softened,
    questions={
        "one plane": dict(x=drawn(11, 1, 1, 4, 6)),
        "images and channels": dict(x=drawn(12, 2, 3, 6, 6)),
        "an odd size": dict(x=drawn(13, 1, 2, 7, 5)),
    },
    solution=(_blurred_max_pool,),
    wrong=(
        Wrong(
            "dropped before the blur",
            "You pool with stride 2 and blur afterwards: the shift is lost already. Take the "
            "maxima with stride 1, blur them, and drop last.",
            (_dropped_first,),
        ),
        Wrong(
            "blurred before the maximum",
            "You blur the image and then pool as always. The blur belongs between the maximum and "
            "the dropping.",
            (_blurred_first,),
        ),
        Wrong(
            "no blur",
            "This is an ordinary max pooling with stride 2. Blur before you drop.",
            (_only_dropped,),
        ),
        Wrong(
            "equal weights",
            "The blur weighs the middle four times as much as a corner: 1, 2, 1 along each axis.",
            (_box,),
        ),
        Wrong("not divided", "The weights of the blur add up to 1: divide by 16.", (_brighter,)),
        Wrong(
            "from the second on",
            "Keep the first row and the first column: places 0, 2, 4 and so on.",
            (_from_the_second_on,),
        ),
        Wrong(
            "the border repeated",
            "The padding holds zeros, not the cells at the border.",
            (_border_repeated,),
        ),
        Wrong(
            "channels added",
            "Each channel is blurred for itself. A convolution with one group adds them up.",
            (_channels_mixed,),
        ),
        Wrong("means of four", "Take the largest of the four, not their mean.", (_means,)),
    ),
    chapter=CHAPTER,
)


# ---------------------------------------------------------------------------- ex-inside-6


def _covered(occlusion, x, weight, size):
    """The map for a score that is no sum over pixels: Σ w x, and its square."""

    def score(images):
        sums = np.sum(weight * images, axis=(1, 2, 3))
        return sums + sums**2 / 10

    return {"O": occlusion(score, x, size)}


def _without(x, h, w, rows, cols, ink=0.0):
    """The image with a block of `rows` × `cols` pixels overwritten, clipped to the image."""
    keep = np.ones(x.shape[2:])
    keep[max(h, 0) : h + rows, max(w, 0) : w + cols] = 0
    return x * keep + ink * (1 - keep)


def _mapping(cover=lambda x, h, w, size: _without(x, h, w, size, size),
             compare=lambda whole, part: whole - part):  # fmt: skip
    """A function that covers place after place, right unless told otherwise."""

    def occlusion(score, x, size):
        H, W = (length - size + 1 for length in x.shape[2:])
        whole = float(score(x)[0])
        rows = [[compare(whole, float(score(cover(x, h, w, size))[0])) for w in range(W)]
                for h in range(H)]  # fmt: skip
        return np.array(rows)

    return occlusion


def _piling_up(score, x, size):
    H, W = (length - size + 1 for length in x.shape[2:])
    z, whole, fall = x.copy(), score(x)[0], np.zeros((H, W))
    for h, w in np.ndindex(H, W):
        z[:, :, h : h + size, w : w + size] = 0
        fall[h, w] = whole - score(z)[0]
    return fall


def _side_by_side(score, x, size):
    return _mapping()(score, x, size)[::size, ::size]


INSIDE_LENET["ex-inside-6"] = Exercise(
    ask=_covered,
    questions={
        "two by two": dict(x=drawn(21, 1, 1, 4, 5), weight=drawn(22, 4, 5), size=2),
        "three by three": dict(x=drawn(23, 1, 1, 6, 5), weight=drawn(24, 6, 5), size=3),
        "single pixels": dict(x=drawn(25, 1, 1, 3, 4), weight=drawn(26, 3, 4), size=1),
    },
    solution=(_mapping(),),
    wrong=(
        Wrong(
            "the sign",
            "O is above zero where the score falls: s(x) minus the score of the covered image.",
            (_mapping(compare=lambda whole, part: part - whole),),
        ),
        Wrong(
            "the scores themselves",
            "These are the scores of the covered images. Asked for is by how much they fall: "
            "s(x) minus each of them.",
            (_mapping(compare=lambda whole, part: part),),
        ),
        Wrong(
            "sizes of the change",
            "A score may also rise when something is covered. Keep the sign.",
            (_mapping(compare=lambda whole, part: abs(whole - part)),),
        ),
        Wrong(
            "a share of the score",
            "Asked for is the difference of two scores, not divided by s(x).",
            (_mapping(compare=lambda whole, part: (whole - part) / whole),),
        ),
        Wrong(
            "covered with ink",
            "Blank pixels are zeros; yours are ones.",
            (_mapping(cover=lambda x, h, w, size: _without(x, h, w, size, size, ink=1.0)),),
        ),
        Wrong(
            "covers that pile up",
            "Each square is laid on the whole image. Yours stay when the next one comes: copy x "
            "for each place.",
            (_piling_up,),
        ),
        Wrong(
            "squares around the place",
            "(h, w) is the corner of the square, not its middle.",
            (
                _mapping(
                    cover=lambda x, h, w, size: _without(
                        x,
                        h - size // 2,
                        w - size // 2,
                        size,
                        size,
                    )
                ),
            ),
        ),
        Wrong(
            "everything else covered",
            "You keep the square and cover what lies around it.",
            (_mapping(cover=lambda x, h, w, size: x - _without(x, h, w, size, size)),),
        ),
        Wrong(
            "squares side by side",
            "The square moves by one pixel at a time, not by its own size.",
            (_side_by_side,),
        ),
    ),
    chapter=CHAPTER,
)

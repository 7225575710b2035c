"""The known mistakes of convolution, of its transpose, and of unfold and fold.

Where a function hands back several gradients, a slip is made "in dx", "in dweight" or in all.
"""

from convpool.verify.mistakes.mistake import Mistake

CONV, BACK = ("conv2d",), ("conv2d_backward",)
TRANSPOSED, TRANSPOSED_BACK = ("conv_transpose2d",), ("conv_transpose2d_backward",)
UNFOLD, FOLD = ("unfold",), ("fold",)
FORWARDS, BACKS = CONV + TRANSPOSED, BACK + TRANSPOSED_BACK


def each(*slips: str) -> tuple[str, ...]:
    """Slips made everywhere, in dx alone, or in dweight alone."""
    return tuple(f"{slip}{place}" for slip in slips for place in ("", " in dx", " in dweight"))


def only(place: str, *slips: str) -> tuple[str, ...]:
    return tuple(f"{slip} in {place}" for slip in slips)


def counted(*slips: str) -> tuple[str, ...]:
    """Slips that change the size of the result, or the taps alone."""
    return tuple(f"{slip}{place}" for slip in slips for place in ("", " in taps"))


MIRRORS = ("rows flipped", "columns flipped")
OTHER_TURNS = (
    "everything flipped",
    "maps and channels flipped",
    "kernel transposed",
    "kernel transposed and flipped",
    "quarter turn",
    "three quarter turns",
)
LAST = ("0, maps last", "02, maps last", "03, maps last")  # of N, M, H', W'
DBIAS = (
    *(
        f"dbias over {axes}"
        for axes in ("0", "23", "01", "02", "03", "123", "012", "013", "0123", *LAST)
    ),
    "dbias the same for all",
)
MIXED = (
    "first group for all",
    "channels in turns",
    "maps in turns",
    "channels and maps in turns",
    "every group for all",
)
CUTS = ("padding not removed", "full convolution not cut", "cut at the end")
EXCHANGED = ("arguments exchanged", "stride exchanged", "padding exchanged", "dilation exchanged")

KERNEL = (
    Mistake(
        "kernel not rotated",
        only("dx", "kernel flipped"),
        BACK,
        "dx is dy slid over the kernel as it is, so each tap sends its gradient to the wrong cell.",
        "Turn each kernel by 180° before the full convolution: `weight[:, :, ::-1, ::-1]`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "kernel not rotated",
        ("kernel flipped",),
        TRANSPOSED,
        "The image with its inserted zeros is correlated with the kernel as it is.",
        "Turn each kernel by 180° first (`weight[:, :, ::-1, ::-1]`), or add the kernel, times "
        "each cell of x, into y.",
        "convolution/variants",
    ),
    Mistake(
        "kernel rotated along one axis",
        only("dx", *MIRRORS),
        BACK,
        "The kernel is mirrored along one axis only, which is a reflection, not a turn by 180°.",
        "Reverse rows and columns both: `weight[:, :, ::-1, ::-1]`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "kernel rotated along one axis",
        MIRRORS,
        TRANSPOSED,
        "The kernel is mirrored along one axis only, which is a reflection, not a turn by 180°.",
        "Reverse rows and columns both: `weight[:, :, ::-1, ::-1]`.",
        "convolution/variants",
    ),
    Mistake(
        "kernel rotated about the wrong axes",
        only("dx", *OTHER_TURNS),
        BACK,
        "The weight is turned, but not by 180° in the plane of its rows and columns: maps or "
        "channels are reversed too, or the kernel is transposed or turned by 90°.",
        "Reverse the last two axes and no other: `weight[:, :, ::-1, ::-1]`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "kernel rotated about the wrong axes",
        OTHER_TURNS,
        TRANSPOSED,
        "The weight is turned, but not by 180° in the plane of its rows and columns: maps or "
        "channels are reversed too, or the kernel is transposed or turned by 90°.",
        "Reverse the last two axes and no other: `weight[:, :, ::-1, ::-1]`.",
        "convolution/variants",
    ),
    Mistake(
        "kernel flipped",
        ("kernel flipped", "channels flipped"),
        CONV,
        "This is the true convolution, which flips the kernel; a convolution layer does not.",
        "Correlate: tap (u, v) meets cell (i + u, j + v), `weight` as it is.",
        "convolution/forward",
    ),
    Mistake(
        "kernel flipped",
        only("dweight", "kernel flipped"),
        BACKS,
        "dweight comes out turned by 180°: the kernel is turned in the input gradient only.",
        "Leave dweight as it is: the gradient of tap (u, v) is at [u, v].",
        "convolution/weight-gradient",
    ),
    Mistake(
        "kernel flipped",
        ("kernel flipped", "kernel flipped in dx"),
        TRANSPOSED_BACK,
        "dx is taken with the kernel turned; the way back from a transposed convolution is the "
        "plain one, which turns nothing.",
        "Correlate dy with `weight` as it is.",
        "convolution/variants",
    ),
)

CHANNELS = (
    Mistake(
        "channels exchanged",
        ("channels exchanged",),
        CONV,
        "The weight is read as (C_in, C_out, kh, kw), so channel and map have changed places.",
        "Take `weight[m, c]` as the kernel from channel c to map m.",
        "convolution/forward",
    ),
    Mistake(
        "channels exchanged",
        each("channels exchanged"),
        BACK,
        "Maps and channels have changed places: for dx the weight must be transposed between them, "
        "for dweight it must not.",
        "Let map m of dy meet `weight[m, c]` for channel c of dx, and put dweight at [m, c].",
        "convolution/input-gradient",
    ),
    Mistake(
        "channels exchanged",
        ("channels exchanged",),
        TRANSPOSED,
        "The weight is read as (C_out, C_in, kh, kw); that of a transposed convolution is "
        "(C_in, C_out, kh, kw).",
        "Take `weight[c, m]` as the kernel from channel c to map m.",
        "convolution/variants",
    ),
    Mistake(
        "channels exchanged",
        each("channels exchanged"),
        TRANSPOSED_BACK,
        "Maps and channels have changed places: the weight of a transposed convolution is "
        "(C_in, C_out, kh, kw), and so is dweight.",
        "Let map m of dy meet `weight[c, m]` for channel c of dx, and put dweight at [c, m].",
        "convolution/variants",
    ),
    Mistake(
        "reshape instead of transpose",
        ("maps last in memory", "maps first in memory", "weight maps last in memory"),
        CONV,
        "A matrix is reshaped whose axes stand in another order: the shape comes out right, and "
        "the numbers are dealt out to the wrong places.",
        "Reshape to the axes that the matrix has, and transpose these: (N, H', W', M) → "
        "(N, M, H', W').",
        "convolution/im2col",
    ),
    Mistake(
        "reshape instead of transpose",
        (
            "dy maps last in memory",
            "dy maps first in memory",
            *only("dx", "dy maps last in memory", "dy maps first in memory"),
            *only("dweight", "dy maps last in memory", "dy maps first in memory"),
            *only("dx", "weight maps last in memory"),
            *only("dweight", "maps last in memory"),
        ),
        BACK,
        "A matrix is reshaped whose axes stand in another order: the shape comes out right, and "
        "the numbers are dealt out to the wrong places.",
        "Transpose first, `dy.transpose(0, 2, 3, 1).reshape(-1, M)`, and on the way back reshape "
        "to the axes that the matrix has.",
        "convolution/im2col",
    ),
    Mistake(
        "groups mixed",
        (*MIXED, "results in turns"),
        CONV,
        "The groups do not read their own channels: they all read the same ones, or channels are "
        "dealt out to the groups in turns instead of in blocks.",
        "Let group g read channels g·C/G to (g+1)·C/G − 1 and write maps g·M/G to (g+1)·M/G − 1.",
        "convolution/variants",
    ),
    Mistake(
        "groups mixed",
        MIXED,
        TRANSPOSED,
        "The groups do not write their own maps: they all write the same ones, or channels are "
        "dealt out to the groups in turns instead of in blocks.",
        "Let group g read channels g·C/G to (g+1)·C/G − 1 and write maps g·M/G to (g+1)·M/G − 1.",
        "convolution/variants",
    ),
    Mistake(
        "groups mixed",
        each(*MIXED),
        BACK,
        "The gradients of the groups go to each other's channels: all to the same ones, or dealt "
        "out in turns instead of in blocks.",
        "Treat channels g·C/G to (g+1)·C/G − 1 and maps g·M/G to (g+1)·M/G − 1 as a convolution "
        "of their own, and join the results along the channels.",
        "convolution/variants",
    ),
    Mistake(
        "groups mixed",
        (*each(*MIXED), "results in turns in dx"),
        TRANSPOSED_BACK,
        "The gradients of the groups go to each other's channels: all to the same ones, or dealt "
        "out in turns instead of in blocks.",
        "Treat channels g·C/G to (g+1)·C/G − 1 and maps g·M/G to (g+1)·M/G − 1 as a convolution "
        "of their own, and join the results along the channels.",
        "convolution/variants",
    ),
)

SUMS = (
    Mistake(
        "bias forgotten",
        ("bias forgotten",),
        FORWARDS,
        "The bias is not added.",
        "Add one number for each map: `y += bias[:, None, None]`.",
        "convolution/forward",
    ),
    Mistake(
        "bias along the columns",
        ("bias along the columns",),
        FORWARDS,
        "`y + bias` adds along the last axis, so each column gets a number and not each map.",
        "Give the bias its axes: `y + bias[:, None, None]`.",
        "convolution/forward",
    ),
    Mistake(
        "bias gradient over the wrong axes",
        DBIAS,
        BACKS,
        "dbias is summed over the wrong axes: every image and every place has the map's bias in "
        "it once.",
        "Sum over all but the maps: `dy.sum(axis=(0, 2, 3))`.",
        "convolution/weight-gradient",
    ),
    Mistake(
        "bias gradient averaged",
        (
            "dbias averaged",
            "dbias averaged by batch",
            "dbias averaged by places",
        ),
        BACKS,
        "dbias is a mean where it must be a sum, so it is too small by the number of images, of "
        "places, or of both.",
        "Sum: `dy.sum(axis=(0, 2, 3))`; a mean over the batch belongs to the loss.",
        "convolution/weight-gradient",
    ),
    Mistake(
        "batch averaged",
        ("dweight averaged", "parameters averaged", "dx averaged", "batch averaged"),
        BACKS,
        "A gradient is divided by the number of images, which the loss has already done in dy if "
        "it is a mean.",
        "Divide by nothing: the layer adds up what comes from each image.",
        "convolution/weight-gradient",
    ),
    Mistake(
        "assignment instead of a sum",
        ("last image", "last image in dweight", "last window", "last window in dweight"),
        BACKS,
        "dweight is assigned anew for every image or every window, so only the last one remains.",
        "Start dweight at zero and add to it: `dweight += …`.",
        "convolution/weight-gradient",
    ),
    Mistake(
        "assignment instead of a sum",
        ("last channel",),
        CONV,
        "y is assigned anew for every channel, so only the last one remains.",
        "Start y at zero and add the channels up: `y += …`.",
        "convolution/forward",
    ),
)

OVERLAP = (
    Mistake(
        "assignment in overlap",
        ("assign in dx", "assign taps in dx", "assign maps in dx"),
        BACK,
        "Where windows or maps meet in a cell, a later one overwrites in dx what an earlier one "
        "left there.",
        "Start dx at zero and add to it: `dx[…] += …`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "assignment in overlap",
        ("assign", "assign taps", "assign maps"),
        TRANSPOSED,
        "Where windows or channels meet in a cell, a later one overwrites in y what an earlier one "
        "left there.",
        "Start y at zero and add to it: `y[…] += …`.",
        "convolution/variants",
    ),
    Mistake(
        "assignment in overlap",
        ("assign", "assign taps"),
        FOLD,
        "Where windows overlap, a later one overwrites what an earlier one left in the image.",
        "Start at zero and add: `x[…] += …`.",
        "convolution/im2col",
    ),
    Mistake(
        "col2im as an inverse",
        ("inverse in dx",),
        BACK,
        "dx is divided by the number of windows over each cell, as if col2im had to undo im2col.",
        "Leave the sums as they are: the way back is the adjoint, and gradients add.",
        "convolution/im2col",
    ),
    Mistake(
        "col2im as an inverse",
        ("inverse",),
        FOLD + TRANSPOSED,
        "The result is divided by the number of windows over each cell, as if fold had to undo "
        "unfold.",
        "Leave the sums as they are: fold is the adjoint of unfold, not its inverse.",
        "convolution/im2col",
    ),
    Mistake(
        "columns in another order",
        (
            "channels fastest",
            "taps columns first",
            "columns first",
            "windows as rows",
            "one matrix of rows",
            "one matrix of columns",
        ),
        UNFOLD,
        "The numbers are right, and stand in another order than (c, u, v) down and (i, j) across.",
        "Order the axes as (N, C, kh, kw, H', W') before you reshape.",
        "convolution/im2col",
    ),
    Mistake(
        "columns in another order",
        ("channels fastest", "taps columns first", "columns first", "rows as they stand"),
        FOLD,
        "The columns are read in another order than (c, u, v) down and (i, j) across.",
        "Reshape to (N, C, kh, kw, H', W'), and transpose only then.",
        "convolution/im2col",
    ),
    Mistake(
        "columns in another order",
        ("channels fastest",),
        CONV,
        "The taps of a column are ordered (u, v, c) and those of the weight's rows (c, u, v).",
        "Order both alike: (c, u, v) is what `weight.reshape(M, -1)` gives.",
        "convolution/im2col",
    ),
    Mistake(
        "columns in another order",
        each("channels fastest"),
        BACK,
        "The taps of a column are ordered (u, v, c) and those of the weight's rows (c, u, v).",
        "Order both alike: (c, u, v) is what `weight.reshape(M, -1)` gives.",
        "convolution/im2col",
    ),
)

STRIDES = (
    Mistake(
        "stride zeros missing",
        (
            *each("stride zeros missing", "stride zeros missing, own size"),
            "stride zeros missing, cut short in dx",
            "stride and dilation not exchanged in dweight",
        ),
        BACK,
        "dy is used as it is, where with a stride its numbers lie `stride` cells apart.",
        "Insert `stride − 1` zeros between the neighbours of dy, or step by `stride` in dx and x.",
        "convolution/input-gradient",
    ),
    Mistake(
        "stride zeros missing",
        counted("stride ignored"),
        TRANSPOSED,
        "x is used as it is, where with a stride its numbers lie `stride` cells apart in y.",
        "Insert `stride − 1` zeros between the neighbours of x, or step by `stride` in y.",
        "convolution/variants",
    ),
    Mistake(
        "stride zeros missing",
        only(
            "dweight",
            "stride zeros missing",
            "stride zeros missing, own size",
            "stride and dilation not exchanged",
        ),
        TRANSPOSED_BACK,
        "x is used as it is, where with a stride its numbers lie `stride` cells apart in dy.",
        "Insert `stride − 1` zeros between the neighbours of x, or step by `stride` in dy.",
        "convolution/variants",
    ),
    Mistake(
        "stride zeros in front",
        each("zeros in front"),
        BACK,
        "The zeros stand in front of each number of dy and not behind it, so everything arrives "
        "`stride − 1` cells late.",
        "Begin with a number: `z[:, :, ::s, ::s] = dy`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "stride ignored",
        counted("stride ignored"),
        CONV + UNFOLD,
        "The windows move by one cell, whatever the stride.",
        "Begin window i at i·s.",
        "foundations/windows",
    ),
    Mistake(
        "stride ignored",
        ("stride ignored in taps",),
        FOLD,
        "The windows move by one cell, whatever the stride.",
        "Begin window i at i·s.",
        "foundations/windows",
    ),
    Mistake(
        "stride ignored",
        ("stride ignored in dx", "stride ignored"),
        TRANSPOSED_BACK,
        "The windows on dy move by one cell, whatever the stride.",
        "Begin window i at i·s.",
        "foundations/windows",
    ),
    Mistake(
        "stride taken as kernel size",
        counted("stride is kernel"),
        CONV + UNFOLD + TRANSPOSED,
        "The windows move by the size of the kernel, as in pooling, whatever the stride.",
        "Begin window i at i·s; the stride of a convolution is 1 unless it is given.",
        "foundations/windows",
    ),
    Mistake(
        "stride taken as kernel size",
        ("stride is kernel in taps",),
        FOLD,
        "The windows move by the size of the kernel, as in pooling, whatever the stride.",
        "Begin window i at i·s; the stride of a convolution is 1 unless it is given.",
        "foundations/windows",
    ),
    Mistake(
        "stride taken as kernel size",
        each("stride is kernel"),
        BACKS,
        "The windows move by the size of the kernel, as in pooling, whatever the stride.",
        "Begin window i at i·s; the stride of a convolution is 1 unless it is given.",
        "foundations/windows",
    ),
)

PADDING = (
    Mistake(
        "padding not removed",
        only("dx", *CUTS),
        BACK,
        "dx still has the padding of the forward pass in it, or the wrong cells are cut off.",
        "Cut the padding off again: `dx[:, :, top:top + H, left:left + W]`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "padding not removed",
        CUTS,
        TRANSPOSED,
        "In a transposed convolution padding takes cells away from y, and here it does not, or "
        "the wrong ones.",
        "Cut `padding` cells off each side of what the kernels spread out.",
        "convolution/variants",
    ),
    Mistake(
        "padding not removed",
        ("padding not removed", "full convolution not cut", "cut at the end"),
        FOLD,
        "The image still has its padding, or the wrong cells are cut off.",
        "Cut the padding off again: `x[:, :, top:top + H, left:left + W]`.",
        "convolution/im2col",
    ),
    Mistake(
        "padding cut by minus zero",
        ("cut to minus zero in dx",),
        BACK,
        "`dx[:, :, p:-p]` is empty where p = 0, because −0 is 0.",
        "Cut by the size: `dx[:, :, p:p + H]`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "padding cut by minus zero",
        ("cut to minus zero",),
        TRANSPOSED + FOLD,
        "`[p:-p]` is empty where p = 0, because −0 is 0.",
        "Cut by the size: `[p:p + H]`.",
        "foundations/windows",
    ),
    Mistake(
        "padding of the forward pass",
        ("padding of the forward in dx",),
        BACK,
        "dy is padded like x in the forward pass; a full convolution needs the kernel's reach "
        "less that padding.",
        "Pad dy by d·(k − 1) − p on each side.",
        "convolution/input-gradient",
    ),
    Mistake(
        "padding of the forward pass",
        ("padding of the forward",),
        TRANSPOSED,
        "x is padded by `padding`; a transposed convolution pads by the kernel's reach less that.",
        "Pad by d·(k − 1) − p on each side.",
        "convolution/variants",
    ),
    Mistake(
        "remainder dropped",
        (
            *each("remainder dropped"),
            "remainder not reached in dx",
            "remainder at the front in dweight",
        ),
        BACK,
        "Windows do not reach the last cells of x, and these are left out of dx, or make dweight "
        "too large.",
        "Give dx the shape of x, with zeros where no window reaches, and cut dweight to its "
        "first kh × kw numbers.",
        "convolution/weight-gradient",
    ),
    Mistake(
        "remainder dropped",
        only("dweight", "remainder dropped", "remainder at the front"),
        TRANSPOSED_BACK,
        "Windows do not reach the last cells of dy (output_padding), and these make dweight too "
        "large.",
        "Cut dweight to its first kh × kw numbers.",
        "convolution/variants",
    ),
    Mistake(
        "remainder dropped",
        ("remainder dropped", "remainder not reached"),
        FOLD,
        "The last cells of the image, which no window reaches, are missing.",
        "Give the image the size `output_size`, with zeros where no window reaches.",
        "convolution/im2col",
    ),
    Mistake(
        "output_padding ignored",
        ("output_padding ignored", "output_padding appended"),
        TRANSPOSED,
        "output_padding is left out, or zeros are appended where the kernels reach.",
        "Make y larger by output_padding before you add into it.",
        "convolution/variants",
    ),
    Mistake(
        "dW from the unpadded input",
        only("dweight", "padding ignored", "padding ignored, own size"),
        BACK,
        "dweight meets x without its padding, so every cell is `padding` too far.",
        "Take the windows from the padded x, as the forward pass did.",
        "convolution/weight-gradient",
    ),
    Mistake(
        "dW from the unpadded input",
        only("dweight", "padding ignored", "padding ignored, own size"),
        TRANSPOSED_BACK,
        "dweight meets dy without the padding that the forward pass cut off.",
        "Take the windows from dy with zeros around it, `padding` on each side.",
        "convolution/variants",
    ),
    Mistake(
        "padding ignored",
        counted("padding ignored"),
        CONV + UNFOLD,
        "The windows lie on the image without its padding.",
        "Begin window i at i·s − p, with zeros outside the image.",
        "foundations/windows",
    ),
    Mistake(
        "padding ignored",
        ("padding ignored",),
        BACK,
        "dx and dweight are taken as if nothing had been padded.",
        "Begin window i at i·s − p, in dx and in x.",
        "foundations/windows",
    ),
    Mistake(
        "padding ignored",
        ("padding ignored", "padding ignored in dx"),
        TRANSPOSED_BACK,
        "dy is taken as if the forward pass had cut nothing off.",
        "Put zeros around dy, `padding` on each side, before you slide over it.",
        "convolution/variants",
    ),
    Mistake(
        "leading padding on both sides",
        ("leading padding twice",),
        CONV + UNFOLD + TRANSPOSED,
        "The padding at the top and left is used at the bottom and right too.",
        "Pad each side by its own number: ((top, bottom), (left, right)).",
        "foundations/windows",
    ),
    Mistake(
        "leading padding on both sides",
        ("cut alike at both ends",),
        FOLD,
        "The padding at the top and left is cut off at the bottom and right too.",
        "Cut each side by its own number, or by the size: `x[:, :, top:top + H, left:left + W]`.",
        "convolution/im2col",
    ),
    Mistake(
        "leading padding on both sides",
        ("cut alike at both ends in dx",),
        BACK,
        "The padding at the top and left is cut off at the bottom and right too.",
        "Cut each side by its own number, or by the size: `dx[:, :, top:top + H, left:left + W]`.",
        "convolution/input-gradient",
    ),
    Mistake(
        "odd cell of 'same' in front",
        ("odd cell first",),
        CONV + UNFOLD + FOLD,
        "Where 'same' needs an odd number of cells, the odd one is put at the top and left.",
        "Put it at the bottom and right: ⌊total / 2⌋ before, the rest after.",
        "convolution/forward",
    ),
    Mistake(
        "odd cell of 'same' in front",
        each("odd cell first"),
        BACK,
        "Where 'same' needs an odd number of cells, the odd one is put at the top and left.",
        "Put it at the bottom and right: ⌊total / 2⌋ before, the rest after.",
        "convolution/forward",
    ),
    Mistake(
        "'same' at every stride",
        ("same at every stride",),
        CONV,
        "'same' is padded until there are as many outputs as cells, whatever the stride.",
        "'same' gives ⌈size / stride⌉ outputs: pad for the span that those need.",
        "convolution/forward",
    ),
    Mistake(
        "'same' at every stride",
        each("same at every stride"),
        BACK,
        "'same' is padded until there are as many outputs as cells, whatever the stride.",
        "'same' gives ⌈size / stride⌉ outputs: pad for the span that those need.",
        "convolution/forward",
    ),
    Mistake(
        "sum over maps left out",
        ("own map only in dx",),
        BACK,
        "Channel c gets its gradient from map c alone, but every map has read it.",
        "Add over all maps m of its group: each dy of m goes back through the kernel of m and c.",
        "convolution/input-gradient",
    ),
    Mistake(
        "rows padded as columns",
        ("padding of the columns in dx", "padding of the columns, own size in dx"),
        BACK,
        "The padding of the full convolution is counted from the kernel's width, for the rows too.",
        "Count it for each axis: d·(kh − 1) − p above, d·(kw − 1) − p on the left.",
        "convolution/input-gradient",
    ),
)


def _windows(name: str, slips: tuple[str, ...], what: str, mend: str) -> tuple[Mistake, ...]:
    """A mistake of every operator: made in the counting or not, in both gradients or in one."""
    chapter = "foundations/windows"
    return (
        Mistake(name, counted(*slips), (*CONV, *TRANSPOSED, *UNFOLD), what, mend, chapter),
        Mistake(name, only("taps", *slips), FOLD, what, mend, chapter),
        Mistake(name, each(*slips), BACKS, what, mend, chapter),
    )


GEOMETRY = (
    *_windows(
        "dilation ignored",
        ("dilation ignored",),
        "The taps lie side by side, whatever the dilation.",
        "Put tap (u, v) on cell (i·s + u·d, j·s + v·d).",
    ),
    *_windows(
        "dilation off by one",
        ("dilation one less", "dilation one more"),
        "The distance of taps is one off: in some codes dilation counts the cells between taps, "
        "here 1 means side by side.",
        "Put tap (u, v) on cell (i·s + u·d, j·s + v·d), with d = 1 if nothing is dilated.",
    ),
    Mistake(
        "dilated kernel taken too large",
        ("span too large",),
        CONV + UNFOLD,
        "The outputs are counted as if the dilated kernel covered d·k cells, so the last are "
        "missing.",
        "Count with d·(k − 1) + 1: the last tap has no gap behind it.",
        "foundations/windows",
    ),
    Mistake(
        "negative index wraps around",
        ("negative index",),
        CONV + UNFOLD + FOLD,
        "Taps in the leading padding have negative indices, and Python counts these from the end.",
        "Pad first and index the padded array, or leave out every tap outside the image.",
        "foundations/windows",
    ),
    Mistake(
        "negative index wraps around",
        each("negative index"),
        BACK,
        "Taps in the leading padding have negative indices, and Python counts these from the end.",
        "Pad first and index the padded arrays, or leave out every tap outside the image.",
        "foundations/windows",
    ),
    *_windows(
        "height and width exchanged",
        EXCHANGED,
        "A pair is read as (width, height), so rows get what belongs to the columns.",
        "Rows come first: (kh, kw), (sh, sw), (ph, pw), as in (N, C, H, W).",
    ),
    Mistake(
        "height and width exchanged",
        ("arguments exchanged", "stride exchanged", "padding exchanged", "all exchanged"),
        FOLD,
        "A pair is read as (width, height), so rows get what belongs to the columns.",
        "Rows come first: (kh, kw), (sh, sw), (ph, pw), as in (N, C, H, W).",
        "foundations/windows",
    ),
    Mistake(
        "height and width exchanged",
        only("taps", "all exchanged", "kernel exchanged"),
        FOLD,
        "A pair is read as (width, height), so rows get what belongs to the columns.",
        "Rows come first: (kh, kw), (sh, sw), (ph, pw), as in (N, C, H, W).",
        "foundations/windows",
    ),
    Mistake(
        "height and width exchanged",
        counted("all exchanged", "kernel exchanged"),
        UNFOLD,
        "A pair is read as (width, height), so rows get what belongs to the columns.",
        "Rows come first: (kh, kw), (sh, sw), (ph, pw), as in (N, C, H, W).",
        "foundations/windows",
    ),
    Mistake(
        "height and width exchanged",
        ("kernel read as columns, rows", "kernel transposed"),
        CONV,
        "The kernel is read as (kw, kh), so rows get what belongs to the columns.",
        "Rows come first: `kh, kw = weight.shape[2:]`.",
        "foundations/windows",
    ),
)

CONVOLUTION: tuple[Mistake, ...] = (
    *KERNEL,
    *CHANNELS,
    *SUMS,
    *OVERLAP,
    *STRIDES,
    *PADDING,
    *GEOMETRY,
)

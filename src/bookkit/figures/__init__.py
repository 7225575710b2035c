"""The book's figures: functions of parameters, each returning a `Figure` that a cell shows.

`from bookkit import figures`; make the call the last expression of a cell, without `print`. Every
figure knows the light and the dark mode, describes itself to a screen reader (`.alt`), fits a phone
and is the same bytes on every machine. `caption=` is always optional. In titles, labels and
captions `*x*` is italic; in captions `` `code` `` is code. There is no TeX in a figure: write ∂, ×,
δ, ², ½ as characters. Arrays are 2-D (`x[0, 0]`, not `x`) unless said otherwise; cells are (row,
column) pairs, so `window.taps(i, j)` is a ready list of cells. `W` below is
`convpool.window((5, 5), kernel_size=3, stride=2, padding=1)`, `Axis` is `convpool.geometry.Axis`.

Matrices
    grid(array, title=None, marks=(), outlines=(), index=True, decimals=2)
        One matrix of numbers or words; `marks` are tinted bold cells, each of `outlines` (a list of
        cells) is framed in its own colour and dash.
        figures.grid(x, title="*x*", marks=[(1, 0)], outlines=[W.taps(0, 0), W.taps(1, 1)])
    grids(*arrays, titles=(), signs="→", marks=(), outlines=(), index=False, decimals=2)
        Several in a row, a sign between neighbours (one for all, or a list); `marks` and `outlines`
        hold one entry a matrix, None for nothing. For input → output, dy → dx, a − b = c, symbols.
        figures.grids(x, y, titles=["*x*", "*y*"], marks=[[(1, 0)], [(0, 0)]])
        figures.grids([["a", "b"], ["e", "f"]], [["w"]], titles=["window", "output"])
        figures.grids(right, wrong, titles=["right", "wrong"], signs="≠", marks=[None, bad_cells])

Windows
    windows(window, outputs=((0, 0),), values=None, titles=("input", "output"))
        The input with padding (hatched), ceil_mode overhang and cells that no window sees (×); the
        windows of the chosen outputs outlined with a letter, a dot on every tap; the output beside.
        figures.windows(W, outputs=[(0, 0), (1, 2)])
    coverage(window, title="windows on each cell")
        How many windows have a tap on each input cell: shade and number. Takes Bins windows too.
        figures.coverage(W)
    axis(axis, title="input")
        One axis: cells and padding, below them each window as a bar, a dot a tap (hollow outside).
        figures.axis(Axis.sliding(9, kernel=3, stride=2, before=1, after=1, dilation=2))
    bins(size, out)
        Adaptive bins along an axis, shared cells hatched.
        figures.bins(10, 4)
    receptive_field(axes, output=None, names=())
        What one output of a stack of layers (in forward order) depends on, level by level.
        figures.receptive_field([Axis.sliding(16, 3), Axis.sliding(14, 2, 2)],
                                names=["input", "conv 3", "pool 2"])

Gradients
    routing(x, dy, kernel_size=None, stride=None, padding=0, dilation=1, ceil_mode=False,
            mode="max", count_include_pad=True, output_size=None)
        The gradient's way back: an arrow from each entry of dy to the cell that won ("max") or,
        with its share, to its window ("average"); dx in large numbers, x in small ones. Winners,
        shares and dx come from convpool.loops. `output_size` instead of `kernel_size`: adaptive.
        figures.routing(x, dy, 2)            figures.routing(x, dy, 3, stride=1, mode="average")
        figures.routing(x, dy, output_size=(2, 3))
    chain(values, functions, cotangents=(), pullbacks=())
        Functions in a row, values flowing right above, cotangents flowing back below.
        figures.chain(["x", "y", "L"], ["pool", "loss"])
        figures.chain(["x", "y", "L"], ["pool", "loss"], cotangents=["∂L/∂x", "∂L/∂y", "1"],
                      pullbacks=["poolᵀ", "∇"])

Convolution
    convolution(window, kernel, x=None, output=(0, 0), titles=("*x*", "*w*", "*y*"))
        Input with padding hatched, the kernel's taps on one window (×weight in each cell), the
        kernel, the output with its cell marked and the sum of products written out below.
        figures.convolution(convpool.window((5, 5), 3, 2, 1), kernel, x, output=(0, 1))
        figures.convolution(convpool.window((6, 6), 3, 1, 0, 2), kernel)   # where, without numbers
    full_convolution(dy, kernel, stride=1, padding=0, dilation=1, size=None, cells=None, label=…)
        ANIMATION: the turned kernel over dy with its stride's zeros, padded (hatched) or cropped
        (×, what is lost in the corner), building dx cell by cell; all numbers from convpool.loops.
        `size` = (H, W) of x: its remainder's zeros are hatched the other way (None: no remainder);
        `cells` = only these of dx, in this order. About 10 kB a step: keep dx to some 6 × 6.
        figures.full_convolution(dy, kernel, stride=2, padding=1, size=(4, 4))
    scatter_convolution(dy, kernel, stride=1, padding=0, dilation=1, size=None, label=…)
        ANIMATION, the other view: each dy adds its multiple of the kernel to dx, a step an output.
        figures.scatter_convolution(dy, kernel, stride=2, padding=1, size=(4, 4))
    zero_insertion(dy, stride=1, kernel_size=None, padding=0, dilation=1, size=None,
                   titles=("*dy*", "*z*", "*z*, padded"))
        dy → dy with the stride's zeros → with the full padding or crop (if kernel_size is given).
        figures.zero_insertion(dy, 2)    figures.zero_insertion(dy, 2, 3, padding=1, size=(4, 4))
    matrix(A, row_labels=(), col_labels=(), title=None, marks=(), outlines=(), decimals=2)
        Numbers or symbols (strings), zeros (0 or "0") faint, the others tinted; labelled.
        figures.matrix([["a", "0"], ["b", "a"]], ["*y*₀", "*y*₁"], ["*x*₀", "*x*₁"])
    filters(weight, titles=(), decimals=2)
        Kernels (kh, kw), (K, kh, kw) or (M, C/G, kh, kw) as squares: blue above zero, orange below.
        figures.filters([edges, blur], titles=["edges", "blur"])
    groups(C, M, G=1)
        Which inputs feed which outputs, as lines and as blocks of a matrix; at most 12 channels.
        figures.groups(4, 8, G=2)            figures.groups(4, 4, G=4)   # depthwise

Any figures
    frames(figures, captions=(), label="Animation")
        The figures as steps of one, with previous, play, next and a slider; it never plays by
        itself. `label` names it for a screen reader. Without JavaScript, and on paper, all stand
        one after the other. Captions change with the step; `caption=` stands below all of them.
        figures.frames([figures.grid(a), figures.grid(b)], ["first", "then"], label="Two steps")
    row(*figures, signs="")
        Several figures as one, side by side, with a sign between neighbours (one, or a list).
        figures.row(figures.matrix(y), figures.matrix(A), figures.matrix(x), signs=["=", "·"])

Pictures
    photographs(images, titles, width=220)
        (3, H, W), (1, H, W) or (H, W) in [0, 1]; one with any negative entry is a signed map, blue
        above zero and orange below. Few pixels are shown as squares. All of a row are one width.
        figures.photographs([photo, pooled], ["original", "max 8 × 8"])
    digits(images, titles=(), width=88)
        Small (H, W) or (1, H, W) pictures, 0 the page's ground and 1 its ink; signed ones as above.
        figures.digits(list(images[:5]), [f"*{k}*" for k in labels[:5]])

Memory
    memory(shape, layouts=("NCHW", "NHWC"), element=None)
        The entries of an (N, C, H, W) array by address, a strip a layout, with its strides; at most
        64 entries; `element` (n, c, h, w) framed in each.
        figures.memory((1, 3, 2, 4), element=(0, 1, 0, 2))
    im2col(window, cell=None, values=None, titles=("image", "im2col"))
        Windows as rows of a matrix, one cell framed wherever it reappears.
        figures.im2col(convpool.window((4, 4), 2, 1))

Charts
    lines(x, series, xlabel, ylabel, title=None, logx=False, logy=False, points=True)
        Curves over x from a dict name → values; each its colour, dash and marker.
        figures.lines(h, {"forward": e1, "central": e2}, "step *h*", "error", logx=True, logy=True)
    bars(values, label, title=None, decimals=2, unit="", reference=None)
        Horizontal bars from a dict name → value; `reference` is a (name, value) line across.
        figures.bars({"loops": 120.5, "compiled": 0.3}, "time of a call", unit=" ms")
    lp_balls(norms=(1, 2, 4, inf))
        The unit balls of the p-norm.
    lp_curves(values=(1, 2, 3, 4), largest=32)
        The p-norm and the power mean of a window as p grows: both end at the maximum.

Networks
    network(model, image_shape)
        What each layer makes of an image (C, H, W): planes to scale, then columns of numbers.
        figures.network(nn.LeNet5(rng=rng), (1, 28, 28))
    fields(images, frames, titles=(), width=150)
        Pictures as in `digits`, on each frames around blocks of pixels, as pairs of ranges (rows,
        columns): what outputs of a layer see.
        figures.fields([digit], [[(range(4, 20), range(8, 24))]], ["16 × 16"])
    valley(A, paths, view=None, title=None, width=330)
        The contour lines of ½ zᵀ A z with paths from a dict name → (steps, 2) over them, their
        starts ringed, the minimum a cross; `view` is ((left, right), (low, high)). At most 4 paths.
        figures.valley([[1, 0], [0, 30]], {"SGD": path}, view=((-3, 1), (-1, 1)))

Tables
    verdicts(table, names=None)
        Which check caught which mistake: `table` is a dict mistake → dict check → bool, `names` a
        dict mistake → its name, on a second line.

A drawing that is none of these: `Figure([canvas, "→", canvas], caption)` with `base.Canvas`.
A figure whose stored output is a measurement (timings) needs the tag nbval-ignore-output.
"""

from bookkit.figures.animation import frames, row
from bookkit.figures.base import Canvas, Figure, css
from bookkit.figures.cells import grid, grids
from bookkit.figures.charts import bars, lines, lp_balls, lp_curves
from bookkit.figures.convolution import (
    convolution,
    filters,
    full_convolution,
    groups,
    matrix,
    scatter_convolution,
    zero_insertion,
)
from bookkit.figures.flows import chain, routing
from bookkit.figures.intervals import axis, bins, receptive_field
from bookkit.figures.layouts import im2col, memory
from bookkit.figures.networks_inside import fields
from bookkit.figures.networks_lenet import network
from bookkit.figures.networks_optimisers import valley
from bookkit.figures.pictures import digits, photographs
from bookkit.figures.placement import coverage, windows
from bookkit.figures.verdicts import verdicts

__all__ = [
    "Canvas",
    "Figure",
    "axis",
    "bars",
    "bins",
    "chain",
    "convolution",
    "coverage",
    "css",
    "digits",
    "fields",
    "filters",
    "frames",
    "full_convolution",
    "grid",
    "grids",
    "groups",
    "im2col",
    "lines",
    "lp_balls",
    "lp_curves",
    "matrix",
    "memory",
    "network",
    "photographs",
    "receptive_field",
    "routing",
    "row",
    "scatter_convolution",
    "valley",
    "verdicts",
    "windows",
    "zero_insertion",
]

"""The figures of convolution: true to the numbers, and step by step."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from test_figures import blended, contrast, luminance, svgs, texts

import convpool
from bookkit import figures
from bookkit.figures import base
from bookkit.figures.animation import SCRIPT, _in_groups
from bookkit.figures.cells import CELL, HEADING, MARGIN
from bookkit.figures.convolution import SMALL, UPSTREAM

TEXT = "{http://www.w3.org/2000/svg}text"
PATH = "{http://www.w3.org/2000/svg}path"

# size of x, kernel, stride, ((top, bottom), (left, right)), dilation
GEOMETRIES = {
    "plain": ((3, 4), (2, 2), (1, 1), ((0, 0), (0, 0)), (1, 1)),
    "stride": ((5, 5), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)),
    "remainder": ((6, 5), (2, 2), (3, 2), ((0, 0), (0, 0)), (1, 1)),
    "uneven": ((4, 5), (2, 3), (2, 1), ((1, 0), (0, 2)), (1, 2)),
    "dilated": ((5, 4), (2, 2), (1, 1), ((1, 0), (0, 0)), (3, 2)),
    "cropped": ((2, 3), (2, 1), (1, 1), ((2, 2), (1, 2)), (1, 1)),
    "cropped, remainder": ((3, 3), (1, 1), (3, 3), ((2, 3), (2, 3)), (1, 1)),
}
every_geometry = pytest.mark.parametrize("name", GEOMETRIES)


def case(name, seed=0):
    """A kernel, dy, the options of a geometry, and dx as the sum over every product."""
    size, kernel, stride, padding, dilation = GEOMETRIES[name]
    rng = np.random.default_rng(seed)
    options = {"stride": stride, "padding": padding, "dilation": dilation}
    out = convpool.window(size, kernel, **options).out
    w, dy = rng.integers(-4, 9, kernel), rng.integers(-4, 9, out)
    padded = np.zeros([n + sum(p) for n, p in zip(size, padding, strict=True)])
    for i, j in np.ndindex(out):
        for u, v in np.ndindex(kernel):
            h, v0 = i * stride[0] + u * dilation[0], j * stride[1] + v * dilation[1]
            padded[h, v0] += w[u, v] * dy[i, j]
    (top, _), (left, _) = padding
    dx = padded[top : top + size[0], left : left + size[1]]
    return w, dy, options | {"size": size}, dx


def value(text):
    return float(text.replace("−", "-"))


def total(sentence):
    """The value of a sum as a caption writes it, and the value that it claims."""
    left, _, claimed = sentence.rpartition(" = ")
    terms = left.partition(" = ")[2] or "0"
    return eval(terms.replace("−", "-").replace("·", "*")), value(claimed)


def size_of(node):
    return float(re.search(r"font-size:([\d.]+)", node.get("style"))[1])


def numbers(svg, shape, x=MARGIN, y=MARGIN + HEADING, width=CELL):
    """What stands in the cells of a board, None in an empty one."""
    found = np.full(shape, None)
    for node in svg.iter(TEXT):
        at, down = float(node.get("x")), float(node.get("y")) - 3
        cell = int((down - y) // CELL), int((at - x) // width)
        if all(0 <= a < n for a, n in zip(cell, shape, strict=True)) and (
            "text-anchor:middle" in node.get("style") and down > y
        ):
            found[cell] = value("".join(node.itertext()))
    return found


def corners(svg):
    return ["".join(n.itertext()) for n in svg.iter(TEXT) if size_of(n) == SMALL]


def steps_of(animation):
    return [svgs(step) for step in animation.steps]


# ---------------------------------------------------------------------------- forward


def test_convolution_shows_its_output_and_the_sum_behind_the_marked_cell():
    x, kernel = np.arange(20).reshape(4, 5) - 7, np.array([[1, -2], [0, 3]])
    window = convpool.window((4, 5), 2, 2, ((1, 0), (0, 0)))
    padded = np.pad(x, ((1, 0), (0, 0)))
    y = [[(padded[i : i + 2, j : j + 2] * kernel).sum() for j in (0, 2)] for i in (0, 2)]
    figure = figures.convolution(window, kernel, x, output=(1, 1))
    before, middle, after = svgs(figure)
    assert corners(before) == ["×1", "×−2", "×0", "×3"]
    assert np.array_equal(numbers(middle, (2, 2)), kernel)
    written = texts(after)
    assert sorted(map(value, written[-5:-1])) == sorted(np.ravel(y))
    assert total("y = " + written[-1]) == (y[1][1], y[1][1])
    assert f"marked is (1, 1), {written[-1]}" in figure.alt


def test_a_long_sum_goes_over_several_lines():
    x = np.full((3, 3), -1.25)
    (_, _, after) = svgs(figures.convolution(convpool.window((3, 3), 3), x, x))
    lines = texts(after)[4:]
    assert len(lines) > 2
    assert total("y = " + " ".join(lines)) == (9 * 1.25**2, 14.06)


def test_what_lies_in_the_padding_counts_for_nothing():
    window = convpool.window((2, 2), 2, 1, 1)
    figure = figures.convolution(window, [[1, 2], [3, 4]], [[5, 6], [7, 8]])
    assert "marked is (0, 0), 4·5 = 20" in figure.alt
    far = figures.convolution(convpool.window((1, 1), 1, 1, 1), [[2]], [[3]])
    assert "marked is (0, 0), 0 = 0" in far.alt


# ---------------------------------------------------------------------------- backward


@every_geometry
def test_full_convolution_builds_dx_and_each_step_adds_up(name):
    w, dy, options, dx = case(name)
    animation = figures.full_convolution(dy, w, **options)
    assert len(animation.steps) == dx.size
    for step, expected in zip(animation.steps, dx.ravel(), strict=True):
        assert total(step.caption) == (expected, expected)
    _, turned, result = steps_of(animation)[-1]
    assert np.array_equal(numbers(turned, w.shape), np.flip(w))
    width = (float(result.get("width")) - 2 * MARGIN) / dx.shape[1]
    assert np.array_equal(numbers(result, dx.shape, width=width), dx)


@every_geometry
def test_the_plane_under_the_turned_kernel_is_dy_spread_and_padded(name):
    w, dy, options, dx = case(name)
    (sh, sw), (dh, dw) = options["stride"], options["dilation"]
    (top, _), (left, _) = options["padding"]
    kh, kw = w.shape
    shape = dx.shape[0] + dh * (kh - 1), dx.shape[1] + dw * (kw - 1)
    full = np.zeros(shape)
    lost = 0
    for i, j in np.ndindex(dy.shape):
        h, v = i * sh + dh * (kh - 1) - top, j * sw + dw * (kw - 1) - left
        if 0 <= h < shape[0] and 0 <= v < shape[1]:
            full[h, v] = dy[i, j]
        else:
            lost += 1
    plane, *_ = steps_of(figures.full_convolution(dy, w, **options, cells=[(0, 0)]))[0]
    rows = "; ".join(" ".join(base.number(v) for v in row) for row in full)
    assert f"rows {rows}" in plane.get("aria-label")
    assert ("cut off" in plane.get("aria-label")) == name.startswith("cropped")
    assert lost == 0 or "cut off" in texts(plane)
    assert ("for the remainder" in texts(plane)) == (name in ("remainder", "uneven"))
    assert ("zero of the stride" in texts(plane)) == (max(sh, sw) > 1)


def test_a_step_of_the_full_convolution_knows_only_what_is_behind_it():
    w, dy, options, dx = case("plain")
    animation = figures.full_convolution(dy, w, **options)
    for k, (_, _, result) in enumerate(steps_of(animation)):
        shown = numbers(result, dx.shape).ravel()
        assert [v is None for v in shown] == [at > k for at in range(dx.size)]


def test_full_convolution_can_show_chosen_cells_alone():
    w, dy, options, dx = case("stride")
    animation = figures.full_convolution(dy, w, **options, cells=[(4, 4), (0, 1)])
    assert [total(step.caption)[1] for step in animation.steps] == [dx[4, 4], dx[0, 1]]


@every_geometry
def test_the_kernel_scattered_by_each_dy_ends_at_the_same_dx(name):
    w, dy, options, dx = case(name)
    animation = figures.scatter_convolution(dy, w, **options)
    assert len(animation.steps) == dy.size
    (top, _), (left, _) = options["padding"]
    shown = [svgs[-1] for svgs in steps_of(animation)]
    alts = [svg.get("aria-label") for svg in shown]
    rows = "; ".join(" ".join(base.number(v) for v in row) for row in dx)
    assert alts[-1].endswith(f"rows {rows}.")
    for (i, j), svg in zip(np.ndindex(dy.shape), shown, strict=True):
        added = []
        for u, v in np.ndindex(w.shape):
            h = i * options["stride"][0] - top + u * options["dilation"][0]
            k = j * options["stride"][1] - left + v * options["dilation"][1]
            if 0 <= h < dx.shape[0] and 0 <= k < dx.shape[1]:
                added.append(w[u, v] * dy[i, j])
        assert [value(text) for text in corners(svg)] == added


def test_without_a_size_there_is_no_remainder():
    w, dy = np.ones((3, 2)), np.ones((2, 3))
    one = figures.full_convolution(dy, w, (3, 2), 1, cells=[(0, 0)]).steps[0]
    assert "for the remainder" not in texts(svgs(one)[0])
    same = figures.full_convolution(dy, w, (3, 2), 1, size=(4, 4), cells=[(0, 0)]).steps[0]
    assert one._repr_html_() == same._repr_html_()


def test_zero_insertion_shows_each_stage():
    dy = np.array([[1, 2], [3, 4]])
    first, second = svgs(figures.zero_insertion(dy, (2, 3)))
    assert np.array_equal(numbers(first, (2, 2)), dy)
    assert np.array_equal(numbers(second, (3, 4)), [[1, 0, 0, 2], [0, 0, 0, 0], [3, 0, 0, 4]])
    *_, third = svgs(figures.zero_insertion(dy, 2, 2, size=(4, 5)))
    z = [[1, 0, 2], [0, 0, 0], [3, 0, 4]]
    assert np.array_equal(numbers(third, (5, 6)), np.pad(z, ((1, 1), (1, 2))))
    assert len(svgs(figures.zero_insertion(dy, 1, 2))) == 2  # no zeros, no second stage


# ---------------------------------------------------------------------------- matrices, kernels


def test_a_matrix_shows_its_entries_and_lets_zeros_fade():
    (svg,) = svgs(figures.matrix([["a", "0"], [0, "−2"]], ["*p*", "*q*"], ["*r*", "*s*"]))
    assert texts(svg) == ["p", "q", "r", "s", "a", "0", "0", "−2"]
    looks = {t: n.get("style") for t, n in zip(texts(svg), svg.iter(TEXT), strict=True)}
    assert "--bk-muted" in looks["0"]
    assert "--bk-ink" in looks["a"]
    washes = [n for n in svg.iter(PATH) if "opacity" in n.get("style")]
    assert len(washes) == 2


def test_long_names_of_columns_stand_upright():
    (short,) = svgs(figures.matrix(np.eye(3), col_labels=["a", "b", "c"]))
    (long,) = svgs(figures.matrix(np.eye(3), col_labels=["x(0, 0)", "x(0, 1)", "x(0, 2)"]))
    assert not [n for n in short.iter(TEXT) if n.get("transform")]
    assert len([n for n in long.iter(TEXT) if n.get("transform")]) == 3


def test_a_wide_matrix_still_fits():
    (svg,) = svgs(figures.matrix(np.eye(16), [f"*y*({k}, {k})" for k in range(16)]))
    assert float(svg.get("width")) <= 480


def test_filters_are_blue_above_zero_and_orange_below():
    weight = np.array([[1.5, -0.5], [0, 3]])
    (svg,) = svgs(figures.filters(weight))
    assert np.array_equal(numbers(svg, (2, 2), y=MARGIN), weight)
    washes = [n.get("style") for n in svg.iter(PATH) if "opacity" in n.get("style")]
    opacities = [float(re.search(r"opacity:([\d.]+)", w)[1]) for w in washes]
    assert ["blue" in w for w in washes] == [True, False, True]
    assert opacities[1] < opacities[0] < opacities[2] <= 0.4


def test_filters_of_a_layer_are_named_by_map_and_channel():
    titles = [texts(svg)[0] for svg in svgs(figures.filters(np.ones((2, 2, 1, 1))))]
    assert titles == ["m = 0, c = 0", "m = 0, c = 1", "m = 1, c = 0", "m = 1, c = 1"]
    assert [texts(s)[0] for s in svgs(figures.filters(np.ones((2, 1, 1))))] == ["m = 0", "m = 1"]


@pytest.mark.parametrize(("C", "M", "G"), [(3, 2, 1), (4, 8, 2), (4, 4, 4), (6, 3, 3)])
def test_groups_draw_a_line_for_each_pair_that_has_a_kernel(C, M, G):
    lines, blocks = svgs(figures.groups(C, M, G))
    straight = [n for n in lines.iter(PATH) if re.fullmatch(r"M[^LCz]+L[^LCz]+", n.get("d"))]
    assert len(straight) == texts(blocks).count("w") == C * M // G
    assert f"{C * M // G} of {C * M}" in texts(blocks)
    last = ", ".join(str(c) for c in range(C - C // G, C))
    assert lines.get("aria-label").endswith(f"output {M - 1} reads {last}.")


# ---------------------------------------------------------------------------- animation


def page_of(*captions):
    steps = [figures.grid([[k]]) for k in range(3)]
    return figures.frames(steps, captions, label="A *label*")


def test_an_animation_holds_every_step_and_its_caption():
    page = page_of("first", "then", "last")._repr_html_()
    assert page.count("<svg") == page.count('<div role="group" aria-label="Step ') == 3
    assert [page.index(word) for word in ("first", "then", "last")] == sorted(
        page.index(word) for word in ("first", "then", "last")
    )
    assert 'aria-label="A label, 3 steps"' in page
    assert page.count(SCRIPT) == page.count("<script") == 1


def test_an_animation_leaves_the_figures_it_is_made_of_alone():
    figure = figures.grid([[1]], caption="mine")
    before = figure._repr_html_()
    page = figures.frames([figure], ["yours"])._repr_html_()
    assert "yours" in page
    assert "mine" not in page
    assert figure._repr_html_() == before
    assert "mine" in figures.frames([figure])._repr_html_()


def test_an_animation_is_said_in_few_words():
    animation = page_of()
    assert repr(animation) == "Figure: A label, 3 steps"
    assert animation.alt.startswith("A label, 3 steps. It ends with: Matrix of 1 × 1, rows 2.")


def test_the_script_asks_for_nothing_and_names_nothing_of_its_own():
    assert not re.search(r"https?:|import\b|fetch|XMLHttp|\.id\b|getElementById", SCRIPT)
    assert "</script" not in SCRIPT


def test_a_drawing_in_fewer_bytes_is_the_same_drawing():
    figure = figures.zero_insertion(np.arange(9).reshape(3, 3), 2, 3)
    shorter = _in_groups(figure._repr_html_())
    assert len(shorter) < 0.75 * len(figure._repr_html_())

    def elements(page):
        class Page:
            def _repr_html_(self):
                return page

        found = (n for svg in svgs(Page()) for n in svg.iter() if n.tag in (TEXT, PATH))
        return [(n.tag, sorted(n.attrib.items()), "".join(n.itertext())) for n in found]

    assert elements(shorter) == elements(figure._repr_html_())
    for svg in re.findall(r"<svg.*?</svg>", shorter):
        for group in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}g"):
            assert not re.search(r"(^|;)opacity", group.get("style"))


def test_a_step_stays_small():
    animation = figures.full_convolution(np.ones((3, 3)), np.ones((3, 3)), 2, 1, size=(6, 6))
    assert len(replace(animation, steps=animation.steps[-1:])._repr_html_()) < 22_000


def test_a_row_keeps_the_drawings_and_puts_signs_between():
    figure = figures.row(
        figures.grid([[1]]), figures.grid([[2]]), figures.grid([[3]]), signs=["=", "·"]
    )
    assert [texts(svg)[-1] for svg in svgs(figure)] == ["1", "2", "3"]
    assert [item for item in figure.items if isinstance(item, str)] == ["=", "·"]


# ---------------------------------------------------------------------------- to the eye


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_numbers_have_contrast_where_the_kernel_lies_on_dy(mode):
    colour = {name: pair[mode] for name, pair in base.PALETTE.items()}
    dy = blended(colour["orange"], colour["cell"], UPSTREAM)
    both = blended(colour["blue"], dy, base.TINT)
    assert contrast(luminance(colour["ink"]), luminance(both)) >= 4.5
    tap = blended(colour["blue"], colour["cell"], 0.24)
    assert contrast(luminance(colour["muted"]), luminance(tap)) >= 4.5  # a zero under the kernel


def test_a_long_label_of_bars_is_whole():
    label = "milliseconds of a forward and a backward call, the median of many, in one process"
    (svg,) = svgs(figures.bars({"a": 1}, label))
    written = texts(svg)
    assert " ".join(written[written.index("1") + 1 :]) == label


# ---------------------------------------------------------------------------- refusals

WINDOW = convpool.window((4, 4), 2)
ONES = np.ones((2, 2))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.convolution(WINDOW, np.ones((3, 3))), r"kernel must have the shape \(2"),
        (lambda: figures.convolution(WINDOW, ONES, np.ones(3)), "x must be a matrix"),
        (lambda: figures.convolution(WINDOW, ONES, np.ones((3, 3))), "x must have the shape"),
        (lambda: figures.convolution(WINDOW, ONES, output=(2, 0)), "outside the output"),
        (lambda: figures.full_convolution(ONES, np.ones((1, 1, 2, 2))), "kernel must be a matrix"),
        (
            lambda: figures.full_convolution(ONES, ONES, size=(9, 9)),
            r"output of size \(8, 8\), but",
        ),
        (lambda: figures.full_convolution(ONES, ONES, padding="same"), "needs the size of x"),
        (lambda: figures.full_convolution(ONES, ONES, padding=2), "leaves no cell of x"),
        (lambda: figures.full_convolution(ONES, ONES, stride=0), "stride must be at least 1"),
        (lambda: figures.full_convolution(ONES, ONES, cells=[(3, 0)]), "outside dx of shape"),
        (lambda: figures.scatter_convolution(np.ones(2), ONES), "dy must be a matrix"),
        (lambda: figures.zero_insertion(np.ones((0, 2))), "dy must be a matrix"),
        (lambda: figures.matrix(np.ones(3)), "A must be a matrix"),
        (lambda: figures.matrix(ONES, ["a"]), "row_labels must have 2 entries"),
        (lambda: figures.matrix(ONES, (), ["a"]), "col_labels must have 2 entries"),
        (lambda: figures.matrix(ONES, marks=[(2, 2)]), "outside the matrix"),
        (lambda: figures.filters(np.ones(3)), "2, 3 or 4 axes"),
        (lambda: figures.filters(ONES, ["a", "b"]), "each of 1 kernels has a title"),
        (lambda: figures.groups(4, 6, 4), "G must divide C and M"),
        (lambda: figures.groups(16, 16), "at most 12 channels"),
        (lambda: figures.frames([]), "at least one figure"),
        (lambda: page_of("one"), "each of 3 figures has a caption"),
        (lambda: figures.row(figures.grid(ONES), figures.grid(ONES), signs=["a", "b"]), "1 signs"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_only_figures_make_an_animation_and_none_stands_in_a_row():
    with pytest.raises(TypeError, match="made of figures"):
        figures.frames([np.ones(2)])
    with pytest.raises(TypeError, match="stands alone"):
        figures.row(page_of())

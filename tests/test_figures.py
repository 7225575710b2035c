"""The figures: the same bytes everywhere, both colour modes, words for the eye, true numbers."""

import functools
import hashlib
import itertools
import math
import os
import re
import subprocess
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.backends.backend_svg import RendererSVG

import convpool
from bookkit import figures
from bookkit.figures import base
from bookkit.figures.animation import SCRIPT
from convpool import loops, nn
from convpool.geometry import Axis

X = np.array([[1, 3, 2, 1], [4, 2, 1, 5], [3, 1, 7, 2], [0, 6, 4, 8]])
DY = np.array([[1.0, 2.0], [3.0, 4.0]])
PHOTO = np.random.default_rng(0).random((3, 40, 60))
SIGNED = np.random.default_rng(1).standard_normal((8, 8))


def padded(ceil_mode=False):
    return convpool.window((5, 5), 3, 2, 1, 1, ceil_mode)


EXAMPLES = {
    "grid": lambda: figures.grid(X, "*x*", marks=[(1, 0)], outlines=[[(0, 0), (0, 1)], [(3, 3)]]),
    "grid of words": lambda: figures.grid(
        [["a", "b"], ["e", "f"]], index=False, caption="*a* < `b`"
    ),
    "grids": lambda: figures.grids(X, DY, titles=["x", "dy"], marks=[None, [(0, 0)]], signs=["≠"]),
    "windows": lambda: figures.windows(padded(), [(0, 0), (1, 2)]),
    "windows with values": lambda: figures.windows(
        convpool.window((6, 6), 3, 2, 0, 1, True), [(0, 0), (0, 1)], np.arange(36).reshape(6, 6)
    ),
    "windows with gaps": lambda: figures.windows(convpool.window((7, 8), (2, 3), 3, 0, (2, 1))),
    "coverage": lambda: figures.coverage(padded()),
    "axis": lambda: figures.axis(Axis.sliding(9, 3, 2, 1, 1, 2)),
    "axis with overhang": lambda: figures.axis(Axis.sliding(8, 3, 3, ceil_mode=True)),
    "bins": lambda: figures.bins(10, 4),
    "receptive field": lambda: figures.receptive_field([Axis.sliding(9, 3), Axis.sliding(7, 2, 2)]),
    "routing of maxima": lambda: figures.routing(X, DY, 2),
    "routing of averages": lambda: figures.routing(X, DY, 2, mode="average"),
    "routing of overlaps": lambda: figures.routing(X[:3, :3], DY, 2, 1),
    "routing of bins": lambda: figures.routing(X, DY[:1], output_size=(1, 2), mode="average"),
    "chain": lambda: figures.chain(["x", "y", "L"], ["pool", "loss"]),
    "chain with pullbacks": lambda: figures.chain(["x", "L"], ["f"], ["∂L/∂x", "1"], ["fᵀ"]),
    "photographs": lambda: figures.photographs([PHOTO, PHOTO[0] - 0.5], ["photo", "map"], width=50),
    "digits": lambda: figures.digits([np.abs(SIGNED) / 3, SIGNED], ["digit", "signed"]),
    "verdicts": lambda: figures.verdicts({"a": {"ones": True, "all": False}}, {"a": "b"}, "*a*"),
    "memory": lambda: figures.memory((1, 3, 2, 4), element=(0, 1, 0, 2)),
    "im2col": lambda: figures.im2col(convpool.window((3, 3), 2, 1, 1)),
    "lines": lambda: figures.lines(
        [1e-8, 1e-4, 1e-2], {"one": [1, 1e-3, 1e-5], "two": [2, 0, 3e-2]}, "h", "error", "Errors",
        logx=True, logy=True,
    ),
    "bars": lambda: figures.bars({"loops": 12.5, "compiled": 0.25}, "ms", reference=("copy", 3)),
    "bars with much to say": lambda: figures.bars(
        {"the longest of names": 1}, "how often a thing happens that takes many words to tell " * 2
    ),
    "convolution": lambda: figures.convolution(
        convpool.window((4, 4), 2, 1, 1, 2), DY - 2, X, (0, 1)
    ),
    "convolution without numbers": lambda: figures.convolution(convpool.window((4, 5), 2), DY),
    "full convolution": lambda: figures.full_convolution(DY, DY - 2.5, 3, size=(5, 6),
                                                         cells=[(0, 0), (4, 5)]),
    "full convolution that crops": lambda: figures.full_convolution(X, DY, padding=2, size=(1, 1)),
    "scatter": lambda: figures.scatter_convolution(DY[:1], DY, 2, 1, size=(1, 3)),
    "zero insertion": lambda: figures.zero_insertion(DY, (2, 3)),
    "zero insertion and padding": lambda: figures.zero_insertion(DY, 2, 2, size=(5, 4)),
    "matrix": lambda: figures.matrix(
        [["a", "b", "0"], ["0", "a", "b"]], ["*y*₀", "*y*₁"], ["*x*(0, 0)", "*x*(0, 1)", "*x*(1)"],
        "*A*", marks=[(0, 1)], outlines=[[(0, 0), (0, 1)]],
    ),
    "filters": lambda: figures.filters(SIGNED.reshape(4, 2, 2, 4)[:2]),
    "groups": lambda: figures.groups(4, 6, 2),
    "frames": lambda: figures.frames(
        [figures.grid(X), figures.grid(DY)], ["*x*", "`dy` < 5"], "Two *things*", caption="both"
    ),
    "row": lambda: figures.row(figures.matrix(X), figures.grid(DY), signs="="),
    "network": lambda: figures.network(
        nn.Sequential(nn.MaxPool2d(2), nn.ReLU(), nn.Flatten()), (3, 6, 8), "flat"
    ),
    "fields": lambda: figures.fields([SIGNED, X], [[(range(2, 9), range(3))], []], ["8", ""]),
    "valley": lambda: figures.valley([[2, 1], [1, 3]], {"one": X[:3, :2], "two": -DY}, title="t"),
    "lp_balls": figures.lp_balls,
    "lp_curves": figures.lp_curves,
}  # fmt: skip


@functools.cache
def drawn(name):
    """One figure of each example, for the tests that only look at it."""
    return EXAMPLES[name]()


every_example = pytest.mark.parametrize("name", EXAMPLES)


def svgs(figure):
    """The SVG elements of a figure's HTML, parsed; the style of a group is its members' own."""
    found = re.findall(r"<svg.*?</svg>", figure._repr_html_(), re.DOTALL)
    parsed = [ElementTree.fromstring(svg) for svg in found]
    for group in (g for svg in parsed for g in svg.iter("{http://www.w3.org/2000/svg}g")):
        for member in group:
            member.set("style", group.get("style"))
    return parsed


def texts(svg):
    """What is written in an SVG, in drawing order."""
    return ["".join(node.itertext()) for node in svg.iter("{http://www.w3.org/2000/svg}text")]


def without_images(page):
    return re.sub(r'href="data:image/png;base64,[^"]*"', "", page)


def test_every_function_of_the_package_has_an_example():
    used = {name for example in EXAMPLES.values() for name in _names(example)}
    assert used >= set(figures.__all__) - {"Canvas", "Figure", "css"}


def _names(example):
    return (*example.__code__.co_names, example.__name__)


def test_the_catalogue_names_every_function_with_its_parameters():
    catalogue = figures.__doc__
    for name in set(figures.__all__) - {"Canvas", "Figure", "css"}:
        code = getattr(figures, name).__code__
        parameters = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        entry = re.search(
            rf"^    {name}\((.*?)\)\n        [A-Z]", catalogue, re.MULTILINE | re.DOTALL
        )
        assert entry, f"{name} is not in the catalogue"
        named = set(re.findall(r"(\w+)(?==|,|$)", re.sub(r"=(\([^)]*\)|[^,]*)", "=", entry[1])))
        assert named >= set(parameters) - {"caption"}, name


# ---------------------------------------------------------------------------- the same everywhere


def test_the_bytes_depend_neither_on_the_hash_seed_nor_on_the_readers_matplotlib_settings():
    program = (
        "import hashlib, sys; sys.path.insert(0, 'tests'); import matplotlib as mpl\n"
        "mpl.rcParams.update({'font.size': 30, 'lines.linewidth': 9, 'axes.facecolor': 'red',\n"
        "    'path.simplify': False, 'patch.linewidth': 7, 'svg.fonttype': 'path',\n"
        "    'font.family': 'serif', 'savefig.bbox': 'tight', 'figure.dpi': 200,\n"
        "    'savefig.dpi': 300, 'text.color': 'blue', 'hatch.linewidth': 5})\n"
        "import test_figures as t\n"
        "pages = [t.without_images(e()._repr_html_()) for e in t.EXAMPLES.values()]\n"
        "print(hashlib.sha256(''.join(pages).encode()).hexdigest())"
    )
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=here,
        env=os.environ | {"PYTHONHASHSEED": "1"},  # this process has another
    )
    pages = "".join(without_images(drawn(name)._repr_html_()) for name in EXAMPLES)
    assert run.stdout.strip() == hashlib.sha256(pages.encode()).hexdigest()


@every_example
def test_coordinates_have_at_most_two_decimals(name):
    for svg in svgs(drawn(name)):
        for node in svg.iter():
            for key in ("d", "x", "y", "width", "height", "viewBox", "transform"):
                assert not re.search(r"\.\d{3}", node.get(key, "")), (key, node.get(key))


@every_example
def test_two_calls_give_the_same_bytes_whatever_the_fonts_measure(name, monkeypatch):
    def wild(self, s, prop, ismath):
        return 7.3 * len(s), 31.7, 5.9

    monkeypatch.setattr(RendererSVG, "get_text_width_height_descent", wild)
    assert EXAMPLES[name]()._repr_html_() == drawn(name)._repr_html_()


def test_drawing_leaves_matplotlibs_global_state_alone():
    program = (
        "import sys, matplotlib as mpl; before = mpl.rcParams.copy()\n"
        "from bookkit import figures; figures.grid([[1, 2]])._repr_html_()\n"
        "assert mpl.rcParams.copy() == before and 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_importing_bookkit_does_not_import_matplotlib():
    program = "import bookkit, sys; assert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


# ---------------------------------------------------------------------------- colours


@every_example
def test_every_colour_is_a_variable_of_the_palette(name):
    page = without_images(drawn(name)._repr_html_())
    fallbacks = dict(re.findall(r"var\(--bk-(\w+), (#[0-9a-f]{6})\)", page))
    assert fallbacks
    assert fallbacks.items() <= {k: v[0] for k, v in base.PALETTE.items()}.items()
    rest = re.sub(r"var\(--bk-\w+, #[0-9a-f]{6}\)", "", page)
    assert not re.search(r"#[0-9a-fA-F]{3,8}\b|rgb|hsl", rest)
    for svg in svgs(drawn(name)):
        for node in svg.iter("{http://www.w3.org/2000/svg}text"):
            assert "fill:var(" in node.get("style"), "text without a colour is black in dark mode"


def test_the_style_sheet_defines_every_colour_for_both_modes():
    sheet = figures.css()
    blocks = dict(re.findall(r"^([^@{}\n]+) \{\n(.*?)\n\}", sheet, re.MULTILINE | re.DOTALL))
    for selector, mode in ((":root", 0), ('html[data-theme="dark"]', 1)):
        for name, pair in base.PALETTE.items():
            assert f"--bk-{name}: {pair[mode]};" in sheet.partition(selector)[2].partition("}")[0]
    assert blocks


def test_no_two_colours_share_a_value_within_a_mode():
    for mode in (0, 1):
        values = [pair[mode] for pair in base.PALETTE.values()]
        assert len(set(values)) == len(values)


def linear(colour):
    """Red, green and blue of a hex colour, as light."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(a, b):
    """WCAG 2's ratio of two luminances."""
    high, low = max(a, b), min(a, b)
    return (high + 0.05) / (low + 0.05)


def blended(over, under, opacity):
    """The hex colour of a wash, blended as browsers do, in sRGB."""
    mixed = [
        round(opacity * int(over[k : k + 2], 16) + (1 - opacity) * int(under[k : k + 2], 16))
        for k in (1, 3, 5)
    ]
    return "#" + "".join(f"{part:02x}" for part in mixed)


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_text_has_contrast_aa_on_every_ground_it_stands_on(mode):
    colour = {name: pair[mode] for name, pair in base.PALETTE.items()}
    for text in ("ink", "muted", *base.HUES):
        assert contrast(luminance(colour[text]), luminance(colour["paper"])) >= 4.5, text
    for text in ("ink", "muted", "orange"):
        assert contrast(luminance(colour[text]), luminance(colour["cell"])) >= 4.5, text
    for hue in (*base.HUES, "muted"):
        wash = blended(colour[hue], colour["cell"], 0.4)  # the strongest under a number
        assert contrast(luminance(colour["ink"]), luminance(wash)) >= 4.5, hue
        faint = blended(colour[hue], colour["cell"], 0.24)  # under a small number
        assert contrast(luminance(colour["muted"]), luminance(faint)) >= 4.5, hue


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_lines_have_contrast_against_the_page(mode):
    colour = {name: pair[mode] for name, pair in base.PALETTE.items()}
    for name in ("muted", *base.HUES):
        assert contrast(luminance(colour[name]), luminance(colour["cell"])) >= 3, name


# Machado, Oliveira and Fernandes (2009), severity 1, on linear light
BLINDNESS = {
    "full sight": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def lab(light):
    """CIE L*a*b* of linear sRGB light."""
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(to_xyz @ np.clip(light, 0, 1), 0) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize("sight", BLINDNESS)
def test_the_hues_differ_for_every_kind_of_sight(sight, mode):
    seen = {h: lab(BLINDNESS[sight] @ linear(base.PALETTE[h][mode])) for h in base.HUES}
    for a, b in itertools.combinations(base.HUES, 2):
        assert np.linalg.norm(seen[a] - seen[b]) >= 18, (a, b)


def test_each_hue_has_a_dash_of_its_own_so_that_colour_never_stands_alone():
    assert len({str(dash) for dash in base.DASHES}) == len(base.DASHES) == len(base.HUES)


# ---------------------------------------------------------------------------- in a page


@every_example
def test_each_drawing_describes_itself(name):
    for svg in svgs(drawn(name)):
        assert svg.get("role") == "img"
        assert len(svg.get("aria-label")) > 12
        assert "*" not in svg.get("aria-label")
    assert drawn(name).alt


@every_example
def test_no_ids_so_that_any_number_of_figures_share_a_page(name):
    page = drawn(name)._repr_html_().replace(f"<script>\n{SCRIPT}</script>", "")
    assert not re.search(r"\bid=|url\(|<style|<script|<defs|xlink", page)


@every_example
def test_a_drawing_scales_and_has_no_drawn_text_beyond_its_edges(name):
    for svg in svgs(drawn(name)):
        width, height = float(svg.get("width")), float(svg.get("height"))
        assert svg.get("viewBox") == f"0 0 {svg.get('width')} {svg.get('height')}"
        assert "max-width:100%" in svg.get("style")
        assert width <= 480, "wider than this, text is too small on a phone of 360 px"
        for node in svg.iter("{http://www.w3.org/2000/svg}text"):
            style = dict(part.split(":", 1) for part in node.get("style").split(";"))
            size = float(style["font-size"].removesuffix("px"))
            reach = 0.5 * size * len("".join(node.itertext()))
            left = {"start": 0, "middle": reach / 2, "end": reach}[
                style.get("text-anchor", "start")
            ]
            x, y = float(node.get("x")), float(node.get("y"))
            if "rotate(-90" in node.get("transform", ""):
                assert -2 <= y - reach, node.itertext()
                continue
            assert -2 <= x - left, node.itertext()
            assert x - left + reach <= width + 2, "".join(node.itertext())
            assert size <= y + 2
            assert y <= height


@every_example
def test_text_stays_legible_on_a_phone(name):
    for svg in svgs(drawn(name)):
        scale = min(1, 328 / float(svg.get("width")))
        sizes = re.findall(r"font-size:([\d.]+)px", ElementTree.tostring(svg, "unicode"))
        assert all(float(size) * scale >= 8 for size in sizes)


def test_a_caption_is_escaped_and_knows_italics_and_code():
    page = EXAMPLES["grid of words"]()._repr_html_()
    assert "<em>a</em> &lt; <code>b</code></figcaption>" in page
    assert "<figcaption" not in figures.grid([[1]])._repr_html_()


def test_markup_of_a_reader_cannot_leave_its_place():
    page = figures.grid([['<b>"&']], title='"><script>', caption="</figure>")._repr_html_()
    assert "<script" not in page
    assert page.count("</figure>") == 1


def test_photographs_stay_small():
    noise = np.random.default_rng(2).random((3, 427, 640))
    for picture in figures.photographs([noise], ["noise"])._repr_html_().split("base64,")[1:]:
        assert len(picture) < 80_000


# ---------------------------------------------------------------------------- true to the numbers


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (-2.5, "−2.5"), (0.125, "0.12"), (1 / 3, "0.33"), (-0.0, "0"), (-0.001, "0"),
     (math.nan, "NaN"), (-math.inf, "−∞"), (100, "100"), (np.float32(0.5), "0.5"), ("w", "w")],
)  # fmt: skip
def test_a_number_takes_as_few_digits_as_it_needs(value, text):
    assert base.number(value) == text


def test_a_grid_shows_the_numbers_it_is_given():
    values = np.random.default_rng(3).integers(-99, 99, (3, 5))
    (svg,) = svgs(figures.grid(values, index=False))
    assert texts(svg) == [base.number(v) for v in values.ravel()]


def test_grids_show_each_matrix_in_its_own_drawing():
    first, second = svgs(figures.grids(X, DY, titles=["x", "dy"]))
    assert texts(first) == ["x", *map(str, X.ravel())]
    assert texts(second) == ["dy", "1", "2", "3", "4"]


def test_marks_are_bold_and_nothing_else_is():
    (svg,) = svgs(figures.grid(X, marks=[(1, 0), (3, 3)], index=False))
    bold = [
        n
        for n in svg.iter("{http://www.w3.org/2000/svg}text")
        if "bold" in n.get("style") or "700" in n.get("style")
    ]
    assert ["".join(node.itertext()) for node in bold] == ["4", "8"]


def test_coverage_shows_how_many_windows_cover_each_cell():
    window = convpool.window((4, 5), 3, 1, 1, (1, 2))
    counts = [str(len(window.covering(h, w))) for h in range(4) for w in range(5)]
    (svg,) = svgs(figures.coverage(window))
    assert texts(svg)[-20:] == counts


def test_windows_without_a_tap_inside_are_described_with_their_true_cells():
    alt = figures.windows(padded(), [(0, 2)]).alt
    assert "taps on rows −1, 0, 1 and columns 3, 4, 5" in alt
    assert "padding" in alt


def test_windows_mark_the_remainder_the_overhang_and_the_padding():
    shape = (6, 6)
    assert "seen by no window" in figures.windows(convpool.window(shape, 4, 4)).alt
    assert "overhang" in figures.windows(convpool.window(shape, 4, 4, ceil_mode=True)).alt
    plain = figures.windows(convpool.window(shape, 2)).alt
    assert not any(word in plain for word in ("padding", "overhang", "no window"))


def test_routing_marks_the_packages_own_winners_and_shows_its_dx():
    rng = np.random.default_rng(4)
    x, dy = rng.integers(0, 4, (5, 6)).astype(float), rng.integers(1, 9, (3, 3)).astype(float)
    figure = figures.routing(x, dy, 3, 2, 1)
    _, indices = loops.max_pool2d(x[np.newaxis], 3, 2, 1, return_indices=True)
    for (i, j), index in np.ndenumerate(indices[0]):
        h, w = divmod(int(index), 6)
        assert f"dy({i}, {j}) = {dy[i, j]:.0f} goes to cell ({h}, {w})," in figure.alt
    dx = loops.max_pool2d_backward(dy[np.newaxis], x[np.newaxis], 3, 2, 1)[0]
    (svg,) = svgs(figure)
    pairs = texts(svg)[-60:]  # the small x and the large dx of each cell
    assert pairs[0::2] == [base.number(v) for v in x.ravel()]
    assert pairs[1::2] == [base.number(v) for v in dx.ravel()]


@pytest.mark.parametrize(
    ("options", "share"),
    [({"kernel_size": 2}, "1/4"), ({"kernel_size": 2, "stride": 1}, "1/4"),
     ({"kernel_size": (1, 3), "stride": 1}, "1/3"), ({"output_size": (2, 1)}, "1/8")],
)  # fmt: skip
def test_routing_of_averages_shows_the_share_and_dx(options, share):
    shape = {"output_size": (2, 1)}.get("output_size") if "output_size" in options else (
        convpool.window((4, 4), options["kernel_size"], options.get("stride")).out
    )  # fmt: skip
    dy = np.random.default_rng(5).integers(1, 9, shape).astype(float)
    (svg,) = svgs(figures.routing(X, dy, mode="average", **options))
    name = "adaptive_avg_pool2d_backward" if "output_size" in options else "avg_pool2d_backward"
    dx = getattr(loops, name)(dy[np.newaxis], X[np.newaxis].astype(float), **options)[0]
    written = texts(svg)
    assert written.count("× " + share) == dy.size
    assert written[-31::2] == [base.number(v) for v in dx.ravel()]


def test_bins_show_the_length_of_each():
    (svg,) = svgs(figures.bins(10, 4))
    assert texts(svg).count("3 cells") == 4
    assert "shared: 2, 7." in figures.bins(10, 4).alt
    assert "none is shared" in figures.bins(8, 4).alt


def test_receptive_field_counts_the_cells_and_says_what_padding_hides():
    inner = figures.receptive_field([Axis.sliding(9, 3, 1, 1, 1)] * 2, output=4)
    assert "5 cells" in texts(svgs(inner)[0])
    edge = figures.receptive_field([Axis.sliding(9, 3, 1, 1, 1)] * 2, output=0)
    assert "3 cells of 5, the rest in padding" in texts(svgs(edge)[0])


@pytest.mark.parametrize("layout", ["NCHW", "NHWC", "CHWN"])
def test_memory_lays_entries_out_as_numpy_does(layout):
    shape = (2, 3, 2, 2)
    from bookkit.figures.layouts import entry, strides_of

    array = np.zeros([shape["NCHW".index(a)] for a in layout], np.int8)
    moved = array.transpose([layout.index(a) for a in "NCHW"])
    assert strides_of(shape, layout) == moved.strides
    places = {entry(shape, layout, address): address for address in range(24)}
    for ij in np.ndindex(shape):
        assert places[ij] == sum(i * s for i, s in zip(ij, moved.strides, strict=True))


def test_im2col_shows_the_rows_of_the_packages_unfolding():
    window = convpool.window((4, 4), 2, 1)
    values = np.arange(10, 26).reshape(4, 4)
    _, matrix = svgs(figures.im2col(window, cell=(1, 1), values=values))
    rows = [
        base.number(values[tap]) for i, j in np.ndindex(window.out) for tap in window.taps(i, j)
    ]
    assert texts(matrix)[-36:] == rows
    assert figures.im2col(window, cell=(1, 1)).alt.endswith("stands in 4 of them.")


def test_lines_drop_what_a_logarithmic_axis_cannot_show():
    (svg,) = svgs(figures.lines([1, 10, 100], {"a": [1, 0, -1]}, "x", "y", logx=True, logy=True))
    assert "from 1 at 1 to 1 at 1" in svg.get("aria-label")
    with pytest.raises(ValueError, match="no value to draw"):
        figures.lines([1, 2], {"a": [0, -1]}, "x", "y", logy=True)


def test_bars_write_their_values():
    (svg,) = svgs(EXAMPLES["bars"]())
    assert {"12.5", "0.25", "copy"} <= set(texts(svg))


# ---------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.grid(np.zeros((1, 2, 2))), "a grid shows a matrix"),
        (lambda: figures.grid(X, marks=[(4, 0)]), "outside the matrix"),
        (lambda: figures.windows(padded(), [(3, 0)]), "outside the output"),
        (lambda: figures.windows(padded(), values=X), "values must have the shape"),
        (lambda: figures.routing(X, DY, 2, mode="median"), "mode must be"),
        (lambda: figures.routing(X, DY[:1], 2), "dy must have the shape"),
        (lambda: figures.bars({"a": -1}, "b"), "start at zero"),
        (lambda: figures.chain(["x"], ["f"]), "functions join"),
        (lambda: figures.memory((2, 3, 4, 5)), "at most 64 entries"),
        (lambda: figures.memory((1, 2, 2, 2), ["NCHX"]), "a layout is an order"),
        (lambda: figures.photographs([PHOTO], []), "has a title"),
        (lambda: figures.photographs([PHOTO[:2]], ["two channels"]), "a picture is"),
        (lambda: figures.receptive_field([Axis.sliding(9, 3)] * 2), "next layer"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_words(call, message):
    with pytest.raises(ValueError, match=message):
        call()

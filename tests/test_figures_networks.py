"""The figures of the chapters on networks: true to the numbers."""

import re

import numpy as np
import pytest
from test_figures import svgs, texts

from bookkit import figures
from convpool import nn

PATH = "{http://www.w3.org/2000/svg}path"
BLUE = "#1d4bb8"  # of the first path

# ---------------------------------------------------------------------------- valleys

A = np.array([[2.0, 1.0], [1.0, 3.0]])
VIEW = ((-4, 2), (-1, 2))
WAY = np.array([[-3.0, 1.0], [-1.0, -0.5], [0.5, 0.25]])


def corners(node):
    """The points of a path of straight lines."""
    numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", node.get("d"))]
    return np.reshape(numbers, (-1, 2))


def lines_of(figure, colour):
    (svg,) = svgs(figure)
    found = [
        n for n in svg.iter(PATH) if colour in n.get("style") and "fill:none" in n.get("style")
    ]
    return [corners(n) for n in found if "C" not in n.get("d")]


def in_the_plane(points):
    """From pixels to the plane, known from three marks: the frame and the view that it shows."""
    (frame,) = lines_of(figures.valley(A, {"way": WAY}, VIEW), "#4d555e")
    (x0, y0), (x1, y1) = frame.min(axis=0), frame.max(axis=0)
    (left, right), (low, high) = VIEW
    scale = (right - left) / (x1 - x0)
    assert np.isclose(scale, (high - low) / (y1 - y0), rtol=1e-3)  # no distortion
    return np.stack(
        [left + scale * (points[:, 0] - x0), high - scale * (points[:, 1] - y0)], axis=1
    )


def test_a_path_over_a_valley_goes_through_its_points():
    way, *_ = lines_of(figures.valley(A, {"way": WAY}, VIEW), BLUE)
    assert np.allclose(in_the_plane(way), WAY, atol=0.01)


def test_all_points_of_a_contour_line_are_of_one_height_and_the_heights_grow():
    contours = lines_of(figures.valley(A, {"way": WAY}, VIEW), "#c3c9d0")
    assert len(contours) >= 12
    levels = []
    for contour in contours:
        z = in_the_plane(contour)
        heights = np.einsum("ki,ij,kj->k", z, A, z) / 2
        assert np.ptp(heights) < 0.03 * heights.max()
        levels.append(heights.mean())
    roots = np.sqrt(np.unique(np.round(levels, 1)))
    assert roots.max() > 3 * roots.min()


def test_what_leaves_the_view_is_not_drawn():
    far = figures.valley(A, {"way": [*WAY, [9.0, 9.0]]}, VIEW)
    (svg,) = svgs(far)
    for node in svg.iter(PATH):
        points = corners(node)
        assert points.min() >= 0
        assert points[:, 0].max() <= float(svg.get("width"))


def test_without_a_view_every_path_and_the_minimum_are_in_the_picture():
    ways = {"one": WAY, "two": 5 - WAY}
    figure = figures.valley(A, ways)
    (frame,) = lines_of(figure, "#4d555e")
    (first,) = (line for line in lines_of(figure, BLUE) if len(line) == 3)
    assert (first > frame.min(axis=0)).all()
    assert (first < frame.max(axis=0)).all()


def test_a_valley_says_in_words_where_its_paths_begin_and_end():
    figure = figures.valley(np.diag([1, 30]), {"SGD": WAY}, title="down")
    assert "down: " in figure.alt
    assert "5.5 times as long as wide" in figure.alt
    assert "SGD goes in 2 steps from (−3, 1) to (0.5, 0.25)" in figure.alt


def test_a_valley_names_its_paths_unless_its_title_is_enough():
    def names(ways, **options):
        return texts(svgs(figures.valley(A, ways, VIEW, **options))[0])

    assert names({"SGD": WAY}) == ["SGD"]
    assert names({"SGD": WAY, "Adam": WAY[:2]}, title="two") == ["two", "SGD", "Adam"]
    assert names({"SGD": WAY}, title="SGD") == ["SGD"]


def test_a_valley_is_as_wide_as_one_asks_and_its_paths_with_it():
    wide, narrow = (figures.valley(A, {"way": WAY}, VIEW, width=width) for width in (330, 173))
    assert [float(svgs(figure)[0].get("width")) for figure in (wide, narrow)] == [330, 173]
    (long, *_), (short, *_) = lines_of(wide, BLUE), lines_of(narrow, BLUE)
    assert np.allclose(np.ptp(long, axis=0), 2 * np.ptp(short, axis=0), atol=0.1)


@pytest.mark.parametrize(
    "matrix", [[[1, 2], [3, 4]], [[1, 0], [0, -1]], [[1, 0]], [[0, 0], [0, 0]]]
)
def test_what_is_no_valley_is_refused(matrix):
    with pytest.raises(ValueError, match="positive definite"):
        figures.valley(matrix, {"way": WAY})


# ---------------------------------------------------------------------------- curves


def test_a_curve_breaks_off_where_it_is_no_number():
    t = np.arange(6.0)
    step = np.where(t == 2, np.nan, t > 2)
    whole = lines_of(figures.lines(t, {"step": t > 2}, "x", "y", points=False), BLUE)
    left, right = lines_of(figures.lines(t, {"step": step}, "x", "y", points=False), BLUE)
    assert len(whole) == 1
    assert (len(left), len(right)) == (2, 3)
    assert np.ptp(left[:, 1]) == np.ptp(right[:, 1]) == 0  # flat: nothing joins the two
    assert left[0, 1] > right[0, 1]


# ---------------------------------------------------------------------------- networks


def boxes_of(svg):
    """(width, height) of each box, in drawing order."""
    spans = [np.ptp(corners(n), axis=0) for n in svg.iter(PATH) if BLUE in n.get("style")]
    return np.array(spans)


def lenet(**options):
    return nn.LeNet5(rng=np.random.default_rng(0), **options)


def test_a_network_is_drawn_as_the_shapes_that_its_layers_give():
    drawings = svgs(figures.network(lenet(), (1, 28, 28)))
    shapes = ["1 × 28 × 28", "6 × 24 × 24", "6 × 12 × 12", "16 × 8 × 8", "16 × 4 × 4"]
    assert [texts(svg)[-1] for svg in drawings] == [*shapes, "256", "120", "84", "10"]
    assert [len(boxes_of(svg)) for svg in drawings] == [1, 6, 6, 16, 16, 1, 1, 1, 1]


def test_the_planes_are_to_scale_and_a_larger_vector_is_a_longer_column():
    model = nn.Sequential(nn.MaxPool2d((2, 1)), nn.Flatten())
    image, pooled, _ = svgs(figures.network(model, (3, 8, 24)))
    (wide, tall), (same, halved) = boxes_of(image)[0], boxes_of(pooled)[0]
    assert wide == same
    assert tall > halved
    assert np.isclose((wide - tall) / 16, (tall - halved) / 4)  # per cell, whatever the frame adds
    lengths = [boxes_of(svg)[0, 1] for svg in svgs(figures.network(lenet(), (1, 28, 28)))[5:]]
    assert lengths == sorted(lengths, reverse=True)
    assert len(set(lengths)) == 4


def test_layers_that_keep_the_shape_are_named_with_the_one_before():
    alt = figures.network(lenet(activation="relu"), (1, 28, 28)).alt
    assert "Conv2d and ReLU: 6 × 24 × 24. MaxPool2d: 6 × 12 × 12." in alt
    assert alt.endswith("Linear: 10 numbers.")


def test_drawing_a_network_leaves_it_in_training_and_keeps_nothing():
    model = lenet()
    figures.network(model, (1, 28, 28))
    assert model.training
    assert all(layer._kept is None for layer in model.layers())

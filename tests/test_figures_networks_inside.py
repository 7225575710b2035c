"""Frames on pictures stand around the pixels that they name."""

import re

import numpy as np
import pytest
from test_figures import svgs, texts

from bookkit import figures

PATH = "{http://www.w3.org/2000/svg}path"
DOT = np.zeros((10, 20))
DOT[3, 7] = 1.0


def boxes(svg, colour):
    """(x, y, width, height) of the rectangles that are stroked in a colour, in drawing order."""
    found = []
    for node in svg.iter(PATH):
        if f"stroke:var(--bk-{colour}," in node.get("style"):
            numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", node.get("d"))]
            corners = np.reshape(numbers, (-1, 2))
            found.append((*corners.min(axis=0), *np.ptp(corners, axis=0)))
    return found


@pytest.mark.parametrize("title", ["", "a title that is wider than the picture"])
def test_a_frame_stands_around_its_rows_and_columns(title):
    rows, cols = range(2, 5), range(6, 11)
    (svg,) = svgs(figures.fields([DOT], [[(rows, cols)]], [title], width=100))
    (picture,), (frame,) = boxes(svg, "rule"), boxes(svg, "blue")
    assert np.allclose(picture[2:], (100, 50), atol=0.02)
    expected = (picture[0] + 6 * 5, picture[1] + 2 * 5, 5 * 5, 3 * 5)
    assert np.allclose(frame, expected, atol=0.02)
    assert title in ["", *texts(svg)]


def test_several_frames_have_their_own_colours_and_the_alt_text_names_their_cells():
    figure = figures.fields(
        [DOT[np.newaxis], DOT], [[(range(1), range(2)), (range(3, 6), range(4, 9))], []]
    )
    first, second = svgs(figure)
    assert len(boxes(first, "blue")) == len(boxes(first, "orange")) == 1
    assert not boxes(second, "blue")
    assert "Framed: rows 0 to 0, columns 0 to 1; rows 3 to 5, columns 4 to 8." in figure.alt
    assert figure.alt.count("Framed") == 1


def test_what_of_a_frame_lies_in_padding_is_not_drawn():
    whole, cut = (
        boxes(svgs(figures.fields([DOT], [[frame]]))[0], "blue")
        for frame in [(range(3), range(18, 20)), (range(-2, 3), range(18, 25))]
    )
    assert whole == cut


def test_a_frame_beside_the_picture_is_an_error():
    with pytest.raises(ValueError, match="must meet the 10 pixels"):
        figures.fields([DOT], [[(range(10, 12), range(3))]])


def test_frames_and_titles_are_as_many_as_pictures():
    with pytest.raises(ValueError, match="got 2, 1 and 2"):
        figures.fields([DOT, DOT], [[]])
    with pytest.raises(ValueError, match="got 1, 1 and 2"):
        figures.fields([DOT], [[]], ["a", "b"])

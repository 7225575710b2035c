"""The images: shapes, ranges, and what happens where scikit-learn is not installed."""

import sys

import numpy as np
import pytest

from convpool import data


def test_digits_are_ink_between_zero_and_one_with_a_label_each():
    images, labels = data.digits()
    assert images.shape == (1797, 1, 8, 8)
    assert images.dtype == np.float64
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert labels.shape == (1797,)
    assert labels.dtype == np.int64
    assert np.array_equal(np.unique(labels), np.arange(10))


@pytest.mark.parametrize("name", data.PHOTOGRAPHS)
def test_photographs_are_planes_of_colour(name):
    image = data.photograph(name)
    assert image.shape == (3, 427, 640)
    assert image.dtype == np.float64
    assert image.flags.c_contiguous
    assert 0.0 <= image.min() < 0.1
    assert 0.9 < image.max() <= 1.0


def test_china_has_a_blue_sky_and_the_flower_is_red():
    sky = data.photograph("china")[:, :20].mean(axis=(1, 2))
    assert sky.argmax() == 2
    petals = data.photograph("flower")[:, 180:240, 280:360].mean(axis=(1, 2))
    assert petals.argmax() == 0


def test_another_name_is_an_error_that_lists_the_names():
    with pytest.raises(ValueError, match=r"\('china', 'flower'\), got 'cat'"):
        data.photograph("cat")


def test_without_scikit_learn_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ImportError, match=r"convpool\[data\]"):
        data.digits()

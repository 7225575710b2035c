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


def test_digits_grow_to_the_size_of_lenets_images():
    images, _ = data.digits()
    for size in (28, np.int64(28), (32, 30)):
        large = data.resized(images[:3], size)
        assert large.shape == (3, 1, *np.broadcast_to(size, 2))
        assert large.dtype == np.float32
        assert 0 <= large.min() <= large.max() <= 1
    constant = data.resized(np.full((1, 2, 8, 8), 0.25), 28)
    np.testing.assert_allclose(constant, 0.25)


def test_a_pixel_between_two_is_their_mean():
    pair = np.array([0.0, 1.0]).reshape(1, 1, 1, 2)
    np.testing.assert_allclose(data.resized(pair, (1, 4)), [[[[0, 0.25, 0.75, 1]]]])


def test_no_images_grow_to_no_images():
    large = data.resized(np.zeros((0, 3, 8, 8)), (28, 30))
    assert large.shape == (0, 3, 28, 30)
    assert large.dtype == np.float32


@pytest.mark.parametrize("shape", [(8, 8), (1, 8, 8), (1, 1, 1, 8, 8), (2, 1, 0, 8)])
def test_what_is_no_batch_of_images_is_not_resized(shape):
    with pytest.raises(ValueError, match=r"images must have the shape \(N, C, H, W\).*got \("):
        data.resized(np.zeros(shape), 28)


@pytest.mark.parametrize("size", [0, (28, 0), (28, 28, 28), 28.0, "x"])
def test_a_size_that_is_none_is_named(size):
    with pytest.raises(ValueError, match="size must be a whole number above 0, or two of them"):
        data.resized(np.zeros((1, 1, 8, 8)), size)

"""The exercises on convolution, answered by hand: right is right, and wrong gets its name."""

import numpy as np
import pytest
from wrong.exercises_of_convolution import RIGHT, WRONG

from bookkit import check
from bookkit.exercises.convolution import CONVOLUTION


@pytest.mark.parametrize(("label", "functions"), RIGHT, ids=[label for label, _ in RIGHT])
def test_a_right_answer_of_another_kind_is_right(label, functions):
    report = check(label, *functions)
    assert report.passed, str(report)


@pytest.mark.parametrize("attempt", WRONG, ids=lambda a: f"{a.label}: {a.diagnosis}")
def test_what_people_write_is_caught_and_named(attempt):
    report = check(attempt.label, *attempt.functions)
    assert not report.passed
    assert report.diagnosis == attempt.diagnosis, str(report)


def test_every_exercise_is_answered_both_ways():
    assert {label for label, _ in RIGHT} == set(CONVOLUTION)
    assert {attempt.label for attempt in WRONG} == set(CONVOLUTION)


def test_cells_that_no_window_sees_may_hold_any_number():
    """The chapter takes 0 there; the question asks for no more than it says."""
    ((mean,),) = (functions for label, functions in RIGHT if label == "ex-conv-im2col-3")
    z = np.random.default_rng(0).normal(size=(1, 4, 4))
    image = mean(z, (5, 5), (2, 2), 3)
    assert (image[0, 0, 2] == 7).all()
    assert check("ex-conv-im2col-3", mean).passed


@pytest.mark.parametrize("label", CONVOLUTION)
def test_a_function_that_returns_nothing_is_told(label):
    told = str(check(label, *[lambda *given: None] * len(CONVOLUTION[label].solution)))
    assert "does the function return it?" in told or "returns nothing" in told


def test_kernels_that_are_no_weight_are_told_their_shape():
    assert "expected (4, 1, 2, 2)" in str(check("ex-variants-4", lambda: np.eye(4) / 2))


def test_images_with_channels_first_where_they_are_asked_last_are_caught():
    def channels_first(x, weight, s, p, d):
        return np.zeros((len(x), weight.shape[3], 2, 2))

    assert not check("ex-conv-forward-4", channels_first).passed

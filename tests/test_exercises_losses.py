"""The exercises on losses and optimisers, answered by hand: right is right, wrong gets its name."""

import pytest
from wrong.exercises_of_losses import RIGHT, WRONG, in_place

from bookkit import check
from bookkit.exercises.networks.losses_and_optimisers import LOSSES_AND_OPTIMISERS


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
    assert {label for label, _ in RIGHT} == set(LOSSES_AND_OPTIMISERS)
    assert {attempt.label for attempt in WRONG} == set(LOSSES_AND_OPTIMISERS)


def test_a_step_that_changes_its_means_in_place_is_told_so():
    assert "writes into m, which belongs to the caller" in str(check("ex-losses-6", in_place))

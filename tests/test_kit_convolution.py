"""The conformance kit on convolutions: what is right passes, what is wrong is named."""

import inspect
from pathlib import Path

import numpy as np
import pytest
from wrong import convolution as people

from convpool import compiled, loops, vectorized
from convpool.verify import cases, conformance, mistaken, mistakes
from convpool.verify.examination import same
from convpool.verify.mistakes.convolution import CONVOLUTION

OPS = (
    "conv2d",
    "conv2d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "unfold",
    "fold",
)
BOOK = Path(__file__).parents[1] / "book"
WRONG = [
    pytest.param(op, name, function, id=f"{op}-{name}-{index}")
    for op, entries in people.WRONG.items()
    for index, (name, function) in enumerate(entries)
]
RIGHT = [
    pytest.param(op, function, id=f"{op}-{function.__name__}")
    for op, functions in people.RIGHT.items()
    for function in functions
]


def results(function, trial):
    given = function(**trial.arrays, **trial.arguments)
    return given if isinstance(given, tuple) else (given,)


# ---------------------------------------------------------------------------- what is right


@pytest.mark.parametrize("tier", [loops, vectorized, compiled], ids=lambda tier: tier.__name__)
@pytest.mark.parametrize("op", OPS)
def test_the_expected_answers_are_those_of_every_tier(op, tier):
    for trial in cases.trials(op):
        given = results(getattr(tier, op), trial)
        for array, (name, expected) in zip(given, trial.expected.items(), strict=True):
            assert same(expected, array, trial), f"{trial.name}: {name}"
            assert array.dtype == expected.dtype


@pytest.mark.parametrize("tier", [loops, vectorized, compiled], ids=lambda tier: tier.__name__)
@pytest.mark.parametrize("op", OPS)
def test_every_tier_passes_every_case(op, tier):
    report = conformance(getattr(tier, op), op)
    assert report.passed
    assert not report.unsupported
    assert report.diagnosis is None


@pytest.mark.parametrize(("op", "function"), RIGHT)
def test_right_ones_of_every_style_pass(op, function):
    report = conformance(function, op)
    assert report.passed, [(f.trial.name, f.reason) for f in report.failures]
    assert not report.unsupported


def test_the_witness_by_turned_kernels_passes():
    def backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
        how = stride, padding, dilation, groups
        return (
            loops.rotation.input_gradient_by_rot180(dy, x, weight, *how),
            loops.rotation.weight_gradient_by_correlation(dy, x, weight, *how),
            dy.sum(axis=(0, 2, 3)),
        )

    assert conformance(backward, "conv2d_backward").passed


def test_a_subset_without_groups_and_with_ints_only_passes():
    def backward(dy, x, weight, stride=1, padding=0):
        if not isinstance(stride, int) or not isinstance(padding, int):
            raise TypeError("stride and padding are ints")
        return people.conv2d_backward(dy, x, weight, stride, padding)

    report = conformance(backward, "conv2d_backward")
    assert report.passed
    told = {finding.trial.name for finding in report.unsupported}
    assert {"dilation 2: 2 × 2", "two groups: 4 channels, 4 maps"} <= told
    assert {"non-square stride: 1 and 2", "'same' with stride 2"} <= told


def test_a_layer_without_stride_and_padding_passes():
    def forward(x, weight):
        return people.slide(x, weight)

    report = conformance(forward, "conv2d")
    assert report.passed
    assert "padding 1: 3 × 3" in {finding.trial.name for finding in report.unsupported}


# ---------------------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(("op", "name", "function"), WRONG)
def test_a_known_mistake_is_named(op, name, function):
    report = conformance(function, op)
    assert not report.passed
    assert report.diagnosis == name


@pytest.mark.parametrize("axes", [0, (0, 1), (0, 2), (1, 2), (0, 2, 3)])
def test_a_bias_gradient_over_the_wrong_axes_is_named_with_channels_last_too(axes):
    def backward(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
        first = dy.transpose(0, 3, 1, 2), x.transpose(0, 3, 1, 2), weight
        dx, dw, _ = people.conv2d_backward(*first, stride, padding, dilation, groups)
        return dx.transpose(0, 2, 3, 1), dw, dy.sum(axis=axes)

    report = conformance(backward, "conv2d_backward", layout="NHWC", weights="OIHW")
    assert report.diagnosis == "bias gradient over the wrong axes"


@pytest.mark.parametrize("op", OPS)
def test_every_mistake_of_the_table_is_made_by_somebody(op):
    known = {mistake.name for mistake in CONVOLUTION if op in mistake.ops}
    assert {name for name, _ in people.WRONG[op]} == known


@pytest.mark.parametrize("op", OPS)
def test_every_way_to_make_a_mistake_shows_in_some_case(op):
    trials = cases.trials(op)
    for suspect in mistakes.suspects(op):
        assert any(shows(op, trial, suspect.slips) for trial in trials), suspect.slips


def shows(op, trial, slips):
    try:
        answer = mistaken.answer(op, trial.arrays, trial.arguments, slips)
    except (ValueError, IndexError):  # it would not run on this case
        return False
    return not all(same(e, answer[name], trial) for name, e in trial.expected.items())


# ---------------------------------------------------------------------------- neither


@pytest.mark.parametrize("op", OPS)
def test_a_mistake_that_nobody_knows_has_no_name(op):
    right = getattr(vectorized, op)

    def strange(*args, **kwargs):
        given = right(*args, **kwargs)
        return tuple(np.abs(a) for a in given) if isinstance(given, tuple) else np.abs(given)

    strange.__signature__ = inspect.signature(right)
    report = conformance(strange, op)
    assert not report.passed
    assert report.diagnosis is None


# ---------------------------------------------------------------------------- two at once


def unturned_and_averaged(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    dx, dw, _ = people.unturned(dy, x, weight, stride, padding, dilation, groups)
    return dx, dw, dy.mean(axis=(0, 2, 3))


def overwritten_and_unpadded(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    how = stride, padding, dilation, groups
    dx, _, db = people.window_overwritten(dy, x, weight, *how)
    return dx, people.dw_from_x(dy, x, weight, *how)[1], db


def interleaved_and_undilated(dy, x, weight, stride=1, padding=0, dilation=1, groups=1):
    pads = people.sides(padding, x.shape[2:], weight.shape[2:], stride, dilation)
    return people.groups_in_turns(dy, x, weight, stride, pads, 1, groups)


def flipped_without_bias(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return people.true_convolution(x, weight, None, stride, padding, dilation, groups)


def overwritten_and_uncut(col, output_size, kernel_size, dilation=1, padding=0, stride=1):
    H, W = people.pair(output_size)
    pads = people.sides(padding, (H, W), people.pair(kernel_size), stride, dilation)
    padded = (H + sum(pads[0]), W + sum(pads[1]))
    return people.f_taps_assigned(col, padded, kernel_size, dilation, 0, stride)


def dense_and_forgotten(
    x, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1
):
    return people.t_dense(x, weight, None, stride, padding, output_padding, groups, dilation)


@pytest.mark.parametrize(
    ("op", "function", "names"),
    [
        (
            "conv2d_backward",
            unturned_and_averaged,
            {"kernel not rotated", "bias gradient averaged"},
        ),
        (
            "conv2d_backward",
            overwritten_and_unpadded,
            {"assignment in overlap", "dW from the unpadded input"},
        ),
        (
            "conv2d_backward",
            interleaved_and_undilated,
            {"groups mixed", "dilation ignored"},
        ),
        ("conv2d", flipped_without_bias, {"kernel flipped", "bias forgotten"}),
        ("fold", overwritten_and_uncut, {"assignment in overlap", "padding not removed"}),
        ("conv_transpose2d", dense_and_forgotten, {"stride zeros missing", "bias forgotten"}),
    ],
)
def test_two_mistakes_at_once_are_both_named(op, function, names):
    report = conformance(function, op)
    assert not report.passed
    assert report.diagnosis is not None
    assert set(report.diagnosis.split(" + ")) == names


# ---------------------------------------------------------------------------- the table


def test_every_mistake_leads_to_a_chapter():
    for mistake in CONVOLUTION:
        assert (BOOK / f"{mistake.chapter}.ipynb").exists(), mistake.name


@pytest.mark.parametrize("op", OPS)
def test_cases_have_names_of_their_own_and_are_small_enough_to_print(op):
    trials = cases.trials(op)
    assert len({trial.name for trial in trials}) == len(trials)
    small = [trial for trial in trials if trial.size <= 100]
    assert len(small) > len(trials) // 2

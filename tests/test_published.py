"""The source documents' functions as published: what the kit says about each.

Where a function runs only with a change (`published` lists them), it is examined with it and
without.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import published
import pytest
from published import im2col, layers, pooling_functions, sensitivities

from convpool.verify import conformance

NHWC = {"layout": "NHWC"}
DX = {"returns": "dx"}
ZEROS_WIN = "zero padding in max"
BORDER = "all-negative border: 2 × 2, padding 1"
PADDED = "padding: 3 × 3, stride 2, padding 1"
REMAINDER = "padding and remainder: 3 × 3, stride 2, padding 1"
NON_SQUARE = "non-square padding: 1 and 0"
ASYMMETRIC = "asymmetric padding: 1 above, 1 on the right"
SAME = "'same' with stride 2"


@dataclass(frozen=True)
class Row:
    """A function, what it is asked, the cases that it fails, and the mistake that explains them."""

    function: Any
    op: str
    failures: tuple[str, ...] = ()
    diagnosis: str | None = None
    options: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.function.__module__}.{self.function.__name__} as {self.op}"


RUNNING = (
    # src-pooling-functions
    Row(pooling_functions.max_pooling_forward, "max_pool2d", (PADDED, BORDER), ZEROS_WIN),
    Row(
        pooling_functions.max_pooling_backward,
        "max_pool2d_backward",
        (NON_SQUARE, BORDER),
        ZEROS_WIN,
    ),
    Row(pooling_functions.avg_pooling_forward, "avg_pool2d"),
    Row(pooling_functions.avg_pooling_backward, "avg_pool2d_backward"),
    Row(pooling_functions.global_max_pooling_forward, "global_max_pool2d"),
    Row(pooling_functions.global_max_pooling_backward, "global_max_pool2d_backward"),
    Row(pooling_functions.global_avg_pooling_forward, "global_avg_pool2d"),
    Row(pooling_functions.global_avg_pooling_backward, "global_avg_pool2d_backward"),
    # src-im2col
    Row(im2col.im2col, "unfold"),
    Row(im2col.col2im, "fold"),
    Row(im2col.Convolution, "conv2d"),
    Row(im2col.Convolution, "conv2d_backward"),
    Row(im2col.Pooling, "max_pool2d", (PADDED, BORDER), ZEROS_WIN),
    Row(im2col.Pooling, "max_pool2d_backward", (BORDER,), ZEROS_WIN),
    # src-layers
    Row(layers.conv2D, "conv2d", (SAME,), "'same' at every stride", NHWC),
    Row(layers.conv2D_gemm, "conv2d", (SAME,), "'same' at every stride", NHWC),
    Row(layers.Conv2D, "conv2d", (SAME,), "'same' at every stride", NHWC),
    Row(layers.Conv2D, "conv2d_backward", options=NHWC),
    Row(layers.Conv2D_gemm, "conv2d", (SAME,), "'same' at every stride", NHWC),
    Row(layers.Conv2D_gemm, "conv2d_backward", options=NHWC),
    Row(layers.im2col, "unfold", options=NHWC),
    Row(layers.col2im, "fold", options=NHWC),
    Row(layers.Pool2D, "max_pool2d", (PADDED, BORDER), ZEROS_WIN, NHWC),
    Row(
        layers.Pool2D,
        "max_pool2d_backward",
        (PADDED, REMAINDER, ASYMMETRIC, BORDER, "NaN in a window"),
        "windows from the unpadded input",
        NHWC,
    ),
    Row(layers.Pool2D, "avg_pool2d", options=NHWC),
    Row(layers.Pool2D, "avg_pool2d_backward", options=NHWC),
    # src-sensitivities
    Row(sensitivities.conv_forward, "conv2d"),
    Row(
        sensitivities.conv_backward,
        "conv2d_backward",
        ("non-square kernel: 2 × 3", "windows wholly in the padding"),
        "rows padded as columns",
        DX,
    ),
    Row(sensitivities.max_forward, "max_pool2d"),
    Row(
        sensitivities.max_backward,
        "max_pool2d_backward",
        ("overlap: 3 × 3, stride 1", "overlap: 3 × 3, stride 2", "large values, 1e30"),
        "assignment in overlap",
    ),
)


def failed(report):
    return [finding.trial.name for finding in report.failures]


def reasons(findings):
    return {finding.reason.partition(" (line")[0] for finding in findings}


@pytest.mark.parametrize("row", RUNNING, ids=str)
def test_a_published_function_gets_the_diagnosis_that_it_must(row):
    report = conformance(row.function, row.op, **row.options)
    assert failed(report) == list(row.failures)
    assert report.diagnosis == row.diagnosis
    assert report.passed == (not row.failures)
    assert any(finding.status == "passed" for finding in report.findings)


ORIGINALS = {
    name: published.original(module)
    for name, module in vars(published).items()
    if name in published.CHANGES
}

RAISING = (
    (
        ("pooling_functions", "max_pooling_forward", "max_pool2d", {}),
        "raises AttributeError: module 'numpy.lib' has no attribute 'pad'",
    ),
    (
        ("pooling_functions", "avg_pooling_backward", "avg_pool2d_backward", {}),
        "raises AttributeError: module 'numpy.lib' has no attribute 'pad'",
    ),
    (
        ("im2col", "Convolution", "conv2d", {}),
        "raises AttributeError: 'Convolution' object has no attribute 'w'",
    ),
    (
        ("im2col", "Convolution", "conv2d_backward", {}),
        "raises AttributeError: 'Convolution' object has no attribute 'w'",
    ),
    (
        ("sensitivities", "conv_backward", "conv2d_backward", DX),
        "raises TypeError: `pad_width` must be of integral type.",
    ),
    (
        ("sensitivities", "max_backward", "max_pool2d_backward", {}),
        "raises NameError: name 'get_max_index' is not defined",
    ),
)


@pytest.mark.parametrize(("asked", "said"), RAISING, ids=lambda value: str(value[:2]))
def test_what_cannot_run_as_published_is_reported_and_nothing_is_diagnosed(asked, said):
    module, name, op, options = asked
    report = conformance(getattr(ORIGINALS[module], name), op, **options)
    assert reasons(report.failures) == {said}
    assert report.diagnosis is None
    assert not any(finding.status == "passed" for finding in report.findings)


class TestAsPublished:
    def test_the_padding_of_the_gradient_was_to_be_removed_by_nobody(self, monkeypatch):
        monkeypatch.delattr(pooling_functions, "_remove_padding")
        report = conformance(pooling_functions.max_pooling_backward, "max_pool2d_backward")
        assert reasons(report.failures) == {
            "raises NameError: name '_remove_padding' is not defined"
        }

    def test_removed_as_a_comment_of_the_source_has_it_nothing_is_left_without_padding(
        self, monkeypatch
    ):
        commented = pooling_functions._remove_padding_as_commented
        monkeypatch.setattr(pooling_functions, "_remove_padding", commented)
        report = conformance(pooling_functions.avg_pooling_backward, "avg_pool2d_backward")
        assert report.diagnosis == "padding cut by minus zero"
        report = conformance(pooling_functions.max_pooling_backward, "max_pool2d_backward")
        assert report.diagnosis == f"{ZEROS_WIN} + padding cut by minus zero"

    def test_a_name_given_twice_leaves_the_backward_pass_under_the_name_of_the_forward(self):
        twice = ORIGINALS["pooling_functions"].global_max_pooling_forward
        with pytest.raises(ValueError, match="found no use for next_dz; global_max_pool2d takes x"):
            conformance(twice, "global_max_pool2d")
        assert conformance(twice, "global_max_pool2d_backward").passed

    @pytest.mark.parametrize("op", ["max_pool2d", "max_pool2d_backward"])
    def test_an_output_counted_without_its_padding_raises_in_every_padded_case(self, op):
        report = conformance(ORIGINALS["im2col"].Pooling, op)
        assert failed(report) == [PADDED, REMAINDER, BORDER]
        assert all("cannot reshape" in finding.reason for finding in report.failures)
        assert report.diagnosis is None

    def test_columns_go_back_to_images_in_another_layout_than_they_came_from(self):
        report = conformance(ORIGINALS["layers"].col2im, "fold", layout="NHWC")
        assert report.failures
        assert "x has shape (1, 4, 1, 4), expected (1, 1, 4, 4)" in reasons(report.failures)

    def test_a_dilation_of_zero_by_default_lays_every_tap_on_one_cell(self):
        def col2im(X_col, X_shape, W_shape, pad, stride):
            return layers.col2im(X_col, X_shape, W_shape, pad, stride)

        report = conformance(col2im, "fold", layout="NHWC")
        assert "side by side: 2 × 2, stride 2" in failed(report)
        assert "kernel 1 × 1" not in failed(report)
        assert report.diagnosis == "dilation off by one"

    def test_a_stride_of_zero_by_default_divides_by_it(self):
        def conv2D_gemm(X, W, pad):
            return layers.conv2D_gemm(X, W, pad=pad)

        report = conformance(conv2D_gemm, "conv2d", layout="NHWC")
        assert "raises ZeroDivisionError: division by zero" in reasons(report.failures)
        assert not any(finding.status == "passed" for finding in report.findings)

    def test_every_module_has_its_original(self):
        assert set(ORIGINALS) == set(published.CHANGES)

    def test_a_change_that_is_not_in_its_module_is_an_error(self, monkeypatch):
        monkeypatch.setitem(published.CHANGES, "layers", (("never written", ""),))
        with pytest.raises(ValueError, match="layers has no 'never written'"):
            published.original(layers)


def test_two_by_two_windows_side_by_side_and_ones_notice_none_of_it():
    """Why these mistakes were published: the usual trial runs into none of them."""
    x = np.random.default_rng(3).normal(size=(1, 1, 4, 4))
    ones = np.ones((1, 1, 2, 2))
    right = partial(pooling_functions.max_pooling_backward, pooling=(2, 2))
    dx = sensitivities.max_backward(ones, x, 2, 2, 2)
    np.testing.assert_array_equal(dx, right(ones, x))
    layer = layers.Pool2D((2, 2), stride=2)
    layer.forward(x.transpose(0, 2, 3, 1))
    back = layer.backward(ones.transpose(0, 2, 3, 1))
    np.testing.assert_array_equal(back.transpose(0, 3, 1, 2), right(ones, x))

"""Every tier agrees with what PyTorch made: forward, indices, backward under random cotangents."""

import functools
import importlib
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

import convpool

HERE = Path(__file__).parent / "reference"
TIERS = ("convpool", "convpool.loops", "convpool.vectorized", "convpool.compiled")


def listed(name):
    """The cases of one file, without their arrays."""
    return json.loads((HERE / f"{name}.json").read_text(encoding="utf-8"))["cases"]


@functools.cache
def vectors(name):
    """The arrays of each case of one file."""
    cases = [dict() for _ in listed(name)]
    with np.load(HERE / f"{name}.npz") as stored:
        for key in stored.files:
            number, array = key.split("/")
            cases[int(number)][array] = stored[key]
    return cases


POOLING, CONVOLUTION = listed("pooling"), listed("convolution")
LAYERS = ("conv2d", "conv_transpose2d")


def every(cases):
    """A test for each case, named by its number and its operator."""
    names = [f"{number}-{case['op']}" for number, case in enumerate(cases)]
    return pytest.mark.parametrize("number", range(len(cases)), ids=names)


def call_of(case):
    """(operator, keyword arguments) of a listed case."""
    return case["op"], {key: from_json(value) for key, value in case["kwargs"].items()}


def from_json(value):
    """Lists back to tuples."""
    return tuple(map(from_json, value)) if isinstance(value, list) else value


def close(actual, expected):
    digits = 1e-5 if expected.dtype == np.float32 else 1e-12
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=digits, atol=digits)


# ---------------------------------------------------------------------------- pooling


def test_there_are_enough_cases_of_every_pooling():
    operators = [case["op"] for case in POOLING]
    assert len(operators) >= 200
    assert set(operators) == {
        "adaptive_avg_pool2d",
        "adaptive_max_pool2d",
        "avg_pool2d",
        "global_avg_pool2d",
        "global_max_pool2d",
        "lp_pool2d",
        "max_pool2d",
        "max_unpool2d",
    }


@pytest.mark.parametrize("tier", TIERS)
@every(POOLING)
def test_pooling_agrees_with_pytorch(number, tier):
    op, kwargs = call_of(POOLING[number])
    case = vectors("pooling")[number]
    module = importlib.import_module(tier)
    forward = getattr(module, op)
    if op == "max_unpool2d":
        size = case["x"].shape[2:]
        assert np.array_equal(
            forward(case["y"], case["indices"], **kwargs, output_size=size), case["x"]
        )
        return
    close(forward(case["x"], **kwargs), case["y"])
    if "indices" in case:
        _, indices = forward(case["x"], **kwargs, return_indices=True)
        assert np.array_equal(indices, case["indices"])
    close(getattr(module, f"{op}_backward")(case["dy"], case["x"], **kwargs), case["dx"])


# ---------------------------------------------------------------------------- convolution


@pytest.mark.parametrize("tier", TIERS)
@every(CONVOLUTION)
def test_convolution_agrees_with_pytorch(number, tier):
    op, kwargs = call_of(CONVOLUTION[number])
    case, module = vectors("convolution")[number], importlib.import_module(tier)
    dy = case["dy"]
    if op == "unfold":
        close(module.unfold(case["x"], **kwargs), case["y"])
        close(module.fold(dy, output_size=case["x"].shape[-2:], **kwargs), case["dx"])
    elif op == "fold":
        close(module.fold(case["col"], **kwargs), case["y"])
        del kwargs["output_size"]
        close(module.unfold(dy, **kwargs), case["dcol"])
    else:
        x, weight, bias = case["x"], case["weight"], case.get("bias")
        close(getattr(module, op)(x, weight, bias, **kwargs), case["y"])
        gradients = getattr(module, f"{op}_backward")(dy, x, weight, **kwargs)
        close(gradients.dx, case["dx"])
        close(gradients.dweight, case["dweight"])
        if bias is not None:
            close(gradients.dbias, case["dbias"])


def layers(op):
    """(window, kwargs, arrays) of each case of one operator with weights, as a convolution."""
    for case, arrays in zip(CONVOLUTION, vectors("convolution"), strict=True):
        name, kwargs = call_of(case)
        if name == op:
            image, kernel = arrays["x" if op == "conv2d" else "y"], arrays["weight"].shape[2:]
            arguments = (kwargs[name] for name in ("stride", "padding", "dilation"))
            yield convpool.window(image.shape[-2:], kernel, *arguments), kwargs, arrays


class TestTheCasesOfConvolution:
    def test_there_are_enough_of_every_operator(self):
        counts = dict.fromkeys((*LAYERS, "unfold", "fold"), 0)
        for case in CONVOLUTION:
            counts[case["op"]] += 1
        assert len(CONVOLUTION) >= 300
        assert counts["conv2d"] >= 150
        assert counts["conv_transpose2d"] >= 120
        assert counts["unfold"] >= 20
        assert counts["fold"] >= 20

    @pytest.mark.parametrize("op", LAYERS)
    def test_every_mix_of_stride_padding_dilation_and_groups(self, op):
        mixes = {
            tuple(str(kwargs[name]) for name in ("stride", "padding", "dilation", "groups"))
            for _, kwargs, _ in layers(op)
        }
        paddings = {"0", "(1, 2)", "4", "((0, 2), (3, 1))"} | (
            {"same"} if op == "conv2d" else set()
        )
        assert mixes >= set(
            itertools.product(("1", "2", "(3, 2)"), paddings, ("1", "2", "(1, 3)"), "123")
        )

    @pytest.mark.parametrize("op", LAYERS)
    def test_remainders_crops_and_depthwise_layers(self, op):
        remainders, cropped, channels = set(), 0, set()
        for window, kwargs, arrays in layers(op):
            for axis in (window.rows, window.cols):
                remainders.add((axis.stride, axis.remainder))
                cropped += axis.before > axis.dilation * (axis.kernel - 1)
            x, y = (arrays[name].shape[-3] // kwargs["groups"] for name in "xy")
            channels.add((kwargs["groups"] > 1, x, y))
        assert {(s, r) for s in (1, 2, 3) for r in range(s)} <= remainders
        assert cropped >= 20
        assert {(False, 2, 3), (True, 2, 1), (True, 1, 1), (True, 1, 2)} <= channels

    def test_output_padding_reaches_the_stride_where_the_dilation_is_larger(self):
        extra = [
            (o, axis.stride, axis.dilation)
            for window, kwargs, _ in layers("conv_transpose2d")
            for o, axis in zip(kwargs["output_padding"], (window.rows, window.cols), strict=True)
        ]
        assert sum(o >= s for o, s, _ in extra) >= 20
        assert {(2, 3, 1), (1, 2, 1), (2, 1, 3), (2, 2, 3)} <= set(extra)

    def test_both_dtypes_biases_or_none_and_single_images(self):
        for op in LAYERS:
            arrays = [arrays for _, _, arrays in layers(op)]
            for kinds in (
                [a["x"].dtype == np.float32 for a in arrays],
                ["bias" in a for a in arrays],
                [a["x"].ndim == 3 for a in arrays],
                [a["x"].ndim == 4 and len(a["x"]) == 2 for a in arrays],
                [a["weight"].shape[2] != a["weight"].shape[3] for a in arrays],
            ):
                assert 10 <= sum(kinds) <= len(arrays) - 10

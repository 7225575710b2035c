"""Every tier agrees with what PyTorch made: forward, indices, backward under random cotangents."""

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

HERE = Path(__file__).parent / "reference"
CASES = json.loads((HERE / "pooling.json").read_text(encoding="utf-8"))["cases"]
TIERS = ("convpool", "convpool.loops", "convpool.vectorized", "convpool.compiled")


@pytest.fixture(scope="module")
def vectors():
    with np.load(HERE / "pooling.npz") as stored:
        arrays = {key: stored[key] for key in stored.files}
    cases = [dict() for _ in CASES]
    for key, array in arrays.items():
        number, name = key.split("/")
        cases[int(number)][name] = array
    return cases


def from_json(value):
    """Lists back to tuples."""
    return tuple(map(from_json, value)) if isinstance(value, list) else value


def close(actual, expected):
    digits = 1e-5 if expected.dtype == np.float32 else 1e-12
    assert actual.dtype == expected.dtype
    np.testing.assert_allclose(actual, expected, rtol=digits, atol=digits)


def test_there_are_enough_cases_of_every_operator():
    operators = [case["op"] for case in CASES]
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
@pytest.mark.parametrize("number", range(len(CASES)))
def test_agrees_with_pytorch(number, tier, vectors):
    op, case = CASES[number]["op"], vectors[number]
    kwargs = {key: from_json(value) for key, value in CASES[number]["kwargs"].items()}
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

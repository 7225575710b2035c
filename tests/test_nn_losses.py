"""Losses: what they take, what they keep, and whether an answer can be right."""

import numpy as np
import pytest

from convpool import nn

LOSSES = {
    "SoftmaxCrossEntropy": (nn.SoftmaxCrossEntropy, np.array([0, 2, 1, 1])),
    "MeanSquaredError": (nn.MeanSquaredError, np.random.default_rng(1).normal(size=(4, 3))),
}


def outputs(dtype: str = "float64") -> np.ndarray:
    return np.random.default_rng(0).normal(size=(4, 3)).astype(dtype)


@pytest.mark.parametrize("name", LOSSES)
def test_backward_takes_one_forward_pass_each(name):
    make, target = LOSSES[name]
    loss = make()
    with pytest.raises(RuntimeError, match=f"backward of {name} needs a forward pass before it"):
        loss.backward()
    loss.forward(outputs(), target)
    loss.backward()
    with pytest.raises(RuntimeError, match="one for each"):
        loss.backward()


@pytest.mark.parametrize("name", LOSSES)
def test_an_evaluation_between_forward_and_backward_changes_nothing(name):
    make, target = LOSSES[name]
    loss, alone = make(), make()
    value = alone.forward(outputs(), target)
    assert loss.forward(outputs(), target) == value
    assert loss.value(outputs(), target) == value
    nn.evaluate(nn.Affine(3.0), loss, outputs()[:2], target[:2])
    np.testing.assert_array_equal(loss.backward(), alone.backward())


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_gradient_has_the_dtype_of_the_outputs(name, dtype):
    make, target = LOSSES[name]
    loss = make()
    assert isinstance(loss.forward(outputs(dtype), target), float)
    assert loss.backward().dtype == dtype


@pytest.mark.parametrize("name", LOSSES)
def test_outputs_that_a_mean_cannot_be_taken_of_are_errors(name):
    make, target = LOSSES[name]
    with pytest.raises(ValueError, match=r"y must not be empty, for a mean: got shape \(0, 3\)"):
        make().forward(outputs()[:0], target[:0])
    with pytest.raises(TypeError, match="y must be float32 or float64, got dtype int64"):
        make().forward(np.zeros((4, 3), "int64"), target)


def test_a_squared_error_takes_whole_numbers_as_targets():
    loss = nn.MeanSquaredError()
    assert loss.forward(np.array([[1.0, 2.0]]), np.array([[3, 2]])) == 2.0
    assert loss.backward().tolist() == [[-2, 0]]
    with pytest.raises(ValueError, match=r"target must have y's shape \(1, 2\), got \(2,\)"):
        loss.forward(np.array([[1.0, 2.0]]), np.array([3, 2]))


@pytest.mark.parametrize(
    "row", [[1.0, 1.0, 0.0], [0.5, 0.2, 0.2], [2.0, -1.0, 0.0], [np.nan, 1.0, 0.0], [0, 0, 0]]
)
def test_rows_that_are_no_distribution_are_no_labels(row):
    labels = np.array([[0.0, 1.0, 0.0], row])
    with pytest.raises(ValueError, match="not be negative and have the sum 1 in each row, got"):
        nn.SoftmaxCrossEntropy().forward(outputs()[:2], labels)


def test_labels_may_be_shared_between_classes():
    s, t = outputs(), np.random.default_rng(2).dirichlet(np.ones(3), size=4)
    loss = nn.SoftmaxCrossEntropy()
    np.testing.assert_allclose(loss.forward(s, t), -np.sum(t * np.log(nn.softmax(s))) / 4)
    np.testing.assert_allclose(loss.backward(), (nn.softmax(s) - t) / 4)
    loss.forward(s.astype("float32"), t.astype("float32"))


def test_a_score_of_minus_infinity_is_a_class_that_is_ruled_out():
    loss, scores = nn.SoftmaxCrossEntropy(), np.array([[0.0, np.log(3), -np.inf]])
    assert loss.forward(scores, np.array([0])) == pytest.approx(np.log(4))
    np.testing.assert_allclose(loss.backward(), [[-0.75, 0.75, 0.0]], atol=1e-15)
    assert loss.forward(scores, np.array([2])) == np.inf


def test_scores_are_a_table():
    with pytest.raises(ValueError, match=r"scores must have the shape \(N, K\), got \(3,\)"):
        nn.SoftmaxCrossEntropy().forward(np.zeros(3), np.array([1]))


def test_only_the_cross_entropy_knows_right_answers():
    scores = np.array([[3.0, 1.0, 2.0], [0.0, 1.0, 5.0], [0.0, 2.0, 1.0], [1.0, 0.0, 0.5]])
    labels = np.array([0, 1, 1, 0])
    assert nn.SoftmaxCrossEntropy().right(scores, labels) == 3
    assert nn.SoftmaxCrossEntropy().right(scores, np.eye(3)[labels]) == 3
    assert nn.MeanSquaredError().right(scores, scores) is None
    assert nn.evaluate(nn.Affine(2.0), nn.SoftmaxCrossEntropy(), scores, labels).accuracy == 0.75
    assert nn.evaluate(nn.Affine(2.0), nn.MeanSquaredError(), scores, scores).accuracy is None

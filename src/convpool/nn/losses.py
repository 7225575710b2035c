"""Losses: one number for a batch, and its gradient."""

from typing import Any

import numpy as np

from convpool.arguments import check_float_arrays


class Loss:
    """What a network is to make small.

    `forward(y, target)` returns the loss and keeps what `backward()` needs, which uses it up. A
    subclass says how in `_forward` and `_backward`, and in `right` whether answers can be right.
    """

    _kept: tuple | None = None

    def forward(self, y: np.ndarray, target: np.ndarray) -> float:
        """The loss of a network's outputs y (N, …), given what they should be.

        Raises
        ------
        TypeError, ValueError
            If y is no array of float32 or float64 or is empty, or if the target does not fit.
        """
        value, self._kept = self._checked(y, target)
        return value

    def backward(self) -> np.ndarray:
        """dy, the gradient with respect to the last forward pass's y.

        Raises
        ------
        RuntimeError
            If no forward pass came before, or its backward pass has been taken.
        """
        if self._kept is None:
            raise RuntimeError(
                f"backward of {type(self).__name__} needs a forward pass before it, one for each"
            )
        kept, self._kept = self._kept, None
        return self._backward(*kept)

    def value(self, y: np.ndarray, target: np.ndarray) -> float:
        """The loss as `forward` gives it, with nothing kept."""
        return self._checked(y, target)[0]

    def right(self, y: np.ndarray, target: np.ndarray) -> int | None:
        """How many of the answers y are right; None where they can only be more or less near."""
        return None

    def _checked(self, y: np.ndarray, target: np.ndarray) -> tuple[float, tuple]:
        check_float_arrays({"y": y})
        if not y.size:
            raise ValueError(f"y must not be empty, for a mean: got shape {y.shape}")
        return self._forward(y, target)

    def _forward(self, y: np.ndarray, target: np.ndarray) -> tuple[float, tuple]:
        raise NotImplementedError

    def _backward(self, *kept: Any) -> np.ndarray:
        raise NotImplementedError


class SoftmaxCrossEntropy(Loss):
    """The mean of −log p(label) over the batch, p the softmax of the scores (N, K).

    Labels are (N,) whole numbers below K, or a distribution over the K classes for each row, as
    one-hot ones are. Implements :eq:`eq-softmax`, :eq:`eq-cross-entropy` and
    :eq:`eq-cross-entropy-backward`.
    """

    def _forward(self, scores: np.ndarray, labels: np.ndarray) -> tuple[float, tuple]:
        targets = one_hot(labels, scores)  # (N, K), as are the others
        shifted = scores - scores.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        asked = targets > 0  # the others count nothing, even where log p is −∞
        value = -(targets[asked] * logs[asked]).sum() / len(scores)
        return float(value), (np.exp(logs), targets)

    def _backward(self, p: np.ndarray, targets: np.ndarray) -> np.ndarray:
        return (p - targets) / p.dtype.type(len(p))

    def right(self, scores: np.ndarray, labels: np.ndarray) -> int:
        """How many rows have their largest score at the label."""
        targets = one_hot(labels, scores)
        return int(np.sum(scores.argmax(axis=1) == targets.argmax(axis=1)))


class MeanSquaredError(Loss):
    """The mean of (y − target)² over all numbers of two arrays of one shape: :eq:`eq-mse`."""

    def _forward(self, y: np.ndarray, target: np.ndarray) -> tuple[float, tuple]:
        if np.shape(target) != y.shape:
            raise ValueError(f"target must have y's shape {y.shape}, got {np.shape(target)}")
        difference = y - np.asarray(target, y.dtype)
        return float(np.mean(np.square(difference))), (difference,)

    def _backward(self, difference: np.ndarray) -> np.ndarray:
        return difference * difference.dtype.type(2 / difference.size)


def one_hot(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The labels of scores (N, K) as (N, K), 1 at each label; such labels stay as they are.

    Raises
    ------
    ValueError
        If the labels are neither (N,) whole numbers below K nor (N, K) rows of numbers that are
        not negative and have the sum 1.
    """
    labels = np.asarray(labels)
    if scores.ndim != 2:
        raise ValueError(f"scores must have the shape (N, K), got {scores.shape}")
    N, K = scores.shape
    if labels.shape == scores.shape:
        sums = labels.sum(axis=1)
        if not ((labels >= 0).all() and np.allclose(sums, 1, atol=1e-3)):
            raise ValueError(
                "labels for each class must not be negative and have the sum 1 in each row, "
                f"got {labels.min()} … {labels.max()} with sums {sums.min()} … {sums.max()}"
            )
        return labels.astype(scores.dtype, copy=False)
    if labels.shape != (N,) or labels.dtype.kind not in "iu":
        raise ValueError(
            f"labels must be {N} whole numbers or of the scores' shape {scores.shape}, "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    if N and not 0 <= labels.min() <= labels.max() < K:
        raise ValueError(f"labels must lie in 0 … {K - 1}, got {labels.min()} … {labels.max()}")
    return (labels[:, np.newaxis] == np.arange(K)).astype(scores.dtype)


def softmax(scores: np.ndarray) -> np.ndarray:
    """Positive numbers with the sum 1 in each row: :eq:`eq-softmax`."""
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)

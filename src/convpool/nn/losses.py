"""Losses: one number for a batch, and its gradient."""

import numpy as np


class SoftmaxCrossEntropy:
    """The mean of −log p(label) over the batch, p the softmax of the scores.

    Implements :eq:`eq-softmax`, :eq:`eq-cross-entropy` and :eq:`eq-cross-entropy-backward`.
    """

    def forward(self, scores: np.ndarray, labels: np.ndarray) -> float:
        """The loss of scores (N, K) and labels: (N,) whole numbers, or one-hot (N, K)."""
        targets = one_hot(labels, scores)
        shifted = scores - scores.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        self._kept = np.exp(logs), targets
        return float(-(targets * logs).sum() / len(scores))

    def backward(self) -> np.ndarray:
        """(p − target) / N, of the last forward pass."""
        p, targets = self._kept
        return (p - targets) / p.dtype.type(len(p))


class MeanSquaredError:
    """The mean of (y − target)² over all numbers: :eq:`eq-mse`."""

    def forward(self, y: np.ndarray, target: np.ndarray) -> float:
        """The loss of two arrays of one shape."""
        if np.shape(target) != y.shape:
            raise ValueError(f"target must have y's shape {y.shape}, got {np.shape(target)}")
        self._kept = y - target
        return float(np.mean(np.square(self._kept)))

    def backward(self) -> np.ndarray:
        """2 (y − target) / (how many), of the last forward pass."""
        difference = self._kept
        return difference * difference.dtype.type(2 / difference.size)


def one_hot(labels: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """The labels of scores (N, K) as (N, K), 1 at each label; one-hot labels stay."""
    labels = np.asarray(labels)
    N, K = scores.shape
    if labels.shape == scores.shape:
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

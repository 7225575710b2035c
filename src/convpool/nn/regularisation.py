"""Layers that behave differently in training and in evaluation."""

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.options import float_name, generator, number, whole


class Dropout(Layer):
    """In training each number is dropped with probability `rate`, and the others grow to make up.

    In evaluation it does nothing.

    Parameters
    ----------
    rate : float
        At least 0 and below 1.
    rng : numpy.random.Generator
        Draws what is dropped.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.

    Notes
    -----
    Implements :eq:`eq-dropout`.
    """

    def __init__(self, rate: float = 0.5, *, rng: np.random.Generator) -> None:
        super().__init__(rate=number("rate", rate, below=1))
        self.rng = generator(rng)

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        if not self.training:
            return x, None
        rate = self.hyperparams["rate"]
        mask = (self.rng.random(x.shape, np.float32) >= rate) / x.dtype.type(1 - rate)
        mask = mask.astype(x.dtype, copy=False)
        return x * mask, mask

    def _backward(self, dy: np.ndarray, kept: np.ndarray) -> np.ndarray:
        return dy * kept


class BatchNorm2d(Layer):
    """Each channel with mean 0 and variance 1, then scaled by γ and moved by β.

    In training the mean and the variance are the batch's, over N, H and W, and running averages
    of them are kept in `state`, the variance's with N·H·W − 1 as the divisor; in evaluation the
    running ones are used.

    Parameters
    ----------
    channels : int
        C of x (N, C, H, W).
    eps : float
        Added to the variance, so that it can be divided by.
    momentum : float
        From 0 to 1: how much of the new batch goes into the running averages.
    dtype : "float32" or "float64"
        Of the parameters, and so of x.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form, and in training for an x with fewer than two
        numbers a channel.

    Notes
    -----
    Implements :eq:`eq-batchnorm`, :eq:`eq-batchnorm-backward` and, in evaluation,
    :eq:`eq-batchnorm-running` and :eq:`eq-batchnorm-evaluation`.
    """

    def __init__(
        self, channels: int, eps: float = 1e-5, momentum: float = 0.1, *, dtype: str = "float32"
    ) -> None:
        if number("momentum", momentum) > 1:
            raise ValueError(f"momentum must be at most 1, got {momentum}")
        super().__init__(
            channels=whole("channels", channels),
            eps=number("eps", eps),
            momentum=momentum,
            dtype=(dtype := float_name(dtype)),
        )
        self.learns(gamma=np.ones(channels, dtype), beta=np.zeros(channels, dtype))
        self.state.update(
            running_mean=np.zeros(channels, dtype), running_var=np.ones(channels, dtype)
        )

    def _forward(self, x: np.ndarray) -> tuple[np.ndarray, tuple]:
        self._check(x)
        if self.training:
            mean, var = x.mean(axis=(0, 2, 3)), x.var(axis=(0, 2, 3))
            self._remember(mean, var, x.size // x.shape[1])
        else:
            mean, var = self.state["running_mean"], self.state["running_var"]
        scale = 1 / np.sqrt(var + x.dtype.type(self.hyperparams["eps"]))
        z = (x - _channels(mean)) * _channels(scale)
        y = z * _channels(self.params["gamma"]) + _channels(self.params["beta"])
        return y, (z, scale)

    def _backward(self, dy: np.ndarray, kept: tuple) -> np.ndarray:
        z, scale = kept
        dbeta, dgamma = dy.sum(axis=(0, 2, 3)), (dy * z).sum(axis=(0, 2, 3))
        self._fill(gamma=dgamma, beta=dbeta)
        cells = dy.size // dy.shape[1]
        centred = dy - _channels(dbeta / cells) - z * _channels(dgamma / cells)
        return centred * _channels(self.params["gamma"] * scale)

    def _remember(self, mean: np.ndarray, var: np.ndarray, cells: int) -> None:
        share = self.hyperparams["momentum"]
        for name, new in (("running_mean", mean), ("running_var", var * (cells / (cells - 1)))):
            self.state[name] += share * (new - self.state[name])

    def _check(self, x: np.ndarray) -> None:
        channels = self.hyperparams["channels"]
        if x.ndim != 4 or x.shape[1] != channels:
            raise ValueError(f"x must have the shape (N, {channels}, H, W), got {x.shape}")
        if self.training and x.size < 2 * channels:
            count = "one" if x.size else "no"
            raise ValueError(f"x has {count} number a channel, which has no variance: {x.shape}")


def _channels(vector: np.ndarray) -> np.ndarray:
    """One number a channel, to be broadcast over (N, C, H, W)."""
    return vector[:, np.newaxis, np.newaxis]

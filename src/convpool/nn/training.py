"""Training: batches, epochs, what they report, and when they stop."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.optimisers import Optimiser

Schedule = Callable[[int], float]
Labelled = tuple[np.ndarray, np.ndarray]


class Scores(NamedTuple):
    """How well a model does on some images: mean loss, and the share of right answers."""

    loss: float
    accuracy: float


@dataclass
class History:
    """What `fit` did, an entry an epoch; `stopped` says why it ended.

    `stopped` is "epochs" (all done), "early" (validation no longer improved) or "interrupted".
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    stopped: str = "epochs"


def minibatches(
    x: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator | None = None
) -> Iterator[Labelled]:
    """Batches of `size` images with their labels, shuffled by `rng`; the last may be shorter."""
    if len(x) != len(labels):
        raise ValueError(f"x and labels must be of one length, got {len(x)} and {len(labels)}")
    if size < 1:
        raise ValueError(f"size must be at least 1, got {size}")
    order = np.arange(len(x)) if rng is None else rng.permutation(len(x))
    for start in range(0, len(x), size):
        batch = order[start : start + size]
        yield x[batch], labels[batch]


def cosine_decay(learning_rate: float, epochs: int) -> Schedule:
    """From `learning_rate` down to nearly zero along half a cosine: :eq:`eq-cosine-decay`."""
    return lambda epoch: learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / epochs))


def fit(
    model: Layer,
    loss: Any,
    optimiser: Optimiser,
    x: np.ndarray,
    labels: np.ndarray,
    *,
    epochs: int,
    rng: np.random.Generator,
    batch_size: int = 64,
    schedule: Schedule | None = None,
    validation: Labelled | None = None,
    patience: int | None = None,
    progress: bool = True,
) -> History:
    """Train a model, epoch by epoch, with a progress bar.

    Parameters
    ----------
    model, loss, optimiser
        The three that learn; the optimiser holds the model's `params` and `grads`.
    x : ndarray, (N, …)
        The images to learn from.
    labels : ndarray, (N,)
        What they show.
    epochs : int
        How often every image is seen.
    rng : numpy.random.Generator
        Shuffles the images.
    batch_size : int
        Images a step.
    schedule : callable, optional
        `schedule(epoch)` → the learning rate of that epoch, counted from 0.
    validation : (ndarray, ndarray), optional
        Images and labels that are scored after every epoch and never learned from.
    patience : int, optional
        Stop after this many epochs without a smaller validation loss, and go back to the best.
    progress : bool
        Whether to draw the bar.

    Returns
    -------
    History
        Also after Ctrl-C, which ends the training and keeps the model as it is then.

    Raises
    ------
    FloatingPointError
        If the loss is no longer finite: the learning rate is too large.
    """
    if patience is not None and validation is None:
        raise ValueError("patience needs validation: it waits for its loss to improve")
    history, best = History(), _Best(model)
    bar = _bar(epochs, progress)
    try:
        for epoch in range(epochs):
            if schedule is not None:
                optimiser.learning_rate = schedule(epoch)
            history.learning_rate.append(optimiser.learning_rate)
            model.train()
            seen = _epoch(model, loss, optimiser, minibatches(x, labels, batch_size, rng))
            history.loss.append(seen.loss)
            history.accuracy.append(seen.accuracy)
            if validation is not None:
                scores = evaluate(model, loss, *validation)
                history.validation_loss.append(scores.loss)
                history.validation_accuracy.append(scores.accuracy)
                best.see(scores.loss)
            bar.set_postfix(_told(history), refresh=False)
            bar.update()
            if patience is not None and best.waited >= patience:
                history.stopped = "early"
                best.restore()
                break
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    finally:
        bar.close()
        model.eval()
    return history


def evaluate(
    model: Layer, loss: Any, x: np.ndarray, labels: np.ndarray, batch_size: int = 256
) -> Scores:
    """Loss and accuracy of a model on images that it does not learn from."""
    scores = predict(model, x, batch_size)
    return Scores(loss.forward(scores, labels), _right(scores, labels) / max(len(x), 1))


def predict(model: Layer, x: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """The model's outputs for images, batch by batch, in evaluation."""
    was_training = model.training
    model.eval()
    try:
        parts = [model.forward(x[k : k + batch_size]) for k in range(0, len(x), batch_size)]
    finally:
        if was_training:
            model.train()
    return np.concatenate(parts) if parts else model.forward(x)


def _epoch(model: Layer, loss: Any, optimiser: Optimiser, batches: Iterator[Labelled]) -> Scores:
    total, right, count = 0.0, 0, 0
    for x, labels in batches:
        scores = model.forward(x)
        value = loss.forward(scores, labels)
        if not math.isfinite(value):
            raise FloatingPointError(
                f"the loss is {value} with the learning rate {optimiser.learning_rate}: lower it"
            )
        model.learn(loss.backward())
        optimiser.step()
        total, right, count = total + value * len(x), right + _right(scores, labels), count + len(x)
    return Scores(total / max(count, 1), right / max(count, 1))


def _right(scores: np.ndarray, labels: np.ndarray) -> int:
    labels = labels.argmax(axis=1) if labels.ndim == 2 else labels
    return int(np.sum(scores.argmax(axis=1) == labels))


class _Best:
    """The parameters at the smallest validation loss so far."""

    def __init__(self, model: Layer) -> None:
        self.arrays = {**model.params, **model.state}
        self.loss, self.waited = math.inf, 0
        self.copies: dict[str, np.ndarray] = {}

    def see(self, loss: float) -> None:
        if loss < self.loss:
            self.loss, self.waited = loss, 0
            self.copies = {name: array.copy() for name, array in self.arrays.items()}
        else:
            self.waited += 1

    def restore(self) -> None:
        for name, array in self.copies.items():
            self.arrays[name][...] = array


def _bar(epochs: int, progress: bool) -> Any:
    if progress:
        from tqdm.auto import tqdm
    else:  # the other one, in a notebook, asks for widgets even when it draws nothing
        from tqdm import tqdm
    return tqdm(total=epochs, unit="epoch", disable=not progress)


def _told(history: History) -> dict[str, str]:
    told = {"loss": f"{history.loss[-1]:.4f}"}
    if history.validation_accuracy:
        told["validation"] = f"{history.validation_accuracy[-1]:.2%}"
    return told

"""Training: batches, epochs, what they report, and when they stop."""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.losses import Loss
from convpool.nn.optimisers import Optimiser
from convpool.nn.options import generator, whole

Schedule = Callable[[int], float]
Labelled = tuple[np.ndarray, np.ndarray]


class Scores(NamedTuple):
    """How well a model does on some images: mean loss, and the share of right answers.

    `accuracy` is None where the loss knows no right answers, as the mean squared error.
    """

    loss: float
    accuracy: float | None


@dataclass
class History:
    """What `fit` did, an entry an epoch; `stopped` says why it ended.

    `stopped` is "epochs" (all done), "early" (validation no longer improved) or "interrupted".
    The accuracies stay empty where the loss knows no right answers.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    stopped: str = "epochs"

    def add(self, learning_rate: float, seen: Scores, validated: Scores | None) -> None:
        """An epoch, when all of it is known."""
        loss, accuracy = validated or (None, None)
        row = (seen.loss, seen.accuracy, loss, accuracy, learning_rate)
        lists = (self.loss, self.accuracy, self.validation_loss, self.validation_accuracy,
                 self.learning_rate)  # fmt: skip
        for entries, entry in zip(lists, row, strict=True):
            if entry is not None:
                entries.append(entry)


class Diverged(FloatingPointError):
    """The loss is no longer finite. `history` is what `fit` did before."""

    history: History


def minibatches(
    x: np.ndarray, labels: np.ndarray, size: int, rng: np.random.Generator | None = None
) -> Iterator[Labelled]:
    """Batches of images with their labels.

    Parameters
    ----------
    x : ndarray, (N, …)
        Images.
    labels : ndarray, (N,) or (N, …)
        One entry an image.
    size : int
        Images a batch; the last may be shorter.
    rng : numpy.random.Generator, optional
        Shuffles them; else they come in their order.

    Raises
    ------
    TypeError, ValueError
        If x and labels are not of one length, or for an argument that is not of its form.
    """
    x, labels = _together("x and labels", x, labels)
    whole("size", size)
    order = np.arange(len(x)) if rng is None else generator(rng).permutation(len(x))
    batches = (order[start : start + size] for start in range(0, len(x), size))
    return ((x[batch], labels[batch]) for batch in batches)


def cosine_decay(learning_rate: float, epochs: int) -> Schedule:
    """From `learning_rate` down to nearly zero along half a cosine: :eq:`eq-cosine-decay`."""
    return lambda epoch: learning_rate * 0.5 * (1 + math.cos(math.pi * epoch / epochs))


def fit(
    model: Layer,
    loss: Loss,
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
    """Train a model, epoch by epoch, with a progress bar, and leave it in evaluation.

    Parameters
    ----------
    model, loss, optimiser
        The three that learn; the optimiser holds the model's `params` and `grads`, or some.
    x : ndarray, (N, …)
        The images to learn from.
    labels : ndarray, (N,) or (N, …)
        What the loss wants for them.
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
        Stop after this many epochs without a smaller validation loss. With it the model that is
        left is the best one, also if the epochs run out first.
    progress : bool
        Whether to draw the bar; it needs tqdm.

    Returns
    -------
    History
        Also after Ctrl-C, which ends the training and keeps the model as it is then.

    Raises
    ------
    Diverged
        If the loss is no longer finite: a FloatingPointError that has the `history` so far.
    TypeError, ValueError
        For an argument that is not of its form, images without labels or none at all, and an
        optimiser of other arrays than the model's.
    """
    x, labels = _together("x and labels", x, labels, at_least=1)
    if validation is not None:
        validation = _together("validation's images and labels", *validation, at_least=1)
    if patience is not None and validation is None:
        raise ValueError("patience needs validation: it waits for its loss to improve")
    whole("epochs", epochs, at_least=0)
    whole("batch_size", batch_size)
    if patience is not None:
        whole("patience", patience)
    _refuse_strangers(optimiser, model)
    batches = functools.partial(minibatches, x, labels, batch_size, generator(rng))
    history, best = History(), _Best(model)
    bar = _bar(epochs, progress)
    try:
        for epoch in range(epochs):
            if schedule is not None:
                optimiser.learning_rate = schedule(epoch)
            model.train()
            seen = _epoch(model, loss, optimiser, batches())
            scores = None if validation is None else evaluate(model, loss, *validation)
            history.add(optimiser.learning_rate, seen, scores)
            bar.set_postfix(_told(history), refresh=False)
            bar.update()
            if patience is not None and best.waits(history.validation_loss[-1]) >= patience:
                history.stopped = "early"
                break
        best.restore()
    except KeyboardInterrupt:
        history.stopped = "interrupted"
    except Diverged as error:
        error.history = history
        raise
    finally:
        bar.close()
        model.eval()
    return history


def evaluate(
    model: Layer, loss: Loss, x: np.ndarray, labels: np.ndarray, batch_size: int = 256
) -> Scores:
    """Loss and accuracy of a model on images that it does not learn from.

    Parameters
    ----------
    model, loss
        What is scored, and how. Neither keeps anything of it.
    x, labels : ndarray
        Images (N, …), at least one, and what the loss wants for them, (N,) or (N, …).
    batch_size : int
        Images at a time.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.
    """
    x, labels = _together("x and labels", x, labels)
    y = predict(model, x, batch_size)
    value, right = loss.value(y, labels), loss.right(y, labels)
    return Scores(value, None if right is None else right / len(x))


def predict(model: Layer, x: np.ndarray, batch_size: int = 256) -> np.ndarray:
    """The model's outputs for images, batch by batch, in evaluation.

    Parameters
    ----------
    model : Layer
        Afterwards each of its layers is in training or in evaluation, as it was before.
    x : ndarray, (N, …)
        The images; none give outputs for none.
    batch_size : int
        Images at a time.

    Raises
    ------
    TypeError, ValueError
        For an argument that is not of its form.
    """
    whole("batch_size", batch_size)
    starts = range(0, max(len(x), 1), batch_size)
    with model.evaluating():
        return np.concatenate([model.forward(x[k : k + batch_size]) for k in starts])


def _together(what: str, x: Any, labels: Any, at_least: int = 0) -> Labelled:
    x, labels = np.asarray(x), np.asarray(labels)
    if len(x) != len(labels):
        raise ValueError(f"{what} must be of one length, got {len(x)} and {len(labels)}")
    if len(x) < at_least:
        raise ValueError(f"{what} must not be empty, got shapes {x.shape} and {labels.shape}")
    return x, labels


def _refuse_strangers(optimiser: Optimiser, model: Layer) -> None:
    for name, array in optimiser.params.items():
        if not any(array is own for own in model.params.values()):
            raise ValueError(
                f"optimiser must hold parameters of this model, and {name!r} is none: make it "
                "with model.params and model.grads"
            )


def _epoch(model: Layer, loss: Loss, optimiser: Optimiser, batches: Iterator[Labelled]) -> Scores:
    total, count = 0.0, 0
    rights: list[int | None] = []
    for x, labels in batches:
        y = model.forward(x)
        value = loss.forward(y, labels)
        if not math.isfinite(value):
            raise Diverged(f"the loss is {value} {_reason(x, labels, optimiser)}")
        rights.append(loss.right(y, labels))
        model.learn(loss.backward())
        optimiser.step()
        total, count = total + value * len(x), count + len(x)
    known = [right for right in rights if right is not None]
    return Scores(total / count, sum(known) / count if known else None)


def _reason(x: np.ndarray, labels: np.ndarray, optimiser: Optimiser) -> str:
    for name, array in (("x", x), ("labels", labels)):
        if not np.isfinite(array).all():
            return f"and {name} holds numbers that are not finite: leave them out"
    return f"with the learning rate {optimiser.learning_rate}: lower it"


class _Best:
    """The parameters at the smallest validation loss so far."""

    def __init__(self, model: Layer) -> None:
        self.arrays = {**model.params, **model.state}
        self.loss, self.waited = math.inf, 0
        self.copies: dict[str, np.ndarray] = {}

    def waits(self, loss: float) -> int:
        """How many epochs the smallest loss is ago, now that this one is known."""
        if loss < self.loss:
            self.loss, self.waited = loss, 0
            self.copies = {name: array.copy() for name, array in self.arrays.items()}
        else:
            self.waited += 1
        return self.waited

    def restore(self) -> None:
        """Back to them, whole: an interruption waits until then."""
        try:
            self._write()
        except KeyboardInterrupt:
            self._write()
            raise

    def _write(self) -> None:
        for name, array in self.copies.items():
            self.arrays[name][...] = array


def _bar(epochs: int, progress: bool) -> Any:
    if not progress:
        return _NoBar()
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError(
            "the progress bar needs tqdm: pip install 'convpool[train]', or say progress=False"
        ) from error
    return tqdm(total=epochs, unit="epoch")


class _NoBar:
    """What is drawn where no bar is wanted."""

    def set_postfix(self, told: dict[str, str], refresh: bool) -> None:
        """Nothing."""

    def update(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


def _told(history: History) -> dict[str, str]:
    told = {"loss": f"{history.loss[-1]:.4f}"}
    if history.validation_accuracy:
        told["validation"] = f"{history.validation_accuracy[-1]:.2%}"
    return told

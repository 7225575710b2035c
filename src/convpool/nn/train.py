"""LeNet-5 from the command line: `python -m convpool.nn.train --data digits`."""

import argparse
import importlib
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from convpool import data
from convpool.nn.activations import Affine
from convpool.nn.layer import TIERS, Layer
from convpool.nn.lenet import ACTIVATIONS, POOLINGS, LeNet5
from convpool.nn.losses import SoftmaxCrossEntropy
from convpool.nn.optimisers import OPTIMISERS
from convpool.nn.sequential import Sequential
from convpool.nn.storage import check_writable, load, read_note, save
from convpool.nn.training import History, Labelled, cosine_decay, evaluate, fit, predict

DATA = ("digits", "mnist", "fashion_mnist")
CLASSES = 10
FIRST_WEIGHTS = {
    "relu": "he_normal",
    "leaky_relu": "he_normal",
    "tanh": "glorot_uniform",
    "sigmoid": "glorot_uniform",
}
SEEDS = range(2**32)  # what scikit-learn's split takes
PACKAGES = {"sklearn": "scikit-learn", "PIL": "Pillow", "matplotlib.figure": "Matplotlib"}


class Refused(Exception):
    """What the command line asks for cannot be done, and why."""


def main(argv: list[str] | None = None) -> int:
    """Train and save a model, or load and test one; the exit status."""
    parser = _parser()
    wanted = parser.parse_args(argv)
    try:
        if wanted.tier == "compiled":
            _need("numba", extra="compiled")
        return _train(wanted) if wanted.test is None else _test(wanted)
    except Refused as error:
        parser.error(str(error))
    except KeyboardInterrupt:
        print("\ninterrupted: nothing was written", file=sys.stderr)
        return 130
    except (OSError, FloatingPointError) as error:
        print(error, file=sys.stderr)
        return 1


def _train(wanted: argparse.Namespace) -> int:
    figure = _figure(wanted.model)
    name = wanted.data or "digits"
    _need(*_packages(name), "tqdm", "matplotlib.figure")
    learn, test = images(name, wanted.seed)
    model = new_model(learn[0], wanted)
    history = train(model, learn, wanted)
    if history.stopped == "interrupted":
        print(f"interrupted after {len(history.loss)} of {wanted.epochs} epochs", file=sys.stderr)
    save(model, wanted.model, note={"data": name, "seed": wanted.seed})
    try:
        draw(history, figure)
        accuracy = evaluate(model, SoftmaxCrossEntropy(), *test).accuracy
    except KeyboardInterrupt:
        print(f"\ninterrupted: the model is in {wanted.model}, untested", file=sys.stderr)
        return 130
    print(f"learned from {len(learn[0])} images, tested on {len(test[0])} others, "
          f"seed {wanted.seed}")  # fmt: skip
    print(f"test accuracy {accuracy:.2%}")
    print(f"model {wanted.model}, curve {figure}")
    return 0


def _test(wanted: argparse.Namespace) -> int:
    path = wanted.test
    try:
        model, (learned, seed) = load(path), _origin(path)
    except (OSError, ValueError) as error:
        raise Refused(f"argument --test: {error}") from error
    name = wanted.data or learned or "digits"
    _need(*_packages(name))
    if wanted.tier:
        model.use(wanted.tier)
    _, test = images(name, seed)
    _check_fits(model, test[0], f"argument --test: {path} is no network for {name}")
    accuracy = evaluate(model, SoftmaxCrossEntropy(), *test).accuracy
    told = {
        name: f"none of which it learned from (seed {seed})",
        None: "and the file does not say which images it learned from",
    }
    print(f"{path}: test accuracy {accuracy:.2%} on {len(test[0])} images of {name}, "
          f"{told.get(learned, f'and it learned from {learned}')}")  # fmt: skip
    return 0


def images(name: str, seed: int) -> tuple[Labelled, Labelled]:
    """What to learn from and what to test on; the digits are dealt out 80 to 20, each alike."""
    if name != "digits":
        return getattr(data, name)()
    from sklearn.model_selection import train_test_split

    small, labels = data.digits()
    x, x_test, y, y_test = train_test_split(
        data.resized(small, 28), labels, test_size=0.2, stratify=labels, random_state=seed
    )
    return (x, y), (x_test, y_test)


def new_model(x: np.ndarray, wanted: argparse.Namespace) -> Sequential:
    """LeNet-5 behind a layer that gives the images the mean 0 and the deviation 1."""
    scale = 1 / float(x.std())
    return Sequential(
        Affine(scale, -float(x.mean()) * scale),
        LeNet5(
            rng=np.random.default_rng(wanted.seed),
            activation=wanted.activation,
            pooling=wanted.pooling,
            initialiser=FIRST_WEIGHTS[wanted.activation],
            tier=wanted.tier,
        ),
    )


def train(model: Sequential, learn: Labelled, wanted: argparse.Namespace) -> History:
    """Fit the model as the command line wants it."""
    optimiser = OPTIMISERS[wanted.optimiser](model.params, model.grads, wanted.learning_rate)
    with np.errstate(over="ignore", invalid="ignore"):  # a loss that is no number ends the training
        return fit(
            model,
            SoftmaxCrossEntropy(),
            optimiser,
            *learn,
            epochs=wanted.epochs,
            batch_size=wanted.batch_size,
            rng=np.random.default_rng(wanted.seed),
            schedule=cosine_decay(wanted.learning_rate, wanted.epochs),
        )


def draw(history: History, path: Path) -> None:
    """The loss and the accuracy of each epoch as a picture."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 3), layout="constrained")
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(range(1, len(history.loss) + 1), getattr(history, name))
        axes.set(xlabel="epoch", ylabel=name)
    figure.savefig(path)


def _origin(path: str) -> tuple[str | None, int]:
    """The data set and the seed of the split that a model learned from, if its file says so."""
    note = read_note(path)
    if not note:
        return None, 0
    name, seed = note.get("data"), note.get("seed")
    if name not in DATA or not isinstance(seed, int) or seed not in SEEDS:
        raise ValueError(f"{path} says that it learned from {name!r}, split with seed {seed!r}")
    return name, seed


def _check_fits(model: Layer, x: np.ndarray, trouble: str) -> None:
    """Whether a model gives ten scores for an image."""
    try:
        scores = predict(model, x[:1])
    except (TypeError, ValueError) as error:
        raise Refused(f"{trouble}: {error}") from error
    if scores.shape != (1, CLASSES):
        raise Refused(f"{trouble}: an image gives it {scores.shape} numbers, not (1, {CLASSES})")


def _figure(model: str) -> Path:
    """Where the picture beside a model goes, when both can be written."""
    try:
        check_writable(model)
        figure = Path(model).with_suffix(".png")
        check_writable(figure)
    except OSError as error:
        raise Refused(f"argument --model: {error}") from error
    if os.path.realpath(model).casefold() == os.path.realpath(figure).casefold():
        raise Refused(f"argument --model: {model} is where the picture of the curve goes")
    return figure


def _packages(name: str) -> tuple[str, ...]:
    return ("sklearn", "PIL") if name == "digits" else ("pooch",)


def _need(*modules: str, extra: str = "train") -> None:
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            package = PACKAGES.get(module, module)
            raise Refused(f"{package} is needed: pip install 'convpool[{extra}]'") from error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m convpool.nn.train", description=__doc__)
    add: Any = parser.add_argument
    add("--data", choices=DATA, help="what to learn, or to be tested on (default: digits)")
    add("--model", default="lenet.npz", metavar="FILE", help="where to write the model")
    add("--test", metavar="FILE", help="test this model, on images that it did not learn from, "
        "instead of training one")  # fmt: skip
    count = _checked(int, lambda value: value >= 1, "a whole number, 1 at least")
    add("--epochs", type=count, default=25, help="default: 25")
    add("--batch-size", type=count, default=32, help="default: 32")
    rate = _checked(float, lambda value: 0 < value < math.inf, "a finite number above 0")
    add("--learning-rate", type=rate, default=2e-3, help="at first; default: 0.002")
    add("--optimiser", choices=OPTIMISERS, default="adam")
    add("--activation", choices=ACTIVATIONS, default="relu")
    add("--pooling", choices=POOLINGS, default="max")
    add("--tier", choices=TIERS, help="which implementation works (default: the fastest)")
    seed = _checked(int, lambda value: value in SEEDS, f"a whole number from 0 to {SEEDS[-1]}")
    add("--seed", type=seed, default=0, help="of the split, the first weights and the order; "
        "a test takes the split of the model's own")  # fmt: skip
    return parser


def _checked(number: type, valid: Callable[[Any], bool], words: str) -> Callable[[str], Any]:
    """What argparse reads a number with: the number, or an error that says which are valid."""

    def read(text: str) -> Any:
        try:
            value = number(text)
        except ValueError:
            value = None
        if value is None or not valid(value):
            raise argparse.ArgumentTypeError(f"must be {words}, got {text!r}")
        return value

    return read


if __name__ == "__main__":
    sys.exit(main())

"""LeNet-5 from the command line: `python -m convpool.nn.train --data digits`."""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np

from convpool import data
from convpool.nn.activations import Affine
from convpool.nn.layer import TIERS
from convpool.nn.lenet import ACTIVATIONS, POOLINGS, LeNet5
from convpool.nn.losses import SoftmaxCrossEntropy
from convpool.nn.optimisers import OPTIMISERS
from convpool.nn.sequential import Sequential
from convpool.nn.storage import load, save
from convpool.nn.training import History, Labelled, cosine_decay, evaluate, fit

DATA = ("digits", "mnist", "fashion_mnist")
FIRST_WEIGHTS = {
    "relu": "he_normal",
    "leaky_relu": "he_normal",
    "tanh": "glorot_uniform",
    "sigmoid": "glorot_uniform",
}


def main(argv: list[str] | None = None) -> int:
    """Train and save a model, or load and test one; the exit status."""
    wanted = _parser().parse_args(argv)
    try:
        learn, test = images(wanted.data, wanted.seed)
    except (ConnectionError, ImportError) as error:
        print(error, file=sys.stderr)
        return 1
    if wanted.test:
        return _test(wanted.test, test)
    model = new_model(learn[0], wanted)
    history = train(model, learn, wanted)
    if history.stopped == "interrupted":
        print(f"interrupted after {len(history.loss)} epochs", file=sys.stderr)
    save(model, wanted.model)
    figure = Path(wanted.model).with_suffix(".png")
    draw(history, figure)
    accuracy = evaluate(model, SoftmaxCrossEntropy(), *test).accuracy
    print(f"learned from {len(learn[0])} images, tested on {len(test[0])} others, "
          f"seed {wanted.seed}")  # fmt: skip
    print(f"test accuracy {accuracy:.2%}")
    print(f"model {wanted.model}, curve {figure}")
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


def _test(path: str, test: Labelled) -> int:
    try:
        model = load(path)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    scores = evaluate(model, SoftmaxCrossEntropy(), *test)
    print(f"{path}: test accuracy {scores.accuracy:.2%} on {len(test[0])} images")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m convpool.nn.train", description=__doc__)
    add: Any = parser.add_argument
    add("--data", choices=DATA, default="digits", help="what to learn (default: digits)")
    add("--model", default="lenet.npz", metavar="FILE", help="where to write the model")
    add("--test", metavar="FILE", help="test this model instead of training one")
    add("--epochs", type=int, default=25)
    add("--batch-size", type=int, default=32)
    add("--learning-rate", type=float, default=2e-3)
    add("--optimiser", choices=OPTIMISERS, default="adam")
    add("--activation", choices=ACTIVATIONS, default="relu")
    add("--pooling", choices=POOLINGS, default="max")
    add("--tier", choices=TIERS, help="which implementation works (default: the fastest)")
    add("--seed", type=int, default=0, help="of the split, the first weights and the order")
    return parser


if __name__ == "__main__":
    sys.exit(main())

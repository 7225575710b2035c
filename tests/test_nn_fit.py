"""What `fit` reports, keeps, goes back to and refuses."""

import sys

import numpy as np
import pytest

from convpool import nn


def points(count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """Two clouds in the plane that overlap, and which cloud each point is from."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, count)
    return rng.normal(size=(count, 2)) + labels[:, np.newaxis], labels


def network(seed: int = 0) -> nn.Sequential:
    same = dict(rng=np.random.default_rng(seed), dtype="float64")
    return nn.Sequential(nn.Linear(2, 6, **same), nn.Tanh(), nn.Linear(6, 2, **same))


def fitted(model, x, labels, loss=None, learning_rate=0.1, **options):
    usual = dict(epochs=3, rng=np.random.default_rng(1), batch_size=16, progress=False)
    optimiser = nn.SGD(model.params, model.grads, learning_rate)
    loss = loss or nn.SoftmaxCrossEntropy()
    return nn.fit(model, loss, optimiser, x, labels, **(usual | options))


# ---------------------------------------------------------------------------- reports


def by_hand(model, x, labels) -> tuple[float, float]:
    """Cross-entropy and accuracy, image by image."""
    scores = [model.forward(image[np.newaxis])[0] for image in x]
    losses = [np.log(np.sum(np.exp(s - s[c]))) for s, c in zip(scores, labels, strict=True)]
    right = [s[c] == max(s) for s, c in zip(scores, labels, strict=True)]
    return float(np.mean(losses)), float(np.mean(right))


def test_an_epoch_without_movement_reports_the_means_over_all_images():
    """50 images in batches of 16: the last one, of 2, counts as 2."""
    model, (x, labels) = network(), points()
    seen, other = (x, labels), (x[:20] + 1, labels[:20])
    history = fitted(model, *seen, epochs=2, learning_rate=0, validation=other)
    loss, accuracy = by_hand(model, *seen)
    assert accuracy not in (0, 0.5, 1)
    np.testing.assert_allclose(history.loss, [loss, loss])
    np.testing.assert_allclose(history.accuracy, [accuracy, accuracy])
    other_loss, other_accuracy = by_hand(model, *other)
    assert other_accuracy != accuracy
    np.testing.assert_allclose(history.validation_loss, [other_loss, other_loss])
    np.testing.assert_allclose(history.validation_accuracy, [other_accuracy, other_accuracy])
    assert history.learning_rate == [0, 0]


class Notes(nn.Layer):
    """Hands on what it gets in training, and writes it down."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def _forward(self, x):
        if self.training:
            self.seen += x[:, 0].tolist()
        return x, None

    def _backward(self, dy, kept):
        raise AssertionError("nobody asks for the gradient of the images")


def test_each_epoch_sees_every_image_once_in_an_order_of_its_own():
    notes, (x, labels) = Notes(), points()
    same = dict(rng=np.random.default_rng(0), dtype="float64")
    fitted(nn.Sequential(notes, nn.Linear(2, 2, **same)), x, labels, epochs=3)
    epochs = [notes.seen[50 * k : 50 * (k + 1)] for k in range(3)]
    orders = [x[:, 0].tolist(), *epochs]
    assert all(sorted(order) == sorted(orders[0]) for order in orders)
    assert len({tuple(order) for order in orders}) == 4


def test_a_squared_error_is_learned_and_reports_no_accuracy():
    x, _ = points()
    target = x @ np.array([[1.0], [-2.0]])
    model = nn.Linear(2, 1, dtype="float64", rng=np.random.default_rng(0))
    history = fitted(model, x, target, nn.MeanSquaredError(), epochs=40, validation=(x, target))
    assert history.loss[-1] < 1e-6 < history.loss[0]
    assert len(history.validation_loss) == 40
    assert history.accuracy == history.validation_accuracy == []
    assert nn.evaluate(model, nn.MeanSquaredError(), x, target).accuracy is None
    np.testing.assert_allclose(model.params["weight"], [[1, -2]], atol=1e-3)


def test_images_are_learned_from_images():
    """A float32 network takes float64 targets of images."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 1, 5, 5)).astype("float32")
    model = nn.Conv2d(1, 1, 3, padding=1, rng=rng)
    history = fitted(model, x, 2.0 * x, nn.MeanSquaredError(), epochs=30, batch_size=4)
    assert history.loss[-1] < 0.1 * history.loss[0]
    assert model.params["weight"].dtype == np.float32


# ---------------------------------------------------------------------------- the best epoch


def blobs() -> tuple[np.ndarray, np.ndarray]:
    """Images whose bright channel is the label."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 40)
    x = rng.normal(size=(40, 2, 3, 3))
    x[np.arange(40), labels] += 1
    return x, labels


def with_batch_norm() -> nn.Sequential:
    same = dict(rng=np.random.default_rng(0), dtype="float64")
    return nn.Sequential(
        nn.BatchNorm2d(2, momentum=0.3, dtype="float64"),
        nn.GlobalAvgPool2d(),
        nn.Linear(2, 2, **same),
    )


@pytest.mark.parametrize(("epochs", "stopped"), [(30, "early"), (3, "epochs")])
def test_patience_goes_back_to_the_best_epoch_with_its_running_averages(epochs, stopped):
    model, (x, labels) = with_batch_norm(), blobs()
    wrong = x + 5, 1 - labels  # what is learned makes these worse
    history = fitted(model, x, labels, epochs=epochs, validation=wrong, patience=4)
    assert history.stopped == stopped
    best = int(np.argmin(history.validation_loss))
    assert best < len(history.loss) - 1
    loss = nn.evaluate(model, nn.SoftmaxCrossEntropy(), *wrong).loss
    assert loss == pytest.approx(history.validation_loss[best], rel=1e-12)


def test_without_patience_the_last_epoch_stays():
    model, (x, labels) = with_batch_norm(), blobs()
    wrong = x + 5, 1 - labels
    history = fitted(model, x, labels, validation=wrong)
    loss = nn.evaluate(model, nn.SoftmaxCrossEntropy(), *wrong).loss
    assert loss == pytest.approx(history.validation_loss[-1], rel=1e-12)
    assert history.validation_loss[-1] > min(history.validation_loss)


def test_an_interruption_on_the_way_back_leaves_no_mixture():
    class Interrupting(np.ndarray):
        """Ctrl-C at the first write."""

        interrupts = 1

        def __setitem__(self, key, value):
            if Interrupting.interrupts:
                Interrupting.interrupts -= 1
                raise KeyboardInterrupt
            super().__setitem__(key, value)

    model, (x, labels) = network(), points()
    wrong = x, 1 - labels
    model.params.update({"2.bias": model.params["2.bias"].view(Interrupting)})
    history = fitted(model, x, labels, validation=wrong, patience=2)
    assert Interrupting.interrupts == 0
    assert history.stopped == "interrupted"
    loss = nn.evaluate(model, nn.SoftmaxCrossEntropy(), *wrong).loss
    assert loss == pytest.approx(min(history.validation_loss), rel=1e-12)


# ---------------------------------------------------------------------------- ends


def test_an_epoch_that_is_interrupted_is_in_no_list():
    class Impatient(nn.SoftmaxCrossEntropy):
        """Ctrl-C at the second validation."""

        validations = 0

        def value(self, y, target):
            self.validations += 1
            if self.validations == 2:
                raise KeyboardInterrupt
            return super().value(y, target)

    x, labels = points()
    history = fitted(network(), x, labels, Impatient(), validation=(x, labels))
    assert history.stopped == "interrupted"
    lists = (history.loss, history.accuracy, history.validation_loss,
             history.validation_accuracy, history.learning_rate)  # fmt: skip
    assert [len(entries) for entries in lists] == [1] * 5


def test_a_training_that_runs_away_says_why_and_hands_over_what_it_did():
    x, labels = points()
    model = nn.Linear(2, 1, dtype="float64", rng=np.random.default_rng(0))
    with (
        np.errstate(over="ignore", invalid="ignore"),
        pytest.raises(
            nn.Diverged, match=r"the loss is .* with the learning rate 9\.0: lower it"
        ) as e,
    ):
        fitted(model, x, labels[:, np.newaxis], nn.MeanSquaredError(), learning_rate=9, epochs=1000)
    losses = e.value.history.loss
    assert losses == sorted(losses)
    assert losses[-1] > 1e100
    assert len(losses) == len(e.value.history.learning_rate) > 5
    assert not model.training


@pytest.mark.parametrize("name", ["x", "labels"])
def test_numbers_that_are_not_finite_are_not_blamed_on_the_learning_rate(name):
    x, _ = points()
    data = {"x": x, "labels": np.zeros((50, 2))}
    data[name] = data[name].copy()
    data[name][7, 1] = np.nan
    with pytest.raises(nn.Diverged, match=f"the loss is nan and {name} holds numbers that are not"):
        fitted(network(), data["x"], data["labels"], nn.MeanSquaredError())


# ---------------------------------------------------------------------------- refusals


def test_no_images_are_nothing_to_learn_from():
    x, labels = points()
    with pytest.raises(ValueError, match=r"x and labels must not be empty, got shapes \(0, 2\)"):
        fitted(network(), x[:0], labels[:0])
    with pytest.raises(ValueError, match="validation's images and labels must not be empty"):
        fitted(network(), x, labels, validation=(x[:0], labels[:0]))
    with pytest.raises(ValueError, match="y must not be empty"):
        nn.evaluate(network(), nn.SoftmaxCrossEntropy(), x[:0], labels[:0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(epochs=-1), "epochs must be at least 0, got -1"),
        (dict(batch_size=0), "batch_size must be at least 1, got 0"),
        (dict(patience=0), "patience must be at least 1, got 0"),
        (dict(rng=5), r"rng must be a numpy\.random\.Generator, got int"),
        (dict(schedule=lambda epoch: 1 - 2 * epoch), "learning_rate must be at least 0 .*, got -1"),
        (dict(validation=(np.zeros((3, 2)), [0, 1])), "must be of one length, got 3 and 2"),
    ],
)
def test_what_fit_cannot_use_it_refuses_by_name(options, message):
    x, labels = points()
    with pytest.raises((TypeError, ValueError), match=message):
        fitted(network(), x, labels, **(dict(validation=(x, labels)) | options))


def test_an_optimiser_of_another_model_is_refused():
    x, labels = points()
    model, other = network(), network()
    optimiser = nn.SGD(other.params, other.grads, 0.1)
    usual = dict(epochs=1, rng=np.random.default_rng(0), progress=False)
    with pytest.raises(ValueError, match=r"hold parameters of this model, and '0\.weight' is none"):
        nn.fit(model, nn.SoftmaxCrossEntropy(), optimiser, x, labels, **usual)


def test_an_optimiser_of_some_layers_leaves_the_others_as_they_are():
    x, labels = points()
    model = network()
    before = model.params["0.weight"].copy()
    last = model.chain[2]
    optimiser = nn.SGD(last.params, last.grads, 0.1)
    usual = dict(epochs=5, rng=np.random.default_rng(0), progress=False)
    history = nn.fit(model, nn.SoftmaxCrossEntropy(), optimiser, x, labels, **usual)
    assert history.loss[-1] < history.loss[0]
    np.testing.assert_array_equal(model.params["0.weight"], before)


def test_batches_are_refused_before_the_first_is_asked_for():
    for arguments, message in [
        ((np.zeros(3), np.zeros(2), 1), "of one length, got 3 and 2"),
        ((np.zeros(3), np.zeros(3), 0), "size must be at least 1, got 0"),
        ((np.zeros(3), np.zeros(3), 1, 5), r"rng must be a numpy\.random\.Generator, got int"),
    ]:
        with pytest.raises((TypeError, ValueError), match=message):
            nn.minibatches(*arguments)
    (batch,) = nn.minibatches(np.zeros((2, 3)), [4, 5], 9)
    assert batch[1].tolist() == [4, 5]


def test_no_bar_is_needed_where_none_is_drawn(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    fitted(network(), *points())
    with pytest.raises(
        ImportError, match=r"needs tqdm: pip install 'convpool\[train\]', or say pr"
    ):
        fitted(network(), *points(), progress=True)


@pytest.mark.parametrize("name", nn.optimisers.OPTIMISERS)
def test_a_learning_rate_of_numpy_moves_float32_numbers_as_python_s_does(name):
    rng = np.random.default_rng(0)
    start, g = rng.normal(size=(2, 50)).astype("float32")
    ends = []
    for rate in (0.1, np.float64(0.1)):
        params, grads = {"w": start.copy()}, {"w": g}
        optimiser = nn.optimisers.OPTIMISERS[name](params, grads, rate, weight_decay=0.1 * rate)
        optimiser.step()
        optimiser.learning_rate = rate / 3
        optimiser.step()
        assert type(optimiser.learning_rate) is float
        ends.append(params["w"])
    np.testing.assert_array_equal(*ends)

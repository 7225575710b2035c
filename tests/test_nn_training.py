"""Training: PyTorch's trajectories, batches, early stop, interruption."""

from pathlib import Path

import numpy as np
import pytest

from convpool import nn

STORED = np.load(Path(__file__).parent / "reference" / "training.npz")
OPTIMISERS = {
    "SGD": (nn.SGD, dict(learning_rate=0.2)),
    "SGD with weight decay": (nn.SGD, dict(learning_rate=0.2, weight_decay=0.01)),
    "Momentum": (nn.Momentum, dict(learning_rate=0.05)),
    "Nesterov": (nn.Nesterov, dict(learning_rate=0.05)),
    "AdaGrad": (nn.AdaGrad, dict(learning_rate=0.02)),
    "RMSProp": (nn.RMSProp, dict(learning_rate=0.005)),
    "Adam": (nn.Adam, dict(learning_rate=0.005)),
    "Adam with weight decay": (nn.Adam, dict(learning_rate=0.005, weight_decay=0.01)),
}


def lenet() -> nn.LeNet5:
    return nn.LeNet5(
        (20, 20), fc3_out=30, fc4_out=20, dtype="float64", rng=np.random.default_rng(0)
    )


@pytest.mark.parametrize("name", OPTIMISERS)
def test_fifty_steps_of_lenet_go_where_pytorch_goes(name):
    model, (optimiser, options) = lenet(), OPTIMISERS[name]
    for key, array in model.params.items():
        array[...] = STORED[f"first/{key}"]
    step, loss = optimiser(model.params, model.grads, **options), nn.SoftmaxCrossEntropy()
    images, labels = STORED["pixels"] / 127.5 - 1, STORED["labels"]
    losses = []
    for batch in STORED["batches"]:
        losses.append(loss.forward(model.forward(images[batch]), labels[batch]))
        model.backward(loss.backward())
        step.step()
    np.testing.assert_allclose(losses, STORED[f"{name}/losses"], rtol=0, atol=1e-9)
    for key, array in model.params.items():
        np.testing.assert_allclose(array, STORED[f"{name}/last/{key}"], rtol=0, atol=1e-9)


# ---------------------------------------------------------------------------- batches


def test_batches_hold_every_image_once_and_the_last_one_is_short():
    x, labels = np.arange(10.0), np.arange(10)
    batches = list(nn.minibatches(x, labels, 4, np.random.default_rng(0)))
    assert [len(batch) for batch, _ in batches] == [4, 4, 2]
    for batch, named in batches:
        np.testing.assert_array_equal(batch, named)
    together = np.concatenate([batch for batch, _ in batches])
    assert sorted(together) == list(range(10))
    assert list(together) != list(range(10))


def test_the_generator_decides_the_order_of_the_batches():
    x, labels = np.arange(10.0), np.arange(10)

    def order(seed):
        batches = nn.minibatches(x, labels, 3, np.random.default_rng(seed))
        return [float(number) for batch, _ in batches for number in batch]

    assert order(0) == order(0)
    assert order(0) != order(1)


def test_batches_of_impossible_sizes_are_errors():
    with pytest.raises(ValueError, match="size must be at least 1, got 0"):
        next(nn.minibatches(np.zeros(3), np.zeros(3), 0))
    with pytest.raises(ValueError, match="of one length, got 3 and 2"):
        next(nn.minibatches(np.zeros(3), np.zeros(2), 1))


# ---------------------------------------------------------------------------- fit


def points(count: int = 90) -> tuple[np.ndarray, np.ndarray]:
    """Three clouds in the plane, and which cloud each point is from."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, count)
    centres = np.array([[0.0, 2.0], [2.0, -1.0], [-2.0, -1.0]])
    return centres[labels] + rng.normal(0, 0.5, (count, 2)), labels


def network(seed: int = 0) -> nn.Sequential:
    rng = np.random.default_rng(seed)
    double = dict(dtype="float64", rng=rng)
    return nn.Sequential(nn.Linear(2, 8, **double), nn.Tanh(), nn.Linear(8, 3, **double))


def fitted(model, **options):
    optimiser = nn.SGD(model.params, model.grads, options.pop("learning_rate", 0.1))
    usual = dict(epochs=20, rng=np.random.default_rng(1), batch_size=16, progress=False)
    return nn.fit(model, nn.SoftmaxCrossEntropy(), optimiser, *points(), **(usual | options))


def test_a_model_learns_and_the_history_says_so():
    model = network()
    history = fitted(model)
    assert len(history.loss) == len(history.accuracy) == 20
    assert history.loss[-1] < 0.3 * history.loss[0]
    assert history.stopped == "epochs"
    assert not model.training
    assert nn.evaluate(model, nn.SoftmaxCrossEntropy(), *points()).accuracy > 0.95


def test_the_same_generators_give_the_same_history():
    assert fitted(network()).loss == fitted(network()).loss
    assert fitted(network()).loss != fitted(network(1)).loss


def test_the_schedule_sets_the_learning_rate_of_each_epoch():
    history = fitted(network(), epochs=4, schedule=nn.cosine_decay(0.2, 4))
    np.testing.assert_allclose(
        history.learning_rate, [0.2, 0.1 + 0.1 / np.sqrt(2), 0.1, 0.1 - 0.1 / np.sqrt(2)]
    )


def test_training_stops_early_and_goes_back_to_the_best_epoch():
    model = network()
    x, labels = points()
    wrong = x, (labels + 1) % 3  # learning the right labels makes these worse and worse
    history = fitted(model, validation=wrong, patience=3)
    assert history.stopped == "early"
    best = int(np.argmin(history.validation_loss))
    assert len(history.loss) == best + 1 + 3
    loss = nn.evaluate(model, nn.SoftmaxCrossEntropy(), *wrong).loss
    assert loss == pytest.approx(history.validation_loss[best], rel=1e-12)


def test_patience_needs_something_to_wait_for():
    with pytest.raises(ValueError, match="patience needs validation"):
        fitted(network(), patience=3)


def test_an_interrupted_training_keeps_the_model_and_what_it_did():
    model = network()

    def interrupt(epoch):
        if epoch == 3:
            raise KeyboardInterrupt
        return 0.1

    history = fitted(model, schedule=interrupt)
    assert history.stopped == "interrupted"
    assert len(history.loss) == 3
    again = network()
    fitted(again, epochs=3)
    for key, array in model.params.items():
        np.testing.assert_array_equal(array, again.params[key])


def test_a_loss_that_is_no_longer_finite_is_an_error():
    model = network()
    model.params["0.weight"][0, 0] = np.nan
    with pytest.raises(FloatingPointError, match=r"learning rate 0\.1: lower it"):
        fitted(model)


def test_predictions_do_not_depend_on_the_batch_size():
    model, (x, _) = network(), points()
    np.testing.assert_allclose(nn.predict(model, x, 7), nn.predict(model, x, 90), atol=1e-14)
    assert nn.predict(model, x[:0]).shape == (0, 3)


def test_prediction_leaves_a_model_in_training_as_it_was():
    model, (x, _) = network(), points()
    nn.predict(model, x)
    assert model.training


@pytest.mark.parametrize("optimiser", nn.optimisers.OPTIMISERS.values())
def test_optimisers_refuse_what_goes_uphill(optimiser):
    for rate in (-0.1, np.nan, np.inf):
        with pytest.raises(ValueError, match=f"learning_rate must be at least 0 .*, got {rate}"):
            optimiser({}, {}, rate)
    with pytest.raises(ValueError, match=r"weight_decay must be at least 0 .*, got -1"):
        optimiser({}, {}, 0.1, weight_decay=-1)


def test_parameters_are_changed_in_place():
    model = network()
    before = dict(model.params)
    fitted(model, epochs=1)
    assert all(array is before[key] for key, array in model.params.items())

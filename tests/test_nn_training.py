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

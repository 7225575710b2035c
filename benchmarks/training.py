"""A whole training step of LeNet, batch by batch: ours on each tier, and PyTorch's."""

from dataclasses import dataclass

import numpy as np

from convpool import nn

BATCH = 64
RATE = 0.01


@dataclass(frozen=True)
class Training:
    """Forward, loss, backward and a step of momentum, on 64 images of 28 × 28."""

    activation: str
    pooling: str = "max"

    @property
    def name(self) -> str:
        return f"LeNet, {self.activation}, {self.pooling} pooling, {BATCH}×1×28×28 float32"

    @property
    def results(self) -> list[str]:
        return ["loss", *(f"gradient of {name}" for name in self.model(None).params)]

    def model(self, tier: str | None) -> nn.LeNet5:
        """The network, with the same first weights for everyone."""
        rng = np.random.default_rng(20)
        return nn.LeNet5(activation=self.activation, pooling=self.pooling, tier=tier, rng=rng)

    def batch(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(21)
        return rng.standard_normal((BATCH, 1, 28, 28), np.float32), rng.integers(0, 10, BATCH)


def ours(work: Training, tier: str | None):
    """A step with `convpool.nn`."""
    model, (x, labels), loss = work.model(tier), work.batch(), nn.SoftmaxCrossEntropy()
    optimiser = nn.Momentum(model.params, model.grads, RATE)

    def step() -> tuple[np.ndarray, ...]:
        value = loss.forward(model.forward(x), labels)
        model.learn(loss.backward())
        optimiser.step()
        return np.float32(value), *model.grads.values()

    return step


def pytorch(work: Training):
    """The same step with PyTorch's layers, autograd and optimiser."""
    import torch
    from torch import nn as layers

    kinds = {"relu": layers.ReLU, "tanh": layers.Tanh, "sigmoid": layers.Sigmoid}
    pools = {"max": layers.MaxPool2d, "average": layers.AvgPool2d}
    bend, pool = kinds[work.activation], pools[work.pooling]
    model = layers.Sequential(
        layers.Conv2d(1, 6, 5), bend(), pool(2),
        layers.Conv2d(6, 16, 5), bend(), pool(2), layers.Flatten(),
        layers.Linear(256, 120), bend(), layers.Linear(120, 84), bend(), layers.Linear(84, 10),
    )  # fmt: skip
    first = work.model("vectorized").params
    model.load_state_dict({name: torch.from_numpy(array) for name, array in first.items()})
    x, labels = map(torch.from_numpy, work.batch())
    optimiser = torch.optim.SGD(model.parameters(), RATE, momentum=0.9)

    def step() -> tuple[np.ndarray, ...]:
        optimiser.zero_grad()
        loss = layers.functional.cross_entropy(model(x), labels)
        loss.backward()
        optimiser.step()
        return loss.detach().numpy(), *(p.grad.numpy() for p in model.parameters())

    return step


STEPS = tuple(Training(activation) for activation in ("relu", "tanh", "sigmoid"))

"""Make training.npz: fifty steps of LeNet with each optimiser, by PyTorch in float64.

Run from the project's root with the extra `peers` installed:
python tests/reference/make_training.py
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
STEPS, BATCH, IMAGES, SIDE = 50, 8, 16, 20
MAPS, FC3, FC4, CLASSES = (6, 16), 30, 20, 10
NAMES = ("0.weight", "0.bias", "3.weight", "3.bias", "7.weight", "7.bias",
         "9.weight", "9.bias", "11.weight", "11.bias")  # fmt: skip
OPTIMISERS = {
    "SGD": (torch.optim.SGD, dict(lr=0.2)),
    "SGD with weight decay": (torch.optim.SGD, dict(lr=0.2, weight_decay=0.01)),
    "Momentum": (torch.optim.SGD, dict(lr=0.05, momentum=0.9)),
    "Nesterov": (torch.optim.SGD, dict(lr=0.05, momentum=0.9, nesterov=True)),
    "AdaGrad": (torch.optim.Adagrad, dict(lr=0.02)),
    "RMSProp": (torch.optim.RMSprop, dict(lr=0.005)),
    "Adam": (torch.optim.Adam, dict(lr=0.005)),
    "Adam with weight decay": (torch.optim.Adam, dict(lr=0.005, weight_decay=0.01)),
}


def lenet():
    """The layers of convpool.nn.LeNet5 for images of 20 × 20, by number."""
    return nn.Sequential(
        nn.Conv2d(1, MAPS[0], 5), nn.Tanh(), nn.MaxPool2d(2),
        nn.Conv2d(MAPS[0], MAPS[1], 5), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(MAPS[1] * 4, FC3), nn.Tanh(), nn.Linear(FC3, FC4), nn.Tanh(),
        nn.Linear(FC4, CLASSES),
    ).double()  # fmt: skip


def trained(first, images, labels, batches, optimiser, options):
    model = lenet()
    model.load_state_dict({name: torch.from_numpy(array) for name, array in first.items()})
    step = optimiser(model.parameters(), **options)
    losses = []
    for batch in batches:
        loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
        step.zero_grad()
        loss.backward()
        step.step()
        losses.append(loss.item())
    return losses, {name: p.detach().numpy() for name, p in model.named_parameters()}


def main():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (IMAGES, 1, SIDE, SIDE), dtype=np.uint8)
    labels = rng.integers(0, CLASSES, IMAGES)
    batches = np.stack([rng.permutation(IMAGES)[:BATCH] for _ in range(STEPS)])
    first = {name: p.detach().numpy().copy() for name, p in lenet().named_parameters()}
    assert tuple(first) == NAMES
    arrays = dict(pixels=pixels, labels=labels, batches=batches)
    arrays |= {f"first/{name}": array for name, array in first.items()}
    images = torch.from_numpy(pixels / 127.5 - 1)
    for name, (optimiser, options) in OPTIMISERS.items():
        losses, last = trained(
            first, images, torch.from_numpy(labels), torch.from_numpy(batches), optimiser, options
        )
        arrays[f"{name}/losses"] = np.array(losses)
        arrays |= {f"{name}/last/{key}": array for key, array in last.items()}
        print(f"{name}: {losses[0]:.4f} → {losses[-1]:.4f}")
    arrays["made_with"] = np.array(json.dumps(dict(torch=torch.__version__, numpy=np.__version__)))
    np.savez_compressed(HERE / "training.npz", **arrays)


if __name__ == "__main__":
    main()

"""Models on disk: what is read is what was written, and nothing else is taken for a model."""

import zipfile

import numpy as np
import pytest

from convpool import nn
from convpool.nn import storage


def model(seed: int = 0, channels: int = 2) -> nn.Sequential:
    rng = np.random.default_rng(seed)
    return nn.Sequential(
        nn.Affine(2.0, -1.0),
        nn.Conv2d(1, channels, (3, 2), padding=((1, 0), (0, 1)), rng=rng),
        nn.BatchNorm2d(channels),
        nn.Dropout(0.5, rng=rng),
        nn.GlobalMaxPool2d(),
        nn.Linear(channels, 3, rng=rng),
    )


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "model.npz"
    nn.save(model(), path)
    return path


def numbers(layer: nn.Layer) -> dict[str, np.ndarray]:
    return {name: array.copy() for name, array in {**layer.params, **layer.state}.items()}


def same(layer: nn.Layer, before: dict[str, np.ndarray]) -> bool:
    return all(np.array_equal(array, before[name]) for name, array in numbers(layer).items())


def test_a_model_comes_back_as_it_was(tmp_path):
    path = tmp_path / "model.npz"
    before = model()
    before.forward(np.random.default_rng(1).normal(size=(4, 1, 5, 5)).astype(np.float32))
    nn.save(before, path)
    after = nn.load(path)
    assert repr(after) == repr(before)
    assert same(after, numbers(before))


def test_lenet_comes_back_as_lenet(tmp_path):
    path = tmp_path / "lenet.npz"
    before = nn.LeNet5(activation="sigmoid", pooling="average", rng=np.random.default_rng(0))
    nn.save(before, path)
    after = nn.load(path)
    assert type(after) is nn.LeNet5
    assert after.hyperparams == before.hyperparams
    assert same(after, numbers(before))


def test_numbers_can_be_read_into_a_model_of_the_same_layers(stored):
    other = model(seed=5)
    assert not same(other, numbers(model()))
    assert nn.load(stored, into=other) is other
    assert same(other, numbers(model()))


def refused(path, message: str) -> None:
    """Loading is an error with this message, and leaves a model as it was."""
    other = model(seed=5)
    before = numbers(other)
    with pytest.raises(ValueError, match=message):
        nn.load(path, into=other)
    assert same(other, before)


def test_a_model_of_other_layers_is_refused(stored):
    nn.save(model(channels=3), stored)
    refused(stored, "holds another model than `into`")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.99])
def test_a_truncated_file_is_refused(stored, share):
    whole = stored.read_bytes()
    stored.write_bytes(whole[: int(share * len(whole))])
    refused(stored, "is no model of convpool.nn, or it is damaged")


def test_a_file_with_a_changed_byte_is_refused(stored):
    whole = bytearray(stored.read_bytes())
    name = b"params/5.weight.npy"
    place = whole.index(name) + len(name) + 140  # among its numbers, after the header of the array
    whole[place] ^= 0x40
    stored.write_bytes(whole)
    refused(stored, "damaged")


def test_a_foreign_file_is_refused(stored):
    stored.write_text("The Backward Pass")
    refused(stored, "is no model of convpool.nn")
    np.savez(stored, x=np.zeros(3))
    refused(stored, "is no model of convpool.nn")
    np.savez(stored, description=np.array('{"format": "other/1"}'))
    refused(stored, "its format must be 'convpool.nn/1'")
    np.save(stored.with_suffix(".npy"), np.zeros(3))
    refused(stored.with_suffix(".npy"), "is no model of convpool.nn")


def test_a_file_that_would_run_code_is_refused(stored):
    np.savez(stored, description=np.array([print], dtype=object))
    refused(stored, "is no model of convpool.nn")


def test_a_file_without_one_of_its_arrays_is_refused(stored, tmp_path):
    short = tmp_path / "short.npz"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(short, "w") as new:
        for name in old.namelist():
            if "5.bias" not in name:
                new.writestr(name, old.read(name))
    refused(short, r"does not fit its own description: params/5\.bias")


def test_a_description_of_unknown_layers_is_refused(stored):
    told = '{"format": "convpool.nn/1", "model": {"layer": "Conv3d", "hyperparams": {}}}'
    np.savez(stored, description=np.array(told))
    with pytest.raises(ValueError, match=r"describes no layers of convpool\.nn"):
        nn.load(stored)


def test_a_file_that_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError):
        nn.load(tmp_path / "none.npz")


def test_a_save_that_is_interrupted_leaves_the_old_file(stored, monkeypatch):
    before = stored.read_bytes()

    def interrupted(file, **arrays):
        file.write(b"half a model")
        raise KeyboardInterrupt

    monkeypatch.setattr(storage.np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        nn.save(model(seed=5), stored)
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


def test_a_layer_of_ones_own_cannot_be_saved(tmp_path):
    class Cube(nn.Layer):
        pass

    with pytest.raises(ValueError, match=r"Cube is no layer of convpool\.nn and cannot be saved"):
        nn.save(nn.Sequential(Cube()), tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []

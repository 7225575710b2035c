"""Models on disk: what is read is what was written, and nothing else is taken for a model."""

import contextlib
import io
import json
import os
import sys
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


def test_a_model_of_other_layers_is_refused_and_the_difference_named(stored):
    nn.save(model(channels=3), stored)
    refused(stored, "another model than `into`: layer 1, Conv2d, has out_channels=3 in the file, 2")
    nn.save(nn.Sequential(nn.ReLU()), stored)
    refused(stored, "another model than `into`: the model, Sequential, has 1 layers in the file, 6")
    nn.save(nn.ReLU(), stored)
    refused(stored, "another model than `into`: the model is ReLU in the file, Sequential here")


def test_a_difference_within_a_chain_in_a_chain_is_found(tmp_path):
    path = tmp_path / "nested.npz"
    nn.save(nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU(), nn.LeakyReLU(0.1))), path)
    other = nn.Sequential(nn.Tanh(), nn.Sequential(nn.ReLU(), nn.LeakyReLU(0.2)))
    with pytest.raises(
        ValueError, match=r"layer 1\.1, LeakyReLU, has slope=0\.1 in the file, 0\.2 "
    ):
        nn.load(path, into=other)


def lenet(seed: int, **options) -> nn.LeNet5:
    return nn.LeNet5(rng=np.random.default_rng(seed), **options)


@pytest.mark.parametrize("options", [{"tier": "loops"}, {"initialiser": "he_normal"}])
def test_numbers_fit_a_network_of_another_tier_or_with_other_first_weights(tmp_path, options):
    before, after = lenet(0, tier="vectorized"), lenet(1, **options)
    nn.save(before, tmp_path / "lenet.npz")
    nn.load(tmp_path / "lenet.npz", into=after)
    assert same(after, numbers(before))
    assert all(after.hyperparams[name] == value for name, value in options.items())


def test_without_numba_a_compiled_network_becomes_one_of_the_fastest_tier_there_is(
    tmp_path, monkeypatch
):
    before = lenet(0, tier="compiled")
    nn.save(before, tmp_path / "lenet.npz")
    assert nn.load(tmp_path / "lenet.npz").hyperparams["tier"] == "compiled"
    monkeypatch.setitem(sys.modules, "numba", None)
    after = nn.load(tmp_path / "lenet.npz")
    assert after.hyperparams["tier"] is None
    assert same(after, numbers(before))


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


@pytest.mark.parametrize("change", [0x01, 0x08, 0x20, 0xFF, "zero"])
def test_whatever_byte_is_changed_the_model_is_refused_or_unchanged(tmp_path, change):
    small, path = nn.Linear(2, 1, bias=False, rng=np.random.default_rng(0)), tmp_path / "small.npz"
    nn.save(small, path)
    whole, told, refusals = path.read_bytes(), nn.storage.describe(small), 0
    for place, byte in enumerate(whole):
        changed = 0 if change == "zero" else byte ^ change
        path.write_bytes(whole[:place] + bytes([changed]) + whole[place + 1 :])
        try:
            read = nn.load(path)
        except ValueError as error:
            assert str(path) in str(error)  # noqa: PT017
            refusals += 1
        else:
            assert same(read, numbers(small))
            assert nn.storage.describe(read) == told
    assert refusals > len(whole) / 4


def test_whatever_is_missing_the_model_is_refused(stored):
    whole = stored.read_bytes()
    for length in range(0, len(whole), 7):
        stored.write_bytes(whole[:length])
        refused(stored, "is no model of convpool.nn, or it is damaged")


def test_a_foreign_file_is_refused(stored):
    stored.write_text("The Backward Pass")
    refused(stored, "is no model of convpool.nn")
    np.savez(stored, x=np.zeros(3))
    refused(stored, "is no model of convpool.nn.*it has no description")
    np.savez(stored, description=np.zeros(3))
    refused(stored, "is no model of convpool.nn")
    np.savez(stored, description=np.array('{"format": "other/1"}'))
    refused(stored, "its format must be 'convpool.nn/1'")
    np.savez(stored, description=np.array("[" * 100_000))
    refused(stored, "is no model of convpool.nn")
    np.save(stored.with_suffix(".npy"), np.zeros(3))
    refused(stored.with_suffix(".npy"), "is no model of convpool.nn")


def test_a_file_that_would_run_code_is_refused_without_advice_to_run_it(stored):
    np.savez(stored, description=np.array([print], dtype=object))
    refused(stored, "^(?!.*allow_pickle).*is no model of convpool.nn")


def test_a_file_that_would_fill_the_memory_is_refused(stored):
    file = io.BytesIO()
    header = {"descr": "<f4", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(file, header)
    with zipfile.ZipFile(stored, "w") as archive:
        archive.writestr("params/x.npy", file.getvalue())
    refused(stored, "is no model of convpool.nn")
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("params/x.npy", bytes(10**6))
    refused(stored, "params/x.npy is compressed")


def test_a_file_without_one_of_its_arrays_is_refused(stored, tmp_path):
    short = tmp_path / "short.npz"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(short, "w") as new:
        for name in old.namelist():
            if "5.bias" not in name:
                new.writestr(name, old.read(name))
    refused(short, r"does not fit its own description: params/5\.bias")


UNBUILDABLE = {
    "an unknown layer": {"layer": "Conv3d", "hyperparams": {}},
    "no hyperparameters": {"layer": "ReLU"},
    "unknown hyperparameters": {"layer": "ReLU", "hyperparams": {"slope": 1.0}},
    "one key too many": {"layer": "ReLU", "hyperparams": {}, "foo": 1},
    "layers in what is no chain": {
        "layer": "LeakyReLU",
        "hyperparams": {"slope": 0.1},
        "layers": [],
    },
    "letters for layers": {"layer": "Sequential", "hyperparams": {}, "layers": "ReLU"},
    "a word for a number": {"layer": "LeakyReLU", "hyperparams": {"slope": "a"}},
    "nothing for a number": {"layer": "Affine", "hyperparams": {"intercept": None}},
    "a word for a kernel": {"layer": "MaxPool2d", "hyperparams": {"kernel_size": "x"}},
    "no features": {
        "layer": "Linear",
        "hyperparams": {"in_features": 0, "out_features": 3, "initialiser": "he_normal"},
    },
    "an empty kernel": {
        "layer": "Conv2d",
        "hyperparams": {"in_channels": 1, "out_channels": 3, "kernel_size": 0},
    },
    "more than there is memory": {
        "layer": "Linear",
        "hyperparams": {"in_features": 10**7, "out_features": 10**7},
    },
    "more than a machine likes to give": {
        "layer": "Linear",
        "hyperparams": {"in_features": 4097, "out_features": 4097},
    },
    "an image larger than any": {"layer": "LeNet5", "hyperparams": {"image_size": [28, 10**5]}},
    "more than there are numbers": {
        "layer": "Linear",
        "hyperparams": {"in_features": 10**30, "out_features": 10**7},
    },
    "half an image": {"layer": "LeNet5", "hyperparams": {"image_size": [28.5, 28]}},
}


@pytest.mark.parametrize("told", UNBUILDABLE.values(), ids=UNBUILDABLE)
def test_a_description_of_what_cannot_be_built_is_refused(stored, told):
    np.savez(stored, description=np.array(json.dumps({"format": storage.FORMAT, "model": told})))
    with pytest.raises(ValueError, match=r"describes no layers of convpool\.nn"):
        nn.load(stored)
    refused(stored, r"describes no layers of convpool\.nn")


def test_chains_in_chains_without_end_are_refused(stored):
    opened, closed = '{"layer": "Sequential", "hyperparams": {}, "layers": [', "]}"
    for depth in (100, 200, 300, 400, 500, 1000, 100_000):  # the first of them may be built
        inner = '{"layer": "ReLU", "hyperparams": {}}'
        told = f'{{"format": "{storage.FORMAT}", "model": {opened * depth}{inner}{closed * depth}}}'
        np.savez(stored, description=np.array(told))
        with contextlib.suppress(ValueError):
            nn.load(stored)
            assert depth < 1000


def test_no_memory_is_asked_for_that_the_file_could_not_fill(stored, monkeypatch):
    def built(description):
        raise AssertionError("it was built")

    monkeypatch.setattr(storage, "build", built)
    told = {
        "layer": "Sequential",
        "hyperparams": {},
        "layers": [UNBUILDABLE["an image larger than any"]],
    }
    np.savez(stored, description=np.array(json.dumps({"format": storage.FORMAT, "model": told})))
    with pytest.raises(ValueError, match="a size of 100000 in a file of 0 numbers"):
        nn.load(stored)


def test_a_layer_may_be_as_large_as_its_numbers(tmp_path):
    large = nn.Linear(5000, 1, rng=np.random.default_rng(0))
    nn.save(large, tmp_path / "large.npz")
    assert same(nn.load(tmp_path / "large.npz"), numbers(large))


def test_a_file_that_cannot_be_opened_is_said_and_not_called_damaged(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        nn.load(tmp_path / "none.npz")
    with pytest.raises(OSError, match=tmp_path.name) as caught:
        nn.load(tmp_path)
    assert "damaged" not in str(caught.value)


def test_a_note_is_kept_beside_the_model(tmp_path):
    nn.save(model(), tmp_path / "model.npz", note={"seed": 3})
    assert storage.read_note(tmp_path / "model.npz") == {"seed": 3}
    assert same(nn.load(tmp_path / "model.npz"), numbers(model()))
    nn.save(model(), tmp_path / "model.npz")
    assert storage.read_note(tmp_path / "model.npz") == {}


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


def test_a_save_that_fails_at_its_last_step_leaves_the_old_file(stored, monkeypatch):
    before = stored.read_bytes()

    def full(part, target):
        assert os.path.samefile(target, stored)  # it is still there
        raise OSError("no space left")

    monkeypatch.setattr(storage.os, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        nn.save(model(seed=5), stored)
    assert stored.read_bytes() == before
    assert [path.name for path in stored.parent.iterdir()] == [stored.name]


@pytest.mark.skipif(os.name != "posix", reason="the permissions are POSIX's")
def test_a_new_file_has_the_usual_permissions_and_an_old_one_keeps_its_own(tmp_path):
    path, usual = tmp_path / "model.npz", tmp_path / "usual"
    usual.touch()
    nn.save(model(), path)
    assert path.stat().st_mode == usual.stat().st_mode
    path.chmod(0o640)
    nn.save(model(), path)
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name != "posix", reason="links need rights on Windows")
def test_a_link_stays_a_link_to_the_new_model(stored, tmp_path):
    link = tmp_path / "link.npz"
    link.symlink_to(stored.name)
    nn.save(model(seed=5), link)
    assert link.is_symlink()
    assert same(nn.load(stored), numbers(model(seed=5)))


def test_a_place_that_cannot_be_written_is_named_and_left_alone(tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    for write in (storage.check_writable, lambda path: nn.save(model(), path)):
        with pytest.raises(
            FileNotFoundError, match=r"nope.model\.npz cannot be written: there is no"
        ):
            write(tmp_path / "nope" / "model.npz")
        with pytest.raises(IsADirectoryError, match="folder cannot be written: it is a folder"):
            write(folder)
        with pytest.raises(OSError, match="a" * 300):
            write(tmp_path / ("a" * 300))
    storage.check_writable(tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == [folder]


def test_a_layer_of_ones_own_cannot_be_saved(tmp_path):
    class Cube(nn.Layer):
        pass

    with pytest.raises(ValueError, match=r"Cube is no layer of convpool\.nn and cannot be saved"):
        nn.save(nn.Sequential(Cube()), tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("slope", [np.nan, -np.inf, {1, 2}])
def test_a_hyperparameter_that_is_no_number_cannot_be_saved(tmp_path, slope):
    layer = nn.ReLU()
    layer.hyperparams = {"slope": slope}
    with pytest.raises(ValueError, match=r"ReLU cannot be saved with \{'slope': "):
        nn.save(nn.Sequential(layer), tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []

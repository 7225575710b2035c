"""`python -m convpool.nn.train`: trains, saves, draws, loads and tests."""

import re
import sys

import numpy as np
import pytest

from convpool import nn
from convpool.nn import train

QUICK = ["--epochs", "1", "--tier", "vectorized"]


@pytest.fixture
def model(tmp_path):
    return tmp_path / "lenet.npz"


@pytest.fixture
def trained(model, capsys):
    assert train.main([*QUICK, "--seed", "3", "--model", str(model)]) == 0
    return model, capsys.readouterr().out


def refused(capsys, *argv: str) -> str:
    """The command ends with argparse's status; what it says."""
    with pytest.raises(SystemExit) as ended:
        train.main(list(argv))
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert told.startswith("usage: ")
    return told[told.index("error: ") :]


@pytest.fixture
def untrained(monkeypatch):
    """Nobody gets as far as the images."""

    def asked(name, seed):
        raise AssertionError("the images were asked for")

    monkeypatch.setattr(train, "images", asked)


# ---------------------------------------------------------------------------- training


def test_the_command_trains_and_writes_the_model_and_its_curve(trained):
    path, out = trained
    assert "learned from 1437 images, tested on 360 others, seed 3" in out
    accuracy = float(re.search(r"test accuracy ([\d.]+)%", out)[1])
    assert accuracy > 60
    assert path.stat().st_size > 100_000
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_a_progress_bar_is_drawn(model, capsys):
    train.main([*QUICK, "--model", str(model)])
    assert "1/1" in capsys.readouterr().err


def test_other_seeds_deal_out_other_images_each_digit_alike():
    (_, labels), (x, test_labels) = train.images("digits", 0)
    _, (other, _) = train.images("digits", 1)
    assert not np.array_equal(x, other)
    assert np.abs(np.bincount(labels) / 4 - np.bincount(test_labels)).max() < 1


def test_the_training_that_diverges_is_said_and_writes_nothing(model, capsys):
    assert train.main([*QUICK, "--learning-rate", "1e30", "--model", str(model)]) == 1
    assert "the learning rate" in capsys.readouterr().err
    assert not model.exists()


# ---------------------------------------------------------------------------- testing


def test_the_same_command_loads_the_model_and_tests_it(trained, capsys):
    path, out = trained
    assert train.main([*QUICK, "--test", str(path)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"test accuracy [\d.]+%", told)[0] == re.search(r"test accuracy .*", out)[0]
    assert "on 360 images of digits, none of which it learned from (seed 3)" in told


@pytest.mark.parametrize("seed", ["0", "3"])
def test_the_images_of_the_test_are_those_of_the_models_own_split(trained, monkeypatch, seed):
    path, _ = trained
    asked = []

    def evaluated(model, loss, x, labels):
        asked.append(x)
        return nn.evaluate(model, loss, x, labels)

    monkeypatch.setattr(train, "evaluate", evaluated)
    assert train.main(["--test", str(path), "--seed", seed]) == 0
    _, (held_out, _) = train.images("digits", 3)
    np.testing.assert_array_equal(asked[0], held_out)


def test_a_model_can_be_tested_with_another_tier(trained, monkeypatch, capsys):
    path, _ = trained
    tiers = []

    def evaluated(model, *rest):
        tiers.append(model.chain[1].hyperparams["tier"])
        return nn.evaluate(model, *rest)

    monkeypatch.setattr(train, "evaluate", evaluated)
    assert train.main(["--test", str(path), "--tier", "compiled"]) == 0
    assert train.main(["--test", str(path)]) == 0
    assert tiers == ["compiled", "vectorized"]
    told = capsys.readouterr().out.splitlines()
    assert told[0] == told[1]


def test_a_model_of_other_images_or_of_unknown_ones_is_tested_and_that_is_said(
    trained, model, capsys
):
    nn.save(nn.load(model), model, note={"data": "mnist", "seed": 0})
    assert train.main(["--data", "digits", "--test", str(model)]) == 0
    assert "on 360 images of digits, and it learned from mnist" in capsys.readouterr().out
    nn.save(nn.load(model), model)
    assert train.main(["--test", str(model)]) == 0
    told = capsys.readouterr().out
    assert "of digits, and the file does not say which images it learned from" in told


@pytest.mark.parametrize("data", [[], ["--data", "mnist"]])
def test_a_model_that_cannot_be_read_is_said_before_images_are_loaded(
    untrained, model, capsys, data
):
    assert "none.npz" in refused(capsys, *data, "--test", str(model.with_name("none.npz")))
    assert "irectory" in refused(capsys, *data, "--test", str(model.parent))
    refused(capsys, *data, "--test", "")
    model.write_text("nothing")
    assert "is no model of convpool.nn" in refused(capsys, *data, "--test", str(model))
    for note in ({"data": "cats", "seed": 0}, {"data": "digits", "seed": -1}, {"data": "digits"}):
        nn.save(nn.ReLU(), model, note=note)
        assert "says that it learned from" in refused(capsys, *data, "--test", str(model))


def test_a_model_that_reads_other_images_is_said(model, capsys):
    drawn = {"rng": np.random.default_rng(0), "tier": "vectorized"}
    for other in (nn.ReLU(), nn.LeNet5((32, 32), **drawn), nn.LeNet5(classes=3, **drawn)):
        nn.save(other, model)
        told = refused(capsys, "--test", str(model))
        assert "lenet.npz is no network for digits: " in told


# ------------------------------------------------------------- before anything is learned


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--epochs", "0"], "argument --epochs: must be a whole number, 1 at least, got '0'"),
        (["--epochs", "many"], "got 'many'"),
        (["--batch-size", "-1"], "argument --batch-size: must be"),
        (["--learning-rate", "0"], "argument --learning-rate: must be a finite number above 0"),
        (["--learning-rate", "inf"], "got 'inf'"),
        (["--learning-rate", "nan"], "got 'nan'"),
        (["--seed", "-1"], "argument --seed: must be a whole number from 0 to 4294967295"),
        (["--seed", "4294967296"], "argument --seed: must be"),
        (["--data", "cats"], "argument --data: invalid choice"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(untrained, capsys, argv, words):
    assert words in refused(capsys, *argv)


def test_a_place_that_cannot_be_written_is_refused(untrained, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    for name in ("nope/lenet.npz", "folder.png", "folder.npz", ""):
        assert "cannot be written" in refused(capsys, "--model", name)
    for name in ("lenet.png", "lenet.PNG"):
        assert "is where the picture of the curve goes" in refused(capsys, "--model", name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


@pytest.mark.parametrize(
    ("argv", "missing", "words"),
    [
        ([], "sklearn", "scikit-learn is needed: pip install 'convpool[train]'"),
        ([], "PIL", "Pillow is needed"),
        ([], "tqdm", "tqdm is needed"),
        ([], "matplotlib.figure", "Matplotlib is needed"),
        (["--data", "mnist"], "pooch", "pooch is needed"),
        (["--tier", "compiled"], "numba", "numba is needed: pip install 'convpool[compiled]'"),
    ],
)
def test_a_package_that_is_missing_is_named(
    untrained, model, monkeypatch, capsys, argv, missing, words
):
    monkeypatch.setitem(sys.modules, missing, None)
    assert words in refused(capsys, *argv, "--model", str(model))


def test_a_test_needs_no_package_that_only_draws(trained, monkeypatch):
    for name in ("matplotlib.figure", "tqdm"):
        monkeypatch.setitem(sys.modules, name, None)
    assert train.main(["--test", str(trained[0])]) == 0


def test_data_that_cannot_be_had_is_said(model, monkeypatch, capsys):
    def absent():
        raise ConnectionError("no network")

    monkeypatch.setattr(train.data, "mnist", absent)
    assert train.main(["--data", "mnist", "--model", str(model)]) == 1
    assert capsys.readouterr().err == "no network\n"


# ---------------------------------------------------------------------------- interruptions


def interrupts(monkeypatch, where, name: str, after: int = 0) -> None:
    """Ctrl-C at a call of that function, when it has worked some times."""
    function, calls = getattr(where, name), []

    def pressed(*args, **kwargs):
        calls.append(args)
        if len(calls) > after:
            raise KeyboardInterrupt
        return function(*args, **kwargs)

    monkeypatch.setattr(where, name, pressed)


@pytest.mark.parametrize("name", ["images", "new_model", "save"])
def test_an_interruption_before_the_model_is_written_says_that(model, monkeypatch, capsys, name):
    interrupts(monkeypatch, train, name)
    assert train.main([*QUICK, "--model", str(model)]) == 130
    assert capsys.readouterr().err.endswith("\ninterrupted: nothing was written\n")
    assert not model.exists()


def test_an_interruption_of_the_training_keeps_what_it_has_learned(model, monkeypatch, capsys):
    interrupts(monkeypatch, train.SoftmaxCrossEntropy, "backward", after=40)
    first = train.new_model(train.images("digits", 0)[0][0], train._parser().parse_args(QUICK))
    assert train.main([*QUICK, "--model", str(model)]) == 0
    told = capsys.readouterr()
    assert "interrupted after 0 of 1 epochs" in told.err
    assert "test accuracy" in told.out
    assert model.with_suffix(".png").exists()
    learned = nn.load(model).params
    assert all(np.any(learned[name] != before) for name, before in first.params.items())


@pytest.mark.parametrize("name", ["draw", "evaluate"])
def test_an_interruption_after_the_model_is_written_says_where_it_is(
    model, monkeypatch, capsys, name
):
    interrupts(monkeypatch, train, name)
    assert train.main([*QUICK, "--model", str(model)]) == 130
    assert f"interrupted: the model is in {model}" in capsys.readouterr().err
    nn.load(model)

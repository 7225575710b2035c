"""`python -m convpool.nn.train`: trains, saves, draws, loads and tests."""

import re

import pytest

from convpool.nn import train

QUICK = ["--epochs", "2", "--tier", "vectorized"]


@pytest.fixture
def trained(tmp_path, capsys):
    path = tmp_path / "lenet.npz"
    assert train.main([*QUICK, "--model", str(path)]) == 0
    return path, capsys.readouterr().out


def test_the_command_trains_and_writes_the_model_and_its_curve(trained):
    path, out = trained
    assert "learned from 1437 images, tested on 360 others, seed 0" in out
    accuracy = float(re.search(r"test accuracy ([\d.]+)%", out)[1])
    assert accuracy > 80
    assert path.stat().st_size > 100_000
    assert path.with_suffix(".png").read_bytes().startswith(b"\x89PNG")


def test_the_same_command_loads_the_model_and_tests_it(trained, capsys):
    path, out = trained
    assert train.main(["--test", str(path)]) == 0
    told = capsys.readouterr().out
    assert re.search(r"test accuracy [\d.]+%", told)[0] == re.search(r"test accuracy .*", out)[0]
    assert "on 360 images" in told


def test_a_model_that_cannot_be_read_is_said(tmp_path, capsys):
    path = tmp_path / "none.npz"
    assert train.main(["--test", str(path)]) == 1
    assert "none.npz" in capsys.readouterr().err
    path.write_text("nothing")
    assert train.main(["--test", str(path)]) == 1
    assert "is no model of convpool.nn" in capsys.readouterr().err


def test_data_that_cannot_be_had_is_said(monkeypatch, capsys):
    def absent():
        raise ConnectionError("no network")

    monkeypatch.setattr(train.data, "mnist", absent)
    assert train.main(["--data", "mnist"]) == 1
    assert capsys.readouterr().err == "no network\n"

"""Models on disk: one `.npz` file of arrays, with the layers described in JSON. No pickle."""

import importlib.util
import inspect
import io
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.registry import LAYERS

FORMAT = "convpool.nn/1"
LARGE = 4096  # no layer of two sizes up to this fills a memory
INDIFFERENT = ("tier", "initialiser")  # hyperparameters that change nothing in what is stored

# ---------------------------------------------------------------------------- writing


def save(model: Layer, path: str | Path, note: dict[str, Any] | None = None) -> None:
    """Write a model to a file. Whatever happens meanwhile, an older file of that name stays whole.

    The new one is written beside it and then takes its place in one step.

    Parameters
    ----------
    model : Layer
        A layer of this package, or a chain of them.
    path : str or Path
        The file. Behind a link it is the linked file that is written; an older one's permissions
        stay.
    note : dict, optional
        What else the file shall say, in words and numbers; `storage.read_note` reads it.

    Raises
    ------
    OSError
        If the file cannot be written.
    ValueError
        If the model has a layer of your own, or a hyperparameter that is no finite number: neither
        can be described in JSON.
    """
    told = {"format": FORMAT, "model": describe(model), "note": note or {}}
    description = np.array(json.dumps(told, allow_nan=False))
    target, file = _beside(path)
    part = Path(file.name)
    try:
        with file:
            np.savez(file, description=description, **_places(model))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, part)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def check_writable(path: str | Path) -> None:
    """Raise the OSError that writing this file would raise, and write nothing."""
    _, file = _beside(path)
    file.close()
    Path(file.name).unlink()


def _beside(path: str | Path) -> tuple[Path, BinaryIO]:
    """The file that a path means, behind links, and a new one in the same folder."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {target.parent}")
    if target.exists() and not target.is_file():
        raise IsADirectoryError(f"{path} cannot be written: it is a folder, or no ordinary file")
    try:
        return target, target.with_name(f".{secrets.token_hex(8)}.part").open("xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _places(model: Layer) -> dict[str, np.ndarray]:
    """A model's arrays by their names in a file."""
    learned = {f"params/{name}": array for name, array in model.params.items()}
    return learned | {f"state/{name}": array for name, array in model.state.items()}


def describe(model: Layer) -> dict[str, Any]:
    """The layers of a model and their hyperparameters, as JSON can hold them."""
    kind = type(model).__name__
    if LAYERS.get(kind) is not type(model):
        raise ValueError(f"{kind} is no layer of convpool.nn and cannot be saved")
    try:
        hyperparams = json.loads(json.dumps(model.hyperparams, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ValueError(f"{kind} cannot be saved with {model.hyperparams}: {error}") from error
    described = {"layer": kind, "hyperparams": hyperparams}
    if kind == "Sequential":
        described["layers"] = [describe(layer) for layer in model.chain]  # type: ignore[attr-defined]
    return described


# ---------------------------------------------------------------------------- reading


def load(path: str | Path, into: Layer | None = None) -> Layer:
    """Read a model from a file: a new one, or the numbers into one of the same layers.

    Parameters
    ----------
    path : str or Path
        A file that `save` wrote.
    into : Layer, optional
        A model that takes the numbers. Its tier and its initialiser may be others.

    Returns
    -------
    Layer
        The new model, or `into`. A new one works with the tier that it was saved with, or without
        Numba with the fastest that there is.

    Raises
    ------
    OSError
        If the file cannot be read; FileNotFoundError if there is none.
    ValueError
        If it is no model, is damaged, or does not fit `into`, which then stays as it was.
    """
    told, arrays = _read(Path(path))
    stored = _built(path, told["model"], sum(array.size for array in arrays.values()))
    model = stored if into is None else into
    if difference := _difference(describe(stored), describe(model)):
        raise ValueError(f"{path} holds another model than `into`: {difference}")
    places = _places(model)
    misfits = [
        name
        for name in sorted(places.keys() | arrays.keys())
        if name not in arrays
        or name not in places
        or arrays[name].shape != places[name].shape
        or arrays[name].dtype != places[name].dtype
    ]
    if misfits:
        raise ValueError(f"{path} does not fit its own description: {', '.join(misfits)}")
    for name, place in places.items():
        place[...] = arrays[name]
    return model


def read_note(path: str | Path) -> dict[str, Any]:
    """The note that a model was saved with; errors as in `load`."""
    note = _read(Path(path))[0].get("note", {})
    if not isinstance(note, dict):
        raise ValueError(f"{path} has a note that is none: {note!r}")
    return note


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    whole = path.read_bytes()
    try:
        arrays = _unpacked(whole)
        if "description" not in arrays:
            raise ValueError("it has no description")
        told = json.loads(arrays.pop("description").item())
    except Exception as error:  # there is no list of what these readers raise at any bytes
        raise ValueError(
            f"{path} is no model of convpool.nn, or it is damaged: {_worded(error)}"
        ) from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError(f"{path} is no model of this version: its format must be {FORMAT!r}")
    if not isinstance(told.get("model"), dict):
        raise ValueError(f"{path} describes no layers of convpool.nn")
    return told, arrays


def _unpacked(whole: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        parts = archive.infolist()
        for part in parts:
            if part.compress_type != zipfile.ZIP_STORED:  # a small file could fill the memory
                raise ValueError(f"{part.filename} is compressed")
        return {part.filename.removesuffix(".npy"): _array(archive.read(part)) for part in parts}


def _array(part: bytes) -> np.ndarray:
    """The array in the bytes of an `.npy` file; memory is never asked for by its header alone."""
    file = io.BytesIO(part)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("an array is of another version of NumPy's format")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    return np.frombuffer(part, dtype, offset=file.tell()).reshape(
        shape, order="F" if fortran else "C"
    )


def _built(path: str | Path, description: dict[str, Any], numbers: int) -> Layer:
    try:
        largest = max(_integers(description), default=0)
        if largest > max(numbers, LARGE):  # before the memory for such a layer is asked for
            raise ValueError(f"a size of {largest} in a file of {numbers} numbers")
        model = build(description)
        difference = _difference(description, describe(model))
    except Exception as error:  # sizes and types that no constructor expects
        raise ValueError(f"{path} describes no layers of convpool.nn: {_worded(error)}") from error
    if difference:
        raise ValueError(f"{path} describes no layers of convpool.nn: {difference}")
    return model


def _integers(value: Any) -> Iterator[int]:
    """The whole numbers anywhere in what JSON can hold."""
    if isinstance(value, int):
        yield abs(value)
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _integers(part)


def build(description: dict[str, Any]) -> Layer:
    """A model from its description, with first weights of no importance."""
    kind = LAYERS[description["layer"]]
    if kind is LAYERS["Sequential"]:
        return kind(*map(build, description["layers"]))
    hyperparams = _tuples(description["hyperparams"])
    expected = _parameters(kind)
    for name, value in hyperparams.items():
        if name not in expected:
            raise ValueError(f"{kind.__name__} has no {name}")
        if expected[name].annotation is float and not isinstance(value, int | float):
            raise TypeError(f"{name} of {kind.__name__} must be a number, got {value!r}")
    if hyperparams.get("tier") == "compiled" and importlib.util.find_spec("numba") is None:
        hyperparams["tier"] = None
    return kind(**hyperparams, **_generator(kind))


def _generator(kind: type) -> dict[str, Any]:
    return {"rng": np.random.default_rng(0)} if "rng" in _parameters(kind) else {}


def _parameters(kind: type) -> dict[str, inspect.Parameter]:
    """What a layer's constructor takes, by name."""
    parameters = inspect.signature(kind).parameters
    return {name: each for name, each in parameters.items() if each.kind is not each.VAR_KEYWORD}


def _tuples(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    if isinstance(value, dict):
        return {name: _tuples(part) for name, part in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _difference(
    file: dict[str, Any], model: dict[str, Any], where: str = "the model"
) -> str | None:
    """The first thing in words that two descriptions disagree on; None if the numbers fit both."""
    if file["layer"] != model["layer"]:
        return f"{where} is {file['layer']} in the file, {model['layer']} here"
    here = f"{where}, {file['layer']},"
    for name in sorted(file.keys() ^ model.keys()):
        return f"{here} has {name!r} only in {'the file' if name in file else 'the model'}"
    theirs, ours = file["hyperparams"], model["hyperparams"]
    for name in sorted(theirs.keys() | ours.keys()):
        if name not in INDIFFERENT and theirs.get(name) != ours.get(name):
            return f"{here} has {name}={theirs.get(name)!r} in the file, {ours.get(name)!r} here"
    chains = file.get("layers", []), model.get("layers", [])
    if len(chains[0]) != len(chains[1]):
        return f"{here} has {len(chains[0])} layers in the file, {len(chains[1])} here"
    for number, pair in enumerate(zip(*chains, strict=True)):
        inner = f"layer {number}" if where == "the model" else f"{where}.{number}"
        if difference := _difference(*pair, inner):
            return difference
    return None


def _worded(error: Exception) -> str:
    return f"{error}" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"

"""Models on disk: one `.npz` file of arrays, with the layers described in JSON. No pickle."""

import inspect
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from convpool.nn.layer import Layer
from convpool.nn.registry import LAYERS

FORMAT = "convpool.nn/1"


def save(model: Layer, path: str | Path) -> None:
    """Write a model to a file. Whatever happens meanwhile, an older file of that name stays whole.

    The new one is written beside it and then takes its place in one step.
    """
    path = Path(path)
    arrays = {f"params/{name}": array for name, array in model.params.items()}
    arrays |= {f"state/{name}": array for name, array in model.state.items()}
    told = json.dumps({"format": FORMAT, "model": describe(model)})
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(file, description=np.array(told), **arrays)  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: str | Path, into: Layer | None = None) -> Layer:
    """Read a model from a file: a new one, or the numbers into one of the same layers.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no model, is damaged, or does not fit `into`, which then stays as it was.
    """
    description, arrays = _read(Path(path))
    model = _built(path, description) if into is None else into
    if describe(model) != description:
        raise ValueError(f"{path} holds another model than `into`: {description}")
    places = {f"params/{name}": array for name, array in model.params.items()}
    places |= {f"state/{name}": array for name, array in model.state.items()}
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


def describe(model: Layer) -> dict[str, Any]:
    """The layers of a model and their hyperparameters, as JSON can hold them."""
    kind = type(model).__name__
    if LAYERS.get(kind) is not type(model):
        raise ValueError(f"{kind} is no layer of convpool.nn and cannot be saved")
    described: dict[str, Any] = {"layer": kind, "hyperparams": model.hyperparams}
    if kind == "Sequential":
        described["layers"] = [describe(layer) for layer in model.chain]  # type: ignore[attr-defined]
    return json.loads(json.dumps(described))


def build(description: dict[str, Any]) -> Layer:
    """A model from its description, with first weights of no importance."""
    kind = LAYERS[description["layer"]]
    if "layers" in description:
        return kind(*map(build, description["layers"]))
    return kind(**_tuples(description["hyperparams"]), **_generator(kind))


def _built(path: str | Path, description: dict[str, Any]) -> Layer:
    try:
        return build(description)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"{path} describes no layers of convpool.nn: {error!r}") from error


def _generator(kind: type) -> dict[str, Any]:
    return {"rng": np.random.default_rng(0)} if "rng" in inspect.signature(kind).parameters else {}


def _tuples(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    if isinstance(value, dict):
        return {name: _tuples(part) for name, part in value.items()}
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def _read(path: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        told = json.loads(str(arrays.pop("description")))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is no model of convpool.nn, or it is damaged: {error}") from error
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise ValueError(f"{path} is no model of this version: its format must be {FORMAT!r}")
    if not isinstance(told.get("model"), dict):
        raise ValueError(f"{path} describes no layers of convpool.nn")
    return told["model"], arrays

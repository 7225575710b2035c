"""What the scripts that make reference vectors share: paddings spelt out, and how cases are stored.

A set is two files: `NAME.json` lists the cases, `NAME.npz` holds their arrays as `number/name`.
"""

import json
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).parent


def pair(value):
    return tuple(value) if isinstance(value, tuple) else (value, value)


def sides(padding):
    """((top, bottom), (left, right)) from any spelling in numbers."""
    if isinstance(padding, tuple) and isinstance(padding[0], tuple):
        return padding
    return tuple((p, p) for p in pair(padding))


def store(name, cases, arrays):
    versions = dict(torch=torch.__version__, numpy=np.__version__)
    lines = ",\n".join(json.dumps(case) for case in cases)
    text = f'{{"made_with": {json.dumps(versions)}, "cases": [\n{lines}\n]}}\n'
    (HERE / f"{name}.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / f"{name}.npz", **arrays)
    print(f"{len(cases)} cases")

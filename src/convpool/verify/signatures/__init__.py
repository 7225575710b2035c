"""How people write these functions: adapters from a trial to a call, and from what it returns back.

`adapt` chooses one. An adapter is called with a `Trial` whose arrays are N, C, H, W and whose
weights are (C_out, C_in/groups, kh, kw), lays them out as the function wants them, calls it,
watches that it leaves them alone, and gives an `Answer` laid out like the trial.
"""

from typing import Any

from convpool.verify.examination import Ask
from convpool.verify.signatures.byname import ByName


def adapt(
    function: Any,
    op: str,
    *,
    forward: Any = None,
    signature: str = "auto",
    layout: str = "NCHW",
    weights: str | None = None,
    returns: str | None = None,
) -> Ask:
    """The way to ask `function` for `op`; a `ValueError` if there is none."""
    return ByName(function, op)

"""One row of the table of known mistakes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mistake:
    """One row. `slips`: the ways to make it; `ops`: the operators in which it is possible."""

    name: str
    slips: tuple[str, ...]
    ops: tuple[str, ...]
    what: str
    mend: str
    chapter: str

    @property
    def explanation(self) -> str:
        return f"{self.what} {self.mend}"

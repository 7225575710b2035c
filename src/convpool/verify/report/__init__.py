"""What an examination found: for a terminal, for a notebook, and for a program.

`wording` has the sentences and `picture` the arrays; `text`, `html` and `data` set them out.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from convpool.verify.examination import Diagnosis, Finding


@dataclass(frozen=True, repr=False)
class Report:
    """The findings, case by case, and the diagnosis; true if nothing failed.

    Printed, it says which mistake it is, what failed, and the smallest failing case with the
    expected and the actual arrays side by side. In a notebook it draws that case.
    """

    subject: str
    examined_for: str
    findings: tuple[Finding, ...]
    verdict: Diagnosis

    def __bool__(self) -> bool:
        return self.passed

    @property
    def passed(self) -> bool:
        """Whether at least one case passed, and none failed."""
        return not self.failures and bool(self.having("passed"))

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The failing cases."""
        return self.having("failed")

    @property
    def unsupported(self) -> tuple[Finding, ...]:
        """The cases that the function cannot be asked."""
        return self.having("not supported")

    @property
    def diagnosis(self) -> str | None:
        """The name of the mistake, of both if it takes two to explain the numbers, or None."""
        return " + ".join(culprit.name for culprit in self.verdict.culprits) or None

    @property
    def smallest(self) -> Finding | None:
        """The failing case with the fewest numbers, one that has wrong numbers if there is."""
        failures = sorted(self.failures, key=lambda f: (not f.wrong, f.trial.size))
        return failures[0] if failures else None

    def having(self, status: str) -> tuple[Finding, ...]:
        """The findings of one status."""
        return tuple(finding for finding in self.findings if finding.status == status)

    # What is printed is made only then: `import convpool` loads no rich.

    def __str__(self) -> str:
        from convpool.verify.report import text

        return text.plain(self)

    __repr__ = __str__

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from convpool.verify.report import text

        yield from text.parts(self, options.max_width)

    def _repr_html_(self) -> str:
        from convpool.verify.report import html

        return html.drawn(self)

    def to_dict(self) -> dict[str, Any]:
        """Everything in the report, as what JSON knows; NaN and infinities as strings."""
        from convpool.verify.report import data

        return data.told(self)

    def to_json(self) -> str:
        """The report for a program."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=2, allow_nan=False)

"""What an examination found: for a terminal, for a notebook, and for a program."""

from collections import Counter
from dataclasses import dataclass

from convpool.verify.examination import Diagnosis, Finding


@dataclass(frozen=True, repr=False)
class Report:
    """The findings, case by case, and the diagnosis; true if nothing failed."""

    subject: str
    examined_for: str
    findings: tuple[Finding, ...]
    verdict: Diagnosis

    def __bool__(self) -> bool:
        return self.passed

    @property
    def passed(self) -> bool:
        """Whether at least one case passed, and none failed."""
        return not self.failures and bool(self._with("passed"))

    @property
    def failures(self) -> tuple[Finding, ...]:
        """The failing cases."""
        return self._with("failed")

    @property
    def unsupported(self) -> tuple[Finding, ...]:
        """The cases that the function cannot be asked."""
        return self._with("not supported")

    @property
    def diagnosis(self) -> str | None:
        """The name of the mistake, of both if it takes two to explain the numbers, or None."""
        return " + ".join(culprit.name for culprit in self.verdict.culprits) or None

    @property
    def smallest(self) -> Finding | None:
        """The failing case with the fewest numbers, one that has wrong numbers if there is."""
        failures = sorted(self.failures, key=lambda f: (not f.wrong, f.trial.size))
        return failures[0] if failures else None

    def _with(self, status: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.status == status)

    def __str__(self) -> str:
        counts = Counter(finding.status for finding in self.findings)
        return f"{self.subject} as {self.examined_for}: {dict(counts)}; {self.diagnosis}"

    __repr__ = __str__

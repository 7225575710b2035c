"""A report as plain data, for a program."""

from typing import TYPE_CHECKING, Any

import numpy as np

from convpool.verify.report import wording

if TYPE_CHECKING:
    from convpool.verify.examination import Arrays, Finding
    from convpool.verify.report import Report


def told(report: "Report") -> dict[str, Any]:
    """Everything in a report; NaN and infinities as strings."""
    smallest = report.smallest
    return {
        "subject": report.subject,
        "op": report.examined_for,
        "passed": report.passed,
        "verdict": wording.verdict(report),
        "diagnosis": [
            {
                "name": culprit.name,
                "explanation": culprit.explanation,
                "chapter": f"book/{culprit.chapter}.ipynb",
            }
            for culprit in report.verdict.culprits
        ],
        "others": [other.name for other in report.verdict.others],
        "notes": wording.notes(report),
        "cases": [_case(finding) for finding in report.findings],
        "smallest": _whole(finding=smallest) if smallest else None,
    }


def _case(finding: "Finding") -> dict[str, Any]:
    return {"name": finding.trial.name, "status": finding.status, "reason": finding.reason}


def _whole(finding: "Finding") -> dict[str, Any]:
    return {
        **_case(finding),
        "arguments": {name: _plain(value) for name, value in finding.trial.arguments.items()},
        "arrays": _arrays(finding.trial.arrays),
        "expected": _arrays(finding.trial.expected),
        "actual": _arrays(finding.actual),
        "wrong": list(finding.wrong),
    }


def _arrays(arrays: "Arrays") -> dict[str, Any]:
    return {name: _plain(array) for name, array in arrays.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, (np.ndarray, np.generic)):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not np.isfinite(value):
        return {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(value)]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return wording.value_as_typed(value)

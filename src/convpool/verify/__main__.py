"""`python -m convpool.verify FILE.py:FUNCTION --op NAME`: a reader's own code on the case table."""

import argparse
import json
import os
import sys
from difflib import get_close_matches

from convpool.verify import cases, sandbox
from convpool.verify.clock import CASE
from convpool.verify.conformance import judge
from convpool.verify.examination import Trial
from convpool.verify.report import Report, wording
from convpool.verify.sandbox import CouldNotRun
from convpool.verify.signatures import KINDS

RIGHT, WRONG, COULD_NOT_RUN = 0, 1, 2


def main() -> int:
    if not sys.stdout.isatty() and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    options = _options().parse_args()
    try:
        return _listed(options) if options.list or options.cases else _verified(options)
    except CouldNotRun as error:
        if options.json:
            print(json.dumps({"could_not_run": str(error)}, ensure_ascii=False))
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    except BrokenPipeError:  # whoever reads has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return COULD_NOT_RUN


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m convpool.verify",
        description="Check a forward or backward pass on every edge of its operator.",
        epilog="Exit status: 0 right, 1 wrong, 2 could not run.",
    )
    add = parser.add_argument
    add("target", nargs="?", metavar="FILE.py:FUNCTION", help="also MODULE:CLASS or FILE.py:A.B")
    add("--op", metavar="NAME", help="the operator that the function is")
    add("--forward", metavar="NAME", help="the forward pass whose result the backward pass takes")
    add("--layout", choices=("NCHW", "NHWC"), default="NCHW", help="of images (NCHW)")
    add("--weights", metavar="AXES", help="of weights, as in HWIO (OIHW)")
    add("--signature", choices=KINDS, default="auto", help="how the function is called (auto)")
    add("--returns", metavar="NAMES", help="what it returns, as in dx,dweight")
    add("--limit", type=float, default=CASE, metavar="SECONDS", help=f"for one case ({CASE:g})")
    add("--total", type=float, default=60.0, metavar="SECONDS", help="for all cases (60)")
    add("--json", action="store_true", help="the report for a program")
    add("--list", action="store_true", help="the operators")
    add("--cases", action="store_true", help="the case table of an operator")
    return parser


def _verified(options: argparse.Namespace) -> int:
    if not options.target:
        raise CouldNotRun("give FILE.py:FUNCTION, the code to check (--help says more)")
    op = _operator(options.op)
    file, colon, function = options.target.rpartition(":")
    if not colon or not file or not function:
        raise CouldNotRun(f"give FILE.py:FUNCTION, as in {options.target}:{op}")
    told = {n: getattr(options, n) for n in ("layout", "weights", "signature", "returns", "limit")}
    job = {"file": file, "function": function, "op": op, "forward": options.forward, **told}
    findings = sandbox.run(job, options.total)
    report = judge(function, op, findings)
    _print(report, options.json)
    if report.failures:
        return WRONG
    return RIGHT if report.passed else COULD_NOT_RUN


def _print(report: Report, as_json: bool) -> None:
    if as_json:
        print(report.to_json())
    elif sys.stdout.isatty():
        from rich.console import Console

        Console().print(report)
    else:
        print(report)


def _operator(name: str | None) -> str:
    if name in cases.CASES:
        return name
    asked = "--op is missing" if name is None else f"there is no operator {name!r}"
    near = get_close_matches(name or "", cases.CASES, 2)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; --list prints them"
    raise CouldNotRun(asked + hint)


# ---------------------------------------------------------------------------- what there is


def _listed(options: argparse.Namespace) -> int:
    if options.list:
        print("\n".join(cases.CASES))
        return RIGHT
    op = _operator(options.op)
    rows = [
        (trial.name, _shapes(trial), wording.arguments(case.arguments))
        for case, trial in zip(cases.CASES[op], cases.trials(op), strict=True)
    ]
    widths = [max(len(row[k]) for row in rows) for k in (0, 1)]
    for name, shapes, arguments in rows:
        print(f"{name.ljust(widths[0])}  {shapes.ljust(widths[1])}  {arguments}".rstrip())
    return RIGHT


def _shapes(trial: Trial) -> str:
    shapes = {name: array.shape for name, array in trial.arrays.items() if name != "dy"}
    return ", ".join(f"{name} {'×'.join(map(str, shape))}" for name, shape in shapes.items())


if __name__ == "__main__":
    sys.exit(main())

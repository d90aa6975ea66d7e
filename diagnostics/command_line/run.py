# SPDX-License-Identifier: GPL-3.0-or-later
"""`run`: diagnose the chain, many endpoints, or wait for one."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import diagnose, exit_code, with_written
from ..many import diagnose_many
from ..model import Link, Report, Snapshot, Target, Verdict
from ..reports import render
from ..reports.survey_report import Survey
from ..target import TargetError, read_endpoints, seconds
from ..waiting import is_ready, wait_until_ready
from .arguments import target_of
from .terminal import progress, screen, status, write

DOCTOR_FAILED = 4


def run(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    """Diagnoses what the options name, prints or writes the report, and returns the exit status."""
    target = target_of(options, lock=options.lock)
    output = Path(options.output) if options.output else None
    if output is not None and (output.is_dir() or not output.resolve().parent.is_dir()):
        problem = f"“{output}” is a folder" if output.is_dir() else f"there is no folder “{output.parent}”"
        raise TargetError("output", problem)
    if options.lock and Link.SERVER not in target.links:
        raise TargetError("lock", f"is compared by the link {Link.SERVER}, which --only leaves out")
    if options.endpoint or options.endpoints:
        return _survey(options, snapshot, output)
    if options.wait is not None:
        if other := next((name for name in ("only", "lock", "isolate") if getattr(options, name)), None):
            raise TargetError("wait", f"tests the links network and addon; leave out --{other}")
        report = _wait(target, seconds(options.wait, "wait", 86400), snapshot)
        if is_ready(report) and options.format == "text" and output is None:
            answers = " · ".join(row.summary for row in report.chain if row.verdict in {Verdict.PASS, Verdict.WARN})
            write(f"Ready: {answers}\n")
            return 0
    else:
        with progress() as tell:
            report = diagnose(target, snapshot, on_event=tell)
    if output is not None:
        report = with_written(report, output)
    return _deliver(report, options, output)


def _survey(options: argparse.Namespace, snapshot: Snapshot | None, output: Path | None) -> int:
    """Tests many endpoints, each with its line, and says at the end what it comes to."""
    for name in ("host", "port", "only", "wait", "lock", "isolate"):
        if getattr(options, name):
            raise TargetError(name, "does not go together with --endpoint and --endpoints")
    if options.format == "runbook":
        raise TargetError("format", "“runbook” is about one endpoint; use another format with several")
    endpoints = read_endpoints(options.endpoint, options.endpoints)
    survey, codes = Survey(options.format), set[int]()

    def named(endpoint: str) -> Target:
        target = target_of(options, endpoint)
        return dataclasses.replace(
            target, read=(*target.read, *([Path(options.endpoints)] if options.endpoints else ()))
        )

    def tell(report: Report) -> None:
        codes.add(exit_code(report, fail_on=Verdict(options.fail_on)))
        write(survey.line(report))

    with _sink(output) as write:
        write(survey.head())
        diagnose_many((named(endpoint) for endpoint in endpoints), tell, snapshot)
        write(survey.total())
    return next((code for code in (1, DOCTOR_FAILED, 3) if code in codes), 0)


@contextlib.contextmanager
def _sink(output: Path | None) -> Iterator[Callable[[str], object]]:
    """Where the lines go: the file, or what this program prints."""
    if output is None:
        yield write
        return
    try:
        with output.open("w", encoding="utf-8", newline="\n") as file:
            yield file.write
    except OSError as error:
        raise TargetError("output", f"“{output}” cannot be written: {error.strerror}") from None


def _wait(target: Target, seconds_s: float, snapshot: Snapshot | None) -> Report:
    """Waits, with a line on the terminal that says for what."""
    with status() as say:
        return wait_until_ready(
            target, seconds_s, snapshot, on_try=lambda report, left: say(f"{report.headline}; {left:.0f} s left")
        )


def _deliver(report: Report, options: argparse.Namespace, output: Path | None) -> int:
    if output is None:
        shown = screen()
        own = shown is not None and sys.stdout.isatty()
        write(render(report, options.format, verbose=options.verbose, exact=own, screen=shown))
    else:
        try:
            output.write_text(render(report, options.format, verbose=options.verbose), encoding="utf-8", newline="\n")
        except OSError as error:
            raise TargetError("output", f"“{output}” cannot be written: {error.strerror}") from None
    return exit_code(report, fail_on=Verdict(options.fail_on))

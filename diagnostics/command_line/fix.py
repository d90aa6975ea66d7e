# SPDX-License-Identifier: GPL-3.0-or-later
"""`fix`: make the repair of a cause that a run finds, and see whether it helped."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Sequence

from .. import diagnose
from ..knowledge import catalogue
from ..knowledge.repairs import words
from ..model import Finding, Remedy, Report, Snapshot, Target, Verdict
from ..remedies import Change, ChangeError, StillRunsError, plan
from ..reports.outline import repairs
from ..text import one_line
from .arguments import WRONG_USAGE, target_of
from .terminal import agrees, progress, say, write

STILL_THERE = 1
NOT_TESTED = 3


def fix(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    """Runs the diagnosis, makes one repair of the cause, runs it again; returns the exit status.

    0 it is gone, or with --dry-run the change is shown; 1 it is still there, changed or not; 2 wrong usage;
    3 the change is made, and whether it helped could not be tested.
    """
    if options.cause not in catalogue.causes():
        named = one_line(options.cause, 60)
        return say(f"mcp-diagnostics: CAUSE “{named}” is not known; “mcp-diagnostics explain” lists all", WRONG_USAGE)
    target = target_of(options, lock=options.lock)
    report = _run(target, snapshot)
    found = [one for one in report.findings if one.id == options.cause]
    if not found:
        return _refuse(_not_found(options.cause, report))
    offered = repairs(report, options.cause)
    if not offered:
        return _by_hand(options.cause, found)
    chosen = _chosen(offered, options.choose)
    if isinstance(chosen, str):
        return _refuse(chosen)
    finding, remedy = chosen
    try:
        change = plan(remedy)
        write(change.preview.rstrip() + "\n")
        if options.dry_run:
            return 0
        if (status := agrees("confirm", yes=options.yes)) is not None:
            return status
        write(_carried_out(change) + "\n")
    except ChangeError as error:
        return say(f"mcp-diagnostics: {error}", STILL_THERE)
    return _again(finding, target, snapshot)


def _carried_out(change: Change) -> str:
    """Makes the change. What would take force is asked for again, on a terminal only: no --yes stands for that."""
    try:
        return change.carry_out()
    except StillRunsError as error:
        if sys.stdin is None or not sys.stdin.isatty():
            raise
        write(f"{error}\n\n{error.forced.preview}\n\n")
        if agrees("confirm_force", yes=False) is not None:
            raise
        return error.forced.carry_out()


def _run(target: Target, snapshot: Snapshot | None) -> Report:
    with progress() as tell:
        return diagnose(target, snapshot, on_event=tell)


def _refuse(line: str) -> int:
    return say(f"mcp-diagnostics: {line}", WRONG_USAGE)


def _not_found(cause: str, report: Report) -> str:
    found = ", ".join(dict.fromkeys(one.id for one in report.findings))
    return words("command", "not_found" if found else "nothing_found", {"cause": cause, "found": found})


def _by_hand(cause: str, found: Sequence[Finding]) -> int:
    """Says what is to be done where nothing can be done from here."""
    status = _refuse(words("command", "by_hand", {"cause": cause}))
    for remedy in (remedy for one in found for remedy in one.remedies):
        title = remedy.title.removesuffix(".")
        if remedy.kind == "apply":
            write(f"→ In Blender, click “{title}” in the panel of MCP Diagnostics\n")
            continue
        exact = remedy.exact if sys.stdout.isatty() else remedy.text
        write(textwrap.fill(f"→ {title}:", 96, subsequent_indent="  ") + "\n" + textwrap.indent(exact, "    ") + "\n")
    return status


def _chosen(offered: Sequence[tuple[Finding, Remedy]], number: str | None) -> tuple[Finding, Remedy] | str:
    """The repair that is meant, or why it is not known which."""
    if number is None:
        if len(offered) == 1:
            return offered[0]
        lines = [f"  {n}. {remedy.title}" for n, (_one, remedy) in enumerate(offered, 1)]
        return "\n".join([words("command", "choose", {"cause": offered[0][0].id}), *lines])
    if number.isdecimal() and 1 <= int(number[:9]) <= len(offered):
        return offered[int(number[:9]) - 1]
    return words("command", "choose_wrong", {"count": len(offered)})


def _again(was: Finding, target: Target, snapshot: Snapshot | None) -> int:
    """Whether the finding is gone, in a run that tests what the first one did."""
    report = _run(target, snapshot)
    same = ("app", "entry", "file")
    left = any(
        one.id == was.id and all(one.evidence.get(name) == was.evidence.get(name) for name in same)
        for one in report.findings
    )
    untested = {Verdict.UNKNOWN, Verdict.SKIPPED}
    tested = next((row.verdict not in untested for row in report.chain if row.link == was.link), False)
    name, status = ("still", STILL_THERE) if left else ("gone", 0) if tested else ("not_known", NOT_TESTED)
    if name == "gone" and any(one.id == was.id for one in report.findings):
        name = "gone_here"
    write(words("command", name, {"cause": was.id, "headline": report.headline}) + "\n")
    return status

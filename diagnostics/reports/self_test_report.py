# SPDX-License-Identifier: GPL-3.0-or-later
"""What the self-test found, as text and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from itertools import groupby

from ..knowledge import table
from ..model import CaseResult, SelfTestReport, Verdict
from ..text import one_line
from .json_report import SCHEMA, tool_as_object
from .outline import MARKS
from .text_report import WIDTH

_WIDE = 200


def render(report: SelfTestReport, form: str, *, verbose: bool = False) -> str:
    """The report as "text", a line for each case, or as "json", ending with a newline. `verbose` adds times."""
    if form == "json":
        return json.dumps(_as_object(report), indent=2, allow_nan=False) + "\n"
    return "\n".join(line.rstrip() for line in _lines(report, verbose=verbose)) + "\n"


def headline(report: SelfTestReport) -> str:
    """What it comes to, in one sentence."""
    words = table("self_test")["words"]
    counts = {
        "named": len(report.of(Verdict.PASS)),
        "failed": len(report.of(Verdict.FAIL)),
        "missing": len(report.of(Verdict.UNKNOWN)),
        "total": len(report.results) - len(report.of(Verdict.SKIPPED)),
    }
    return str(words[report.verdict]).format(**counts)


def problem(result: CaseResult) -> str:
    """What was expected of a case and what came, or why it was not tried; empty for one that went well."""
    words = table("self_test")["words"]
    came, why = one_line(result.came, _WIDE), one_line(result.why, _WIDE)
    match result.verdict:
        case Verdict.FAIL:
            return str(words["came"]).format(expected=result.expected, came=came)
        case Verdict.PASS:
            return ""
        case _:
            return str(words["skipped"]).format(why=why)


def _lines(report: SelfTestReport, *, verbose: bool) -> Iterator[str]:
    for group, results in groupby(report.results, key=lambda result: result.group):
        yield group
        for result in results:
            time = f"  {result.elapsed_ms:.0f} ms" if verbose and result.elapsed_ms else ""
            told = f"  [{result.expected}]" if verbose and result.verdict is Verdict.PASS else ""
            yield f"  {MARKS[result.verdict]} {result.title}{told}{time}"
            if found := problem(result):
                yield from textwrap.wrap(found, WIDTH, initial_indent="      ", subsequent_indent="      ")
        yield ""
    yield f"{MARKS[report.verdict]} {headline(report)}"
    if report.verdict is Verdict.FAIL:
        yield f"  {', '.join(result.id for result in report.of(Verdict.FAIL))}"


def _as_object(report: SelfTestReport) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "tool": tool_as_object(report.tool),
        "elapsed_ms": round(report.elapsed_ms, 3),
        "verdict": report.verdict,
        "cases": [
            {
                "id": result.id,
                "group": result.group,
                "title": result.title,
                "verdict": result.verdict,
                "expected": result.expected,
                "came": result.came or None,
                "why": result.why or None,
                "elapsed_ms": round(result.elapsed_ms, 3),
            }
            for result in report.results
        ],
    }

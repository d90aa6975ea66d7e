# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as plain text, for a terminal, a text editor or a message to somebody who helps."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..knowledge import table
from ..model import EvidenceValue, Finding, Report, Verdict
from .server_facts import facts

WIDTH = 96

MARKS = {Verdict.PASS: "✔", Verdict.WARN: "!", Verdict.FAIL: "✖", Verdict.UNKNOWN: "?", Verdict.SKIPPED: "–"}


def render(report: Report, *, verbose: bool = False, exact: bool = False) -> str:
    """The whole report, ending with a newline."""
    return "\n".join(line.rstrip() for line in _lines(report, verbose=verbose, exact=exact)) + "\n"


def _lines(report: Report, *, verbose: bool, exact: bool) -> Iterator[str]:
    yield f"{MARKS[report.verdict]} {report.headline}"
    if report.changed:
        yield ""
        yield table("words")["changes"]["heading"]
        for change in report.changed:
            yield from _wrapped(change, "  - ", "    ")
    yield ""
    yield from _chain(report)
    told = [f for f in report.findings if f.order or (f.verdict in {Verdict.UNKNOWN, Verdict.SKIPPED} and not f.muted)]
    explained = [f for f in report.findings if f.explained_by and not f.muted]
    for found in told:
        yield ""
        yield from _finding(found, verbose=verbose, exact=exact)
    for note in report.notes:
        yield ""
        yield from _wrapped(note, "", "  ")
    for title, rest in (("Follows from the above:", explained), ("Muted:", [f for f in report.findings if f.muted])):
        if rest:
            yield ""
            yield title
            for found in rest:
                yield from _wrapped(f"{found.title} [{found.id}]", "  - ", "    ")
    yield ""
    yield from _did(report)
    if verbose:
        yield from _checks(report)


def _chain(report: Report) -> Iterator[str]:
    labels, words = table("words")["links"], table("words")["verdicts"]
    for row in report.chain:
        time = f"{row.elapsed_ms:.1f} ms" if row.verdict is not Verdict.SKIPPED else ""
        head = f"  {MARKS[row.verdict]} {labels[row.link]:<11} {words[row.verdict]:<9} "
        body = textwrap.wrap(row.summary, WIDTH - len(head) - 12) or [""]
        yield f"{head}{body[0]:<{WIDTH - len(head) - 12}} {time:>11}"
        for more in body[1:]:
            yield " " * len(head) + more


def _finding(found: Finding, *, verbose: bool, exact: bool) -> Iterator[str]:
    number = f"{found.order}. " if found.order else ""
    yield from _wrapped(f"{number}{found.title} [{found.id}]", "", "   ")
    for paragraph in found.detail.split("\n\n"):
        yield from _wrapped(paragraph, "   ", "   ")
    for remedy in found.remedies:
        if remedy.edits:
            yield from _wrapped(f"{remedy.title}:", "   → ", "     ")
            yield f"       mcp-diagnostics fix {found.id}"
            continue
        if remedy.kind == "apply":
            yield from _wrapped(f"In Blender, click “{remedy.title}” in the panel of MCP Diagnostics", "   → ", "     ")
            continue
        yield from _wrapped(remedy.title.removesuffix(".") + ":", "   → ", "     ")
        for line in (remedy.exact if exact else remedy.text).splitlines():
            yield f"       {line}"
    if verbose:
        for key, value in found.evidence.items():
            yield from _wrapped(f"{key}: {_value(value)}", "     · ", "         ")


def _value(value: EvidenceValue) -> str:
    return "; ".join(value) if isinstance(value, tuple) else str(value)


def _did(report: Report) -> Iterator[str]:
    did = report.did
    tool = report.tool
    where = f"Blender {tool.blender}, " if tool.blender else ""
    seconds = f"{report.elapsed_ms / 1000:.1f} s"
    yield f"{tool.name} {tool.version} · {where}Python {tool.python} · {tool.platform} · {report.started} · {seconds}"
    yield from _wrapped(f"Contacted: {', '.join(did.connected) or 'nobody'}", "", "  ")
    yield from _wrapped(f"Started: {'; '.join(' '.join(argv) for argv in did.started) or 'nothing'}", "", "  ")
    yield from _wrapped(f"Read: {', '.join(did.read) or 'no file'}", "", "  ")
    yield from _wrapped(f"Written: {', '.join(did.written) or 'nothing'}", "", "  ")


def _checks(report: Report) -> Iterator[str]:
    if report.layers:
        steps = (f"{MARKS[layer.verdict]} {layer.name} {layer.elapsed_ms:.1f} ms" for layer in report.layers)
        yield ""
        yield from _wrapped(f"The conversation with the endpoint: {', '.join(steps)}", "", "  ")
    for server in report.servers:
        yield ""
        yield from _wrapped(f"The MCP server {server.who}:", "", "  ")
        for name, value in facts(server):
            yield from _wrapped(f"{name}: {value}", "  ", "    ")
    yield ""
    yield "Checks:"
    for check in report.checks:
        blocked = f", waits for {check.blocked_by}" if check.blocked_by else ""
        yield f"  {check.id}: {check.verdict}{blocked}, {check.elapsed_ms:.1f} ms"
        for line in check.transcript:
            yield f"      {line}"


def _wrapped(text: str, first: str, following: str) -> list[str]:
    lines = []
    for number, part in enumerate(text.splitlines() or [""]):
        lines += textwrap.wrap(
            part,
            WIDTH,
            initial_indent=first if number == 0 else following,
            subsequent_indent=following,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return lines

# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown, to be pasted into an issue or a chat: the answer first, the evidence folded away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..model import Finding, Report, Verdict
from . import outline
from .markdown_text import block, in_html, inline
from .outline import MARKS
from .server_facts import facts


def render(report: Report) -> str:
    """The whole report, ending with a newline. Text from outside stands in it as text, whatever it holds."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    words = outline.words()
    yield f"### {MARKS[report.verdict]} {inline(report.headline)}"
    if report.changed:
        yield ""
        yield inline(outline.words("changes")["heading"])
        yield ""
        yield from (f"- {inline(change)}" for change in report.changed)
    yield ""
    yield from _chain(report)
    for found in outline.told(report):
        yield ""
        yield from _finding(report, found)
    for note in (*filter(None, [outline.home_note(report, outline.told(report))]), *report.notes):
        yield ""
        yield inline(note)
    for title, rest in ((words["follows"], outline.explained(report)), (words["muted"], outline.muted(report))):
        if rest:
            yield ""
            yield f"{inline(title)}:"
            yield ""
            yield from (f"- {inline(found.title)} `{found.id}`" for found in rest)
    yield ""
    yield from _folded(words["evidence"], _evidence(report))
    yield from _folded(words["checks"], _checks(report))
    yield from _folded(words["touched"], _touched(report))
    yield from _folded(words["privacy"], _privacy(report))
    yield inline(outline.made_by(report))


def _chain(report: Report) -> Iterator[str]:
    words, labels, verdicts = outline.words(), outline.words("links"), outline.words("verdicts")
    yield f"| {words['link']} | {words['verdict']} | {words['what']} | {words['time']} |"
    yield "|:--|:--|:--|--:|"
    for row in report.chain:
        time = outline.time(row.elapsed_ms) if row.verdict is not Verdict.SKIPPED else ""
        word = "" if verdicts[row.verdict] == MARKS[row.verdict] else f" {verdicts[row.verdict]}"
        yield f"| {labels[row.link]} | {MARKS[row.verdict]}{word} | {inline(row.summary)} | {time} |"


def _finding(report: Report, found: Finding) -> Iterator[str]:
    number = f"{found.order}\\. " if found.order else ""
    yield f"#### {number}{inline(found.title)} `{found.id}`"
    for paragraph in found.detail.split("\n\n"):
        yield ""
        yield inline(paragraph)
    for remedy in found.remedies:
        yield ""
        todo, text = outline.step(report, found, remedy)
        yield f"- {inline(todo)}"
        if text:
            yield ""
            yield block(text, "  ")


def _folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """What can be unfolded; nothing at all where there is nothing in it."""
    inside = list(lines)
    if inside:
        yield from (f"<details><summary>{in_html(title)}</summary>", "", *inside, "", "</details>", "")


def _evidence(report: Report) -> Iterator[str]:
    for found in report.findings:
        if found.evidence:
            lines = (f"{key}: {outline.value(value)}" for key, value in found.evidence.items())
            yield from (f"`{found.id}`", "", block("\n".join(lines)), "")


def _checks(report: Report) -> Iterator[str]:
    if report.layers:
        steps = (f"{MARKS[layer.verdict]} {layer.name} {outline.time(layer.elapsed_ms)}" for layer in report.layers)
        yield from (f"{inline(outline.words()['conversation'])}: {inline(', '.join(steps))}", "")
    for server in report.servers:
        told = "\n".join(f"{name}: {value}" for name, value in facts(server))
        yield from (inline(outline.say("server", who=server.who)), "", block(told), "")
    lines: list[str] = []
    for check in report.checks:
        blocked = f", {outline.blocked(check)}" if check.blocked_by else ""
        lines.append(f"{check.id}: {check.verdict}{blocked}, {outline.time(check.elapsed_ms)}")
        lines += (f"    {line}" for line in check.transcript)
    yield block("\n".join(lines))


def _touched(report: Report) -> Iterator[str]:
    yield block("\n".join(f"{title}: {items}" for title, items in outline.touched(report)))


def _privacy(report: Report) -> Iterator[str]:
    for key, items in (("masked", report.masked), ("not_masked", report.not_masked)):
        yield from (f"{outline.words()[key]}:", "", *(f"- {inline(item)}" for item in items), "")

# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as plain text, for a terminal, a text editor or a message to somebody who helps."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from ..model import Finding, Report, Verdict
from . import outline
from .outline import MARKS
from .server_facts import facts

WIDTH = 96
_NARROWEST = 40
_ROOM_FOR_TIMES = 64
"""Columns below which the times of the chain are left out."""
_TIME = 12

_COLOURS = {
    Verdict.PASS: "32",
    Verdict.WARN: "33",
    Verdict.FAIL: "31",
    Verdict.UNKNOWN: "36",
    Verdict.SKIPPED: "2",
}
"""Parameters of "select graphic rendition" (ECMA-48 §8.3.117) from the sixteen colours that every theme defines."""
_BOLD = "1"


@dataclass(frozen=True, slots=True)
class Screen:
    """The terminal on which the text is shown. `width` counts columns."""

    width: int = WIDTH
    colours: bool = False

    def paint(self, text: str, *parameters: str) -> str:
        """The text in this look; as it is where there are no colours."""
        return f"\x1b[{';'.join(parameters)}m{text}\x1b[0m" if self.colours and text else text


def render(report: Report, *, verbose: bool = False, exact: bool = False, screen: Screen | None = None) -> str:
    """The whole report, ending with a newline. Without a `screen` it is written for a file."""
    text = _Text(report, verbose=verbose, exact=exact, screen=screen)
    return "\n".join(line.rstrip() for line in text.lines()) + "\n"


class _Text:
    def __init__(self, report: Report, *, verbose: bool, exact: bool, screen: Screen | None) -> None:
        self.report = report
        self.verbose = verbose
        self.exact = exact
        self.on_screen = screen is not None
        self.screen = screen or Screen()
        self.width = max(self.screen.width, _NARROWEST)

    def lines(self) -> Iterator[str]:
        report, words = self.report, outline.words()
        yield from self._headline()
        if report.changed:
            yield ""
            yield str(outline.words("changes")["heading"])
            for change in report.changed:
                yield from self._wrapped(change, "  - ", "    ")
        yield ""
        yield from self._chain()
        for found in outline.told(report):
            yield ""
            yield from self._finding(found)
        home = outline.home_note(report, outline.told(report), exact=self.exact)
        for note in (*filter(None, [home]), *report.notes):
            yield ""
            yield from self._wrapped(note, "", "  ")
        rest = ((words["follows"], outline.explained(report)), (words["muted"], outline.muted(report)))
        for title, findings in rest:
            if findings:
                yield ""
                yield f"{title}:"
                for found in findings:
                    yield from self._wrapped(f"{found.title} [{found.id}]", "  - ", "    ")
        yield ""
        yield from self._did()
        if self.verbose:
            yield from self._checks()

    def _headline(self) -> Iterator[str]:
        head = f"{MARKS[self.report.verdict]} {self.report.headline}"
        # In a file it is one line, for those who read nothing but the first.
        for line in self._wrapped(head, "", "  ") if self.on_screen else [head]:
            yield self.screen.paint(line, _BOLD, _COLOURS[self.report.verdict])

    def _chain(self) -> Iterator[str]:
        labels, words = outline.words("links"), outline.words("verdicts")
        room = _TIME if self.width >= _ROOM_FOR_TIMES else 0
        for row in self.report.chain:
            time = outline.time(row.elapsed_ms) if room and row.verdict is not Verdict.SKIPPED else ""
            colour = _COLOURS[row.verdict]
            mark, word = self.screen.paint(MARKS[row.verdict], colour), self.screen.paint(words[row.verdict], colour)
            head = f"  {mark} {labels[row.link]:<11} {word}{' ' * (9 - len(words[row.verdict]))} "
            indent = 2 + 1 + 1 + 11 + 1 + 9 + 1
            left = self.width - indent - room
            body = textwrap.wrap(row.summary, left) or [""]
            yield f"{head}{body[0]:<{left}} {time:>{room - 1}}" if room else f"{head}{body[0]}"
            for more in body[1:]:
                yield " " * indent + more

    def _finding(self, found: Finding) -> Iterator[str]:
        for line in self._wrapped(f"{outline.heading(found)} [{found.id}]", "", "   "):
            yield self.screen.paint(line, _BOLD)
        for paragraph in found.detail.split("\n\n"):
            yield from self._wrapped(paragraph, "   ", "   ")
        for remedy in found.remedies:
            todo, text = outline.step(self.report, found, remedy, exact=self.exact)
            yield from self._wrapped(todo, "   → ", "     ")
            for line in text.splitlines():
                yield f"       {line}"
        if self.verbose:
            for key, value in found.evidence.items():
                yield from self._wrapped(f"{key}: {outline.value(value)}", "     · ", "         ")

    def _did(self) -> Iterator[str]:
        yield from (
            self._wrapped(outline.made_by(self.report), "", "  ") if self.on_screen else [outline.made_by(self.report)]
        )
        for title, items in outline.touched(self.report):
            yield from self._wrapped(f"{title}: {items}", "", "  ")

    def _checks(self) -> Iterator[str]:
        report = self.report
        if report.layers:
            steps = (f"{MARKS[layer.verdict]} {layer.name} {outline.time(layer.elapsed_ms)}" for layer in report.layers)
            yield ""
            yield from self._wrapped(f"{outline.words()['conversation']}: {', '.join(steps)}", "", "  ")
        for server in report.servers:
            yield ""
            yield from self._wrapped(f"{outline.say('server', who=server.who)}:", "", "  ")
            for name, value in facts(server):
                yield from self._wrapped(f"{name}: {value}", "  ", "    ")
        yield ""
        yield f"{outline.words()['checks']}:"
        for check in report.checks:
            blocked = f", {outline.blocked(check)}" if check.blocked_by else ""
            yield f"  {check.id}: {check.verdict}{blocked}, {outline.time(check.elapsed_ms)}"
            for line in check.transcript:
                yield f"      {line}"

    def _wrapped(self, text: str, first: str, following: str) -> list[str]:
        lines = []
        for number, part in enumerate(text.splitlines() or [""]):
            lines += textwrap.wrap(
                part,
                self.width,
                initial_indent=first if number == 0 else following,
                subsequent_indent=following,
                break_long_words=False,
                break_on_hyphens=False,
            )
        return lines

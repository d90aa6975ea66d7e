# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of many endpoints, a line each as soon as it is there, and what it comes to at the end."""

from __future__ import annotations

import json
import textwrap
from collections import Counter

from ..model import Link, Report, Verdict
from ..text import host_port
from . import html_report, junit_report, outline
from .json_report import as_object
from .markdown_text import inline
from .outline import MARKS
from .text_report import WIDTH

_ENDPOINT = 32
"""Characters of the column of endpoints; a longer one moves the rest of its line."""


class Survey:
    """Turns reports into lines and keeps count. `form` is one of `FORMATS`; "json" means an object a line."""

    def __init__(self, form: str) -> None:
        self._form = form
        self.verdicts: Counter[Verdict] = Counter()
        self._causes: Counter[str] = Counter()

    def head(self) -> str:
        """What stands before the first line."""
        match self._form:
            case "markdown":
                words = outline.words()
                titles = (words["verdict"], words["endpoint"], words["what"], words["time"])
                return f"| {' | '.join(titles)} |\n|:--|:--|:--|--:|\n"
            case "junit":
                return junit_report.OPENING
            case "html":
                return html_report.survey_head()
            case _:
                return ""

    def line(self, report: Report) -> str:
        """The line of this report, with its end."""
        self.verdicts[report.verdict] += 1
        if report.root_cause is not None:
            self._causes[report.root_cause] += 1
        if self._form == "json":
            return json.dumps(as_object(report), allow_nan=False, separators=(",", ":")) + "\n"
        if self._form == "junit":
            return junit_report.element(junit_report.suite(report))
        mark, endpoint, time = MARKS[report.verdict], host_port(report.host, report.port), f"{report.elapsed_ms:.0f} ms"
        said = f"{report.headline} [{report.root_cause}]" if report.root_cause else _answers(report)
        if self._form == "markdown":
            return f"| {mark} {report.verdict} | {inline(endpoint)} | {inline(said)} | {time} |\n"
        if self._form == "html":
            return html_report.row((f"{mark} {report.verdict}", endpoint, said, time), report.verdict)
        return f"{mark} {endpoint:<{_ENDPOINT}} {said}  {time}\n"

    def total(self) -> str:
        """What it comes to, for people; for programs only what ends the document."""
        match self._form:
            case "json":
                return ""
            case "junit":
                return junit_report.CLOSING
            case "markdown":
                return f"\n{inline(self._counted())}\n"
            case "html":
                return html_report.survey_end(self._counted())
            case _:
                return "\n" + textwrap.fill(self._counted(), WIDTH) + "\n"

    def _counted(self) -> str:
        works = self.verdicts[Verdict.PASS] + self.verdicts[Verdict.WARN]
        broken = ", ".join(f"{cause} {count}" for cause, count in self._causes.most_common())
        counted = f"{self.verdicts.total()} endpoints: {works} work"
        if self.verdicts[Verdict.WARN]:
            counted += f" ({self.verdicts[Verdict.WARN]} with warnings)"
        if self.verdicts[Verdict.FAIL]:
            counted += f", {self.verdicts[Verdict.FAIL]} broken: {broken}"
        if self.verdicts[Verdict.UNKNOWN]:
            counted += f", {self.verdicts[Verdict.UNKNOWN]} could not be tested"
        return counted


def _answers(report: Report) -> str:
    """What answers there, or why nothing is known."""
    rows = [row for row in report.chain if row.link in {Link.NETWORK, Link.ADDON} and row.summary]
    last = [row.summary for row in rows if row.verdict in {report.verdict, Verdict.PASS, Verdict.WARN}]
    warned = next((f"; {found.title} [{found.id}]" for found in report.findings if found.verdict is Verdict.WARN), "")
    return (last[-1] if last else report.headline) + warned

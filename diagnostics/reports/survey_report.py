# SPDX-License-Identifier: GPL-3.0-or-later
"""The reports of many endpoints, a line each as soon as it is there, and what it comes to at the end."""

from __future__ import annotations

import json
import textwrap
from collections import Counter

from ..model import Link, Report, Verdict
from ..text import host_port
from .json_report import as_object
from .text_report import MARKS, WIDTH

_ENDPOINT = 32
"""Characters of the column of endpoints; a longer one moves the rest of its line."""


class Survey:
    """Turns reports into lines and keeps count. `form` is "text" or "json", which means an object a line."""

    def __init__(self, form: str) -> None:
        self._form = form
        self.verdicts: Counter[Verdict] = Counter()
        self._causes: Counter[str] = Counter()

    def line(self, report: Report) -> str:
        """The line of this report, with its end."""
        self.verdicts[report.verdict] += 1
        if report.root_cause is not None:
            self._causes[report.root_cause] += 1
        if self._form == "json":
            return json.dumps(as_object(report), allow_nan=False, separators=(",", ":")) + "\n"
        endpoint = host_port(report.host, report.port)
        said = f"{report.headline} [{report.root_cause}]" if report.root_cause else _answers(report)
        return f"{MARKS[report.verdict]} {endpoint:<{_ENDPOINT}} {said}  {report.elapsed_ms:.0f} ms\n"

    def total(self) -> str:
        """What it comes to, for people; nothing in JSON."""
        if self._form == "json":
            return ""
        works = self.verdicts[Verdict.PASS] + self.verdicts[Verdict.WARN]
        broken = ", ".join(f"{cause} {count}" for cause, count in self._causes.most_common())
        counted = f"{self.verdicts.total()} endpoints: {works} work"
        if self.verdicts[Verdict.WARN]:
            counted += f" ({self.verdicts[Verdict.WARN]} with warnings)"
        if self.verdicts[Verdict.FAIL]:
            counted += f", {self.verdicts[Verdict.FAIL]} broken: {broken}"
        if self.verdicts[Verdict.UNKNOWN]:
            counted += f", {self.verdicts[Verdict.UNKNOWN]} could not be tested"
        return "\n" + textwrap.fill(counted, WIDTH) + "\n"


def _answers(report: Report) -> str:
    """What answers there, or why nothing is known."""
    rows = [row for row in report.chain if row.link in {Link.NETWORK, Link.ADDON} and row.summary]
    last = [row.summary for row in rows if row.verdict in {report.verdict, Verdict.PASS, Verdict.WARN}]
    warned = next((f"; {found.title} [{found.id}]" for found in report.findings if found.verdict is Verdict.WARN), "")
    return (last[-1] if last else report.headline) + warned

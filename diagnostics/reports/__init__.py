# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a report into text and a checklist for people and JSON for programs. A view never asks the world."""

from __future__ import annotations

from ..model import Report
from . import json_report, runbook, text_report

FORMATS = ("text", "json", "runbook")


def render(report: Report, form: str, *, verbose: bool = False, exact: bool = False) -> str:
    """The report in one of `FORMATS`, ending with a newline. `verbose` adds evidence and transcripts to the text.

    `exact` writes the home folder out in what is to be pasted, for this user's own screen; a report to be handed on
    shows it as ~.
    """
    if form == "json":
        return json_report.render(report)
    if form == "text":
        return text_report.render(report, verbose=verbose, exact=exact)
    if form == "runbook":
        return runbook.render(report, exact=exact)
    raise ValueError(f"unknown format {form!r}")

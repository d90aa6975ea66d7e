# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns a report into text and a checklist for people, and data for programs. A view never asks the world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ..model import Report
from . import html_report, json_report, junit_report, markdown_report, runbook, text_report
from .text_report import Screen

__all__ = ["FORMATS", "SUFFIXES", "Screen", "render"]


@dataclass(frozen=True, slots=True)
class _Format:
    """How reports are written: the suffix of such a file, and what makes its content."""

    suffix: str
    render: Callable[[Report], str]


_REGISTRY = {
    "text": _Format(".txt", text_report.render),
    "json": _Format(".json", json_report.render),
    "markdown": _Format(".md", markdown_report.render),
    "runbook": _Format(".md", runbook.render),
    "junit": _Format(".xml", junit_report.render),
    "html": _Format(".html", html_report.render),
}
FORMATS = tuple(_REGISTRY)
SUFFIXES = {name: form.suffix for name, form in _REGISTRY.items()}
"""How the names of their files end."""


def render(
    report: Report, form: str, *, verbose: bool = False, exact: bool = False, screen: Screen | None = None
) -> str:
    """The report in one of `FORMATS`, ending with a newline. `verbose` adds evidence and transcripts to the text.

    `exact` writes the home folder out in what is to be pasted, for this user's own screen; a report to be handed on
    shows it as ~. `screen` is the terminal on which a text is shown. The formats for programs always hold everything.
    """
    if form == "text":
        return text_report.render(report, verbose=verbose, exact=exact, screen=screen)
    if form == "runbook":
        return runbook.render(report, exact=exact)
    if form not in _REGISTRY:
        raise ValueError(f"unknown format {form!r}")
    return _REGISTRY[form].render(report)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Says a report again in another language.

A report is made and handed on in English. What it says is a text of ours with evidence in it; a text is said again only
where filling the English one with the report's own, already masked evidence gives exactly what stands in the report. So
nothing can come back that was masked, and what a check has put into words by itself stays as it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from ..model import EvidenceValue, Finding, LinkResult, Remedy, Report
from . import table
from .catalogue import Words, causes, fill
from .sentences import Translate, inner_in, sentence_in


def report_in(report: Report, translate: Translate) -> Report:
    """The same report for this language's readers: headline, findings and the rows of the chain."""
    findings = tuple(finding_in(found, translate) for found in report.findings)
    titles = {found.title: other.title for found, other in zip(report.findings, findings, strict=True)}
    return dataclasses.replace(
        report,
        headline=_headline(report, findings, translate),
        findings=findings,
        chain=tuple(_row(row, titles, translate) for row in report.chain),
    )


def finding_in(found: Finding, translate: Translate) -> Finding:
    """The same finding: title, paragraphs, and what its remedies are called. What is to be pasted stays as it is."""
    cause = causes().get(found.id)
    if cause is None:
        return found
    seen = {**found.evidence, **found.fills}
    titles = _said([cause.title], seen, translate)
    paragraphs = _said((part.text for part in _applying(cause.detail, seen)), seen, translate)
    remedies = _said((part.title for part in _applying(cause.remedies, seen)), seen, translate)
    return dataclasses.replace(
        found,
        title=titles.get(found.title, found.title),
        detail=_replaced(found.detail, paragraphs),
        remedies=tuple(_remedy(remedy, remedies, translate) for remedy in found.remedies),
    )


def _applying(words: Iterable[Words], seen: Mapping[str, EvidenceValue]) -> Iterable[Words]:
    return (part for part in words if part.applies(seen))


def _said(texts: Iterable[str], seen: Mapping[str, EvidenceValue], translate: Translate) -> dict[str, str]:
    """What each text says in English with this evidence, and what it says in the other language."""
    other = dict(seen)
    if isinstance(restart := seen.get("restart"), str):
        other["restart"] = inner_in(restart, translate)  # the one piece of evidence that is a sentence of ours
    return {fill(text, seen): fill(translate(text), other) for text in texts}


def _replaced(detail: str, paragraphs: Mapping[str, str]) -> str:
    # Evidence may have empty lines in it, and checks add paragraphs of their own, so nothing is taken apart here.
    for english, other in paragraphs.items():
        detail = detail.replace(english, other, 1)
    return detail


def _remedy(remedy: Remedy, titles: Mapping[str, str], translate: Translate) -> Remedy:
    return dataclasses.replace(remedy, title=titles.get(remedy.title) or sentence_in(remedy.title, translate))


def _headline(report: Report, findings: tuple[Finding, ...], translate: Translate) -> str:
    root = next((found for found in findings if found.id == report.root_cause), None)
    if root is not None:
        return root.title
    fills = dict(report.headline_fills)
    words = str(table("words")["headlines"].get(report.headline_words, ""))
    if not words or fill(words, fills) != report.headline:
        return report.headline
    first = next((found.title for found in findings if found.order == 1), None)
    if first is not None and "title" in fills:
        fills["title"] = first
    if "links" in fills:
        fills["links"] = ", ".join(map(translate, str(fills["links"]).split(", ")))
    return fill(translate(words), fills)


def _row(row: LinkResult, titles: Mapping[str, str], translate: Translate) -> LinkResult:
    """The row's summary where it is a finding's title or one text of ours as a whole; most of them are evidence."""
    said = titles.get(row.summary) or (translate(row.summary) if row.summary else "")
    return dataclasses.replace(row, summary=said)

# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JUnit XML, in the form that Jenkins' xUnit plug-in publishes a schema of: a test case for each check.

A check that found something broken is a failure; one that could not test what it should, or in which the doctor itself
failed, is an error; one that does not apply or waits for another is skipped. A warning is a test that passed, with its
words in its output. So a build is red exactly when the exit status of the run is not 0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from ..model import NAME, CheckResult, Finding, Report, Verdict
from ..text import host_port
from . import outline

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What no XML 1.0 document may hold, not even escaped (Extensible Markup Language 1.0, section 2.2)."""


OPENING = f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="{NAME}">\n'
CLOSING = "</testsuites>\n"


def render(report: Report) -> str:
    """A document with one suite, ending with a newline."""
    return OPENING + element(suite(report)) + CLOSING


def element(suite: ET.Element) -> str:
    """The suite as it stands in a document, ending with a newline."""
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode") + "\n"


def suite(report: Report) -> ET.Element:
    """The suite of this report."""
    cases = [_case(report, check) for check in report.checks]
    if report.verdict is Verdict.UNKNOWN and not any(case.find("error") is not None for case in cases):
        cases.append(_untested(report))
    counted = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error", "skipped")}
    element = ET.Element(
        "testsuite",
        {
            "name": _legal(f"{report.tool.name} {host_port(report.host, report.port)}"),
            "tests": str(len(cases)),
            "failures": str(counted["failure"]),
            "errors": str(counted["error"]),
            "skipped": str(counted["skipped"]),
            "time": _seconds(report.elapsed_ms),
            "timestamp": report.started[:19],
        },
    )
    properties = ET.SubElement(element, "properties")
    for name, value in _properties(report):
        ET.SubElement(properties, "property", {"name": name, "value": _legal(value)})
    element.extend(cases)
    ET.SubElement(element, "system-out").text = _legal(_summary(report))
    return element


def _properties(report: Report) -> Iterator[tuple[str, str]]:
    yield "verdict", report.verdict
    yield "headline", report.headline
    yield "root_cause", report.root_cause or ""
    for row in report.chain:
        yield f"link.{row.link}", row.verdict
    for found in sorted((found for found in report.findings if found.order), key=lambda found: found.order):
        yield f"order.{found.order}", found.id


def _untested(report: Report) -> ET.Element:
    """The case of a run in which no check could say anything, which must not look like one that passed."""
    case = ET.Element("testcase", {"classname": "mcp-diagnostics", "name": "verdict", "time": "0.000"})
    ET.SubElement(case, "error", {"type": report.verdict, "message": _legal(report.headline)})
    return case


def _case(report: Report, check: CheckResult) -> ET.Element:
    link = check.id.partition(".")[0]
    case = ET.Element(
        "testcase", {"classname": f"mcp-diagnostics.{link}", "name": check.id, "time": _seconds(check.elapsed_ms)}
    )
    found = outline.of_check(report, check)
    ended = _ending(report, check, found)
    if ended is not None:
        kind, type_, message, text = ended
        ET.SubElement(case, kind, {"type": _legal(type_), "message": _legal(message)}).text = _legal(text)
    said = "\n\n".join(_words(report, one) for one in found if ended is None or ended[1] != one.id)
    facts = "\n".join(f"{key}: {outline.value(value)}" for one in found for key, value in one.evidence.items())
    output = "\n\n".join(part for part in (said, facts, "\n".join(check.transcript)) if part)
    if output:
        ET.SubElement(case, "system-out").text = _legal(output)
    return case


def _ending(report: Report, check: CheckResult, found: list[Finding]) -> tuple[str, str, str, str] | None:
    """The element that says how a check ended if it did not pass, its type, its message and its text."""
    failed = [one for one in found if one.verdict is Verdict.FAIL and not one.muted]
    if failed:
        first = min(failed, key=lambda one: (one.explained_by is not None, one.order))
        return "failure", first.id, first.title, _words(report, first)
    muted = [one for one in found if one.muted]
    if muted and check.verdict is not Verdict.PASS:
        return "skipped", muted[0].id, f"{outline.words()['muted']}: {muted[0].title}", ""
    if check.verdict is Verdict.UNKNOWN:
        for one in found:
            if one.verdict is Verdict.UNKNOWN:
                return "error", one.id, one.title, _words(report, one)
        return "error", check.verdict, str(outline.words("verdicts")["unknown"]), ""
    if check.verdict is Verdict.FAIL:
        return "failure", check.id, str(outline.words("verdicts")["fail"]), ""
    if check.verdict is Verdict.SKIPPED:
        return "skipped", check.verdict, outline.blocked(check) or outline.say("not_applying"), ""
    return None


def _words(report: Report, found: Finding) -> str:
    """A finding with what to do about it."""
    parts = [f"{outline.heading(found)} [{found.id}]", found.detail]
    if found.explained_by:
        parts.append(outline.say("explained", cause=found.explained_by))
    for remedy in found.remedies:
        parts += filter(None, outline.step(report, found, remedy))
    return "\n".join(parts)


def _summary(report: Report) -> str:
    touched = (f"{title}: {items}" for title, items in outline.touched(report))
    home = outline.home_note(report, [found for found in report.findings if not found.muted])
    notes = (*filter(None, [home]), *report.notes)
    return "\n".join((report.headline, *report.changed, *notes, outline.made_by(report), *touched))


def _seconds(elapsed_ms: float) -> str:
    return f"{elapsed_ms / 1000:.3f}"


def _legal(text: str) -> str:
    return _ILLEGAL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)

# SPDX-License-Identifier: GPL-3.0-or-later
"""What every report for people has in common: which findings stand where, and what is said of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..knowledge import catalogue, table
from ..model import CheckResult, EvidenceValue, Finding, Remedy, Report, Verdict

MARKS = {Verdict.PASS: "✔", Verdict.WARN: "!", Verdict.FAIL: "✖", Verdict.UNKNOWN: "?", Verdict.SKIPPED: "–"}


def words(subject: str = "report") -> dict[str, Any]:
    """The words of this subject."""
    return table("words")[subject]  # type: ignore[no-any-return]


def say(key: str, **values: EvidenceValue) -> str:
    """A sentence of `words.toml` about reports, with these values in it."""
    return catalogue.fill(str(words()[key]), values)


def told(report: Report) -> list[Finding]:
    """The findings that are told whole: those to repair, in that order, and then what is not known or worth knowing."""
    return [f for f in report.findings if f.order or (f.verdict in {Verdict.UNKNOWN, Verdict.SKIPPED} and not f.muted)]


def explained(report: Report) -> list[Finding]:
    """The findings that follow from another."""
    return [found for found in report.findings if found.explained_by and not found.muted]


def muted(report: Report) -> list[Finding]:
    """The findings that decide nothing, because the user wants it so."""
    return [found for found in report.findings if found.muted]


def of_check(report: Report, check: CheckResult) -> list[Finding]:
    """The findings of this check."""
    return [found for found in report.findings if found.id in check.found]


def heading(found: Finding) -> str:
    """The title of a finding, with its place in the order of repair."""
    return f"{found.order}. {found.title}" if found.order else found.title


def step(found: Finding, remedy: Remedy, *, exact: bool = False) -> tuple[str, str]:
    """What to do, in a sentence, and the text to copy for it, which a click needs none of."""
    if remedy.kind != "apply":
        return f"{remedy.title.removesuffix('.')}:", remedy.exact if exact else remedy.text
    if not remedy.is_outside_blender:
        return say("click", name=remedy.title), ""
    return say("click_or_fix", name=remedy.title), f"mcp-diagnostics fix {found.id}"


def value(evidence: EvidenceValue) -> str:
    """A value of the evidence as one text."""
    return "; ".join(evidence) if isinstance(evidence, tuple) else str(evidence)


def made_by(report: Report) -> str:
    """Which doctor made the report, where and when, and how long it took."""
    tool = report.tool
    where = f"Blender {tool.blender}, " if tool.blender else ""
    seconds = f"{report.elapsed_ms / 1000:.1f} s"
    return f"{tool.name} {tool.version} · {where}Python {tool.python} · {tool.platform} · {report.started} · {seconds}"


def touched(report: Report) -> Iterator[tuple[str, str]]:
    """What was contacted, started, read and written: what each is called, and all of it as one text."""
    did = report.did
    listed = {
        "connected": did.connected,
        "started": tuple(" ".join(argv) for argv in did.started),
        "read": did.read,
        "written": did.written,
    }
    for name, items in listed.items():
        title, nothing = words("touched")[name]
        yield title, ("; " if name == "started" else ", ").join(items) or nothing


def time(elapsed_ms: float) -> str:
    """Milliseconds for people."""
    return f"{elapsed_ms:.1f} ms"


def blocked(check: CheckResult) -> str:
    """What a check waits for; empty where it waits for nothing."""
    return say("waits", other=check.blocked_by) if check.blocked_by else ""

# SPDX-License-Identifier: GPL-3.0-or-later
"""What every report for people has in common: which findings stand where, and what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
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


def repairs(report: Report, cause: str) -> list[tuple[Finding, Remedy]]:
    """The repairs of this cause that can be made without Blender, in the order in which `--choose` counts them."""
    found = (one for one in report.findings if one.id == cause)
    return [(one, remedy) for one in found for remedy in one.remedies if remedy.is_outside_blender]


def again(report: Report, *words: str, exact: bool = False) -> str:
    """The command line of `mcp-diagnostics` with these words that looks at what the report is about."""
    repeat = (exact and report.repeat.exact) or report.repeat.text
    return " ".join(filter(None, ("mcp-diagnostics", *words, repeat)))


def fix(report: Report, found: Finding, remedy: Remedy, *, exact: bool = False) -> str:
    """The command that makes this repair from a terminal."""
    offered = repairs(report, found.id)
    number = next((n for n, (_one, other) in enumerate(offered, 1) if other is remedy), 0)
    choice = ("--choose", str(number)) if number and len(offered) > 1 else ()
    return again(report, "fix", found.id, *choice, exact=exact)


_HOME = re.compile(r"(?<![\w~])~(?=[\\/\"'\s]|$)")
"""The home folder in its short form; the mark stands in other words too, such as `mcp~=1.2`."""


def home_note(report: Report, told: Iterable[Finding], *, exact: bool = False) -> str:
    """What “~” means in the texts to copy of these findings; empty where none has one or all are written out."""
    texts = (step(report, found, remedy, exact=exact)[1] for found in told for remedy in found.remedies)
    return say("home") if not exact and any(map(_HOME.search, texts)) else ""


def step(report: Report, found: Finding, remedy: Remedy, *, exact: bool = False) -> tuple[str, str]:
    """What to do, in a sentence, and the text to copy for it, which a click needs none of."""
    if remedy.kind != "apply":
        return f"{remedy.title.removesuffix('.')}:", remedy.exact if exact else remedy.text
    if not remedy.is_outside_blender:
        return say("click", name=remedy.title), ""
    return say("click_or_fix", name=remedy.title), fix(report, found, remedy, exact=exact)


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

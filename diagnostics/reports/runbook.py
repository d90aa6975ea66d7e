# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as a checklist in Markdown for this very machine: what to do, in which order, with a box for each step."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..knowledge import table
from ..knowledge.catalogue import fill
from ..model import Finding, Remedy, Report, Verdict
from . import outline


def render(report: Report, *, exact: bool = False) -> str:
    """The checklist, ending with a newline. `exact` writes the home folder out in what is to be pasted."""
    lines = list(_lines(report, exact=exact))
    # Each part brings the empty lines around it; two of them would be one too many. Those in a block are not empty.
    kept = [line for line, before in zip(lines, ["", *lines], strict=False) if line or before]
    return "\n".join(kept).rstrip() + "\n"


def _lines(report: Report, *, exact: bool) -> Iterator[str]:
    words = table("runbook")
    yield f"# {words['title']}"
    yield ""
    yield f"**{_plain(report.headline)}**"
    yield ""
    yield from (f"- {name}: {_plain(value)}" for name, value in _machine(report) if value)
    tasks = _in_order(report)
    if note := outline.home_note(report, tasks, exact=exact):
        yield ""
        yield note
    steps = 0
    for found in tasks:
        steps += 1
        yield from _task(report, found, steps, exact=exact)
        for follower in _followers(report, found):
            yield _box(fill(words["follows"], {"title": _plain(follower.title)}), follower.id)
    if not steps:
        yield ""
        yield words["nothing"]
    yield ""
    yield f"## {steps + 1}. {words['again']}"
    yield ""
    yield _box(words["again_inside" if report.tool.blender else "again_outside"])
    if not report.tool.blender:
        yield from _fenced(outline.again(report, exact=exact))


def _machine(report: Report) -> Iterator[tuple[str, str]]:
    """What the checklist is made for."""
    words, working = table("runbook")["machine"], report.working
    yield words["system"], words["systems"].get(report.tool.platform, report.tool.platform)
    yield "Blender", report.tool.blender or words["outside"]
    yield words["app"], ", ".join(_apps(report))
    server = f"{working.server_package} {working.server_version or ''}".strip() if working.server_package else ""
    yield words["server"], server or ", ".join(facts.server for facts in report.servers if facts.server)
    yield (
        words["addon"],
        f"{working.addon_product} {working.addon_version or ''}".strip() if working.addon_product else "",
    )
    yield words["endpoint"], f"{report.host}:{report.port}"
    yield words["made"], f"{report.started}, {report.tool.name} {report.tool.version}"


def _apps(report: Report) -> list[str]:
    named = (found.evidence.get("app") for found in report.findings)
    asked = (consent.app for consent in report.consents)
    return list(dict.fromkeys(name for name in (*named, *asked) if isinstance(name, str)))


def _in_order(report: Report) -> list[Finding]:
    """What is to be done: failures by their order, what could not be tested, and last the warnings."""
    open_ = [found for found in report.findings if not found.muted and found.explained_by is None]
    failing = sorted((f for f in open_ if f.verdict is Verdict.FAIL), key=lambda found: found.order)
    unknown = [found for found in open_ if found.verdict is Verdict.UNKNOWN]
    warnings = sorted((f for f in open_ if f.verdict is Verdict.WARN), key=lambda found: found.order)
    return [*failing, *unknown, *warnings]


def _followers(report: Report, found: Finding) -> Iterator[Finding]:
    """All findings that follow from this one, directly and through others."""
    for other in report.findings:
        if other.explained_by == found.id and other.id != found.id and not other.muted:
            yield other
            yield from _followers(report, other)


def _task(report: Report, found: Finding, number: int, *, exact: bool) -> Iterator[str]:
    words = table("runbook")
    yield ""
    yield f"## {number}. {_plain(found.title)}"
    yield ""
    yield f"`{found.id}` · {words['verdicts'][found.verdict]}"
    for paragraph in found.detail.split("\n\n"):
        yield ""
        yield from (_plain(line) for line in paragraph.splitlines() if line.strip())
    yield ""
    if len(found.remedies) > 1 and not any(remedy.title.startswith("Then ") for remedy in found.remedies):
        yield words["choose"]
        yield ""
    for remedy in found.remedies:
        yield from _step(report, found, remedy, exact=exact)


def _step(report: Report, found: Finding, remedy: Remedy, *, exact: bool) -> Iterator[str]:
    text = (remedy.exact if exact else remedy.text) or remedy.text
    if remedy.kind == "apply":
        names = {"button": _plain(remedy.title)}
        yield _box(fill(table("runbook")["click_or_fix" if remedy.is_outside_blender else "click"], names))
        if remedy.is_outside_blender:
            yield from _fenced(outline.fix(report, found, remedy, exact=exact))
    elif remedy.kind == "open" and re.fullmatch(r"https://[^\s<>]+", text):
        yield _box(f"{_plain(remedy.title).removesuffix('.')}: <{text}>")
    else:
        yield _box(f"{_plain(remedy.title).removesuffix('.')}:")
        yield from _fenced(text)


def _box(text: str, cause: str = "") -> str:
    return f"- [ ] {text}" + (f" (`{cause}`)" if cause else "")


def _fenced(text: str) -> Iterator[str]:
    """The text as it is to be pasted, inside the item of a list. Nothing in it can end the block."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield ""
    yield f"  {fence}"
    yield from (f"  {line}" for line in text.splitlines())
    yield f"  {fence}"
    yield ""


_MARKS = re.compile(
    r"[\\`*\[\]<]"
    r"|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])"  # within a word it marks nothing
    r"|(?<=\S)~|~(?!/)"  # the home folder reads better as it is
)
_AT_START = re.compile(r"^(?:[#>]|[+-](?=\s)|\d+(?=[.)](?:\s|$)))")


def _plain(text: str) -> str:
    """Text from a report that Markdown shows as it is, on one line: nothing in it becomes a link, a tag or a mark."""
    escaped = _MARKS.sub(r"\\\g<0>", " ".join(text.split()))
    return _AT_START.sub(_without_meaning, re.sub(r"&(?=#?\w+;)", "&amp;", escaped))


def _without_meaning(match: re.Match[str]) -> str:
    """The beginning of a line that would make it a heading, a quotation or a list."""
    return f"{match[0]}\\" if match[0].isdigit() else f"\\{match[0]}"

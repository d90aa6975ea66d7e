# SPDX-License-Identifier: GPL-3.0-or-later
"""How a finding is drawn: what it is, why, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operators import explain, open_place, repair, run
from ..operators import report as report_operators
from . import words, wrap
from .language import say

if TYPE_CHECKING:
    import bpy

    from ..diagnostics.model import EvidenceValue, Finding, Report
    from .wrap import Space

_BOX = 0.8
"""Units that a box takes from the width of its content."""
_HELP = 1.6
"""Units that the button beside a title takes, with its gap."""
_BUTTON = 2.0
"""Units that the icon and the ends of a button take."""
_TWO_BUTTONS = 5.0
"""Units that two buttons take beside their text, when they are of one width."""


def answer(layout: bpy.types.UILayout, space: Space, report: Report) -> None:
    """Draw the answer in one sentence, why, and what to do."""
    _title(layout, space, report.headline, report.verdict, report.root_cause, alert=report.verdict == "fail")
    if report.changed:
        wrap.text(layout, space, words.changed(), icon="RECOVER_LAST")
        for change in report.changed:
            wrap.text(layout, space, change)
    finding = root(report)
    if finding is not None:
        wrap.paragraphs(layout, space, finding.detail)
        remedies(layout, space, finding)


def root(report: Report) -> Finding | None:
    """The finding that is named as the cause of it all."""
    if report.root_cause is None:
        return None
    return next((finding for finding in report.findings if finding.id == report.root_cause), None)


def others(report: Report) -> list[Finding]:
    """Warnings and failures that stand for themselves, in the order to repair them; muted ones last."""
    first = root(report)
    found = [
        finding
        for finding in report.findings
        if finding is not first
        and finding.explained_by is None
        # What the doctor says of itself belongs to no link, so it has no other place.
        and (finding.verdict in {"warn", "fail"} or (finding.verdict == "unknown" and finding.link is None))
    ]
    return sorted(found, key=lambda finding: finding.muted)


def whole(layout: bpy.types.UILayout, space: Space, report: Report, finding: Finding, *, evidence: bool) -> None:
    """Draw everything about a finding."""
    column = layout.column()
    title = f"{finding.order}. {finding.title}" if finding.order else finding.title
    if finding.muted:
        title = say("$title (muted)", title=title)
    broken = finding.verdict == "fail" and not finding.muted
    _title(column, space, title, finding.verdict, finding.id, alert=broken)
    wrap.paragraphs(column, space, finding.detail)
    if finding.explained_by is not None:
        cause = next(
            (other.title for other in report.findings if other.id == finding.explained_by), finding.explained_by
        )
        wrap.text(column, space, say("Follows from: $cause", cause=cause), dim=True)
    if evidence:
        facts(column, space, finding)
    remedies(column, space, finding)


def _title(
    layout: bpy.types.UILayout, space: Space, title: str, verdict: str, cause: str | None, *, alert: bool
) -> None:
    """Draw a title, and beside it the button to read its cause up."""
    if cause is None:
        wrap.text(layout, space, title, icon=words.ICONS[verdict], alert=alert)
        return
    row = layout.row()
    wrap.text(row, space.narrower(_HELP), title, icon=words.ICONS[verdict], alert=alert)
    row.operator(explain.MCP_DIAGNOSTICS_OT_explain.bl_idname, text="", icon="HELP").cause = cause


def facts(layout: bpy.types.UILayout, space: Space, finding: Finding) -> None:
    """Draw the evidence, a line for each."""
    for key, value in finding.evidence.items():
        wrap.text(layout, space, f"{key.replace('_', ' ')}: {_shown(value)}", dim=True)


def remedies(layout: bpy.types.UILayout, space: Space, finding: Finding) -> None:
    """Draw what can be done, each with its text to read and to copy."""
    for index, remedy in enumerate(finding.remedies):
        if remedy.kind == "apply":
            _apply(layout, space, finding, index)
            continue
        box = layout.box().column()
        inside = space.narrower(_BOX)
        wrap.text(box, inside, remedy.title)
        wrap.text(box, inside, remedy.exact)
        opens = remedy.kind == "open" and remedy.text.startswith("https://")
        place = open_place.section_of(remedy.text) if remedy.kind == "open" else ""
        row = (
            box.row(align=True)
            if inside.fits(say("Copy Fix"), say("Open"), units=_TWO_BUTTONS)
            else box.column(align=True)
        )
        copy = row.operator(report_operators.MCP_DIAGNOSTICS_OT_copy_fix.bl_idname, icon="COPYDOWN")
        copy.finding, copy.index = finding.id, index
        if place:
            row.operator(open_place.MCP_DIAGNOSTICS_OT_open_place.bl_idname, icon="PREFERENCES").place = remedy.text
        if opens:
            row.operator("wm.url_open", text="Open", icon="URL").url = remedy.text
    if finding.link == "server" and finding.verdict == "fail":
        # It tells a server that works nowhere from one whose own environment is broken.
        layout.operator(run.MCP_DIAGNOSTICS_OT_isolate.bl_idname, icon="EXPERIMENTAL")


def _apply(layout: bpy.types.UILayout, space: Space, finding: Finding, index: int) -> None:
    """Draw the button of a repair. It opens a dialog, as its three dots say; a title that is too long stands above."""
    title = finding.remedies[index].title
    fits = space.fits(f"{title}…", units=_BUTTON)
    if not fits:
        wrap.text(layout, space, title)
    name = f"{title}…" if fits else say("Repair…")
    button = layout.operator(repair.MCP_DIAGNOSTICS_OT_repair.bl_idname, text=name, translate=False, icon="CHECKMARK")
    button.finding, button.index = finding.id, index


def _shown(value: EvidenceValue) -> str:
    match value:
        case None:
            return say("none")
        case bool():
            return say("yes") if value else say("no")
        case tuple():
            return ", ".join(value) or say("none")
        case _:
            return str(value)

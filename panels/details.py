# SPDX-License-Identifier: GPL-3.0-or-later
"""What is folded away: evidence, what was touched, versions, and what was sent and received."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import findings, folding, words, wrap
from .language import say

if TYPE_CHECKING:
    import bpy

    from ..diagnostics.model import Report
    from .wrap import Space


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, space: Space, report: Report) -> None:
    """Draw the content of the section."""
    from ..diagnostics.reports.server_facts import facts  # noqa: PLC0415  # imported with the first run

    root = findings.root(report)
    if root is not None and root.evidence:
        _heading(layout, "What Was Seen")
        findings.facts(layout, space, root)
    if report.layers:
        _heading(layout, "How Far It Came")
        for layer in report.layers:
            wrap.text(
                layout, space, f"{layer.name} · {words.duration(layer.elapsed_ms)}", icon=words.ICONS[layer.verdict]
            )
    for server in report.servers:
        _heading(layout, "MCP Server")
        wrap.text(layout, space, server.who)
        for name, value in facts(server):
            wrap.text(layout, space, f"{name}: {value}", dim=True)
    _heading(layout, "What Was Touched")
    for line in _touched(report):
        wrap.text(layout, space, line, dim=True)
    _heading(layout, "Versions")
    for line in _versions(report):
        wrap.text(layout, space, line, dim=True)
    if any(check.transcript for check in report.checks):
        body = folding.section(layout, context, "transcript", say("Transcript"))
        if body is not None:
            _transcript(body, space, report)


def _heading(layout: bpy.types.UILayout, title: str) -> None:
    layout.label(text=say(title), translate=False)


def _touched(report: Report) -> list[str]:
    did = report.did
    rows = (
        ("Connected to", did.connected),
        ("Started", tuple(" ".join(argv) for argv in did.started)),
        ("Read", did.read),
        ("Written", did.written),
    )
    return [f"{say(what)}: {item}" for what, items in rows for item in items or (say("nothing"),)]


def _versions(report: Report) -> list[str]:
    tool = report.tool
    lines = [f"{tool.name} {tool.version}", f"Python {tool.python}", tool.platform]
    return [*lines, f"Blender {tool.blender}"] if tool.blender else lines


def _transcript(layout: bpy.types.UILayout, space: Space, report: Report) -> None:
    for check in report.checks:
        if check.transcript:
            wrap.text(layout, space, f"{check.id} · {words.duration(check.elapsed_ms)}")
            wrap.text(layout, space, "\n".join(check.transcript), dim=True)

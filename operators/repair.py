# SPDX-License-Identifier: GPL-3.0-or-later
"""The repair that a click makes: shown first, made after OK, and looked at again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import bpy

from . import again, attempt, blender_changes, other_changes, session
from .asking import AsksFirst, Planned
from .attempt import Attempt
from .blender_words import refusal

if TYPE_CHECKING:
    from ..diagnostics.model import Finding, Remedy, Report


class MCP_DIAGNOSTICS_OT_repair(AsksFirst, bpy.types.Operator):
    """Show what this repair would change. After your OK make it, and look again whether it helped"""

    bl_idname = "mcp_diagnostics.repair"
    bl_label = "Repair"

    finding: bpy.props.StringProperty(name="Finding", description="Id of the finding", options={"SKIP_SAVE"})
    index: bpy.props.IntProperty(name="Index", description="Which of its repairs", min=0, options={"SKIP_SAVE"})

    def plan(self, context: bpy.types.Context) -> Planned:
        """The change behind this button."""
        finding, remedy = _meant(self.finding, self.index)
        before = session.state.report
        planner = blender_changes.ACTIONS.get(remedy.action, other_changes.plan)
        change = planner(context, remedy)
        # OK stands for what was shown, even if another report has come meanwhile.
        made = functools.partial(_made, before, finding, remedy, change)
        final = remedy.action in other_changes.FINAL
        return Planned(change, made, final=final, confirm_text="End Process" if final else "")


def _meant(finding_id: str, index: int) -> tuple[Finding, Remedy]:
    report = session.state.report
    finding = next((found for found in report.findings if found.id == finding_id), None) if report else None
    if finding is None or index >= len(finding.remedies) or finding.remedies[index].kind != "apply":
        raise refusal("gone")
    return finding, finding.remedies[index]


def _made(before: Report, finding: Finding, remedy: Remedy, change: Any, said: str) -> None:
    """Remember the way back, and look again."""
    back = other_changes.way_back(remedy, change)
    if back is not None:
        attempt.repairs.ways_back.append(back)
    again.look(Attempt(said, before, finding, remedy), change)


CLASSES = (MCP_DIAGNOSTICS_OT_repair,)

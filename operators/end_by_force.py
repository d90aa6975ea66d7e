# SPDX-License-Identifier: GPL-3.0-or-later
"""The second question: a process that was asked to end and did not."""

from __future__ import annotations

import bpy

from . import attempt
from .asking import AsksFirst, Planned
from .blender_words import refusal


class MCP_DIAGNOSTICS_OT_end_by_force(AsksFirst, bpy.types.Operator):
    """Show which program would be ended without asking it. After your OK end it; what it has not saved is lost"""

    bl_idname = "mcp_diagnostics.end_by_force"
    bl_label = "End by Force"

    def plan(self, context: bpy.types.Context) -> Planned:
        """The change that the first one has left."""
        if attempt.repairs.forced is None:
            raise refusal("nothing_forced")
        return attempt.repairs.forced


CLASSES = (MCP_DIAGNOSTICS_OT_end_by_force,)

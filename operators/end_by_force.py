# SPDX-License-Identifier: GPL-3.0-or-later
"""The second question: a process that was asked to end and did not."""

from __future__ import annotations

import functools
from typing import Any

import bpy

from . import again, attempt
from .asking import AsksFirst, Planned
from .attempt import Attempt
from .blender_words import refusal


class MCP_DIAGNOSTICS_OT_end_by_force(AsksFirst, bpy.types.Operator):
    """Show which program would be ended without asking it. After your OK end it; what it has not saved is lost"""

    bl_idname = "mcp_diagnostics.end_by_force"
    bl_label = "End by Force"

    def plan(self, context: bpy.types.Context) -> Planned:
        """The change that the first one has left."""
        change = attempt.repairs.forced
        if change is None:
            raise refusal("nothing_forced")
        return Planned(change, functools.partial(_made, change), final=True)


def _made(change: Any, done: str) -> None:
    again.look(Attempt(done), change)


CLASSES = (MCP_DIAGNOSTICS_OT_end_by_force,)

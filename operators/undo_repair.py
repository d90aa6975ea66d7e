# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes back the last repair: shown first, as the repair was."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import bpy

from . import again, attempt
from .asking import AsksFirst, Planned
from .attempt import Attempt
from .blender_words import refusal, said

if TYPE_CHECKING:
    from .attempt import WayBack


class MCP_DIAGNOSTICS_OT_undo_repair(AsksFirst, bpy.types.Operator):
    """Show what would be as it was before the last repair. After your OK take the repair back, and look again"""

    bl_idname = "mcp_diagnostics.undo_repair"
    bl_label = "Undo Repair"

    def plan(self, context: bpy.types.Context) -> Planned:
        """The way back from the newest repair."""
        if not attempt.repairs.ways_back:
            raise refusal("nothing")
        back = attempt.repairs.ways_back[-1]
        change = back.plan()
        # What was changed in Blender since stays so for good; an app that has its file open can be quit.
        stale = functools.partial(_forget, back) if hasattr(change, "settle_s") else None
        return Planned(change, functools.partial(_made, back, change), refused=stale)


def _made(back: WayBack, change: Any, done: str) -> None:
    _forget(back)
    again.look(Attempt(said("undone", said=done)), change)


def _forget(back: WayBack) -> None:
    if back in attempt.repairs.ways_back:
        attempt.repairs.ways_back.remove(back)


CLASSES = (MCP_DIAGNOSTICS_OT_undo_repair,)

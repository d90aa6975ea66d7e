# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks again after a repair, to see whether it helped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from . import attempt

if TYPE_CHECKING:
    from .attempt import Attempt


def look(made: Attempt, change: Any) -> None:
    """Run the diagnosis again as soon as what was changed can have become what it is to be. Never without a window."""
    attempt.repairs.made = made
    if bpy.app.background:
        return
    if bpy.app.timers.is_registered(_run):
        bpy.app.timers.unregister(_run)
    bpy.app.timers.register(_run, first_interval=getattr(change, "settle_s", 0.0))


def _run() -> None:
    # Judged is only a run that began after all was done.
    if bpy.ops.mcp_diagnostics.run.poll():
        attempt.repairs.judging, attempt.repairs.made = attempt.repairs.made, None
        bpy.ops.mcp_diagnostics.run("INVOKE_DEFAULT")


def unregister() -> None:
    """Do not run again when the extension is gone."""
    if bpy.app.timers.is_registered(_run):
        bpy.app.timers.unregister(_run)

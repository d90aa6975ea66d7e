# SPDX-License-Identifier: GPL-3.0-or-later
"""Where to look: the preferences, and back to what the AI app says."""

from __future__ import annotations

import bpy

from . import clock, settings


class MCP_DIAGNOSTICS_OT_follow_app(bpy.types.Operator):
    """Forget the host and port set here, and look where the AI app's own configuration says that Blender is"""

    bl_idname = "mcp_diagnostics.follow_app"
    bl_label = "Follow the AI App"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be something to forget."""
        prefs = settings.preferences(context)
        return prefs is not None and settings.endpoint_is_given(prefs)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Unset both."""
        prefs = settings.preferences(context)
        prefs.property_unset("host")
        prefs.property_unset("port")
        context.preferences.is_dirty = True
        clock.redraw()
        return {"FINISHED"}


CLASSES = (MCP_DIAGNOSTICS_OT_follow_app,)

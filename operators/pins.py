# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of pinned requirements in the preferences."""

from __future__ import annotations

import bpy

from . import settings


class _OnPreferences:
    """Needs preferences to write to."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return settings.preferences(context) is not None


class MCP_DIAGNOSTICS_OT_pin_add(_OnPreferences, bpy.types.Operator):
    """Add a package version that the MCP server's environment has to keep to"""

    bl_idname = "mcp_diagnostics.pin_add"
    bl_label = "Add Requirement"

    requirement: bpy.props.StringProperty(
        name="Requirement", description="A requirement like mcp<2", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Append a row."""
        settings.preferences(context).pins.add().requirement = self.requirement
        context.preferences.is_dirty = True
        return {"FINISHED"}


class MCP_DIAGNOSTICS_OT_pin_remove(_OnPreferences, bpy.types.Operator):
    """Do not check this requirement any more"""

    bl_idname = "mcp_diagnostics.pin_remove"
    bl_label = "Remove Requirement"

    index: bpy.props.IntProperty(name="Index", description="Which row", min=0, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove the row."""
        pins = settings.preferences(context).pins
        if self.index >= len(pins):
            return {"CANCELLED"}
        pins.remove(self.index)
        context.preferences.is_dirty = True
        return {"FINISHED"}


CLASSES = (MCP_DIAGNOSTICS_OT_pin_add, MCP_DIAGNOSTICS_OT_pin_remove)

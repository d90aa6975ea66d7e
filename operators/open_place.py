# SPDX-License-Identifier: GPL-3.0-or-later
"""Opens Blender's preferences at the place that a repair names. What is there is for the user to change."""

from __future__ import annotations

import bpy

_BEGINNING = "Edit > Preferences > "
_SECTIONS = {"System": "SYSTEM", "Add-ons": "ADDONS", "Get Extensions": "EXTENSIONS"}


def section_of(place: str) -> str:
    """Which section of the preferences a place like "Edit > Preferences > System > Network" is in; "" for others."""
    if not place.startswith(_BEGINNING):
        return ""
    return _SECTIONS.get(place.removeprefix(_BEGINNING).partition(" > ")[0], "")


class MCP_DIAGNOSTICS_OT_open_place(bpy.types.Operator):
    """Open Blender's preferences there. Nothing is changed"""

    bl_idname = "mcp_diagnostics.open_place"
    bl_label = "Open"

    place: bpy.props.StringProperty(
        name="Place", description="Such as Edit > Preferences > System", options={"SKIP_SAVE"}
    )

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Show the section."""
        section = section_of(self.place)
        if not section or bpy.app.background:
            self.report({"WARNING"}, f"This is to be opened by hand: {self.place}")
            return {"CANCELLED"}
        bpy.ops.screen.userpref_show("INVOKE_DEFAULT", section=section)
        return {"FINISHED"}


CLASSES = (MCP_DIAGNOSTICS_OT_open_place,)

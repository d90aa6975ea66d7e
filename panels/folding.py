# SPDX-License-Identifier: GPL-3.0-or-later
"""What is unfolded in the panel.

Blender wants a property for each triangle. These are kept in this module and not in the property, because a window
manager is saved with the user's file.
"""

from __future__ import annotations

from typing import Any

import bpy

_PREFIX = "mcp_diagnostics_show_"
_NAMES = {
    "chain": "The six links between your AI app and this Blender",
    "also": "Warnings and further failures, in the order to repair them",
    "details": "What was seen, what was touched, and versions",
    "transcript": "What was sent and what came back",
    **dict.fromkeys(
        ("client", "launcher", "server", "network", "addon", "blender"),
        "What was found out about this link of the chain",
    ),
}

_unfolded = {"chain"}


def section(layout: bpy.types.UILayout, context: bpy.types.Context, name: str, label: str) -> Any | None:
    """Draw a heading that folds; the layout for its content, or None while it is folded."""
    row = layout.row(align=True)
    row.alignment = "LEFT"
    _triangle(row, context, name, label)
    return layout.column() if name in _unfolded else None


def row_toggle(layout: bpy.types.UILayout, context: bpy.types.Context, name: str) -> bool:
    """Draw the triangle that folds a row; whether the row is unfolded."""
    _triangle(layout, context, name, "")
    return name in _unfolded


def _triangle(row: bpy.types.UILayout, context: bpy.types.Context, name: str, label: str) -> None:
    icon = "DOWNARROW_HLT" if name in _unfolded else "RIGHTARROW"
    row.prop(context.window_manager, _PREFIX + name, text=label, icon=icon, emboss=False, translate=False)


def _property(name: str, description: str) -> Any:
    def get(_owner: Any) -> bool:
        return name in _unfolded

    def put(_owner: Any, value: bool) -> None:
        if value:
            _unfolded.add(name)
        else:
            _unfolded.discard(name)

    return bpy.props.BoolProperty(name="Unfold", description=description, get=get, set=put, options={"SKIP_SAVE"})


def register() -> None:
    """Make the properties behind the triangles."""
    for name, description in _NAMES.items():
        setattr(bpy.types.WindowManager, _PREFIX + name, _property(name, description))


def unregister() -> None:
    """Take them away."""
    for name in _NAMES:
        delattr(bpy.types.WindowManager, _PREFIX + name)

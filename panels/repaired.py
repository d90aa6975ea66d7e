# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the last repair, and the way back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operators import attempt, end_by_force, undo_repair
from . import wrap
from .language import say, sentence

if TYPE_CHECKING:
    import bpy

    from .wrap import Space

_BUTTON = 2.0
"""Units that the icon and the ends of a button take."""


def draw(layout: bpy.types.UILayout, space: Space) -> None:
    """Draw what is being done, whether the last repair helped, and the buttons that follow from it."""
    repairs = attempt.repairs
    if repairs.working:
        wrap.text(layout, space, f"{sentence(repairs.working)}…", icon="SORTTIME")
        return
    if repairs.said:
        column = layout.column(align=True)
        wrap.text(column, space, sentence(repairs.outcome or repairs.said), icon="INFO")
        if repairs.outcome:
            wrap.text(column, space, sentence(repairs.said))
    if repairs.forced is not None:
        title = sentence(repairs.forced.change.title)
        _button(layout, space, end_by_force.MCP_DIAGNOSTICS_OT_end_by_force, title, "CANCEL")
    if repairs.ways_back:
        title = say("Undo: $title", title=sentence(repairs.ways_back[-1].title))
        _button(layout, space, undo_repair.MCP_DIAGNOSTICS_OT_undo_repair, title, "LOOP_BACK")


def _button(
    layout: bpy.types.UILayout, space: Space, operator: type[bpy.types.Operator], title: str, icon: str
) -> None:
    """Draw a button that opens a dialog; a title that is too long for it stands above."""
    fits = space.fits(f"{title}…", units=_BUTTON)
    if not fits:
        wrap.text(layout, space, title)
    layout.operator(
        operator.bl_idname, text=f"{title if fits else say(operator.bl_label)}…", icon=icon, translate=False
    )

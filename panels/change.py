# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change is shown before it is made: in a dialog, whole, with what goes and what comes told apart by icons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    import bpy

    from ..operators.asking import AsksFirst
    from .wrap import Space

_MARGIN = 2.5
"""Units that the edges of the dialog and of the box take."""
_LINE = 0.8
"""Units that a line of the preview takes."""
_PART = 0.55
"""How much of the window's height the lines may take: a dialog that is higher than the window is cut off."""
_FEWEST = 6
_ICONS = {"+": "ADD", "-": "REMOVE"}


def draw(operator: AsksFirst, context: bpy.types.Context, change: Any) -> None:
    """Draw the title and the preview of the change, in pages when it is long."""
    layout = operator.layout
    space = wrap.dialog_space(context, operator.width).narrower(_MARGIN)
    wrap.text(layout, space, change.title)
    lines = list(_lines(change.preview, space))
    size = max(_FEWEST, int(context.window.height * _PART / (space.unit * _LINE)))
    pages = -(-len(lines) // size)
    page = min(operator.page, pages)
    box = layout.box().column(align=True)
    box.scale_y = wrap.LINE_HEIGHT
    for text, icon in lines[(page - 1) * size : page * size]:
        box.label(text=text, icon=icon, translate=False)
    if pages > 1:
        row = layout.row()
        row.label(text=f"Page {page} of {pages}", translate=False)
        row.prop(operator, "page", text="")


def _lines(preview: str, space: Space) -> Iterator[tuple[str, str]]:
    """The lines of the preview as labels, each with its icon; the rest of a broken line stands under its beginning."""
    room = space.narrower(wrap.ICON)
    for line in preview.splitlines():
        icon = "BLANK1"
        if not line.startswith(("+++", "---")) and line[:1] in _ICONS:
            icon, line = _ICONS[line[0]], line[1:]  # noqa: PLW2901  # the icon says what the sign said
        for part in wrap.lines(line, room) or ("",):
            yield part, icon
            icon = "BLANK1" if icon == "BLANK1" else "DOT"

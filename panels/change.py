# SPDX-License-Identifier: GPL-3.0-or-later
"""How a change is shown before it is made: in a dialog, whole, with what goes and what comes told apart by icons."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ..operators.asking import MAX_PAGES
from . import wrap
from .language import say, sentence

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
    wrap.text(layout, space, sentence(change.title))
    lines = list(_lines(sentence(change.preview), space))
    size = max(_FEWEST, int(context.window.height * _PART / (space.unit * _LINE)))
    pages = -(-len(lines) // size)
    page = min(int(operator.page), pages)
    box = layout.box().column(align=True)
    box.scale_y = wrap.LINE_HEIGHT
    for text, icon in lines[(page - 1) * size : page * size]:
        box.label(text=text, icon=icon, translate=False)
    if pages > 1:
        _page_buttons(layout.row(), operator, page, min(pages, MAX_PAGES))


def _page_buttons(row: bpy.types.UILayout, operator: AsksFirst, page: int, pages: int) -> None:
    """Draw where the reader is, between the buttons that turn the page."""
    for target, label, icon in (
        (page - 1, say("Previous Page"), "TRIA_LEFT"),
        (page, say("Page $page of $pages", page=page, pages=pages), ""),
        (page + 1, say("Next Page"), "TRIA_RIGHT"),
    ):
        part = row.row()
        if target == page:
            part.alignment = "CENTER"
            part.label(text=label, translate=False)
            continue
        part.enabled = 1 <= target <= pages
        # The choice that is made already would be drawn as a button that is pressed down.
        there = target if part.enabled else 2 * page - target
        part.prop_enum(operator, "page", str(there), text=label, translate=False, icon=icon)


def _lines(preview: str, space: Space) -> Iterator[tuple[str, str]]:
    """The lines of the preview as labels, each with its icon; the rest of a broken line stands under its beginning."""
    room = space.narrower(wrap.ICON)
    for line, icon in _marked(preview.splitlines()):
        for part in wrap.lines(line, room) or ("",):
            yield part, icon
            icon = "BLANK1" if icon in {"BLANK1", "FILE"} else "DOT"  # noqa: PLW2901


def _marked(lines: list[str]) -> Iterator[tuple[str, str]]:
    """The lines without the marks of a diff: an icon says what goes and what comes, a heading which file it is."""
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        # A line that goes may begin with two dashes of its own; what names a file stands over its new name.
        if line.startswith("--- ") and following == f"+++ {line[4:]}":
            yield line[4:], "FILE"
        elif hunk := re.match(r"@@ -(\d+)\S* \+\S+ @@", line):
            yield say("From line $line", line=hunk[1]), "BLANK1"
        elif line.startswith("+++ ") and index and lines[index - 1] == f"--- {line[4:]}":
            continue
        elif line[:1] in _ICONS:
            yield line[1:], _ICONS[line[0]]
        else:
            yield line, "BLANK1"

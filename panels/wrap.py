# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that wraps at the width it has. Blender's labels cut off what does not fit."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import blf

if TYPE_CHECKING:
    import bpy

_UNIT_PX = 20
"""Height of a button, and width of an icon, at an interface scale of 1."""
_SIDEBAR_MARGIN = 2.2
"""Units that the tabs and the edges of a sidebar's panel take from its region."""
_LABEL_PADDING = 0.5
"""Units that a label leaves free at its two ends."""
ICON = 1.4
"""Units that an icon takes in front of a label's text, with its gap."""
LINE_HEIGHT = 0.8
"""Lines of one text stand closer together than rows of buttons."""
_REPEAT = 16
_BREAK_AFTER = "/\\,;=-_."
"""Where a word that does not fit may be broken; otherwise it breaks anywhere."""


@dataclass(frozen=True, slots=True)
class Space:
    """How much room a line of text has: `width` in pixels of the layout, the size of the text, and of one unit."""

    width: float
    points: float
    unit: float

    def narrower(self, units: float) -> Space:
        """The room that is left beside something `units` wide, or inside a box."""
        return Space(max(self.width - units * self.unit, 2 * self.unit), self.points, self.unit)

    def fits(self, *texts: str, units: float = 0.0) -> bool:
        """Whether these texts fit side by side in a row, with `units` for icons and gaps."""
        needed = sum(_width(self.points, text) for text in texts) + (units + _LABEL_PADDING * len(texts)) * self.unit
        return needed <= self.width


def sidebar_space(context: bpy.types.Context) -> Space:
    """The room in a sidebar's panel."""
    region = context.region
    # A sidebar can be zoomed like a canvas: its layout has other pixels than the screen then.
    left, _ = region.view2d.region_to_view(0, 0)
    right, _ = region.view2d.region_to_view(region.width, 0)
    return _space(context, right - left).narrower(_SIDEBAR_MARGIN)


def preferences_space(context: bpy.types.Context) -> Space:
    """The room in the box of an extension in the preferences."""
    return _space(context, context.region.width).narrower(6.0)


def dialog_space(context: bpy.types.Context, width: int) -> Space:
    """The room in a dialog that is `width` pixels wide at an interface scale of 1."""
    return _space(context, width * context.preferences.system.ui_scale)


def _space(context: bpy.types.Context, width: float) -> Space:
    preferences = context.preferences
    scale = preferences.system.ui_scale
    return Space(width, preferences.ui_styles[0].widget.points * scale, _UNIT_PX * scale)


def text(
    layout: bpy.types.UILayout, space: Space, words: str, *, icon: str = "NONE", alert: bool = False, dim: bool = False
) -> None:
    """Draw text as labels, line by line. The lines under the first leave its icon's place free."""
    column = layout.column(align=True)
    column.scale_y = LINE_HEIGHT
    if alert:
        column.alert = True
    if dim:
        column.active = False
    following = "NONE" if icon == "NONE" else "BLANK1"
    room = space if icon == "NONE" else space.narrower(ICON)
    for line in lines(words, room):
        column.label(text=line, icon=icon, translate=False)
        icon = following


def paragraphs(layout: bpy.types.UILayout, space: Space, words: str) -> None:
    """Draw text whose paragraphs are separated by empty lines."""
    for paragraph in words.split("\n\n"):
        if paragraph.strip():
            text(layout, space, paragraph)


def lines(words: str, space: Space) -> tuple[str, ...]:
    """Break text so that each line fits into the room of a label."""
    return _lines(words, int(space.width - _LABEL_PADDING * space.unit), space.points)


@lru_cache(maxsize=1024)
def _lines(words: str, width: int, points: float) -> tuple[str, ...]:
    result: list[str] = []
    for line in words.split("\n"):
        result.extend(_fill(line, width, points))
    return tuple(result)


def _fill(line: str, width: int, points: float) -> list[str]:
    done: list[str] = []
    # The indentation of a fix that is pasted into a file means something to its readers.
    indent = line[: len(line) - len(line.lstrip())]
    gap = _width(points, " ")
    width -= int(gap * len(indent))
    current, used = "", 0.0
    for whole in line.split():
        for word in _pieces(whole, width, points):
            needed = _width(points, word)
            if current and used + gap + needed <= width:
                current, used = f"{current} {word}", used + gap + needed
                continue
            if current:
                done.append(current)
            current, used = word, needed
    return [indent + part for part in (*done, current)]


def _pieces(word: str, width: int, points: float) -> list[str]:
    """The word itself when it fits into a line, otherwise pieces that do."""
    pieces: list[str] = []
    while _width(points, word) > width and len(word) > 1:
        low, high = 1, len(word) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _width(points, word[:middle]) <= width else (low, middle - 1)
        cut = max((word.rfind(mark, low // 2, low) + 1 for mark in _BREAK_AFTER), default=0) or low
        pieces.append(word[:cut])
        word = word[cut:]
    return [*pieces, word]


@lru_cache(maxsize=4096)
def _width(points: float, word: str) -> float:
    """Width in pixels, as the interface's font draws it, but for the kerning."""
    return sum(_advance(points, letter) for letter in word)


@lru_cache(maxsize=4096)
def _advance(points: float, letter: str) -> float:
    # Measuring each word would cost a first drawing several milliseconds; a text has few different letters. Many of
    # one letter are measured, because the answer comes in whole pixels.
    blf.size(0, points)
    return blf.dimensions(0, letter * _REPEAT)[0] / _REPEAT

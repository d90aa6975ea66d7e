# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain: one row for each link, which unfolds to what was found there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import findings, folding, words, wrap

if TYPE_CHECKING:
    import bpy

    from ..diagnostics.model import LinkResult, Report
    from ..operators.session import Progress
    from .wrap import Space

_TOGGLES = 2.5
"""Units that the triangle and the icon of a row take, with their gaps."""
_INDENT = 1.0
"""Units by which the text of a row stands to the right of its triangle."""

_SHORTEST_MS = 0.05
"""What took less is not worth a number."""


def draw(layout: bpy.types.UILayout, context: bpy.types.Context, space: Space, report: Report) -> None:
    """Draw the rows of a report."""
    for row in report.chain:
        _row(layout.column(align=True), context, space, report, row)


def draw_progress(layout: bpy.types.UILayout, space: Space, progress: Progress) -> None:
    """Draw the rows of the first run, as far as they are known."""
    for link, label in words.links().items():
        event = progress.rows.get(link)
        column = layout.column(align=True)
        if event is None:
            column.label(text=label, icon="BLANK1", translate=False)
            continue
        column.label(text=label, icon=words.ICONS[event.verdict], translate=False)
        wrap.text(column, space, event.summary, icon="BLANK1", dim=True)


def _row(column: bpy.types.UILayout, context: bpy.types.Context, space: Space, report: Report, row: LinkResult) -> None:
    label, state = words.links()[row.link], _state(row)
    found = [finding for finding in report.findings if finding.link == row.link]
    line = column.row(align=True)
    left = line.row(align=True)
    left.alignment = "LEFT"
    unfolded = False
    if found:
        unfolded = folding.row_toggle(left, context, row.link)
    else:
        left.label(icon="BLANK1")
    name = left
    if row.verdict == "fail":
        # The triangle stays as it is: a button in alert has a red ground.
        name = left.row(align=True)
        name.alert = True
    name.label(text=label, icon=words.ICONS[row.verdict], translate=False)
    if space.fits(label, state, units=_TOGGLES):
        right = line.row(align=True)
        right.alignment = "RIGHT"
        if row.verdict == "fail":
            right.alert = True
        right.label(text=state, translate=False)
    else:
        _indented(column, space, state)
    if row.summary:
        _indented(column, space, row.summary, dim=row.verdict in {"pass", "skipped"})
    if unfolded:
        for finding in found:
            box = column.box()
            findings.whole(box, space.narrower(1.0), report, finding, evidence=True)


def _state(row: LinkResult) -> str:
    """The word for a row, and how long it took when it took any time."""
    if row.verdict == "skipped":
        return words.verdicts()["skipped"] if row.blocked_by is None else words.waits()
    took = f" · {words.duration(row.elapsed_ms)}" if row.elapsed_ms >= _SHORTEST_MS else ""
    return words.verdicts()[row.verdict] + took


def _indented(column: bpy.types.UILayout, space: Space, text: str, *, dim: bool = True) -> None:
    line = column.row(align=True)
    line.label(icon="BLANK1")
    wrap.text(line, space.narrower(_INDENT), text, icon="BLANK1", dim=dim)

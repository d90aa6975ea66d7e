# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test in the preferences: its button, how it goes on, and what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..operators import clock, run, session
from ..operators.self_test import MCP_DIAGNOSTICS_OT_self_test
from . import words, wrap
from .language import say

if TYPE_CHECKING:
    import bpy

    from ..diagnostics.model import SelfTestReport
    from .wrap import Space


def draw(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the button, and below it the present run or the last result."""
    clock.shown_in(context.region, answer=False)
    space, state, column = wrap.preferences_space(context), session.state, layout.column()
    progress = state.progress
    if progress is not None and progress.self_test:
        text = say("Cancelling…" if state.cancelling else "Cancel")
        column.operator(run.MCP_DIAGNOSTICS_OT_cancel.bl_idname, text=text, translate=False, icon="X")
        column.progress(text=words.progress(progress), translate=False, factor=words.share(progress))
        return
    column.operator(MCP_DIAGNOSTICS_OT_self_test.bl_idname)
    if state.self_test_notice:
        wrap.text(column, space, say(state.self_test_notice), icon="INFO")
    elif state.self_test is not None:
        _draw_result(column, space, state.self_test)


def _draw_result(column: bpy.types.UILayout, space: Space, result: SelfTestReport) -> None:
    from ..diagnostics.reports import self_test_report  # noqa: PLC0415  # there is a result, so it is loaded

    failed = result.verdict == "fail"
    wrap.text(column, space, self_test_report.headline(result), icon=words.ICONS[result.verdict], alert=failed)
    for case in result.results:
        if case.verdict in {"fail", "unknown"}:
            told = f"{case.group}: {case.title} – {self_test_report.problem(case)}"
            wrap.text(column, space, told, icon=words.ICONS[case.verdict])

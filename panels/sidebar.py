# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel in the sidebar of the 3D viewport."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import bpy

from ..operators import clock, consent, report, run, session, settings
from . import chain, details, findings, folding, language, repaired, words, wrap
from .language import say, sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..diagnostics.model import Consent, Report
    from .wrap import Space

_BOX = 0.8
"""Units that a box takes from the width of its content."""


class MCP_DIAGNOSTICS_PT_sidebar(bpy.types.Panel):
    """The answer in one sentence, what to do about it, and the rest folded away."""

    bl_label = "MCP Diagnostics"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "MCP"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw what the last run found, or how the present one goes on."""
        clock.shown_in(context.region)
        language.follow()
        space = wrap.sidebar_space(context)
        state, layout = session.state, self.layout
        _draw_buttons(layout, space)
        _draw_status(layout, context, space)
        repaired.draw(layout, space)
        if state.crash is not None:
            _draw_crash(layout, space, state.crash)
        if state.report is not None:
            result = layout.column()
            # The last result stays where it is while the next one is made: nothing jumps under the reader's eyes.
            result.active = state.progress is None
            _draw_result(result, context, space, language.in_users_language(state.report))
        elif state.progress is not None and not state.progress.self_test:
            chain.draw_progress(layout, space, state.progress)


def _draw_buttons(layout: bpy.types.UILayout, space: Space) -> None:
    row = layout.row(align=True)
    row.scale_y = 1.2
    if session.is_running():
        text = say("Cancelling…") if session.state.cancelling else say("Cancel")
        row.operator(run.MCP_DIAGNOSTICS_OT_cancel.bl_idname, text=text, translate=False, icon="X")
    else:
        # The icon beside the shorter word says enough where the sidebar is narrow.
        text = say("Run Diagnostics")
        text = text if space.fits(text, units=3.0) else say("Run")
        row.operator(run.MCP_DIAGNOSTICS_OT_run.bl_idname, text=text, translate=False, icon="PLAY")
    row.operator("preferences.addon_show", text="", icon="PREFERENCES").module = settings.PACKAGE


def _draw_status(layout: bpy.types.UILayout, context: bpy.types.Context, space: Space) -> None:
    """Two lines in any state, so that what stands below does not jump when a run starts and ends."""
    state = session.state
    progress = state.progress
    column = layout.column(align=True)
    if progress is not None:
        column.progress(text=words.progress(progress), translate=False, factor=words.share(progress))
        waiting = say(next(iter(progress.waiting.values()), "Looking around"))
        if progress.self_test:
            waiting = say("Self-test")
        wrap.text(column, space, f"{waiting.rstrip('.…')}…")
        return
    host, port = settings.endpoint(context)
    if state.report is not None:
        host, port = state.report.host, state.report.port
    place = f"{host}:{port}"
    before, after = "Checks the chain to $place", "Checked the chain to $place"
    wrap.text(column, space, say(before if state.report is None else after, place=place), dim=True)
    if state.report is not None:
        elapsed = words.duration(state.report.elapsed_ms)
        wrap.text(column, space, f"{words.ago(time.monotonic() - state.finished_at)} · {elapsed}", dim=True)
    if state.notice:
        wrap.text(layout, space, sentence(state.notice), icon="INFO")


def _draw_crash(layout: bpy.types.UILayout, space: Space, crash: session.Crashed) -> None:
    box = layout.box().column()
    wrap.text(box, space.narrower(_BOX), crash.message, icon="ERROR", alert=True)
    box.operator(report.MCP_DIAGNOSTICS_OT_copy_crash.bl_idname, icon="COPYDOWN")


def _draw_result(layout: bpy.types.UILayout, context: bpy.types.Context, space: Space, result: Report) -> None:
    layout.separator(factor=0.5)
    findings.answer(layout, space, result)
    for note in result.notes:
        wrap.text(layout, space, note, icon="INFO")
    if not session.is_running():
        for wanted in result.consents:
            if wanted.digest not in session.state.declined:
                _draw_consent(layout, space, wanted)
    body = folding.section(layout, context, "chain", say("Chain"))
    if body is not None:
        chain.draw(body, context, space, result)
    others = findings.others(result)
    if others:
        body = folding.section(layout, context, "also", say("Also Found ($count)", count=len(others)))
        if body is not None:
            for finding in others:
                findings.whole(body.box(), space.narrower(_BOX), result, finding, evidence=False)
    body = folding.section(layout, context, "details", say("Details"))
    if body is not None:
        details.draw(body, context, space, result)
    _draw_exports(layout)


def _draw_consent(layout: bpy.types.UILayout, space: Space, wanted: Consent) -> None:
    box = layout.box().column()
    inside = space.narrower(_BOX)
    wrap.text(box, inside, say("Start what $app starts?", app=wanted.app), icon="QUESTION")
    command = box.box()
    for line in (wanted.command_line, *_circumstances(wanted)):
        wrap.text(command, inside.narrower(_BOX), line)
    why = "Only starting this command shows whether the MCP server works. It ends with the test."
    wrap.text(box, inside, say(why))
    row = box.row(align=True) if inside.fits(say("Allow"), say("Not Now"), units=3.0) else box.column(align=True)
    row.operator(consent.MCP_DIAGNOSTICS_OT_allow.bl_idname).digest = wanted.digest
    row.operator(consent.MCP_DIAGNOSTICS_OT_not_now.bl_idname).digest = wanted.digest


def _circumstances(wanted: Consent) -> Iterator[str]:
    """What else decides about what would run. A change of any of it asks again."""
    if wanted.program not in wanted.command_line:
        yield say("That is $program", program=wanted.program)
    if wanted.variables:
        yield say("With the variables $names", names=", ".join(wanted.variables))
    if wanted.cwd:
        yield say("In the folder $folder", folder=wanted.cwd)


def _draw_exports(layout: bpy.types.UILayout) -> None:
    column = layout.column(align=True)
    column.operator(report.MCP_DIAGNOSTICS_OT_copy_report.bl_idname, icon="COPYDOWN")
    column.operator(report.MCP_DIAGNOSTICS_OT_save_report.bl_idname, text="Save Report…", icon="FILE_TICK")
    column.operator(report.MCP_DIAGNOSTICS_OT_open_as_text.bl_idname, icon="TEXT")


CLASSES = (MCP_DIAGNOSTICS_PT_sidebar,)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Take the last report elsewhere: clipboard, file, text editor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from . import run, session

if TYPE_CHECKING:
    from ..diagnostics.model import Report

_TEXT_NAME = "MCP Diagnostics Report"
_SUFFIXES = {"TEXT": ".txt", "JSON": ".json", "RUNBOOK": ".md"}


def _render(report: Report, form: str = "text") -> str:
    from ..diagnostics.reports import render  # noqa: PLC0415  # imported with the first run

    return render(report, form, verbose=True)


class _OnReport:
    """Needs a report."""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if session.state.report is None:
            cls.poll_message_set("Run the diagnosis first")
            return False
        return True


class MCP_DIAGNOSTICS_OT_copy_report(_OnReport, bpy.types.Operator):
    """Copy the whole report as text. Names and secrets are masked, so that you can paste it where you ask for help"""

    bl_idname = "mcp_diagnostics.copy_report"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the report on the clipboard."""
        context.window_manager.clipboard = _render(session.state.report)
        self.report({"INFO"}, "Report copied")
        return {"FINISHED"}


class MCP_DIAGNOSTICS_OT_copy_fix(_OnReport, bpy.types.Operator):
    """Copy the text of this repair, ready to be pasted"""

    bl_idname = "mcp_diagnostics.copy_fix"
    bl_label = "Copy Fix"

    finding: bpy.props.StringProperty(name="Finding", description="Id of the finding", options={"SKIP_SAVE"})
    index: bpy.props.IntProperty(name="Index", description="Which of its repairs", min=0, options={"SKIP_SAVE"})

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the repair on the clipboard."""
        remedies = next((f.remedies for f in session.state.report.findings if f.id == self.finding), ())
        if self.index >= len(remedies):
            self.report({"WARNING"}, "The last report has no such repair")
            return {"CANCELLED"}
        context.window_manager.clipboard = remedies[self.index].exact
        self.report({"INFO"}, "Fix copied")
        return {"FINISHED"}


class MCP_DIAGNOSTICS_OT_copy_crash(bpy.types.Operator):
    """Copy what is known about the failure of the diagnosis itself, for a bug report"""

    bl_idname = "mcp_diagnostics.copy_crash"
    bl_label = "Copy Error Log"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be something to copy."""
        return session.state.crash is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the log on the clipboard."""
        context.window_manager.clipboard = session.state.crash.log
        self.report({"INFO"}, "Error log copied")
        return {"FINISHED"}


class MCP_DIAGNOSTICS_OT_save_report(_OnReport, bpy.types.Operator):
    """Save the whole report as a file. Names and secrets are masked"""

    bl_idname = "mcp_diagnostics.save_report"
    bl_label = "Save Report"

    filepath: bpy.props.StringProperty(name="File Path", subtype="FILE_PATH", options={"SKIP_SAVE"})
    format: bpy.props.EnumProperty(name="Format", description="How to write the report", items=run.FORMATS)
    check_existing: bpy.props.BoolProperty(default=True, options={"HIDDEN"})
    filter_glob: bpy.props.StringProperty(default="*.txt;*.json;*.md", options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Let the user choose the file."""
        if not self.filepath:
            self.filepath = "mcp-diagnostics" + _SUFFIXES[self.format]
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, context: bpy.types.Context) -> bool:
        """Let the file's suffix follow the chosen format; True when it changed."""
        path = Path(self.filepath)
        if not path.name or path.suffix == _SUFFIXES[self.format]:
            return False
        self.filepath = str(path.with_suffix(_SUFFIXES[self.format]))
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the file."""
        text = _render(session.state.report, self.format.lower())
        return {"FINISHED"} if run.write(self, self.filepath, text) else {"CANCELLED"}


class MCP_DIAGNOSTICS_OT_open_as_text(_OnReport, bpy.types.Operator):
    """Open the whole report in a text editor. It becomes a text of this file, which you can delete there"""

    bl_idname = "mcp_diagnostics.open_as_text"
    bl_label = "Open as Text"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Fill the text and show it."""
        text = bpy.data.texts.get(_TEXT_NAME) or bpy.data.texts.new(_TEXT_NAME)
        text.from_string(_render(session.state.report))
        text.cursor_set(0)
        space = _text_editor(context)
        if space is not None:
            space.text = text
            space.show_word_wrap = True
            space.top = 0
        return {"FINISHED"}


def _text_editor(context: bpy.types.Context) -> bpy.types.Space | None:
    """A text editor that is open already, or one in a new window; None where there are no windows."""
    if bpy.app.background:
        return None
    windows = context.window_manager.windows
    for window in windows:
        for area in window.screen.areas:
            if area.type == "TEXT_EDITOR":
                return area.spaces.active
    bpy.ops.wm.window_new()
    area = windows[-1].screen.areas[0]
    area.type = "TEXT_EDITOR"
    return area.spaces.active


CLASSES = (
    MCP_DIAGNOSTICS_OT_copy_report,
    MCP_DIAGNOSTICS_OT_copy_fix,
    MCP_DIAGNOSTICS_OT_copy_crash,
    MCP_DIAGNOSTICS_OT_save_report,
    MCP_DIAGNOSTICS_OT_open_as_text,
)

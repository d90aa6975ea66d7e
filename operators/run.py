# SPDX-License-Identifier: GPL-3.0-or-later
"""Run and cancel the diagnosis."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from . import broken_pipe, clock, earlier, session, settings, snapshot

if TYPE_CHECKING:
    from ..diagnostics.model import Report, Target

FORMATS = (
    ("TEXT", "Text", "For people: the answer first, then what was seen"),
    ("JSON", "JSON", "For programs: everything that was found"),
    ("MARKDOWN", "Markdown", "For an issue or a chat: the answer first, the evidence folded away"),
    ("RUNBOOK", "Runbook", "A checklist of what to do on this machine, as Markdown"),
    ("JUNIT", "JUnit XML", "For build servers: a test for each check"),
    ("HTML", "Web Page", "For a browser or a printer: one file that needs nothing else"),
)
"""As in words.toml, which is not read before the first run. A test holds them together."""


class MCP_DIAGNOSTICS_OT_run(bpy.types.Operator):
    """Look at every link between your AI app and this Blender, and name the one that is broken"""

    bl_idname = "mcp_diagnostics.run"
    bl_label = "Run MCP Diagnostics"

    filepath: bpy.props.StringProperty(
        name="File Path",
        description="For scripts: where to write the report. Without it the report is printed",
        subtype="FILE_PATH",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    format: bpy.props.EnumProperty(
        name="Format",
        description="For scripts: how to write the report",
        items=FORMATS,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One run at a time."""
        if session.is_running():
            cls.poll_message_set("The diagnosis is already running")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Begin a run and return at once: the panel shows how it goes on."""
        target = self._target(context)
        if target is None:
            return {"CANCELLED"}
        if not clock.is_shown():
            self.report({"INFO"}, "The result appears in the sidebar of the 3D Viewport (N), in the tab MCP")
        session.start(target, snapshot.take_snapshot(context))
        earlier.look()
        clock.start()
        clock.redraw()
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end in this thread, for scripts and without a window."""
        target = self._target(context)
        if target is None:
            return {"CANCELLED"}
        from ..diagnostics import diagnose  # noqa: PLC0415  # costs nothing until the first run

        try:
            # In a window the add-on of this process cannot answer, because its main thread waits here.
            picture = snapshot.take_snapshot(context, main_thread_waits=not bpy.app.background)
            with broken_pipe.survived():
                report = diagnose(target, picture)
        except Exception as error:  # noqa: BLE001  # a script gets one line; the whole story is kept for the panel
            session.state.crash = session.crash_from(error)
            print(session.state.crash.message, file=sys.stderr)  # noqa: T201
            return {"CANCELLED"}
        session.state.keep(report)
        clock.redraw()
        return self._deliver(report)

    def _target(self, context: bpy.types.Context) -> Target | None:
        from ..diagnostics.target import TargetError  # noqa: PLC0415

        try:
            return settings.target_from(context)
        except TargetError as error:
            session.state.notice = f"Check the preferences, {error.argument}: {error.message}"
            clock.redraw()
            self.report({"ERROR"}, session.state.notice)
            return None

    def _deliver(self, report: Report) -> set[str]:
        from ..diagnostics import with_written  # noqa: PLC0415
        from ..diagnostics.reports import render  # noqa: PLC0415

        if self.filepath:
            report = with_written(report, Path(bpy.path.abspath(self.filepath)))
        text = render(report, self.format.lower())
        if not self.filepath:
            print(text.rstrip("\n"), flush=True)  # noqa: T201  # what the script asked for
            return {"FINISHED"}
        return {"FINISHED"} if write(self, self.filepath, text) else {"CANCELLED"}


class MCP_DIAGNOSTICS_OT_isolate(bpy.types.Operator):
    """Run the diagnosis, then install the MCP server anew in a folder of its own, with your pins, and try it there.

    It takes a minute or two, downloads where Blender may go online, and removes the folder afterwards
    """

    bl_idname = "mcp_diagnostics.isolate"
    bl_label = "Try in a Clean Environment"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One run at a time."""
        if session.is_running():
            cls.poll_message_set("The diagnosis is already running")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Begin a run and return at once: the panel shows how it goes on, and cancels it."""
        from ..diagnostics.target import TargetError  # noqa: PLC0415

        try:
            target = settings.target_from(context, isolate=True)
        except TargetError as error:
            self.report({"ERROR"}, f"Check the preferences, {error.argument}: {error.message}")
            return {"CANCELLED"}
        session.start(dataclasses.replace(target, own_folder=settings.own_folder()), snapshot.take_snapshot(context))
        clock.start()
        clock.redraw()
        return {"FINISHED"}


class MCP_DIAGNOSTICS_OT_cancel(bpy.types.Operator):
    """End the diagnosis now, together with every program that it started. The result of the last run stays"""

    bl_idname = "mcp_diagnostics.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be something to end."""
        return session.is_running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Ask the run to end; the panel tells when it has."""
        session.cancel()
        clock.redraw()
        return {"FINISHED"}


def write(operator: bpy.types.Operator, filepath: str, text: str) -> bool:
    """Write a report where the user asked for it, and say so, or say in one line why it could not be written."""
    path = Path(bpy.path.abspath(filepath))
    try:
        path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        operator.report({"ERROR"}, f"Cannot write {path}: {error.strerror or error}")
        return False
    operator.report({"INFO"}, f"Report saved as {path.name}")
    return True


def _draw_help_menu(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator(MCP_DIAGNOSTICS_OT_run.bl_idname, icon="LINKED")


def register() -> None:
    """Stand in the Help menu: F3 finds only what stands in a menu."""
    bpy.types.TOPBAR_MT_help.append(_draw_help_menu)


def unregister() -> None:
    """Leave the Help menu."""
    bpy.types.TOPBAR_MT_help.remove(_draw_help_menu)


CLASSES = (MCP_DIAGNOSTICS_OT_run, MCP_DIAGNOSTICS_OT_isolate, MCP_DIAGNOSTICS_OT_cancel)

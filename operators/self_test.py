# SPDX-License-Identifier: GPL-3.0-or-later
"""Show that the diagnosis works in this Blender, on peers of its own."""

from __future__ import annotations

import sys

import bpy

from . import broken_pipe, clock, session


class MCP_DIAGNOSTICS_OT_self_test(bpy.types.Operator):
    """Let the diagnosis look at add-ons, servers and files that are made for it, and see whether it names each.

    It takes some ten seconds, uses no network, and leaves nothing behind
    """

    bl_idname = "mcp_diagnostics.self_test"
    bl_label = "Self-Test"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One run at a time."""
        if session.is_running():
            cls.poll_message_set("The diagnosis is already running")
            return False
        return True

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Begin, and return at once: the preferences show how it goes on."""
        session.start_self_test(bpy.app.version_string)
        clock.start()
        clock.redraw()
        return {"FINISHED"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Try all cases in this thread and print what came of them; cancelled unless each was named."""
        from ..diagnostics.reports import self_test_report  # noqa: PLC0415  # costs nothing until the first run
        from ..diagnostics.self_test import exit_code, self_test  # noqa: PLC0415

        try:
            with broken_pipe.survived():
                report = self_test(blender=bpy.app.version_string)
        except Exception as error:  # noqa: BLE001  # a script gets one line
            print(session.crash_from(error).message, file=sys.stderr)  # noqa: T201
            return {"CANCELLED"}
        session.state.self_test = report
        print(self_test_report.render(report, "text", verbose=True), end="", flush=True)  # noqa: T201  # for scripts
        return {"CANCELLED"} if exit_code(report) else {"FINISHED"}


CLASSES = (MCP_DIAGNOSTICS_OT_self_test,)

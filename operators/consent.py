# SPDX-License-Identifier: GPL-3.0-or-later
"""Permission to start a command that stands in an AI app's configuration: given, put off, taken back."""

from __future__ import annotations

import bpy

from . import clock, session, settings


class _ByDigest:
    """Speaks about one command. Its digest covers all that decides what would run, so a changed one asks again."""

    digest: bpy.props.StringProperty(name="Digest", description="SHA-256 of the command", options={"SKIP_SAVE"})


class MCP_DIAGNOSTICS_OT_allow(_ByDigest, bpy.types.Operator):
    """Let the diagnosis start exactly this command, now and later, and run it again. Listed in the preferences"""

    bl_idname = "mcp_diagnostics.allow"
    bl_label = "Allow"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remember the permission."""
        report = session.state.report
        consent = next((c for c in report.consents if c.digest == self.digest), None) if report else None
        if consent is None:
            self.report({"WARNING"}, "The last report asks for no such permission")
            return {"CANCELLED"}
        settings.allow(context, consent.digest, consent.app, consent.command_line)
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Remember the permission and use it at once."""
        result = self.execute(context)
        if result == {"FINISHED"} and not session.is_running():
            bpy.ops.mcp_diagnostics.run("INVOKE_DEFAULT")
        return result


class MCP_DIAGNOSTICS_OT_not_now(_ByDigest, bpy.types.Operator):
    """Do not start this command. What only starting it would show stays unknown; the next run asks again"""

    bl_idname = "mcp_diagnostics.not_now"
    bl_label = "Not Now"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Put the question away."""
        session.state.declined.add(self.digest)
        clock.redraw()
        return {"FINISHED"}


class MCP_DIAGNOSTICS_OT_revoke(_ByDigest, bpy.types.Operator):
    """Take the permission back: the diagnosis asks before it starts this command again"""

    bl_idname = "mcp_diagnostics.revoke"
    bl_label = "Revoke"

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Forget the permission."""
        return {"FINISHED"} if settings.revoke(context, self.digest) else {"CANCELLED"}


CLASSES = (MCP_DIAGNOSTICS_OT_allow, MCP_DIAGNOSTICS_OT_not_now, MCP_DIAGNOSTICS_OT_revoke)

# SPDX-License-Identifier: GPL-3.0-or-later
"""The repairs that a click makes: this extension's endpoint, an add-on enabled, its server started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from . import clock, session, settings, snapshot

if TYPE_CHECKING:
    from ..diagnostics.model import Remedy

_AGAIN_S = 1.5
"""How long an add-on may take to listen after it was enabled or started; its own timer begins after 0.5 s."""


class MCP_DIAGNOSTICS_OT_repair(bpy.types.Operator):
    """Make this repair in Blender, and run the diagnosis again to see whether it helped"""

    bl_idname = "mcp_diagnostics.repair"
    bl_label = "Repair"

    finding: bpy.props.StringProperty(name="Finding", description="Id of the finding", options={"SKIP_SAVE"})
    index: bpy.props.IntProperty(name="Index", description="Which of its repairs", min=0, options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """There must be a report, and no run that is making the next one."""
        return session.state.report is not None and not session.is_running()

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the repair."""
        remedies = next((f.remedies for f in session.state.report.findings if f.id == self.finding), ())
        remedy = remedies[self.index] if self.index < len(remedies) else None
        problem = "The last report has no such repair"
        if remedy is not None and remedy.kind == "apply":
            try:
                problem = _ACTIONS[remedy.action](context, remedy)
            except Exception as error:  # noqa: BLE001  # an add-on's operator may raise anything; no traceback for users
                said = str(error).strip().splitlines() or ["no reason given"]
                problem = f"That did not work: {said[-1]}"
        if problem:
            self.report({"WARNING"}, problem)
            session.state.notice = problem
            clock.redraw()
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.app.timers.register(_run_again, first_interval=_AGAIN_S)
        return {"FINISHED"}


def _use_endpoint(context: bpy.types.Context, remedy: Remedy) -> str:
    prefs = settings.preferences(context)
    if prefs is None:
        return "There are no preferences to keep it in (Blender was started with factory settings)"
    host, _colon, port = remedy.exact.rpartition(":")
    prefs.host, prefs.port = host.strip("[]"), int(port)
    context.preferences.is_dirty = True
    return ""


def _enable(context: bpy.types.Context, remedy: Remedy) -> str:
    # What the report names may be gone meanwhile, and nothing but a bridge is ever enabled.
    if remedy.exact not in {bridge.module for bridge in snapshot.take_snapshot(context).bridges}:
        return "This add-on is not installed any more"
    bpy.ops.preferences.addon_enable(module=remedy.exact)
    return "" if remedy.exact in context.preferences.addons else "Blender could not enable it; its console says why"


def _start(_context: bpy.types.Context, remedy: Remedy) -> str:
    from ..diagnostics.knowledge import products  # noqa: PLC0415  # loaded with the first run

    if remedy.exact not in {product.start_operator for product in products.products()}:
        return "This add-on cannot be started from here"
    group, _dot, name = remedy.exact.partition(".")
    operator = getattr(getattr(bpy.ops, group), name)
    if not operator.poll():
        return "The add-on says that it cannot be started now"
    operator()
    return ""


_ACTIONS = {"use-endpoint": _use_endpoint, "enable-addon": _enable, "start-addon": _start}


def _run_again() -> None:
    if bpy.ops.mcp_diagnostics.run.poll():
        bpy.ops.mcp_diagnostics.run("INVOKE_DEFAULT")


def unregister() -> None:
    """Do not run again when the extension is gone."""
    if bpy.app.timers.is_registered(_run_again):
        bpy.app.timers.unregister(_run_again)


CLASSES = (MCP_DIAGNOSTICS_OT_repair,)

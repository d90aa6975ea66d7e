# SPDX-License-Identifier: GPL-3.0-or-later
"""Our extension in a window, used as a person uses it: open its tab, click its button, read what it found."""

from __future__ import annotations

import json
from typing import Any

from tests.lab.extension import MODULE
from tests.lab.window import BlenderWindow

TAB = "MCP"
RUN = "mcp_diagnostics.run"
CANCEL = "mcp_diagnostics.cancel"

_SESSION = f"from {MODULE}.operators import session\n"
_REPORT = f"""
from {MODULE}.diagnostics.reports import render
render(session.state.report, "json") if session.state.report and not session.is_running() else None
"""


def click_run(window: BlenderWindow) -> None:
    """Open the tab and click Run Diagnostics with the mouse; return when the run has begun, or is over already."""
    window.pointer.open_tab(TAB)
    before = runs_begun(window)
    window.pointer.click_button(RUN)
    window.wait_for(f"{_SESSION}session.is_running() or id(session.state.report) != {before}", deadline_s=5)


def runs_begun(window: BlenderWindow) -> int:
    """What tells one report from the next: the identity of the report that is shown."""
    return int(window.run_python(f"{_SESSION}id(session.state.report)"))


def wait_for_report(window: BlenderWindow, deadline_s: float = 60) -> dict[str, Any]:
    """The report, as JSON, when no run is under way any more. Raises TimeoutError, or RuntimeError when it crashed."""
    window.wait_for(f"{_SESSION}not session.is_running()", deadline_s)
    if crash := window.run_python(f"{_SESSION}session.state.crash and session.state.crash.log"):
        raise RuntimeError(crash)
    return dict(json.loads(window.run_python(_SESSION + _REPORT)))


def diagnose(window: BlenderWindow, deadline_s: float = 60) -> dict[str, Any]:
    """Click Run Diagnostics and read the report."""
    click_run(window)
    return wait_for_report(window, deadline_s)


def is_running(window: BlenderWindow) -> bool:
    """Whether a run is under way."""
    return bool(window.run_python(f"{_SESSION}session.is_running()"))


def allow_all(window: BlenderWindow) -> None:
    """Click Allow until no command waits for consent. The report says which there are."""
    while window.run_python(f"{_SESSION}session.state.report and [c.digest for c in session.state.report.consents]"):
        window.pointer.open_tab(TAB)
        before = runs_begun(window)
        window.pointer.click_button("mcp_diagnostics.allow")
        window.wait_for(f"{_SESSION}not session.is_running() and id(session.state.report) != {before}", deadline_s=60)


def set_preferences(window: BlenderWindow, **values: object) -> None:
    """Set properties of our preferences, in place of the user who types them."""
    lines = [f"prefs = bpy.context.preferences.addons[{MODULE!r}].preferences"]
    lines += [f"prefs.{name} = {value!r}" for name, value in values.items()]
    window.run_python("\n".join(lines))


def reset_preferences(window: BlenderWindow) -> None:
    """Give every property of our preferences its default again, and take back all permissions."""
    window.run_python(
        f"prefs = bpy.context.preferences.addons[{MODULE!r}].preferences\n"
        "for prop in prefs.bl_rna.properties:\n"
        "    if prop.is_runtime:\n"
        "        prefs.property_unset(prop.identifier)\n"
    )

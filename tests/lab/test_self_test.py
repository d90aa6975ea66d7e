# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test in a window: it goes on beside Blender, shows in the preferences, and can be cancelled."""

from __future__ import annotations

import pytest

from tests.lab.extension import MODULE
from tests.lab.processes import until
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab]

_SESSION = f"from {MODULE}.operators import session\n"
_SHOW = f"import bpy\nbpy.ops.preferences.addon_show(module={MODULE!r})"
_SCROLL = """
for window in bpy.context.window_manager.windows:
    for area in window.screen.areas:
        if area.type == "PREFERENCES":
            region = next(region for region in area.regions if region.type == "WINDOW")
            with bpy.context.temp_override(window=window, area=area, region=region):
                for _ in range(40):
                    bpy.ops.view2d.scroll_down(deltay=60)
"""
_CLOSE = """
for window in bpy.context.window_manager.windows[1:]:
    with bpy.context.temp_override(window=window):
        bpy.ops.wm.window_close()
"""
_BEGIN = """
with view3d() as context:
    bpy.ops.mcp_diagnostics.self_test("INVOKE_DEFAULT")
"""
_PROGRESS = f"{_SESSION}(session.state.progress.done if session.state.progress else -1)"
_RESULT = f"{_SESSION}session.state.self_test and [c.id for c in session.state.self_test.of('fail')]"


def test_the_preferences_show_it(window: BlenderWindow) -> None:
    window.run_python(f"{_SESSION}session.state.report = None")
    window.run_python(_SHOW)
    window.run_python(_BEGIN)
    until(lambda: window.run_python(_PROGRESS) > 0 or None, "the first case to end", 20)
    window.run_python(_SCROLL)
    window.screenshot("self-test-running")

    window.wait_for(f"{_SESSION}session.state.self_test is not None", 60)
    window.screenshot("self-test-result")
    window.run_python(_CLOSE)

    assert window.run_python(_RESULT) == []
    assert window.run_python(f"{_SESSION}session.state.report is None and not session.is_running()")


def test_it_is_cancelled(window: BlenderWindow) -> None:
    window.run_python(f"{_SESSION}session.state.self_test = None")
    window.run_python(_BEGIN)
    until(lambda: window.run_python(_PROGRESS) > 0 or None, "the first case to end", 20)
    window.run_python("import bpy\nbpy.ops.mcp_diagnostics.cancel()")

    window.wait_for(f"{_SESSION}session.state.self_test_notice == 'Cancelled'", 10)
    threads = "import threading\n[t.name for t in threading.enumerate() if t.name == 'MCP Diagnostics']"
    assert window.run_python(threads) == []
    assert window.run_python(_RESULT) is None

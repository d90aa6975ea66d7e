# SPDX-License-Identifier: GPL-3.0-or-later
"""A click on a repair in the panel of a real Blender with the real add-on, and what the next diagnosis says."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from tests.lab import doctor, real_addon
from tests.lab.processes import end
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab, pytest.mark.usefixtures("home")]


def _repair(window: BlenderWindow, finding: str) -> dict[str, Any]:
    """Click the button of this finding's repair; the report of the run that follows by itself."""
    before = doctor.runs_begun(window)
    window.pointer.click_button(f'mcp_diagnostics.repair(finding="{finding}"')
    changed = f"{doctor._SESSION}not session.is_running() and id(session.state.report) != {before}"
    window.wait_for(changed, deadline_s=30)
    return doctor.wait_for_report(window)


def _verdict(report: dict[str, Any], link: str) -> str:
    return next(row["verdict"] for row in report["chain"] if row["link"] == link)


def test_a_stopped_addon_is_started(window: BlenderWindow) -> None:
    real_addon.start(window)
    real_addon.stop(window)
    assert doctor.diagnose(window)["root_cause"] == "addon.not-started"
    window.screenshot("repair")

    report = _repair(window, "addon.not-started")

    assert _verdict(report, "addon") == "pass"
    assert _verdict(report, "network") == "pass"


def test_an_addon_that_is_switched_off_is_enabled(window: BlenderWindow) -> None:
    real_addon.start(window)
    module = window.run_python(
        "import addon_utils\n"
        "name = next(m.__name__ for m in addon_utils.modules() if m.bl_info.get('name') == 'MCP for Blender')\n"
        "bpy.ops.preferences.addon_disable(module=name)\n"
        "name"
    )
    assert doctor.diagnose(window)["root_cause"] == "addon.disabled"

    report = _repair(window, "addon.disabled")

    assert module in window.run_python("list(bpy.context.preferences.addons.keys())")
    # It starts its server by itself soon after it is enabled.
    real_addon.wait_until_up(window)
    assert report["root_cause"] != "addon.disabled"
    assert _verdict(doctor.diagnose(window), "addon") == "pass"


def test_the_endpoint_where_blender_answers_is_used(window: BlenderWindow) -> None:
    real_addon.start(window, port=9999)
    assert doctor.diagnose(window)["root_cause"] == "network.port-mismatch"

    report = _repair(window, "network.port-mismatch")

    assert report["target"]["port"] == 9999
    assert _verdict(report, "addon") == "pass"


def test_a_port_that_is_taken_and_silent_makes_the_start_fail(window: BlenderWindow) -> None:
    real_addon.stop(window)
    code = "import socket, sys; s = socket.socket(); s.bind(('127.0.0.1', 9876))"
    code += "; print('bound', flush=True); sys.stdin.read()"
    holder = window.room.spawn_beside([sys.executable, "-I", "-c", code])
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "bound"
        window.run_python("bpy.context.scene.blendermcp_port = 9876; bpy.ops.blendermcp.start_server()")
        report = doctor.diagnose(window)
    finally:
        end(holder)

    assert report["root_cause"] == "addon.start-failed"
    assert "EADDRINUSE" in next(f for f in report["findings"] if f["id"] == "addon.start-failed")["detail"]

# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender with a window, the real add-on in it, and a real mouse on Run Diagnostics."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import doctor, inventory, real_addon, real_server
from tests.lab.home import Home
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab]

LINKS = ["client", "launcher", "server", "network", "addon", "blender"]


def test_the_real_addon_answers(window: BlenderWindow) -> None:
    real_addon.start(window)

    info = real_addon.ask(window.room, "get_addon_info")

    assert info["status"] == "success"
    assert info["result"]["name"] == "MCP for Blender"
    assert info["result"]["protocol_version"] == 15


def test_a_click_on_run_diagnostics_gives_a_report(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)

    try:
        report = doctor.diagnose(window)
    finally:
        window.screenshot("click")

    assert report["schema"] == 1
    assert report["tool"]["blender"].startswith(window.version)
    assert [row["link"] for row in report["chain"]] == LINKS
    verdicts = {row["link"]: row["verdict"] for row in report["chain"]}
    assert verdicts["network"] == verdicts["addon"] == verdicts["blender"] == "pass"
    assert report["did"]["started"] == [], "nothing may be started before the user said yes"
    assert "~/" + str(home.claude.relative_to(home.path)) in report["did"]["read"]


@pytest.mark.usefixtures("home")
def test_a_stopped_addon_is_named(window: BlenderWindow) -> None:
    real_addon.stop(window)

    report = doctor.diagnose(window)

    assert report["verdict"] == "fail"
    assert report["root_cause"] == "addon.not-started"


@pytest.mark.usefixtures("home")
def test_no_thread_is_left_after_a_run(window: BlenderWindow) -> None:
    threads = "import threading\nsorted(thread.name for thread in threading.enumerate())"
    real_addon.stop(window)
    doctor.diagnose(window)

    assert [name for name in window.run_python(threads) if "MCP Diagnostics" in name] == []
    assert window.room.processes(), "Blender itself is among the processes of its room"
    children = Path(f"/proc/{window.pid}/task/{window.pid}/children")
    assert children.read_text(encoding="utf-8").split() == []


def test_all_six_links_pass_when_the_server_may_be_started(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    assert home.claude.exists()
    doctor.diagnose(window)

    doctor.allow_all(window)
    report = doctor.wait_for_report(window)
    window.screenshot("all-well")

    assert {row["link"]: row["verdict"] for row in report["chain"]} == dict.fromkeys(LINKS, "pass")
    assert report["root_cause"] is None
    assert [argv[-1] for argv in report["did"]["started"]] == ["mcp-for-blender==2.2.4"]
    (server,) = report["servers"]
    version = window.run_python("bpy.app.version_string")
    assert server["reached"] == f"Blender {version} · add-on 1.8 · protocol 15"
    assert (server["negotiated"], server["transport"]) == ("2025-11-25", "stdio")
    assert "get_addon_status" in server["tools"]


def test_a_click_tries_a_server_that_dies_in_a_clean_environment(window: BlenderWindow, home: Home) -> None:
    real_addon.start(window)
    home.configure(real_server.entry(inventory.BROKEN_SERVER_REQUIREMENT))
    home.put_uvx()
    doctor.diagnose(window)
    doctor.allow_all(window)
    assert doctor.wait_for_report(window)["root_cause"] == "server.sdk-incompatible"

    window.pointer.open_tab("MCP")
    before = doctor.runs_begun(window)
    window.pointer.click_button("mcp_diagnostics.isolate")
    window.wait_for(f"{doctor._SESSION}not session.is_running() and id(session.state.report) != {before}", 120)
    report = doctor.wait_for_report(window)
    window.pointer.open_tab("MCP")
    window.screenshot("clean-environment")

    assert report["root_cause"] == "server.sdk-incompatible"
    assert "fails as well: ModuleNotFoundError: No module named 'mcp.server.fastmcp'" in report["notes"][-1]
    (folder,) = report["did"]["written"]
    assert "/clean/clean-" in folder
    left = f"import pathlib\npathlib.Path({folder!r}).expanduser().exists()"
    assert window.run_python(left) is False

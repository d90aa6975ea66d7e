# SPDX-License-Identifier: GPL-3.0-or-later
"""A repair clicked in a real Blender with the real add-on: the dialog, what it did, and the way back."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.lab import dialog, doctor, inventory, real_addon
from tests.lab.processes import end, until
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab, pytest.mark.usefixtures("home")]

_SERVER = next(e for e in inventory.BLENDER_SERVERS if e.package == "mcp-for-blender")
_SSH = """
import signal, socket, sys
if len(sys.argv) > 1:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", 9876))
print("up", flush=True)
kept = []
while True:
    kept.append(server.accept()[0])
    kept[-1].sendall(b"SSH-2.0-OpenSSH_9.6\\r\\n")
"""
"""FAKE program at Blender's port: it greets as an SSH server does. With an argument it does not end when asked to."""


def _verdict(report: dict[str, Any], link: str) -> str:
    return next(row["verdict"] for row in report["chain"] if row["link"] == link)


def _ids(report: dict[str, Any]) -> set[str]:
    return {found["id"] for found in report["findings"]}


def _index(window: BlenderWindow, cause: str, action: str, text: str = "") -> int:
    """Which of the remedies of a finding it is."""
    return int(
        window.run_python(
            f"{dialog._REPAIRS}finding = next(f for f in session.state.report.findings if f.id == {cause!r})\n"
            "next(i for i, r in enumerate(finding.remedies)"
            f" if r.action == {action!r} and r.text.startswith({text!r}))"
        )
    )


@pytest.fixture(autouse=True)
def forget(window: BlenderWindow) -> Iterator[None]:
    """Each test begins without repairs, and leaves the add-on at its usual port."""
    window.run_python(f"{dialog._REPAIRS}attempt.repairs.__init__()")
    yield
    window.pointer.key("Escape")
    real_addon.start(window)


@contextlib.contextmanager
def _beside(window: BlenderWindow, argv: list[str | Path], first_line: str) -> Iterator[int]:
    """A program of this machine on the window's network; its process id."""
    process = window.room.spawn_beside(argv)
    try:
        assert process.stdout is not None
        if first_line:
            assert process.stdout.readline().strip() == first_line
        yield process.pid
    finally:
        end(process)


def test_a_stopped_addon_is_started_and_stopped_again(window: BlenderWindow) -> None:
    real_addon.start(window)
    real_addon.stop(window)
    assert doctor.diagnose(window)["root_cause"] == "addon.not-started"

    report = dialog.repair(window, "addon.not-started")

    assert _verdict(report, "addon") == "pass"
    assert _verdict(report, "network") == "pass"
    assert dialog.outcome(window) == "That helped: Add-on is all right now"
    window.screenshot("repair-helped")

    assert dialog.undo(window)["root_cause"] == "addon.not-started"
    assert dialog.outcome(window).startswith("Taken back: ")
    assert real_addon.ask(window.room, "ping", timeout_s=2) is None


def test_esc_changes_nothing(window: BlenderWindow) -> None:
    real_addon.start(window)
    real_addon.stop(window)
    doctor.diagnose(window)
    window.pointer.click_button('mcp_diagnostics.repair(finding="addon.not-started"')

    dialog.cancel(window)

    assert real_addon.ask(window.room, "ping", timeout_s=1) is None
    assert window.run_python(f"{dialog._REPAIRS}attempt.repairs.ways_back") == []


def test_an_addon_that_is_switched_off_is_enabled_and_disabled_again(window: BlenderWindow) -> None:
    real_addon.start(window)
    module = window.run_python(
        "import addon_utils\n"
        "name = next(m.__name__ for m in addon_utils.modules() if m.bl_info.get('name') == 'MCP for Blender')\n"
        "bpy.ops.preferences.addon_disable(module=name)\n"
        "name"
    )
    assert doctor.diagnose(window)["root_cause"] == "addon.disabled"

    report = dialog.repair(window, "addon.disabled")

    assert module in window.run_python("list(bpy.context.preferences.addons.keys())")
    # It starts its server by itself soon after it is enabled.
    real_addon.wait_until_up(window)
    assert report["root_cause"] != "addon.disabled"
    assert dialog.outcome(window).startswith("That helped")
    assert _verdict(doctor.diagnose(window), "addon") == "pass"

    assert dialog.undo(window)["root_cause"] == "addon.disabled"
    assert module not in window.run_python("list(bpy.context.preferences.addons.keys())")
    window.run_python(f"bpy.ops.preferences.addon_enable(module={module!r})")


def test_the_endpoint_where_blender_answers_is_used_and_left_again(window: BlenderWindow) -> None:
    real_addon.start(window, port=9999)
    assert doctor.diagnose(window)["root_cause"] == "network.port-mismatch"
    index = _index(window, "network.port-mismatch", "use-endpoint")

    report = dialog.repair(window, "network.port-mismatch", index=index)

    assert report["target"]["port"] == 9999
    assert _verdict(report, "addon") == "pass"

    assert dialog.undo(window)["root_cause"] == "network.port-mismatch"
    prefs = f"bpy.context.preferences.addons[{doctor.MODULE!r}].preferences"
    assert window.run_python(f"{prefs}.is_property_set('port')") is False


def test_an_addon_at_another_port_is_set_to_the_expected_one_and_back(window: BlenderWindow) -> None:
    real_addon.start(window, port=9999)
    assert doctor.diagnose(window)["root_cause"] == "network.port-mismatch"
    index = _index(window, "network.port-mismatch", "set-addon-port")

    report = dialog.repair(window, "network.port-mismatch", index=index)

    assert (report["target"]["port"], _verdict(report, "addon")) == (9876, "pass")
    assert window.run_python("bpy.context.scene.blendermcp_port") == 9876
    real_addon.wait_until_up(window)

    assert dialog.undo(window)["root_cause"] == "network.port-mismatch"
    real_addon.wait_until_up(window, port=9999)


def test_a_port_that_was_changed_by_hand_since_is_left_alone(window: BlenderWindow) -> None:
    real_addon.start(window, port=9999)
    doctor.diagnose(window)
    dialog.repair(window, "network.port-mismatch", index=_index(window, "network.port-mismatch", "set-addon-port"))
    window.run_python("bpy.context.scene.blendermcp_port = 9998")

    window.pointer.click_button("mcp_diagnostics.undo_repair")
    dialog.confirm(window)

    until(lambda: "changed again since" in dialog.notice(window), "an answer", 5)
    assert window.run_python("bpy.context.scene.blendermcp_port") == 9998


def test_a_program_at_the_port_is_ended(window: BlenderWindow) -> None:
    real_addon.stop(window)
    with _beside(window, [sys.executable, "-I", "-c", _SSH], "up") as pid:
        assert doctor.diagnose(window)["root_cause"] == "network.port-taken"
        index = _index(window, "network.port-taken", "end-process", f"{pid}:")

        report = dialog.repair(window, "network.port-taken", index=index, final=True)

        assert _is_gone(pid)
    assert report["root_cause"] == "addon.not-started"
    assert dialog.outcome(window).startswith("That helped. What is in the way next: The add-on")
    assert window.run_python(f"{dialog._REPAIRS}attempt.repairs.ways_back") == []
    assert _verdict(dialog.repair(window, "addon.not-started"), "addon") == "pass"


def test_enter_does_not_end_a_program(window: BlenderWindow) -> None:
    real_addon.stop(window)
    with _beside(window, [sys.executable, "-I", "-c", _SSH], "up") as pid:
        doctor.diagnose(window)
        index = _index(window, "network.port-taken", "end-process", f"{pid}:")
        window.pointer.click_button(f'mcp_diagnostics.repair(finding="network.port-taken", index={index}')
        dialog.opened(window)
        window.pointer.key("Return")
        until(lambda: dialog.default_button(window) is None, "the dialog to close", 10)
        assert not _is_gone(pid)


def test_a_program_that_does_not_end_is_asked_about_again(window: BlenderWindow) -> None:
    real_addon.stop(window)
    with _beside(window, [sys.executable, "-I", "-c", _SSH, "stubborn"], "up") as pid:
        doctor.diagnose(window)
        index = _index(window, "network.port-taken", "end-process", f"{pid}:")
        window.pointer.click_button(f'mcp_diagnostics.repair(finding="network.port-taken", index={index}')
        dialog.confirm(window, final=True)
        window.wait_for(f"{dialog._REPAIRS}attempt.repairs.forced is not None", deadline_s=15)
        assert "still runs after 3 seconds" in dialog.notice(window)
        window.screenshot("repair-still-runs")
        assert not _is_gone(pid)

        window.pointer.click_button("mcp_diagnostics.end_by_force")
        dialog.opened(window)
        window.screenshot("repair-by-force")
        before = doctor.runs_begun(window)
        dialog.confirm(window, final=True)
        report = dialog.looked_again(window, before)

        assert _is_gone(pid)
    assert "network.port-taken" not in _ids(report)


def test_of_two_real_servers_one_is_ended(window: BlenderWindow) -> None:
    program = _SERVER.program("mcp-for-blender")
    if not program.exists():
        pytest.skip(inventory.why_absent(_SERVER.name))
    real_addon.start(window)
    argv: list[str | Path] = ["env", "DISABLE_TELEMETRY=true", program]
    with _beside(window, argv, "") as one, _beside(window, argv, "") as other:

        def diagnosed() -> dict[str, Any] | None:
            report = doctor.diagnose(window)
            return report if "server.duplicate-processes" in _ids(report) else None

        until(diagnosed, "both to be connected", 40)
        index = _index(window, "server.duplicate-processes", "end-process", f"{other}:")
        _unfold_also(window)

        report = dialog.repair(window, "server.duplicate-processes", index=index, final=True)

        assert "server.duplicate-processes" not in _ids(report)
        assert dialog.outcome(window).startswith("That helped")
        assert _is_gone(other)
        assert not _is_gone(one)


def test_the_preferences_are_opened_where_online_access_is_and_it_is_not_switched(window: BlenderWindow) -> None:
    window.run_python("bpy.context.preferences.system.use_online_access = False")
    doctor.set_preferences(window, host="blender.example", port=9876)
    assert "blender.offline" in _ids(doctor.diagnose(window))
    _unfold_also(window)

    window.pointer.click_button("mcp_diagnostics.open_place")

    opened = "[area.spaces.active.type for w in bpy.context.window_manager.windows for area in w.screen.areas]"
    until(lambda: "PREFERENCES" in window.run_python(opened), "the preferences", 10)
    window.screenshot("repair-online-access")
    assert window.run_python("bpy.context.preferences.active_section") == "SYSTEM"
    assert window.run_python("bpy.context.preferences.system.use_online_access") is False
    window.run_python(
        "for w in list(bpy.context.window_manager.windows)[1:]:\n"
        "    with bpy.context.temp_override(window=w):\n"
        "        bpy.ops.wm.window_close()"
    )


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_dialog_shows_all_of_it_at_any_scale(window: BlenderWindow, scale: float) -> None:
    real_addon.stop(window)
    word = "a-long-argument-without-any-place-to-break-it" * 6
    with _beside(window, [sys.executable, "-I", "-c", _SSH.replace("server =", f"# {word}\nserver =")], "up") as pid:
        doctor.diagnose(window)
        index = _index(window, "network.port-taken", "end-process", f"{pid}:")
        window.pointer.click_button(f'mcp_diagnostics.repair(finding="network.port-taken", index={index}')
        dialog.opened(window)
        window.pointer.key("Escape")
        window.run_python(f"bpy.context.preferences.view.ui_scale = {scale}")
        try:
            window.run_python(
                'with view3d("UI"):\n    bpy.ops.mcp_diagnostics.repair("INVOKE_DEFAULT",'
                f' finding="network.port-taken", index={index})'
            )
            dialog.opened(window)
            window.screenshot(f"repair-dialog-at-{scale:g}")
            window.pointer.key("Escape")
        finally:
            window.run_python("bpy.context.preferences.view.ui_scale = 1.0")


def _is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def _unfold_also(window: BlenderWindow) -> None:
    window.run_python("bpy.context.window_manager.mcp_diagnostics_show_also = True")


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

# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs without a window: nothing is changed without an explicit yes, and each refusal is one clear line."""

from __future__ import annotations

import shutil
import sys

import pytest

from tests.blender.installation import Installed
from tests.blender.test_installed import WHEELS
from tests.diagnostics.programs import listening_process
from tests.diagnostics.runs import closed_port
from tests.lab import inventory

pytestmark = [pytest.mark.blender, pytest.mark.timeout(300), pytest.mark.parametrize("headless", WHEELS, indirect=True)]

_SSH = """
import signal, socket, sys
if len(sys.argv) > 1:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
kept = []
while True:
    kept.append(server.accept()[0])
    kept[-1].sendall(b"SSH-2.0-OpenSSH_9.6\\r\\n")
"""
"""FAKE program that greets as an SSH server does. With an argument it does not end when it is asked to."""


def test_an_addon_is_enabled_and_disabled_again(installed: Installed) -> None:
    source = inventory.addon_file()
    if source is None:
        pytest.skip("the real add-on is not there")
    addon = shutil.copy(source, installed.resources / "blender_mcp_addon.py")

    seen = installed.call("repair_by_script", addon=addon, port=closed_port())

    assert "addon.disabled" in seen["found"]
    assert seen["unconfirmed"] == ["CANCELLED", "Nothing was changed. To change it, call this with confirmed=True."]
    assert "bpy.ops.preferences.addon_enable(module='blender_mcp_addon')" in seen["printed"]
    assert seen["untouched"] is True
    assert seen["confirmed"][0] == "FINISHED", seen["confirmed"]
    assert seen["enabled"] is True
    assert seen["again"] == ["CANCELLED", "The add-on is enabled already. Run the diagnostics again."]
    assert seen["undone"][0] == "FINISHED", seen["undone"]
    assert seen["disabled"] is True
    assert seen["undone twice"] == ["CANCELLED", "There is nothing to take back"]
    assert seen["removed"] == ["CANCELLED", "The add-on is not installed any more. Run the diagnostics again."]
    assert seen["no such"] == ["CANCELLED", "The last report has no such repair any more. Run the diagnostics again."]
    assert seen["by force"] == ["CANCELLED", "There is no program that has not ended when it was asked to"]
    assert seen["open"] == ["CANCELLED"], "there is no window that could be opened"


def test_a_program_is_ended(installed: Installed) -> None:
    with listening_process([sys.executable, "-c", _SSH]) as (line, pid):
        seen = installed.call("end_by_script", port=int(line))

    assert seen["first"] == ["FINISHED", f"python (process {pid}) has ended"]
    assert seen["force"][0] == "CANCELLED"
    assert "has ended already" in seen["again"][1]


def test_a_program_that_does_not_end_is_ended_by_force_by_a_call_of_its_own(installed: Installed) -> None:
    with listening_process([sys.executable, "-c", _SSH, "stubborn"]) as (line, pid):
        seen = installed.call("end_by_script", port=int(line))

    assert seen["first"] == [
        "CANCELLED",
        f"python (process {pid}) was asked to end, and still runs after 3 seconds. It can be ended by force.",
    ]
    assert seen["force"] == ["FINISHED", f"python (process {pid}) has ended"]

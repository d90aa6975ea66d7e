# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether server and Blender see the same temporary files."""

from __future__ import annotations

import pytest

from diagnostics.model import Report, Verdict

from ..peers import addon, listening
from ..runs import Doctor, blender, bridge, found, ids


def ask(doctor: Doctor, command: str, args: list[str], sandbox: str = "") -> Report:
    with listening(addon()) as peer:
        doctor.configure({"command": command, "args": args, "env": {"BLENDER_PORT": str(peer.port)}})
        doctor.snapshot = blender(bridge(running=True, port=peer.port), sandbox=sandbox)
        return doctor.run()


@pytest.mark.parametrize("command", ["wsl", "/usr/bin/docker", "C:\\Windows\\System32\\wsl.exe"])
def test_a_server_in_another_system(doctor: Doctor, command: str) -> None:
    report = ask(doctor, command, ["uvx", "mcp-for-blender"])
    assert found(report, "addon.shared-temp").verdict is Verdict.WARN
    assert "host.docker.internal" in found(report, "addon.shared-temp").detail
    assert "blender.sandboxed" not in ids(report)


def test_a_blender_in_a_flatpak(doctor: Doctor) -> None:
    report = ask(doctor, "uvx", ["mcp-for-blender"], sandbox="Flatpak")
    assert "flatpak override" in found(report, "addon.shared-temp").remedies[0].text
    assert "Flatpak" in found(report, "blender.sandboxed").title


def test_a_snap_shares_its_files(doctor: Doctor) -> None:
    report = ask(doctor, "uvx", ["mcp-for-blender"], sandbox="Snap")
    assert "addon.shared-temp" not in ids(report)
    assert "blender.sandboxed" in ids(report)


def test_a_server_that_runs_here(doctor: Doctor) -> None:
    report = ask(doctor, "uvx", ["mcp-for-blender"])
    assert not {"addon.shared-temp", "blender.sandboxed"} & set(ids(report))

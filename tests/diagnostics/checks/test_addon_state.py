# SPDX-License-Identifier: GPL-3.0-or-later
"""What this Blender and the files of its add-ons tell about why none of them answers."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from diagnostics.model import Report, Verdict

from ..peers import addon, listening
from ..programs import program
from ..runs import Doctor, blender, bridge, closed_port, found, ids, said

GOOD = 'bl_info = {"name": "MCP for Blender"}\nimport bpy\nimport json\n'


def at_closed_port(doctor: Doctor, *bridges: object, **snapshot: object) -> Report:
    doctor.snapshot = blender(*bridges, **snapshot)  # type: ignore[arg-type]
    return doctor.reach(closed_port())


def file(doctor: Doctor, content: str, name: str = "addon.py") -> Path:
    path = doctor.home / name
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("\n<!DOCTYPE html>\n<html>", "web page"),
        ("bl_info = {\n  'name': 'MCP", "line 2"),
        ("def f(:\n", "line 1"),
        ("x = 1\0", "null"),
    ],
)
def test_a_broken_file_of_an_addon_that_is_listed(doctor: Doctor, content: str, fault: str) -> None:
    report = at_closed_port(doctor, bridge(enabled=False, wanted=True, file=file(doctor, content)))
    assert report.root_cause == "addon.corrupt"
    assert fault in found(report, "addon.corrupt").detail
    assert "~/addon.py" in found(report, "addon.corrupt").detail
    assert found(report, "network.refused").explained_by == "addon.corrupt"


def test_a_web_page_that_blender_does_not_even_list(doctor: Doctor) -> None:
    report = at_closed_port(doctor, unlisted=(file(doctor, "<!doctype html>"),))
    assert report.root_cause == "addon.corrupt"


def test_a_whole_project_that_was_unpacked(doctor: Doctor) -> None:
    folder = doctor.home / "blender-mcp-main"
    (folder / "src").mkdir(parents=True)
    report = at_closed_port(doctor, unlisted=(folder,))
    assert report.root_cause == "addon.corrupt"
    assert "a whole project" in found(report, "addon.corrupt").detail


def test_a_good_file_that_is_not_listed_yet_is_not_broken(doctor: Doctor) -> None:
    assert at_closed_port(doctor, unlisted=(file(doctor, GOOD),)).root_cause == "addon.not-installed"


def test_a_module_that_is_missing(doctor: Doctor) -> None:
    path = file(doctor, GOOD + "import nowhere_to_be_found.at_all\n")
    report = at_closed_port(doctor, bridge(enabled=False, wanted=True, file=path))
    assert report.root_cause == "blender.module-missing"
    assert "nowhere_to_be_found" in found(report, "blender.module-missing").title
    assert found(report, "addon.import-failed").explained_by == "blender.module-missing"
    assert found(report, "network.refused").explained_by == "blender.module-missing"


def test_a_module_that_is_asked_for_in_a_try_is_not_missing(doctor: Doctor) -> None:
    path = file(doctor, GOOD + "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    pass\n")
    assert at_closed_port(doctor, bridge(enabled=False, file=path)).root_cause == "addon.disabled"


def test_enabled_by_the_user_and_not_loaded(doctor: Doctor) -> None:
    report = at_closed_port(doctor, bridge(enabled=False, wanted=True, file=file(doctor, GOOD)))
    assert report.root_cause == "addon.import-failed"
    assert "console" in said(found(report, "addon.import-failed"))


def test_an_addon_for_a_newer_blender(doctor: Doctor) -> None:
    report = at_closed_port(doctor, bridge(enabled=False, needs_blender=(5, 1, 0)))
    assert report.root_cause == "addon.incompatible"
    assert "5.1.0 or newer" in found(report, "addon.incompatible").title
    assert at_closed_port(doctor, bridge(enabled=False, needs_blender=(4, 3, 2))).root_cause == "addon.disabled"


def test_a_file_that_says_running(doctor: Doctor) -> None:
    report = at_closed_port(doctor, bridge(says_running=True))
    assert report.root_cause == "addon.not-started"
    assert found(report, "addon.flag-stale").verdict is Verdict.SKIPPED
    assert "addon.flag-stale" not in ids(at_closed_port(doctor, bridge()))


def test_the_repairs_that_a_click_makes(doctor: Doctor) -> None:
    started = found(at_closed_port(doctor, bridge()), "addon.not-started").remedies[0]
    enabled = found(at_closed_port(doctor, bridge(enabled=False)), "addon.disabled").remedies[0]
    assert (started.kind, started.action, started.exact) == ("apply", "start-addon", "blendermcp.start_server")
    assert (enabled.kind, enabled.action, enabled.exact) == ("apply", "enable-addon", "addon")
    with listening(addon()) as peer:
        report = at_closed_port(doctor, bridge(running=True, port=peer.port))
    used = found(report, "network.port-mismatch").remedies[-1]
    assert (used.action, used.exact) == ("use-endpoint", f"127.0.0.1:{peer.port}")


def test_another_program_has_the_port_of_this_blenders_addon(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "blender") as (port, pid):
        doctor.snapshot = blender(bridge(port=port))
        report = doctor.reach(port)
    assert "addon.port-in-use" in ids(report)
    assert f"process {pid}" in str(found(report, "addon.port-in-use").evidence["listener"])


def test_its_own_listener_has_not_taken_the_port(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        assert doctor.reach(peer.port).findings == ()
        doctor.snapshot = blender(bridge(port=peer.port))
        assert "addon.port-in-use" not in ids(doctor.reach(peer.port))


def test_a_start_that_failed(doctor: Doctor) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))  # taken, and nobody listens
        port = holder.getsockname()[1]
        doctor.snapshot = blender(bridge(port=port, start_failed=True))
        report = doctor.reach(port)
    assert report.root_cause == "addon.start-failed"
    assert "EADDRINUSE" in found(report, "addon.start-failed").detail
    assert found(report, "network.refused").explained_by == "addon.start-failed"


def test_a_start_that_failed_for_another_reason(doctor: Doctor) -> None:
    report = at_closed_port(doctor, bridge(port=closed_port(), start_failed=True))
    assert report.root_cause == "addon.start-failed"
    assert "does not let" not in found(report, "addon.start-failed").detail


def test_a_blender_that_is_too_old(doctor: Doctor) -> None:
    report = at_closed_port(doctor, bridge(enabled=False, needs_blender=(5, 1, 0)))
    assert found(report, "blender.too-old").explained_by == "addon.incompatible"
    assert "4.3.2" in found(report, "blender.too-old").detail
    assert "blender.too-old" not in ids(at_closed_port(doctor, bridge(enabled=False, needs_blender=(4, 2, 0))))


def test_services_that_are_switched_off(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port, features_off=("Sketchfab", "Poly Haven")))
        report = doctor.reach(peer.port)
    assert report.verdict is Verdict.PASS
    assert found(report, "addon.feature-off").verdict is Verdict.SKIPPED
    assert "Sketchfab, Poly Haven" in found(report, "addon.feature-off").detail.replace("; ", ", ")

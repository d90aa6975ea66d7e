# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender itself: from its own picture, or seen through what answers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from diagnostics.checks.network import machine
from diagnostics.model import Verdict
from diagnostics.probes.listeners import blenders
from diagnostics.probes.process_names import ProcessNames, read_process_names

from ..peers import addon, listening, silent
from ..programs import program
from ..runs import Doctor, blender, bridge, closed_port, found, ids, row, said


def test_a_healthy_blender_says_what_it_is(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        report = doctor.reach(peer.port)
    assert row(report, "blender").verdict is Verdict.PASS
    assert row(report, "blender").summary == "4.3.2 · Python 3.11.9"
    assert report.tool.blender == "4.3.2"


def test_from_outside_it_is_seen_through_its_addon(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        report = doctor.reach(peer.port)
    assert row(report, "blender").summary == "4.3.2 · seen through its add-on"
    assert report.tool.blender is None


def test_from_outside_nothing_is_known_when_nobody_listens(doctor: Doctor) -> None:
    report = doctor.reach(closed_port())
    assert row(report, "blender").verdict is Verdict.SKIPPED
    assert row(report, "blender").summary == "waits for Network" or "outside" in row(report, "blender").summary


def test_background_explains_that_nobody_listens(doctor: Doctor) -> None:
    doctor.snapshot = blender(bridge(), background=True)
    report = doctor.reach(closed_port())
    assert report.root_cause == "blender.background"
    assert found(report, "network.refused").explained_by == "blender.background"
    assert "MCP for Blender" in said(found(report, "blender.background"))


def test_background_explains_a_silent_addon_of_this_process(doctor: Doctor) -> None:
    with listening(silent) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port), background=True)
        report = doctor.reach(peer.port)
    assert report.root_cause == "blender.background"
    assert ids(report) == ["blender.background"]


def test_background_is_no_fault_when_another_blender_answers(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(), background=True)
        report = doctor.reach(peer.port)
    assert report.verdict is Verdict.PASS
    assert "in the background" in row(report, "blender").summary


def test_background_is_not_named_where_no_addon_is_installed(doctor: Doctor) -> None:
    doctor.snapshot = blender(background=True)
    report = doctor.reach(closed_port())
    assert report.root_cause == "addon.not-installed"
    assert "blender.background" not in ids(report)


def test_offline_explains_why_labs_addon_is_not_started(doctor: Doctor) -> None:
    doctor.snapshot = blender(bridge("blender-lab", name="MCP", module="bl_ext.user_default.mcp"), online_access=False)
    report = doctor.reach(closed_port())
    assert report.root_cause == "blender.offline"
    assert found(report, "addon.not-started").explained_by == "blender.offline"
    assert found(report, "network.refused").explained_by == "blender.offline"


def test_offline_does_not_matter_to_the_other_addon(doctor: Doctor) -> None:
    doctor.snapshot = blender(bridge(), online_access=False)
    assert doctor.reach(closed_port()).root_cause == "addon.not-started"


def test_offline_does_not_matter_when_the_bridge_answers(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge("blender-lab"), online_access=False)
        assert doctor.reach(peer.port).findings == ()


def test_several_blenders_and_who_has_the_port(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # FAKES: copies of an interpreter that are called “blender”; what is found out about them is real.
    with program(tmp_path / "one", "blender") as (port, pid), program(tmp_path / "two", "blender") as (_port, other):
        monkeypatch.setattr(machine, "blenders", _of_this_test(pid, other))
        doctor.snapshot = blender(bridge(port=port))
        report = doctor.reach(port)
    several = found(report, "blender.several-instances")
    assert several.verdict is Verdict.WARN
    assert {f"blender (process {pid})", f"blender (process {other})"} == set(several.evidence["instances"])  # type: ignore[arg-type]
    assert f"process {pid}" in str(several.evidence["owner"])
    assert "That is not this Blender" in several.detail


def test_one_blender_is_not_several(doctor: Doctor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with program(tmp_path, "blender") as (port, pid):
        monkeypatch.setattr(machine, "blenders", _of_this_test(pid))
        assert "blender.several-instances" not in ids(doctor.reach(port))


@pytest.mark.lab
def test_a_blender_in_a_network_of_its_own_does_not_count(tmp_path: Path) -> None:
    unshare = shutil.which("unshare", path="/usr/bin:/bin")
    if unshare is None:
        pytest.skip("there is no unshare")
    copy = tmp_path / "blender"
    shutil.copy(Path(sys.executable).resolve(), copy)
    code = "import sys; print('up', flush=True); sys.stdin.read()"
    argv = [unshare, "--net", str(copy), "-s", "-S", "-c", code]
    apart = {**os.environ, "PYTHONHOME": sys.base_prefix}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(argv, env=apart, text=True, **pipes) as process:  # type: ignore[call-overload]
        try:
            if process.stdout.readline() != "up\n":
                pytest.skip("this user may not make a network")
            assert not any(f"process {process.pid})" in said for said in blenders(read_process_names()))
        finally:
            process.kill()


def _of_this_test(*pids: int) -> Callable[[ProcessNames], tuple[str, ...]]:
    """Those of all the Blenders of this machine that the test has started."""
    return lambda names: tuple(said for said in blenders(names) if any(f"process {pid})" in said for pid in pids))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender itself: from its own picture, or seen through what answers."""

from __future__ import annotations

from diagnostics.model import Verdict

from ..peers import addon, listening, silent
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

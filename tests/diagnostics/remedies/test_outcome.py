# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a repair helped, by what real runs find before and after it."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from diagnostics.model import Finding, Remedy, Report
from diagnostics.remedies.change import ChangeError
from diagnostics.remedies.outcome import outcome
from diagnostics.remedies.process import plan_end

from ..checks.test_server_processes import holding
from ..peers import INFO, addon, listening
from ..programs import program
from ..runs import Doctor, found, ids


def end_button(report: Report, cause: str, pid: int) -> tuple[Finding, Remedy]:
    finding = found(report, cause)
    return finding, next(r for r in finding.remedies if r.action == "end-process" and r.text.startswith(f"{pid}:"))


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")
def test_of_two_servers_one_is_ended(doctor: Doctor, tmp_path: Path) -> None:
    with (
        listening(addon()) as peer,
        holding(tmp_path, "mcp-for-blender", peer.port) as one,
        holding(tmp_path, "blender-mcp", peer.port) as other,
    ):
        before = doctor.run(host="127.0.0.1", port=peer.port)
        finding, remedy = end_button(before, "server.duplicate-processes", other)
        assert outcome(before, finding, remedy, before).startswith("That did not help: Several")

        plan_end(remedy).carry_out()
        after = doctor.run(host="127.0.0.1", port=peer.port)

        assert "server.duplicate-processes" not in ids(after)
        assert outcome(before, finding, remedy, after).startswith("That helped")
        assert psutil.Process(one).status() != psutil.STATUS_ZOMBIE, "the other one lives"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX scripts")
def test_of_three_servers_one_is_ended(doctor: Doctor, tmp_path: Path) -> None:
    with (
        listening(addon()) as peer,
        holding(tmp_path, "mcp-for-blender", peer.port),
        holding(tmp_path, "blender-mcp", peer.port) as second,
        holding(tmp_path, "blender-mcp", peer.port),
    ):
        before = doctor.run(host="127.0.0.1", port=peer.port)
        finding, remedy = end_button(before, "server.duplicate-processes", second)
        plan_end(remedy).carry_out()
        after = doctor.run(host="127.0.0.1", port=peer.port)
    assert outcome(before, finding, remedy, after).startswith("That is done, and it is not enough yet: Several")


def test_the_port_is_free_again_and_what_is_next_is_told(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "spotify") as (port, pid):
        before = doctor.reach(port)
        finding, remedy = end_button(before, "network.port-taken", pid)
        assert remedy.title == f"End spotify (process {pid})"
        plan_end(remedy).carry_out()
        after = doctor.reach(port)
    assert after.root_cause == "network.refused"
    assert outcome(before, finding, remedy, after).startswith("That helped. What is in the way next: Nothing listens")


def test_what_could_not_be_tested_has_not_helped(doctor: Doctor) -> None:
    """The add-on's link waits for a network that is gone by now."""
    with listening(addon(info={**INFO, "protocol_version": "new"})) as peer:
        before = doctor.reach(peer.port)
    finding = found(before, "addon.protocol-invalid")
    after = doctor.reach(peer.port)
    assert "could not be tested" in outcome(before, finding, finding.remedies[0], after)


def test_the_same_button_is_a_stale_one_afterwards(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "spotify") as (port, pid):
        _finding, remedy = end_button(doctor.reach(port), "network.port-taken", pid)
        plan_end(remedy).carry_out()
    with pytest.raises(ChangeError, match="has ended already"):
        plan_end(remedy)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and port: resolved, reached, and whose listener it is."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diagnostics.model import Verdict
from tests.lab.lab_peer import LabPeer

from ..peers import addon, answers, closes, listening, recording, resets, silent
from ..programs import listening_process, program
from ..runs import Doctor, blender, bridge, closed_port, found, ids, row, said

linux = pytest.mark.skipif(sys.platform != "linux", reason="how Linux names processes and queues connections")


def test_refused(doctor: Doctor) -> None:
    port = closed_port()
    report = doctor.reach(port, "network")
    assert report.root_cause == "network.refused"
    told = report.findings[0]
    assert told.evidence["endpoint"] == f"127.0.0.1:{port}"
    assert any("ECONNREFUSED" in attempt for attempt in told.evidence["attempts"])  # type: ignore[union-attr]
    assert "on this computer" in told.detail
    assert report.did.connected == (f"127.0.0.1:{port}",)


def test_what_waits_for_the_network_says_so(doctor: Doctor) -> None:
    report = doctor.reach(closed_port())
    assert row(report, "addon").verdict is Verdict.SKIPPED
    assert row(report, "addon").summary == "waits for Network"
    assert row(report, "client").summary == "not asked for"


def test_a_name_that_nobody_knows(doctor: Doctor) -> None:
    report = doctor.run(host="a" * 64 + ".invalid", only=["network"])
    assert report.root_cause == "network.name-unresolved"
    assert report.did.connected == ()


def test_no_way_there(doctor: Doctor) -> None:
    # A multicast address takes no connections; the system says so without sending anything.
    report = doctor.run(host="224.0.0.1", port=9, only=["network"])
    assert report.root_cause == "network.unreachable"
    assert found(report, "network.unreachable").evidence["error"] == "ENETUNREACH"


@pytest.mark.parametrize("handler", [closes, resets])
def test_the_connection_ends_at_once(doctor: Doctor, handler: object) -> None:
    with listening(handler) as peer:  # type: ignore[arg-type]
        report = doctor.reach(peer.port)
    assert report.root_cause == "network.reset"
    assert ids(report) == ["network.reset"]
    assert row(report, "addon").summary == "waits for Network"


def test_the_other_family(doctor: Doctor) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6")
    try:
        with listening(addon(), host="::1") as peer:
            report = doctor.run(host=f"[::1]:{peer.port}", only=["network", "addon"])
    except OSError as error:
        pytest.skip(f"no IPv6 loopback address: {error}")
    assert report.verdict is Verdict.PASS
    assert row(report, "network").summary == f"[::1]:{peer.port}"


@linux
def test_the_port_is_taken_by_a_web_server(doctor: Doctor) -> None:
    with listening_process([sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"]) as (line, pid):
        port = int(re.search(r"port (\d+)", line)[1])  # type: ignore[index]
        report = doctor.reach(port)
    assert report.root_cause == "network.port-taken"
    told = found(report, "network.port-taken")
    assert told.evidence["pid"] == pid
    assert "a web server" in told.detail
    assert found(report, "addon.not-a-bridge").explained_by == "network.port-taken"
    assert [finding.order for finding in report.findings] == [1, 0]


@linux
def test_the_port_is_taken_by_a_program_that_is_silent(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "printer-daemon") as (port, pid):
        report = doctor.reach(port)
    assert report.root_cause == "network.port-taken"
    assert found(report, "network.port-taken").evidence["program"] == "printer-daemon"
    assert found(report, "network.port-taken").evidence["pid"] == pid
    assert found(report, "addon.silent").explained_by == "network.port-taken"


@linux
@pytest.mark.parametrize(("name", "banner"), [("ssh", b""), ("socat", b"SSH-2.0-x\r\n"), ("python3.13", b"")])
def test_a_tunnel_or_an_interpreter_is_not_blamed_by_its_name(
    doctor: Doctor, tmp_path: Path, name: str, banner: bytes
) -> None:
    with program(tmp_path, name, banner) as (port, _pid):
        report = doctor.reach(port)
    assert report.root_cause == ("addon.not-a-bridge" if banner else "addon.silent")
    assert name in said(report.findings[0])


@linux
def test_a_blender_that_is_silent_is_busy(doctor: Doctor, tmp_path: Path) -> None:
    with program(tmp_path, "blender") as (port, pid):
        report = doctor.reach(port)
    assert report.root_cause == "addon.busy"
    assert row(report, "blender").summary == f"runs as process {pid}"


def test_the_bridge_is_at_another_port(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        report = doctor.reach(port := closed_port(), "network", "addon")
    assert report.root_cause == "network.port-mismatch"
    told = found(report, "network.port-mismatch")
    assert told.evidence["found_port"] == peer.port
    assert f'"BLENDER_PORT": "{peer.port}"' in said(told)
    assert str(port) in said(told)


def test_the_bridge_is_at_the_usual_port_of_a_product(doctor: Doctor) -> None:
    handler = answers(b'\x00\x00\x00\x12{"status": "error"}')
    try:
        with listening(handler, port=10850):
            report = doctor.reach(closed_port(), "network")
    except OSError as error:
        pytest.skip(f"port 10850 cannot be used: {error}")
    assert report.root_cause == "network.port-mismatch"
    assert found(report, "network.port-mismatch").evidence["found_port"] == 10850


def test_another_program_at_a_usual_port_is_no_bridge(doctor: Doctor) -> None:
    try:
        with listening(silent, port=10850):
            report = doctor.reach(closed_port(), "network")
    except OSError as error:
        pytest.skip(f"port 10850 cannot be used: {error}")
    assert ids(report) == ["network.refused"]


def test_the_app_goes_where_the_bridge_is_and_only_we_look_elsewhere(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        doctor.configure({"command": "sh", "args": ["mcp-for-blender"], "env": {"BLENDER_PORT": str(peer.port)}})
        told = found(doctor.reach(closed_port()), "network.port-mismatch")
    assert told.remedies[0].exact == str(peer.port)
    assert "preferences of MCP Diagnostics" in told.remedies[0].title
    assert "BLENDER_PORT" not in said(told)


def test_blender_knows_its_own_port_while_a_script_waits(doctor: Doctor) -> None:
    """The add-on of this process cannot answer then, so its state is what counts."""
    with listening(silent) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port), main_thread_waits=True)
        report = doctor.reach(closed_port(), "network")
    assert report.root_cause == "network.port-mismatch"
    assert found(report, "network.port-mismatch").evidence["found_port"] == peer.port


@pytest.fixture
def healthy() -> Iterator[int]:
    with listening(addon()) as peer:
        yield peer.port


def entry(port: int, **env: str) -> dict[str, object]:
    return {"command": "uvx", "args": ["mcp-for-blender"], "env": {"BLENDER_PORT": str(port), **env}}


def test_the_entry_names_the_endpoint(doctor: Doctor, healthy: int) -> None:
    doctor.configure(entry(healthy, BLENDER_HOST="127.0.0.1"))
    report = doctor.run(only=["client", "network", "addon"])
    assert (report.host, report.port, report.verdict) == ("127.0.0.1", healthy, Verdict.PASS)


def test_the_address_in_an_entry_is_no_secret(doctor: Doctor) -> None:
    doctor.configure(entry(port := closed_port(), BLENDER_HOST="127.0.0.2", OTHER="hunter2hunter2"))
    report = doctor.run(only=["client", "network"])
    assert report.host == "127.0.0.2"
    assert report.headline == f"Nothing listens at 127.0.0.2:{port}"


def test_options_of_the_entry_name_the_endpoint(doctor: Doctor, healthy: int) -> None:
    args = ["mcp-for-blender", "--host=127.0.0.1", "--port", str(healthy)]
    doctor.configure({"command": "uvx", "args": args, "env": {"BLENDER_PORT": "1"}})
    assert doctor.run(only=["client", "network"]).port == healthy


def test_the_user_knows_better_than_the_entry(doctor: Doctor, healthy: int) -> None:
    doctor.configure(entry(closed_port(), BLENDER_HOST="127.0.0.1"))
    report = doctor.run(host="127.0.0.1", port=healthy, only=["client", "network", "addon"])
    assert report.port == healthy
    assert report.root_cause == "network.port-mismatch"
    assert "The entry “blender” of Claude Desktop" in found(report, "network.port-mismatch").detail


def test_an_entry_that_reaches_another_bridge_is_fine(doctor: Doctor, healthy: int) -> None:
    with LabPeer(tick_s=0.01) as peer:
        doctor.configure({**entry(0), "args": ["-m", "blmcp"], "env": {"BLENDER_MCP_PORT": str(peer.port)}})
        report = doctor.run(host="127.0.0.1", port=healthy, only=["client", "network"])
    assert "network.port-mismatch" not in ids(report)


@pytest.mark.parametrize("host", ["198.51.100.9", "blender.example", "2001:db8::9"])
def test_an_offline_blender_contacts_no_other_computer(
    doctor: Doctor, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_arguments: object, **_options: object) -> list[object]:
        raise AssertionError("a name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    doctor.snapshot = blender(online_access=False)
    report = doctor.run(host=host, port=9876, only=["network", "addon", "blender"])
    assert report.did.connected == ()
    assert ids(report) == ["blender.offline"]
    assert (report.verdict, report.root_cause) == (Verdict.UNKNOWN, None)
    assert "Allow Online Access" in said(report.findings[0])
    assert row(report, "network").summary == "waits for Blender"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_an_offline_blender_asks_this_computer(doctor: Doctor, host: str) -> None:
    with listening(addon()) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port), online_access=False)
        assert doctor.run(host=host, port=peer.port, only=["network", "addon"]).verdict is Verdict.PASS


def test_nothing_is_sent_to_a_printers_port(doctor: Doctor) -> None:
    received = bytearray()
    try:
        with listening(recording(silent, received), port=9100) as peer:
            report = doctor.reach(peer.port)
    except OSError as error:
        pytest.skip(f"port 9100 cannot be used: {error}")
    assert bytes(received) == b""
    assert ids(report) == ["addon.not-a-bridge"]
    assert report.verdict is Verdict.UNKNOWN
    assert "printer" in row(report, "addon").summary

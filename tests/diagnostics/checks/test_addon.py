# SPDX-License-Identifier: GPL-3.0-or-later
"""Which add-on answers, in which version, does it fit the server, and why does none answer?"""

from __future__ import annotations

import json
import socket

import pytest

from diagnostics.model import Report, Verdict
from diagnostics.protocols.length_prefixed import framed
from tests.lab.lab_peer import LabPeer

from ..peers import INFO, PONG, addon, answers, echoes, greets, listening, silent
from ..runs import Doctor, blender, bridge, closed_port, found, ids, row, said

FOREIGN = {
    "a web server": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "an SSH server": b"SSH-2.0-OpenSSH_9.9\r\n",
    "a TLS server": b"\x15\x03\x01\x00\x02\x02\x46",
    "SMTP": b"220 mail.example ESMTP Postfix\r\n",
    "FTP": b"220 (vsFTPd 3.0.5)\r\n",
    "a Redis server": b"-ERR unknown command\r\n",
    "VNC": b"RFB 003.008\n",
    "MySQL": b"J\x00\x00\x00\x0a8.4.0\x00",
    "PostgreSQL": b"E\x00\x00\x00\x8cSFATAL\x00",
    "IMAP": b"* OK IMAP4rev1 ready\r\n",
    "POP3": b"+OK ready\r\n",
}


def at(doctor: Doctor, handler: object, **target: object) -> Report:
    with listening(handler) as peer:  # type: ignore[arg-type]
        return doctor.reach(peer.port, **target)


def test_a_healthy_addon(doctor: Doctor) -> None:
    report = at(doctor, addon())
    assert report.findings == ()
    assert row(report, "addon").verdict is Verdict.PASS
    assert row(report, "addon").summary == "MCP for Blender 1.8 · protocol 15"
    assert row(report, "blender").summary.startswith("4.3.2")
    assert report.verdict is Verdict.PASS


def test_only_harmless_words_are_sent(doctor: Doctor) -> None:
    sent = bytearray()

    def noting(connection: object) -> None:
        while data := connection.recv(65536):  # type: ignore[attr-defined]
            sent.extend(data)

    at(doctor, noting)
    with_length = b'\0\0\0\x2c{"type":"ping","command":"ping","params":{}}'
    assert bytes(sent) == b'{"type":"ping","params":{}}\n\r\n\r\n\0' + with_length


@pytest.mark.parametrize("generation", ["0.1", "1.2"])
def test_an_old_addon_works_and_is_warned_of(doctor: Doctor, generation: str) -> None:
    report = at(doctor, addon(generation))
    assert ids(report) == ["addon.outdated"]
    assert (report.verdict, report.root_cause) == (Verdict.WARN, None)
    assert "Unknown command type: get_addon_info" in said(report.findings[0])
    assert any("install-addon" in remedy.text for remedy in report.findings[0].remedies)


@pytest.mark.parametrize(
    ("version", "cause"),
    [
        (..., "addon.protocol-invalid"),
        (None, "addon.protocol-invalid"),
        (True, "addon.protocol-invalid"),
        ("15", "addon.protocol-invalid"),
        (14, "addon.outdated"),
        (15, None),
        (16, None),
        (-1, "addon.protocol-invalid"),
        (1e308, "addon.protocol-invalid"),
        ([], "addon.protocol-invalid"),
    ],
)
def test_every_shape_of_protocol_version(doctor: Doctor, version: object, cause: str | None) -> None:
    info = {**INFO, "protocol_version": version}
    if version is ...:
        del info["protocol_version"]
    report = at(doctor, addon(info=info))
    assert ids(report) == ([cause] if cause else [])
    expected = {"addon.protocol-invalid": Verdict.FAIL, "addon.outdated": Verdict.WARN, None: Verdict.PASS}[cause]
    assert report.verdict is expected
    if cause == "addon.protocol-invalid":
        assert report.root_cause == cause


@pytest.mark.parametrize("version", ["x" * 5000, {"a": 1}, [1, [2], None, "\x1b[31m", 5], None, "\u202e1.8"])
def test_no_shape_of_its_other_fields_harms(doctor: Doctor, version: object) -> None:
    report = at(doctor, addon(info={**INFO, "addon_version": version, "blender_version": version}))
    shown = row(report, "addon").summary
    assert report.verdict is Verdict.PASS
    assert len(shown) < 120
    assert not {"\x1b", "\u202e"} & set(shown)


@pytest.mark.parametrize(
    ("pins", "cause", "verdict"),
    [
        ([15], None, Verdict.PASS),
        ([13, 15], None, Verdict.PASS),
        ([16], "addon.outdated", Verdict.FAIL),
        ([14], "addon.protocol-newer", Verdict.WARN),
        ([14, 16], "addon.outdated", Verdict.FAIL),
    ],
)
def test_the_pinned_protocol_decides(doctor: Doctor, pins: list[int], cause: str | None, verdict: Verdict) -> None:
    report = at(doctor, addon(), expect_protocol=pins)
    assert ids(report) == ([cause] if cause else [])
    assert report.verdict is verdict


def test_an_addon_without_a_version_breaks_a_pin(doctor: Doctor) -> None:
    report = at(doctor, addon("1.2"), expect_protocol=[9])
    assert report.root_cause == "addon.outdated"
    assert "version 9" in said(report.findings[0])


def test_an_older_server_expects_less_of_the_addon(doctor: Doctor) -> None:
    with listening(addon(info={**INFO, "protocol_version": 9})) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port)}
        doctor.configure({"command": "uvx", "args": ["mcp-for-blender==2.0.4"], "env": env})
        assert "addon.outdated" not in ids(doctor.run(only=["client", "addon"]))
        doctor.configure({"command": "uvx", "args": ["mcp-for-blender"], "env": env})
        assert "addon.outdated" in ids(doctor.run(only=["client", "addon"]))


def test_silent(doctor: Doctor) -> None:
    report = at(doctor, silent)
    assert report.root_cause == "addon.silent"
    assert row(report, "blender").verdict is Verdict.SKIPPED


def test_busy_when_the_listener_is_this_blender(doctor: Doctor) -> None:
    with listening(silent) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port))
        report = doctor.reach(peer.port)
    assert report.root_cause == "addon.busy"
    assert "MCP for Blender listens at" in said(found(report, "addon.busy"))


def test_busy_when_it_was_recognised_and_then_silent(doctor: Doctor) -> None:
    assert at(doctor, addon(busy_after_ping=True)).root_cause == "addon.busy"


@pytest.mark.parametrize("what", FOREIGN)
def test_another_program_is_recognised(doctor: Doctor, what: str) -> None:
    report = at(doctor, greets(FOREIGN[what]))
    told = found(report, "addon.not-a-bridge")
    assert what in told.title
    assert report.verdict is Verdict.FAIL
    assert row(report, "addon").verdict is Verdict.FAIL


def test_an_echo_is_no_addon(doctor: Doctor) -> None:
    assert "an echo server" in found(at(doctor, echoes), "addon.not-a-bridge").title


@pytest.mark.parametrize("reply", [b'{"hello": "world"}', b"[1, 2]\n", b"what?\r\n", b"\xff\xfe{}"])
def test_an_unknown_language(doctor: Doctor, reply: bytes) -> None:
    report = at(doctor, answers(reply))
    assert report.root_cause == "addon.unknown-protocol"
    assert report.findings[0].evidence["answer"]


@pytest.mark.parametrize(
    "reply",
    [
        b'{"status": "success", "result": NaN}',
        b'{"status": "success", "result": 5}',
        b'{"status": "error", "message": 5}',
    ],
)
def test_an_addons_answer_that_is_broken(doctor: Doctor, reply: bytes) -> None:
    report = at(doctor, answers(reply))
    assert report.root_cause == "addon.malformed-reply"
    assert "begins as an add-on does" in found(report, "addon.malformed-reply").detail


@pytest.mark.parametrize("result", [b"[]", b'"1.8"', b"null"])
def test_an_addon_that_tells_its_version_in_a_broken_way(doctor: Doctor, result: bytes) -> None:
    def handler(connection: socket.socket) -> None:
        for reply in (PONG, b'{"status": "success", "result": %s}' % result):
            if connection.recv(65536):
                connection.sendall(reply)

    report = at(doctor, handler)
    assert report.root_cause == "addon.malformed-reply"
    assert "asked for its version" in found(report, "addon.malformed-reply").detail


def test_what_a_peer_says_steers_no_terminal(doctor: Doctor) -> None:
    hostile = b"\x1b]52;c;ZXZpbA==\x07\x1b[2J" + "\u202e\u0085".encode() + b"\x00" * 100
    told = found(at(doctor, answers(hostile)), "addon.unknown-protocol")
    assert "\\x1b]52;c;" in str(told.evidence["answer"])
    assert all(32 <= ord(letter) < 127 or letter == "…" for letter in str(told.evidence["answer"]))


@pytest.mark.parametrize(
    ("reply", "product"),
    [
        (b'{"id":null,"success":false,"error":"Unknown command"}\n', "Blender MCP Server (djeada)"),
        (b'\x00\x00\x00\x12{"status": "error"}', "Blender MCP Pro"),
    ],
)
def test_other_products(doctor: Doctor, reply: bytes, product: str) -> None:
    report = at(doctor, answers(reply))
    assert report.findings == ()
    assert row(report, "addon").summary == product


def test_blender_labs_addon(doctor: Doctor) -> None:
    with LabPeer(tick_s=0.01) as peer:
        report = doctor.reach(peer.port)
    assert report.findings == ()
    assert row(report, "addon").summary == "Blender Lab MCP"


def test_server_and_addon_of_different_products(doctor: Doctor) -> None:
    with LabPeer(tick_s=0.01) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port)}
        file = doctor.configure({"command": "uvx", "args": ["mcp-for-blender"], "env": env})
        report = doctor.run(only=["client", "addon"])
    assert report.root_cause == "addon.product-mismatch"
    told = found(report, "addon.product-mismatch")
    assert told.evidence["server_product"] == "MCP for Blender"
    assert told.evidence["addon_product"] == "Blender Lab MCP"
    assert told.evidence["line"] == 3
    assert f"~/{file.relative_to(doctor.home)}" in said(told)


def test_a_mismatch_the_other_way(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        env = {"BLENDER_MCP_HOST": "127.0.0.1", "BLENDER_MCP_PORT": str(peer.port)}
        doctor.configure({"command": "python", "args": ["-m", "blmcp"], "env": env})
        report = doctor.run(only=["client", "addon"])
    assert report.root_cause == "addon.product-mismatch"
    offered = [remedy.text for remedy in found(report, "addon.product-mismatch").remedies]
    assert '"command": "uvx", "args": ["mcp-for-blender"]' in offered


@pytest.mark.parametrize(
    ("bridges", "cause"),
    [
        ((), "addon.not-installed"),
        ((bridge(enabled=False),), "addon.disabled"),
        ((bridge(),), "addon.not-started"),
        ((bridge(enabled=False), bridge(module="blender_mcp")), "addon.not-started"),
    ],
)
def test_this_blender_knows_why_nothing_listens(doctor: Doctor, bridges: tuple[object, ...], cause: str) -> None:
    doctor.snapshot = blender(*bridges)  # type: ignore[arg-type]
    report = doctor.reach(closed_port())
    assert report.root_cause == cause
    assert found(report, "network.refused").explained_by == cause
    assert found(report, "network.refused").order == 0


def test_what_the_app_starts_says_which_addon_is_missing(doctor: Doctor) -> None:
    env = {"BLENDER_MCP_HOST": "127.0.0.1", "BLENDER_MCP_PORT": str(closed_port())}
    doctor.configure({"command": "python", "args": ["-m", "blmcp"], "env": env})
    doctor.snapshot = blender(bridge(enabled=False))
    report = doctor.run(only=["client", "addon"])
    assert report.root_cause == "addon.not-installed"
    assert "Blender Lab MCP" in found(report, "addon.not-installed").title


def test_a_stopped_addon_of_this_blender_is_not_blamed_for_another_computer(doctor: Doctor) -> None:
    doctor.snapshot = blender(bridge())
    report = doctor.run(host="a" * 64 + ".invalid", only=["network", "addon", "blender"])
    assert report.root_cause == "network.name-unresolved"
    assert not any(cause.startswith("addon.") for cause in ids(report))


def test_a_script_that_waits_asks_nobody(doctor: Doctor) -> None:
    with listening(silent) as peer:
        doctor.snapshot = blender(bridge(running=True, port=peer.port), main_thread_waits=True)
        report = doctor.reach(peer.port)
    assert row(report, "addon").verdict is Verdict.UNKNOWN
    assert "MCP for Blender runs" in row(report, "addon").summary
    assert report.verdict is Verdict.UNKNOWN
    assert report.root_cause is None


def test_the_report_is_json_whatever_came(doctor: Doctor) -> None:
    report = at(doctor, addon(info={**INFO, "protocol_version": "\ud800"}))
    assert json.dumps(dict(report.findings[0].evidence))


def with_length(connection: socket.socket) -> None:
    """A FAKE of the add-ons that put a length before each message (field guide, protocols 2.3)."""
    data = b""
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        more = connection.recv(65536)
        if not more:
            return
        data += more
    if json.loads(data[4:]).get("type") == "ping":
        connection.sendall(framed(b'{"status": "success", "result": {"pong": true}}'))


def test_an_addon_that_wants_the_length_first(doctor: Doctor) -> None:
    report = at(doctor, with_length)
    assert (report.verdict, ids(report)) == (Verdict.PASS, [])
    assert row(report, "addon").summary == "Blender MCP Pro"


def test_the_port_tells_such_addons_apart(doctor: Doctor) -> None:
    try:
        with listening(with_length, port=10850):
            report = doctor.reach(10850)
    except OSError:
        pytest.skip("the port is taken")
    assert row(report, "addon").summary == "Blender MCP Bridge (sandraschi)"


def a_length_and_no_more(connection: socket.socket) -> None:
    if connection.recv(65536)[:1] == b"\0":
        connection.sendall(b"\0\0\0\x10{")
    silent(connection)


def test_a_length_alone_is_no_addon(doctor: Doctor) -> None:
    assert at(doctor, a_length_and_no_more).root_cause == "addon.silent"

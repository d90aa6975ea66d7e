# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way through a server that was started: which Blender it reaches, by a tool that only reads.

The servers are small scripts, the add-on is a FAKE (see `peers`); the real ones do it in `tests/lab/test_scenarios.py`.
"""

from __future__ import annotations

import json

import pytest

from diagnostics.model import Report, Verdict

from ..peers import INFO, addon, listening, silent
from ..probes.children import PRELUDE
from ..runs import Doctor, closed_port, found, ids, row, said

SERVER = """
GOOD["serverInfo"] = {"name": "MCP for Blender", "version": "1.30.0"}
while True:
    request = hear()
    match request.get("method"):
        case "initialize":
            reply(request, GOOD)
        case "tools/list":
            names = ("execute_blender_code", "get_addon_status")
            reply(request, {"tools": [{"name": name, "inputSchema": {}} for name in names]})
        case "tools/call":
            with open(__file__ + ".called", "a") as called:
                called.write(request["params"]["name"] + "\\n")
            CALL
"""
STATUS = {"blender_version": "4.3.2", "addon_version": [1, 8], "protocol_version": 15, "up_to_date": True}
UNREACHABLE = "Error checking addon status: Could not connect to Blender. Make sure the Blender addon is running."


def text(words: str, **more: object) -> str:
    """The call's answer as a line of the script."""
    return f"reply(request, { ({'content': [{'type': 'text', 'text': words}]} | more)!r})"


def start(doctor: Doctor, call: str, port: int, **target: object) -> Report:
    program = doctor.script("uvx", PRELUDE + SERVER.replace("CALL", call))
    env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(port)}
    doctor.configure({"command": str(program), "args": ["mcp-for-blender"], "env": env})
    return doctor.run(launch=True, **{"deadline": 20, **target})


def called(doctor: Doctor) -> list[str]:
    """The tools that were called."""
    file = doctor.home / "uvx.called"
    return file.read_text().split() if file.exists() else []


def healthy(doctor: Doctor, call: str, **target: object) -> Report:
    with listening(addon()) as peer:
        return start(doctor, call, peer.port, **target)


def test_from_the_app_to_blender(doctor: Doctor) -> None:
    report = healthy(doctor, text(json.dumps(STATUS, indent=2) + "\n\nYou are up to date."))
    assert (report.verdict, report.findings) == (Verdict.PASS, ())
    assert row(report, "server").summary == "MCP for Blender · MCP 2025-11-25 · 2 tools · reaches Blender 4.3.2"
    (told,) = report.servers
    assert (told.reached, told.transport) == ("Blender 4.3.2 · add-on 1.8 · protocol 15", "stdio")
    assert [method for method, _taken in told.steps] == ["initialize", "tools/list", "tools/call"]
    assert called(doctor) == ["get_addon_status"]


def test_a_server_that_looks_elsewhere(doctor: Doctor) -> None:
    report = healthy(doctor, text(UNREACHABLE))
    assert report.root_cause == "network.port-mismatch"
    told = found(report, "network.port-mismatch")
    assert UNREACHABLE in told.detail
    assert '"BLENDER_PORT"' in said(told)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (text("Could not determine addon status."), "Could not determine addon status."),
        (text("it broke", isError=True), "it broke"),
        ('say({"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32603, "message": "no"}})', "-32603 no"),
        (text('{"blender_version": 5}'), "{"),
    ],
)
def test_a_server_that_cannot_tell(doctor: Doctor, call: str, words: str) -> None:
    report = healthy(doctor, call)
    assert report.root_cause == "server.no-answer"
    assert words in said(found(report, "server.no-answer"))


def test_a_server_that_never_answers_the_call(doctor: Doctor) -> None:
    report = healthy(doctor, "pass", deadline=3)
    assert report.root_cause == "server.no-answer"
    assert "get_addon_status" in said(found(report, "server.no-answer"))


def test_a_server_that_ends_at_the_call(doctor: Doctor) -> None:
    assert healthy(doctor, "sys.exit(3)").root_cause == "server.exits-at-start"


def test_another_blender_answers(doctor: Doctor) -> None:
    report = healthy(doctor, text(json.dumps(STATUS | {"blender_version": "5.2.2"})))
    assert (report.verdict, ids(report)) == (Verdict.WARN, ["blender.several-instances"])
    told = found(report, "blender.several-instances")
    assert (told.evidence["reached"], told.evidence["expected"]) == ("5.2.2", INFO["blender_version"])


def test_nothing_is_called_where_blender_does_not_answer(doctor: Doctor) -> None:
    start(doctor, text(json.dumps(STATUS)), closed_port())
    with listening(silent) as peer:
        start(doctor, text(json.dumps(STATUS)), peer.port)
    assert called(doctor) == []


def test_terminal_tricks_in_what_the_tool_tells_are_shown_as_text(doctor: Doctor) -> None:
    report = healthy(doctor, text(json.dumps(STATUS | {"blender_version": "4.3.2\x1b[2J"})))
    assert "\\x1b[2J" in report.servers[0].reached

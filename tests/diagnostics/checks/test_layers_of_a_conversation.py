# SPDX-License-Identifier: GPL-3.0-or-later
"""How far the conversation with the endpoint came, and where it ended."""

from __future__ import annotations

import json
import socket

import pytest

from diagnostics.model import Report
from diagnostics.reports import render

from ..peers import INFO, PONG, addon, closes, echoes, listening, silent
from ..runs import Doctor, closed_port

ALL = ["resolved", "listening", "accepted", "greeted", "identified", "main thread answers", "protocol fits"]


def steps(report: Report) -> list[str]:
    """The steps that went well, and the one that did not with its verdict."""
    return [layer.name if layer.verdict == "pass" else f"{layer.name}: {layer.verdict}" for layer in report.layers]


def test_all_of_them(doctor: Doctor) -> None:
    with listening(addon()) as peer:
        report = doctor.reach(peer.port)
    assert steps(report) == ALL
    assert all(layer.elapsed_ms >= 0 for layer in report.layers)
    assert [layer["name"] for layer in json.loads(render(report, "json"))["layers"]] == ALL
    assert "main thread answers" in render(report, "text", verbose=True)


def silent_after_ping(connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(PONG)
    silent(connection)


@pytest.mark.parametrize(
    ("handler", "last"),
    [
        (silent, "greeted: fail"),
        (closes, "greeted: fail"),
        (echoes, "identified: fail"),
        (silent_after_ping, "main thread answers: fail"),
        (addon(info={**INFO, "protocol_version": "15"}), "protocol fits: fail"),
        (addon("1.2"), "protocol fits: warn"),
    ],
)
def test_where_it_ends(doctor: Doctor, handler: object, last: str) -> None:
    with listening(handler) as peer:  # type: ignore[arg-type]
        assert steps(doctor.reach(peer.port))[-1] == last


def test_nobody_listens(doctor: Doctor) -> None:
    assert steps(doctor.reach(closed_port())) == ["resolved", "listening: fail"]
    assert steps(doctor.run(host="nowhere.invalid", only=["network"])) == ["resolved: fail"]


def test_never_accepted(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=5) as server:
        report = doctor.reach(server.getsockname()[1])
    assert steps(report)[-1] == "accepted: fail"

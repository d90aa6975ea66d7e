# SPDX-License-Identifier: GPL-3.0-or-later
"""MCP servers over HTTP that misbehave: each has a verdict of its own, and none hangs or floods. All are FAKES."""

from __future__ import annotations

import json
import socket
import threading
import tracemalloc
from typing import Any

import pytest

from diagnostics.checks.network import web as web_check
from diagnostics.model import Verdict

from ..peers import Handler
from ..runs import Doctor, found, ids, said
from ..web_peers import INITIALIZED, at, mcp, reply, result

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: "
DEEP = b"[" * 100_000 + b"]" * 100_000


def raw(asked: dict[str, Any], **fields: object) -> bytes:
    body = {"jsonrpc": "2.0", "id": asked.get("id"), **fields}
    return reply(200, json.dumps(body).encode(), "application/json")


def streams(first: bytes, then: bytes = b"", gap_s: float | None = None) -> Handler:
    """Answers a POST with `first`, and then with `then` again and again: at full speed, or after gaps."""
    pause = threading.Event()

    def handler(connection: socket.socket) -> None:
        head = connection.recv(65536)
        if not head.startswith(b"POST"):
            connection.sendall(reply(404))
            return
        connection.sendall(first)
        while then or gap_s is not None:
            connection.sendall(then)
            if gap_s is not None:
                pause.wait(gap_s)

    return handler


PEERS: dict[str, tuple[Handler, str]] = {
    "a stream that never sends an event": (streams(HEAD + b"text/event-stream\r\n\r\n", b": x\n", 0.05), "0.5 s"),
    "a stream of other events": (streams(HEAD + b"text/event-stream\r\n\r\n", b"data: {}\n\n", 0.05), "0.5 s"),
    "a stream of endless data": (streams(HEAD + b"text/event-stream\r\n\r\ndata: ", b"x" * 65536), "no answer of MCP"),
    "a chunk that never ends": (
        streams(HEAD + b"application/json\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n", 0.02),
        "0.5 s",
    ),
    "an endless body": (streams(HEAD + b"application/json\r\n\r\n", b" " * 65536), "no answer of MCP"),
    "a body in crumbs": (streams(HEAD + b"application/json\r\nContent-Length: 900\r\n\r\n", b" ", 0.05), "0.5 s"),
    "half an answer": (streams(HEAD + b"application/json\r\nContent-Length: 900\r\n\r\n{"), "ends too early"),
    "deep nesting": (mcp(lambda _asked: reply(200, DEEP, "application/json")), "no answer of MCP"),
    "no UTF-8": (mcp(lambda _asked: reply(200, b"\xff\xfe{}", "application/json")), "no answer of MCP"),
    "another id": (mcp(lambda asked: raw(asked, id=77, result=INITIALIZED)), "no answer of MCP"),
    "a result and an error": (
        mcp(lambda asked: raw(asked, result=INITIALIZED, error={"code": 1, "message": "x"})),
        "no answer of MCP",
    ),
    "ten thousand keys": (
        mcp(lambda asked: raw(asked, result={str(at): at for at in range(10**4)})),
        "no version at all",
    ),
    "no version": (mcp(lambda asked: result(asked, {"capabilities": {}})), "no version at all"),
    "a number as version": (mcp(lambda asked: result(asked, INITIALIZED | {"protocolVersion": 20251125})), "20251125"),
    "an unknown version": (
        mcp(lambda asked: result(asked, INITIALIZED | {"protocolVersion": "1999-01-01"})),
        "1999-01-01",
    ),
}


@pytest.fixture(autouse=True)
def impatient_web(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_check, "ANSWER_S", 0.5)


@pytest.mark.parametrize("name", PEERS)
def test_each_has_its_verdict(doctor: Doctor, name: str) -> None:
    handler, words = PEERS[name]
    report = at(doctor, handler)
    assert report.verdict is Verdict.FAIL
    assert report.root_cause in {"network.http-not-mcp", "server.protocol-unsupported"}
    finding = found(report, report.root_cause)
    assert words in said(finding) + str(dict(finding.evidence))


def test_a_flood_is_not_kept(doctor: Doctor) -> None:
    tracemalloc.start()
    try:
        at(doctor, PEERS["an endless body"][0])
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def test_tricks_in_what_a_server_says_are_shown_as_text(doctor: Doctor) -> None:
    tricky = {"name": "evil\x1b]52;c;ZXZpbA==\x07\u202e", "version": "\x9b31m"}
    report = at(doctor, mcp(lambda asked: result(asked, INITIALIZED | {"serverInfo": tricky, "capabilities": {}})))
    shown = report.servers[0].server + report.chain[3].summary
    assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(shown)
    assert ids(report) == ["server.no-tools"]

# SPDX-License-Identifier: GPL-3.0-or-later
"""FAKES of web servers and of MCP servers over HTTP: listeners that say fixed bytes. And runs that ask them."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from typing import Any

from diagnostics.model import Report

from .peers import Handler, listening
from .runs import Doctor

CHALLENGE = 'Bearer resource_metadata="https://a.example/x"'
HTML = b"<!doctype html><title>My Studio</title>hello"
INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "Fake", "version": "1"},
}


def reply(status: int | str, body: bytes = b"", kind: str = "text/plain", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


def site(pages: dict[str, bytes], other: bytes | None = None) -> Handler:
    """A web server that knows fixed pages, by "GET /health" or the like."""

    def handler(connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            data = connection.recv(65536)
            if not data:
                return
            head += data
        asked = b" ".join(head.split(b" ", 2)[:2]).decode()
        connection.sendall(pages.get(asked, other or reply(404)))

    return handler


def mcp(answer: Callable[[dict[str, Any]], bytes], heads: list[bytes] | None = None) -> Handler:
    """An MCP server at /mcp that answers each message with these bytes. `heads` takes the heads of all requests."""

    def handler(connection: socket.socket) -> None:
        data = b""
        while (more := connection.recv(65536)) and b"\r\n\r\n" not in (data := data + more):
            pass
        head, _gap, body = data.partition(b"\r\n\r\n")
        if heads is not None:
            heads.append(head)
        if not head.startswith(b"POST /mcp"):
            connection.sendall(reply(404))
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += connection.recv(65536)
        connection.sendall(answer(json.loads(body)))

    return handler


def result(asked: dict[str, Any], value: object) -> bytes:
    return reply(
        200, json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), "result": value}).encode(), "application/json"
    )


def good(asked: dict[str, Any]) -> bytes:
    match asked["method"]:
        case "initialize":
            return result(asked, INITIALIZED)
        case "tools/list":
            return result(asked, {"tools": [{"name": "one", "inputSchema": {}}]})
        case _:
            return reply(202)


def reach(doctor: Doctor, port: int, **target: Any) -> Report:
    return doctor.reach(port, "network", "addon", **{"kind": "mcp-http", **target})


def at(doctor: Doctor, handler: Handler, **target: Any) -> Report:
    with listening(handler) as peer:
        return reach(doctor, peer.port, **target)

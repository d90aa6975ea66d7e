# SPDX-License-Identifier: GPL-3.0-or-later
"""Web servers, and MCP servers over HTTP (Streamable HTTP, as in the specification's transports page)."""

from __future__ import annotations

import asyncio
import gzip
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Mapping
from typing import Any

from .peers import MOST, Handler

Message = Mapping[str, Any]
Answer = Callable[[Message], bytes]

INITIALIZED: Mapping[str, object] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "Self-Test", "version": "1"},
}
TOOLS = {"tools": [{"name": "get_scene_info", "inputSchema": {"type": "object"}}]}
_BOMB = 32 << 20
"""Bytes that the body of the bomb inflates to; some 32 KiB are sent."""


def reply(status: int, body: bytes = b"", kind: str = "application/json", *headers: str) -> bytes:
    """A whole answer."""
    lines = (f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def result(asked: Message, value: object) -> bytes:
    """The answer of JSON-RPC to this request."""
    return reply(200, json.dumps({"jsonrpc": "2.0", "id": asked.get("id"), "result": value}).encode())


def healthy(asked: Message) -> bytes:
    """What a working MCP server answers."""
    match asked.get("method"):
        case "initialize":
            return result(asked, INITIALIZED)
        case "tools/list":
            return result(asked, TOOLS)
        case _:
            return reply(202)


def with_version(version: object) -> Answer:
    """One that agrees on this."""
    return lambda asked: result(asked, {**INITIALIZED, "protocolVersion": version})


def without_version(asked: Message) -> bytes:
    """One that agrees on nothing."""
    return result(asked, {"capabilities": {}})


def another_id(asked: Message) -> bytes:
    """One that answers somebody else."""
    return result({**asked, "id": 77}, INITIALIZED)


def result_and_error(asked: Message) -> bytes:
    """One that says yes and no."""
    error = {"code": 1, "message": "x"}
    both = {"jsonrpc": "2.0", "id": asked.get("id"), "result": dict(INITIALIZED), "error": error}
    return reply(200, json.dumps(both).encode())


def bomb(_asked: Message) -> bytes:
    """One that packs a body which unpacks to a thousand times its size."""
    return reply(200, gzip.compress(b" " * _BOMB, mtime=0), "application/json", "Content-Encoding: gzip")


def mcp(answer: Answer) -> Handler:
    """An MCP server at /mcp, and nothing beside it."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        head, body = await _request(reader)
        writer.write(answer(json.loads(body)) if head.startswith(b"POST /mcp ") else reply(404))

    return handler


def site(answer: bytes) -> Handler:
    """A web server that says the same to everybody."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await _request(reader)
        writer.write(answer)

    return handler


def redirects(to: str) -> Handler:
    """A web server that sends everybody elsewhere."""
    return site(reply(302, b"", "text/plain", f"Location: {to}"))


def streams(kind: str, then: bytes = b"", gap_s: float = 0.05, *, chunked: bool = False) -> Handler:
    """One whose answer to a message begins, goes on with `then` again and again, and never ends."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n" + "Transfer-Encoding: chunked\r\n" * chunked + "\r\n"

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        asked, _body = await _request(reader)
        if not asked.startswith(b"POST"):
            writer.write(reply(404))
            return
        writer.write(head.encode())
        while True:
            writer.write(then)
            await writer.drain()
            await asyncio.sleep(gap_s)

    return handler


async def _request(reader: StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    fields = dict(line.lower().partition(b":")[::2] for line in head.split(b"\r\n")[1:])
    return head, await reader.readexactly(min(int(fields.get(b"content-length", b"0")), MOST))

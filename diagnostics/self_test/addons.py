# SPDX-License-Identifier: GPL-3.0-or-later
"""Add-ons in the wire formats of the products, as measured of the real ones (field guide, protocols 1.3, 1.4 and 2)."""

from __future__ import annotations

import asyncio
import json
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping

from .peers import MOST, Handler

PONG = b'{"status": "success", "result": {"pong": true}}'
INFO: Mapping[str, object] = {
    "name": "MCP for Blender",
    "addon_version": [1, 8],
    "protocol_version": 15,
    "capabilities": [],
    "blender_version": "4.5.0",
}
_KNOWS = {"1.8": {"ping", "get_addon_info"}, "1.2": frozenset[str](), "0.1": {"ping"}}
"""Release of the add-on → those of our questions that it knows."""


def mcp_for_blender(
    release: str = "1.8", info: object = INFO, *, after_pong: bytes = b"", packet: int = MOST
) -> Handler:
    """Tries the whole buffer as JSON after each packet.

    `after_pong` is said behind its answer to a ping; of its own answers so many bytes make a `packet`.
    """

    def answer(kind: object) -> bytes:
        if kind not in _KNOWS[release]:
            return json.dumps({"status": "error", "message": f"Unknown command type: {kind}"}).encode()
        if kind == "ping":
            return PONG + after_pong
        return json.dumps({"status": "success", "result": info}).encode()

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        buffer = b""
        while data := await reader.read(MOST):
            buffer += data
            try:
                asked = json.loads(buffer)
            except ValueError:
                continue
            buffer = b""
            said = answer(asked.get("type"))
            for at in range(0, len(said), packet):
                writer.write(said[at : at + packet])
                await asyncio.sleep(0)  # the loop sends each as soon as it can

    return handler


def info_without(name: str) -> dict[str, object]:
    """What it tells of itself, without one member."""
    return {key: value for key, value in INFO.items() if key != name}


def info_with_version(version: object) -> dict[str, object]:
    """What it tells of itself, with this as its `protocol_version`."""
    return {**INFO, "protocol_version": version}


async def blender_lab(reader: StreamReader, writer: StreamWriter) -> None:
    """Ends each message with a NUL, answers one request, and ends the connection."""
    asked = json.loads((await reader.readuntil(b"\0")).rstrip(b"\0"))
    message = f"Unknown request type: {asked.get('type')!r}"
    writer.write(json.dumps({"status": "error", "message": message}).encode() + b"\0")


async def a_line_each(reader: StreamReader, writer: StreamWriter) -> None:
    """Ends each message with a newline and gives it an id."""
    while await reader.readline():
        writer.write(b'{"id": null, "success": false, "error": "Unknown command: None"}\n')


async def length_first(reader: StreamReader, writer: StreamWriter) -> None:
    """Begins each message with its length, in four bytes."""
    size = int.from_bytes(await reader.readexactly(4), "big")
    await reader.readexactly(min(size, MOST))
    writer.write(len(PONG).to_bytes(4, "big") + PONG)

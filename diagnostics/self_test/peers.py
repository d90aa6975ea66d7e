# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs behind a port of the loopback interface that misbehave as peers do (field guide, hostile.md).

All of them run on the loop of whoever opens them, and are gone, with every connection, when the block is left.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

Handler = Callable[[StreamReader, StreamWriter], Awaitable[None]]

MOST = 1 << 16
"""Bytes that are taken or sent at a time."""
_UNREAD_S = 0.05
"""What was sent before a reset is thrown away on some systems, unless it has been read by then."""


@contextlib.asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[int]:
    """A listener of 127.0.0.1 that has `handler` serve every connection; its port, which the system chooses."""
    conversations: set[asyncio.Task[None]] = set()

    async def converse(reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, ValueError):
                await handler(reader, writer)
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        finally:
            writer.transport.abort()

    def accept(reader: StreamReader, writer: StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(converse(reader, writer))
        conversations.add(task)
        task.add_done_callback(conversations.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=MOST)
    try:
        yield int(server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in tuple(conversations):
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)
        await asyncio.sleep(0)  # the loop closes the sockets of ended connections in its next round


async def silent(reader: StreamReader, _writer: StreamWriter) -> None:
    """Takes everything, says nothing."""
    while await reader.read(MOST):
        pass


async def closes(_reader: StreamReader, _writer: StreamWriter) -> None:
    """Ends the connection at once, in the orderly way."""


async def resets(_reader: StreamReader, writer: StreamWriter) -> None:
    """Breaks the connection at once."""
    pair = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # struct linger of each system
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, pair)
    writer.transport.abort()


async def echoes(reader: StreamReader, writer: StreamWriter) -> None:
    """Sends back what it gets."""
    while data := await reader.read(MOST):
        writer.write(data)
        await writer.drain()


def greets(banner: bytes) -> Handler:
    """Says this at once, and then nothing more."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        writer.write(banner)
        await silent(reader, writer)

    return handler


def answers(reply: bytes | Callable[[], bytes]) -> Handler:
    """Says this to the first that it gets, and then nothing more. A long one is made when it is needed."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(MOST)
        writer.write(reply() if callable(reply) else reply)
        await silent(reader, writer)

    return handler


def breaks_off(start: bytes) -> Handler:
    """Resets the connection in the middle of its answer."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(MOST)
        writer.write(start)
        await writer.drain()
        await asyncio.sleep(_UNREAD_S)
        await resets(reader, writer)

    return handler


def endless(piece: bytes, start: bytes = b"", gap_s: float = 0.0) -> Handler:
    """Answers with `start`, and then with `piece` for ever: at full speed, or one every `gap_s` seconds."""

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        await reader.read(MOST)
        writer.write(start)
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(gap_s)

    return handler


async def tls_only(reader: StreamReader, writer: StreamWriter) -> None:
    """Answers as a TLS server does that has nothing in common with its client: with an alert, whatever it gets.

    No certificate is needed for that. RFC 8446, sections 5.1 and 6: record 21 (alert), version 3.1 or 3.3, 2 bytes,
    level 2 (fatal), 40 (handshake_failure) or 70 (protocol_version).
    """
    first = await reader.read(MOST)
    handshake = first[:2] == b"\x16\x03"
    writer.write(b"\x15\x03\x03\x00\x02\x02\x28" if handshake else b"\x15\x03\x01\x00\x02\x02\x46")


async def tls_only_without_a_word(reader: StreamReader, writer: StreamWriter) -> None:
    """The same, of one that ends the connection where it hears no TLS."""
    first = await reader.read(MOST)
    if first[:2] == b"\x16\x03":
        writer.write(b"\x15\x03\x03\x00\x02\x02\x28")


def taking_turns(replies: Iterable[bytes], *, cut: int = 0) -> Handler:
    """Says the next of these to each that it gets, the last of them in two packets, and then nothing more."""
    said = tuple(replies)

    async def handler(reader: StreamReader, writer: StreamWriter) -> None:
        for reply in said:
            if not await reader.read(MOST):
                return
            at = cut if reply is said[-1] else 0
            writer.write(reply[:at])
            await asyncio.sleep(_UNREAD_S if at else 0)
            writer.write(reply[at:])
        await silent(reader, writer)

    return handler

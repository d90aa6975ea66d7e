# SPDX-License-Identifier: GPL-3.0-or-later
"""A bounded conversation over one connection: a deadline for all of it, a limit of bytes, a transcript."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time

from ..ledger import Ledger
from ..text import shown_bytes
from .tcp import Address, open_socket

MAX_LINES = 40


class Exchange:
    """One open connection. All that is sent and received is noted in `transcript`, with the time in ms."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, began: float) -> None:
        self._reader = reader
        self._writer = writer
        self._began = began
        self.transcript: list[str] = []
        self.sent = b""
        self.first_byte_ms = 0.0
        """Milliseconds from the beginning to the first byte that came; 0 until then."""
        self.note("connected")

    @classmethod
    async def open(
        cls,
        address: Address,
        ledger: Ledger,
        *,
        sock: socket.socket | None = None,
        context: ssl.SSLContext | None = None,
        server_name: str | None = None,
    ) -> Exchange:
        """Connects, unless `sock` is connected already, with TLS where a context is given.

        Raises OSError; the caller sets the deadline.
        """
        began = time.monotonic()
        if sock is None:
            sock = await open_socket(address, ledger, deadline_s=10.0)
        name = server_name if context is not None else None
        reader, writer = await asyncio.open_connection(sock=sock, ssl=context, server_hostname=name, limit=65536)
        return cls(reader, writer, began)

    def send(self, data: bytes) -> None:
        """Sends a few bytes. A peer that is gone shows in the next `receive`."""
        self.note(f"→ {shown_bytes(data)}")
        self.sent += data
        self._writer.write(data)

    async def receive(self) -> bytes:
        """The next bytes, b"" at the end of the stream. Raises OSError when the connection breaks."""
        data = await self._reader.read(65536)
        if data and not self.first_byte_ms:
            self.first_byte_ms = self.elapsed_ms
        self.note(f"← {shown_bytes(data)} ({len(data)} bytes)" if data else "← end of stream")
        return data

    def note(self, what: str) -> None:
        """Adds a line to the transcript."""
        if len(self.transcript) < MAX_LINES:
            self.transcript.append(f"{self.elapsed_ms:8.1f} ms  {what}")

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the connection was begun."""
        return (time.monotonic() - self._began) * 1000

    def close(self) -> None:
        """Ends the connection in the orderly way; an add-on for a single client is free again at once."""
        self._writer.close()

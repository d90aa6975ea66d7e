# SPDX-License-Identifier: GPL-3.0-or-later
"""Small programs behind a port of the loopback interface, each in threads of its own.

None of them is the real thing: `addon` follows what was measured of the add-ons' sockets (field guide, protocols 1.3),
the others misbehave as peers do.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

Handler = Callable[[socket.socket], None]

INFO = {
    "name": "MCP for Blender",
    "addon_version": [1, 8],
    "protocol_version": 15,
    "capabilities": [],
    "blender_version": "4.3.2",
}
PONG = b'{"status": "success", "result": {"pong": true}}'


@dataclass(slots=True)
class Peer:
    """What listens. `received` is all that clients have sent, `handshakes` how many connected."""

    port: int
    received: bytearray = field(default_factory=bytearray)
    handshakes: int = 0


@contextlib.contextmanager
def listening(handler: Handler, *, host: str = "127.0.0.1", port: int = 0) -> Iterator[Peer]:
    """A listener that has `handler` serve every connection, until the block is left."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = socket.create_server((host, port), family=family)
    peer = Peer(server.getsockname()[1])
    open_now: set[socket.socket] = set()
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            handler(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _address = server.accept()
                peer.handshakes += 1
                open_now.add(connection)
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    threads.append(threading.Thread(target=accept, daemon=True))
    threads[0].start()
    try:
        yield peer
    finally:
        for sock in (server, *open_now):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()
        for thread in threads:
            thread.join(10)


def silent(connection: socket.socket) -> None:
    """Takes everything, says nothing."""
    while connection.recv(65536):
        pass


def closes(connection: socket.socket) -> None:
    """Ends the connection at once, in the orderly way."""


def resets(connection: socket.socket) -> None:
    """Breaks the connection at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def echoes(connection: socket.socket) -> None:
    """Sends back what it gets."""
    while data := connection.recv(65536):
        connection.sendall(data)


def greets(banner: bytes) -> Handler:
    """Says this at once, and then nothing more."""

    def handler(connection: socket.socket) -> None:
        connection.sendall(banner)
        silent(connection)

    return handler


def answers(reply: bytes, *, then_close: bool = False, pieces: int = 0) -> Handler:
    """Says this to the first that it gets, in so many pieces (one when 0)."""

    def handler(connection: socket.socket) -> None:
        connection.recv(65536)
        size = -(-len(reply) // pieces) if pieces else len(reply)
        for at in range(0, len(reply), max(size, 1)):
            connection.sendall(reply[at : at + size])
        if not then_close:
            silent(connection)

    return handler


def addon(generation: str = "1.8", info: object = INFO, *, busy_after_ping: bool = False) -> Handler:
    """FAKE add-on of MCP for Blender. It tries the whole buffer as JSON after each packet, as the real ones do."""

    def answer(asked: object) -> object:
        kind = asked.get("type") if isinstance(asked, dict) else None
        if kind == "ping" and generation in {"0.1", "1.8"}:
            return {"status": "success", "result": {"pong": True}}
        if kind == "get_addon_info" and generation == "1.8":
            return {"status": "success", "result": info}
        return {"status": "error", "message": f"Unknown command type: {kind}"}

    def handler(connection: socket.socket) -> None:
        buffer = b""
        while data := connection.recv(8192):
            buffer += data
            try:
                asked = json.loads(buffer)
            except ValueError:
                continue
            buffer = b""
            if not (busy_after_ping and asked.get("type") != "ping"):
                connection.sendall(json.dumps(answer(asked)).encode())

    return handler


def recording(handler: Handler, received: bytearray) -> Handler:
    """`handler`, with a note of all that was sent to it."""

    class Noting:
        def __init__(self, connection: socket.socket) -> None:
            self._connection = connection

        def recv(self, size: int) -> bytes:
            data = self._connection.recv(size)
            received.extend(data)
            return data

        def sendall(self, data: bytes) -> None:
            self._connection.sendall(data)

    return lambda connection: handler(Noting(connection))  # type: ignore[arg-type]

# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer that answers as fast as it can what MCP for Blender's add-on answers (protocol 15). It is a FAKE.

The real add-on answers from Blender's main thread every 50 ms; a floor must not hide behind that. It ends connections
with a reset, as otherwise each would stay in the kernel's table for a minute, which every run reads.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator

PONG = json.dumps({"status": "success", "result": {"pong": True}}).encode()
_INFO = {"name": "MCP for Blender", "addon_version": [1, 8], "protocol_version": 15, "blender_version": "5.2.2"}
INFO = json.dumps({"status": "success", "result": _INFO}).encode()

_SERVE = f"""
import socket, struct, sys, threading
def serve(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with connection:
        while data := connection.recv(8192):
            connection.sendall({PONG!r} if b'"ping"' in data else {INFO!r})
listener = socket.create_server(("127.0.0.1", 0), backlog=128)
print(listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
"""


@contextlib.contextmanager
def running() -> Iterator[int]:
    """The peer in a process of its own; its port."""
    process = subprocess.Popen([sys.executable, "-c", _SERVE], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(5)
        if process.stdout:
            process.stdout.close()

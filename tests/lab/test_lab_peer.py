# SPDX-License-Identifier: GPL-3.0-or-later
"""The fake of Blender Lab's add-on keeps to the facts that are known about the real one."""

from __future__ import annotations

import json
import socket

from tests.lab.lab_peer import LabPeer


def talk(port: int, *parts: bytes) -> bytes:
    """Send the parts, receive until the peer closes."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        for part in parts:
            connection.sendall(part)
        received = b""
        while chunk := connection.recv(4096):
            received += chunk
    return received


def test_a_ping_is_refused_by_name_once_its_nul_has_come() -> None:
    with LabPeer(tick_s=0) as peer:
        received = talk(peer.port, b'{"type":"ping","params":{}}\n', b"\0")

    assert received == b'{"status": "error", "message": "Unknown request type: \'ping\'"}\0'


def test_a_request_without_a_nul_is_given_up_with_the_51_known_bytes() -> None:
    with LabPeer(tick_s=0, give_up_s=0.05) as peer:
        received = talk(peer.port, b'{"type":"get_addon_info","params":{}}')

    assert received == b'{"status": "error", "message": "Client timed out"}\0'
    assert len(received) == 51


def test_code_is_never_run() -> None:
    request = {"type": "execute", "code": "raise SystemExit", "strict_json": True}
    with LabPeer(tick_s=0) as peer:
        received = talk(peer.port, json.dumps(request).encode() + b"\0")

    assert json.loads(received.rstrip(b"\0")) == {"status": "ok", "result": {}, "stdout": "", "stderr": ""}
    assert len(peer.requests) == 1

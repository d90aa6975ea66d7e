# SPDX-License-Identifier: GPL-3.0-or-later
"""The real add-on, mcp-for-blender, in a window: is it up, start it, stop it, ask it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from tests.lab.processes import until
from tests.lab.room import Room
from tests.lab.window import BlenderWindow

PORT = 9876
_EXCHANGE = Path(__file__).with_name("exchange.py")


def ask(room: Room, command: str, *, port: int = PORT, timeout_s: float = 10) -> Any:
    """Send one command over the real socket; return the answer, or None when there is no listener or no answer."""
    request = json.dumps({"type": command, "params": {}})
    ended = room.run_beside(
        [sys.executable, "-I", _EXCHANGE, str(port), str(timeout_s), request], timeout_s=timeout_s + 5
    )
    return json.loads(ended.stdout) if ended.stdout.strip() else None


def wait_until_up(window: BlenderWindow, port: int = PORT, deadline_s: float = 20) -> None:
    """Return when the add-on answers `ping`; it starts by itself half a second after the window."""
    pong = {"status": "success", "result": {"pong": True}}
    until(lambda: ask(window.room, "ping", port=port, timeout_s=2) == pong, f"the add-on on port {port}", deadline_s)


def start(window: BlenderWindow, port: int = PORT) -> None:
    """Have it listen on `port`, whatever it did before; return when it answers."""
    stop(window)
    window.run_python(f"bpy.context.scene.blendermcp_port = {port}; bpy.ops.blendermcp.start_server()")
    wait_until_up(window, port)


def stop(window: BlenderWindow) -> None:
    """Stop it as its own button does."""
    window.run_python("bpy.ops.blendermcp.stop_server()")

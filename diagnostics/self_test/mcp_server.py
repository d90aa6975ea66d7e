# SPDX-License-Identifier: GPL-3.0-or-later
"""An MCP server over stdio that behaves as its first argument says: a program, which the self-test copies and starts.

It ends with its input, and in any case after `_LIFE_S` seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

_LIFE_S = 30.0
_FLOOD = 1 << 30
"""Bytes that a server writes which floods, unless nobody takes them any more."""
_INITIALIZED = {
    "protocolVersion": "2025-11-25",
    "capabilities": {"tools": {}},
    "serverInfo": {"name": "Self-Test", "version": "1"},
}
_TOOLS = {"tools": [{"name": "get_scene_info", "inputSchema": {"type": "object"}}]}


def hear() -> dict[str, Any]:
    """The next message; ends the program where no more comes."""
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    asked: dict[str, Any] = json.loads(line)
    return asked


def serve(**changes: object) -> None:
    """Answers as a healthy server does, with these changes to its first answer."""
    while True:
        asked = hear()
        known = {"initialize": {**_INITIALIZED, **changes}, "tools/list": _TOOLS}
        if (found := known.get(asked["method"])) is not None:
            print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": found}), flush=True)  # noqa: T201


def late(seconds: float) -> None:
    """Healthy, and slow to begin."""
    time.sleep(seconds)
    serve()


def flood(descriptor: int) -> None:
    """Writes without end and without a newline."""
    for _ in range(_FLOOD >> 16):
        os.write(descriptor, b"x" * (1 << 16))


def leave_a_child() -> None:
    """Ends at once, and leaves a program behind that holds its output open."""
    subprocess.Popen([sys.executable, "-I", "-S", __file__, "stay"])  # noqa: S603  # this very program


def ignore_the_end() -> None:
    """Healthy, and deaf to what asks it to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    serve()


def chatter() -> None:
    """Writes its log where its answers belong, and works."""
    print("INFO  starting the server", flush=True)  # noqa: T201
    serve()


BEHAVIOURS: dict[str, Callable[[], object]] = {
    "healthy": serve,
    "late": lambda: late(0.7),
    "too-late": lambda: late(20.0),
    "silent": lambda: time.sleep(_LIFE_S),
    "stay": lambda: time.sleep(_LIFE_S),
    "floods-stdout": lambda: flood(1),
    "floods-stderr": lambda: flood(2),
    "chatters": chatter,
    "exits-0": lambda: sys.exit(0),
    "exits-1": lambda: sys.exit("cannot go on"),
    "leaves-a-child": leave_a_child,
    "ignores-the-end": ignore_the_end,
    "unknown-version": lambda: serve(protocolVersion="1999-01-01"),
}


def main() -> None:
    """Behaves as asked, for a limited time."""
    life = threading.Timer(_LIFE_S, os._exit, (9,))
    life.daemon = True
    life.start()
    BEHAVIOURS[sys.argv[1]]()


if __name__ == "__main__":
    main()

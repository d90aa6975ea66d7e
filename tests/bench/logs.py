# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading 5 MB of logs of an AI app in all, beside the floor of reading as many bytes as are looked at."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from diagnostics.check import Context
from diagnostics.checks import logged_faults
from diagnostics.checks.client import configuration
from diagnostics.ledger import Ledger
from diagnostics.model import Machine
from diagnostics.probes.app_log import MAX_BYTES
from diagnostics.target import make_target
from tests.bench.figures import beside, shown, times_ms
from tests.diagnostics import app_logs

SIZE = 5 << 20
COUNT = 60
PRINTED = "2025-05-04 12:47:36,826 - BlenderMCPServer - INFO - Sending command: get_scene_info with params: {}\n"
_CLIENT = "2025-05-04T12:50:00.000Z [blender] [info] Message from client: "
TALK = (
    f'{_CLIENT}{{"method":"tools/call","params":{{"name":"get_scene_info"}},"jsonrpc":"2.0","id":8}}\n'
    f'{_CLIENT.replace("client", "server")}{{"jsonrpc":"2.0","id":8,"result":{{"content":[],"isError":false}}}}\n'
)
CANCELLED = (
    f'{_CLIENT}{{"method":"tools/call","params":{{"name":"get_scene_info"}},"jsonrpc":"2.0","id":7}}\n'
    f'{_CLIENT}{{"method":"notifications/cancelled","params":{{"requestId":7,"reason":"Request timed out"}}}}\n'
)
_LOGS = {
    "many starts": ("", app_logs.NOT_FOUND + app_logs.STARTED, ""),
    "one long start": (app_logs.STARTED, PRINTED, ""),
    "much printed, then a request cancelled": (app_logs.STARTED, PRINTED, CANCELLED),
    "many messages, then a request cancelled": (app_logs.STARTED, TALK, CANCELLED),
}


def long_log(size: int, begin: str, repeated: str, end: str = "") -> str:
    """A log of about this many characters."""
    return begin + repeated * ((size - len(begin) - len(end)) // len(repeated)) + end


def _configured(home: Path, servers: int, log: str) -> Context:
    base = home / ".config" / "Claude"
    (base / "logs").mkdir(parents=True)
    names = ["blender", *(f"blender-{number}" for number in range(2, servers + 1))]
    ports = {name: {"BLENDER_PORT": str(9876 + number)} for number, name in enumerate(names)}
    entries = {name: {"command": "uvx", "args": ["mcp-for-blender"], "env": ports[name]} for name in names}
    file = base / "claude_desktop_config.json"
    file.write_text(json.dumps({"mcpServers": entries}), encoding="utf-8")
    os.utime(file, (0, 0))
    for name in names:
        own = log.replace("[blender]", f"[{name}]")
        (base / "logs" / f"mcp-server-{name}.log").write_text(own, encoding="utf-8")
    (base / "logs" / "mcp.log").write_text(log, encoding="utf-8")
    context = Context(make_target(), None, Machine("linux", home, {}), Ledger(), ends_at=time.monotonic() + 300)
    context.record("client.configuration", asyncio.run(configuration.configuration(context)))
    return context


def measure() -> Iterator[str]:
    """Logs of one server and of ten, of many starts and of one that goes on for long."""
    for servers in (1, 10):
        for name, parts in _LOGS.items():
            with tempfile.TemporaryDirectory() as folder:
                context = _configured(Path(folder), servers, long_log(SIZE // (servers + 1), *parts))
                file = Path(folder, ".config/Claude/logs/mcp-server-blender.log")
                floor = times_ms(lambda file=file, n=servers: [tail(file) for _ in range(n)], COUNT)  # type: ignore[misc]
                ours = times_ms(lambda context=context: asyncio.run(logged_faults.app_log(context)), COUNT)  # type: ignore[misc]
            budget = "60 ms, in a thread" if CANCELLED in parts else "20 ms"
            yield f"{servers:>2} of {name}: {shown(ours)} (budget: {budget}); {beside(ours, floor)}"


def tail(file: Path) -> bytes:
    """As much of a log as is looked at."""
    with file.open("rb") as log:
        log.seek(max(0, file.stat().st_size - MAX_BYTES))
        return log.read()

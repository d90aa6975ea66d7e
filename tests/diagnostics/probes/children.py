# SPDX-License-Identifier: GPL-3.0-or-later
"""Small programs that play an MCP server, well or badly, and what is needed to run and to watch them."""

from __future__ import annotations

import asyncio
import os
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from diagnostics.model import Command
from diagnostics.probes.mcp_stdio import ServerAnswer, ask_server
from diagnostics.protocols import mcp_versions

PRELUDE = """
import json, os, signal, subprocess, sys, time
here = os.path.dirname(os.path.abspath(__file__))

def note_pid(pid=None):
    with open(os.path.join(here, "pids"), "a") as pids:
        pids.write(f"{pid or os.getpid()}\\n")

def say(message):
    sys.stdout.write(json.dumps(message) + "\\n")
    sys.stdout.flush()

def hear():
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    return json.loads(line)

def reply(request, result):
    say({"jsonrpc": "2.0", "id": request["id"], "result": result})

GOOD = {"protocolVersion": "2025-11-25", "capabilities": {"tools": {}}, "serverInfo": {"name": "s", "version": "1"}}

def serve(names=("get_scene_info", "execute_code")):
    while True:
        request = hear()
        if request.get("method") == "initialize":
            reply(request, GOOD)
        if request.get("method") == "tools/list":
            reply(request, {"tools": [{"name": name, "inputSchema": {}} for name in names]})

note_pid()
"""
FOREVER = "while True: time.sleep(60)"


def environment() -> dict[str, str]:
    """What a Python needs to start, with warnings and output that do not depend on the machine."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "HOME", "USERPROFILE") if name in os.environ}
    return {**kept, "PYTHONUNBUFFERED": "1", "SECRET_TOKEN": "hunter2-hunter2"}


def command(folder: Path, body: str) -> Command:
    """The command that runs `PRELUDE` and `body`, as a script in `folder`."""
    script = folder / "server.py"
    script.write_text(PRELUDE + textwrap.dedent(body), encoding="utf-8")
    return Command(sys.executable, ("-S", str(script)), cwd=str(folder))


def ask(
    folder: Path, body: str, *, deadline_s: float = 20.0, offers: Sequence[str] = mcp_versions.DEFAULT_OFFER
) -> ServerAnswer:
    """Ask the server that `body` makes, and see to it that nothing of it lives on."""

    async def run() -> ServerAnswer:
        answer = await ask_server(command(folder, body), environ=environment(), deadline_s=deadline_s, offers=offers)
        assert alive(folder) == []
        return answer

    return asyncio.run(run())


def pids(folder: Path) -> list[int]:
    """The processes that have noted their ids."""
    noted = folder / "pids"
    return [int(line) for line in noted.read_text().split()] if noted.exists() else []


def alive(folder: Path) -> list[int]:
    """Those of them that still run."""
    return [pid for pid in pids(folder) if _runs(pid)]


async def until_noted(folder: Path, count: int) -> None:
    """Wait until so many processes have noted their ids."""
    ends = time.monotonic() + 30
    while len(pids(folder)) < count:
        assert time.monotonic() < ends
        await asyncio.sleep(0.005)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

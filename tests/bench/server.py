# SPDX-License-Identifier: GPL-3.0-or-later
"""The server link against the server's own start: the floor is the barest client that sends the same messages."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from diagnostics.model import Command
from diagnostics.probes.mcp_stdio import ask_server
from tests.bench.figures import beside, shown, times_ms

COUNT = 8
SERVER = "mcp-for-blender==2.2.4"


def _bare(argv: list[str], environ: dict[str, str]) -> None:
    """Start, initialize, list the tools, kill."""
    process = subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "bare", "version": "0"}}
    try:
        for message in (
            {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
            {"jsonrpc": "2.0", "method": "notifications/initialized"},
            {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        ):
            process.stdin.write(json.dumps(message).encode() + b"\n")
            process.stdin.flush()
            if "id" in message:
                json.loads(process.stdout.readline())
    finally:
        process.kill()
        process.wait(5)
        process.stdin.close()
        process.stdout.close()


def measure() -> Iterator[str]:
    """Both, with the real server in an environment that uv has made before."""
    uv = shutil.which("uv")
    if uv is None:
        yield "not measured: there is no uv"
        return
    with tempfile.TemporaryDirectory() as folder:
        for words in (["venv", folder], ["pip", "install", "--python", folder, SERVER]):
            subprocess.run([uv, *words, "--quiet"], check=True, timeout=300)
        yield from _measure([str(Path(folder, "bin", "mcp-for-blender"))])


def _measure(argv: list[str]) -> Iterator[str]:
    environ = {**os.environ, "DISABLE_TELEMETRY": "true", "BLENDER_PORT": "1"}

    async def ours() -> None:
        answer = await ask_server(Command(argv[0], tuple(argv[1:])), environ=environ, deadline_s=60)
        assert answer.answered, answer.stderr_tail[-500:]
        assert answer.tools

    floor = times_ms(lambda: _bare(argv, environ), COUNT, warm_up=1)
    linked = times_ms(lambda: asyncio.run(ours()), COUNT, warm_up=1)
    yield f"floor, barest client: {shown(floor)}"
    yield f"server link:          {shown(linked)}"
    yield f"{beside(linked, floor)} (budget: less than 5 % on top)"

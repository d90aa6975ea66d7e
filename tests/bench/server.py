# SPDX-License-Identifier: GPL-3.0-or-later
"""The server link against the server's own start: the floor is the barest client that sends the same messages.

Beside it, in the same run, the clients of the official SDK and MCP Inspector's. All start the same program over stdio,
shake hands, list the tools and end it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from diagnostics.model import Command
from diagnostics.probes.mcp_stdio import ask_server
from tests.bench.figures import beside, shown, times_ms
from tests.lab import inventory
from tests.lab.official_client import OfficialClient
from tests.lab.servers import SERVERS, STDIO, Place, running

COUNT = 8
SERVER = "mcp-for-blender 2.2.4"
RELEASES = (("1.30.0", "legacy"), ("2.3.0", "auto"))
_ALONE = """
import asyncio, os, resource, sys
from diagnostics.model import Command
from diagnostics.probes.mcp_stdio import ask_server
def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak()
answer = asyncio.run(ask_server(Command(sys.argv[1], tuple(sys.argv[2:])), environ=dict(os.environ), deadline_s=60))
assert answer.tools, answer
print(f"{peak():.1f} MiB, of which {before:.1f} were there before it asked")
"""


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
    """All of them, with the real server of the laboratory."""
    server = next(server for server in SERVERS if server.name == SERVER)
    if absent := server.absent:
        yield f"not measured: {absent}"
        return
    with running(server, STDIO) as place, ExitStack() as stack:
        yield from _measure(place, stack)


def _measure(place: Place, stack: ExitStack) -> Iterator[str]:
    argv, environ = list(place.command), {**os.environ, **place.environ}

    async def ours() -> None:
        answer = await ask_server(Command(argv[0], tuple(argv[1:])), environ=environ, deadline_s=60)
        assert answer.answered, answer.stderr_tail[-500:]
        assert answer.tools

    floor = times_ms(lambda: _bare(argv, environ), COUNT, warm_up=1)
    yield f"floor, barest client: {shown(floor)}"
    rows: dict[str, Callable[[], object]] = {"server link": lambda: asyncio.run(ours())}
    rows |= _official(place, stack)
    rows |= _inspector(place, environ)
    for name, action in rows.items():
        times = times_ms(action, COUNT, warm_up=1)
        yield f"{name}: {shown(times)}"
        if "without any server" not in name:
            yield f"    {beside(times, floor)}{' (budget: less than 5 % on top)' if name == 'server link' else ''}"
    yield f"peak memory of a process that does the server link alone: {_alone(argv, environ)}"
    for release, mode in RELEASES:
        if inventory.sdk_python(release).exists():
            with OfficialClient(release) as client:
                peak = client.ask(place.job(mode))["peak_kib"] / 1024
            yield f"peak memory of the official client {release}: {peak:.1f} MiB"


def _official(place: Place, stack: ExitStack) -> dict[str, Callable[[], object]]:
    """Each twice: its process running already, so that its own start counts nothing, and started for each question."""
    rows: dict[str, Callable[[], object]] = {}
    for release, mode in RELEASES:
        if not inventory.sdk_python(release).exists():
            continue
        client = stack.enter_context(OfficialClient(release))

        def running_already(client: OfficialClient = client, mode: str = mode) -> None:
            client.ask(place.job(mode))

        def with_its_start(release: str = release, mode: str = mode) -> None:
            with OfficialClient(release) as started:
                started.ask(place.job(mode))

        rows[f"official client {release} ({mode}), its own start not counted"] = running_already
        rows[f"official client {release} ({mode}), with its own start"] = with_its_start
    return rows


def _inspector(place: Place, environ: dict[str, str]) -> dict[str, Callable[[], object]]:
    """With the start of Node, and beside that the same program when it only says its version."""
    if not inventory.inspector().exists():
        return {}
    program: list[str | Path] = [inventory.node(), inventory.inspector(), "--cli"]

    def listing() -> None:
        asked = [*program, "--method", "tools/list", "--", *place.command]
        done = subprocess.run(asked, env=environ, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)
        assert json.loads(done.stdout)["tools"]

    def nothing() -> None:
        subprocess.run([*program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=True)

    name = f"Inspector {inventory.INSPECTOR_VERSION} --cli"
    return {f"{name}, with its own start": listing, f"{name} --version, without any server": nothing}


def _alone(argv: list[str], environ: dict[str, str]) -> str:
    words = [sys.executable, "-c", _ALONE, *argv]
    done = subprocess.run(
        words, env=environ, cwd=inventory.REPOSITORY, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()

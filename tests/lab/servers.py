# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MCP servers of many makes, and how each is started over each of its transports."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.diagnostics.runs import closed_port
from tests.lab import inventory, mcp_server
from tests.lab.processes import listening

STDIO, SSE, STREAMABLE = "stdio", "sse", "streamable-http"
TRANSPORTS = (STDIO, SSE, STREAMABLE)
PATHS = {SSE: "/sse", STREAMABLE: "/mcp"}
_AT_A_FOLDER = {**PATHS, STREAMABLE: "/mcp/"}
"""Up to 1.9 the SDK's server sends its clients from `/mcp` to here."""
_NOBODY = "1"
"""A port at which no Blender listens: a server starts all the same, and says so when a tool is called."""


@dataclass(frozen=True, slots=True)
class Server:
    """A release of a server."""

    name: str
    part: str
    """What the laboratory calls the part that it needs."""
    needs: Path
    command: Callable[[str, int], list[str]]
    """By transport and port. Over stdio the port means nothing."""
    transports: tuple[str, ...] = TRANSPORTS
    environ: dict[str, str] = field(default_factory=dict)
    port_variable: str = "PORT"
    paths: dict[str, str] = field(default_factory=lambda: PATHS)

    @property
    def absent(self) -> str | None:
        """Why it cannot be started, or None where it can."""
        return None if self.needs.exists() else inventory.why_absent(self.part)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server is to be had: the command that starts it over stdio, or the port at which it answers already."""

    transport: str
    command: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    port: int = 0
    path: str = ""
    """Of its web address."""

    def job(self, mode: str) -> dict[str, Any]:
        """What the official client is told. `mode` is for its second line."""
        if self.transport == STDIO:
            return {"transport": STDIO, "command": self.command, "environ": self.environ, "mode": mode}
        return {"transport": self.transport, "url": f"http://127.0.0.1:{self.port}{self.path}", "mode": mode}


@contextlib.contextmanager
def running(server: Server, transport: str) -> Iterator[Place]:
    """The server over this transport, until the block ends. Over stdio each client starts one of its own."""
    port = closed_port()
    command = tuple(server.command(transport, port))
    if transport == STDIO:
        yield Place(STDIO, command, server.environ)
        return
    environ = {**os.environ, **server.environ, server.port_variable: str(port)}
    with listening(command, port, server.name, env=environ):
        yield Place(transport, port=port, path=server.paths[transport])


def _ours(
    environment: inventory.Environment, transports: tuple[str, ...] = TRANSPORTS, paths: dict[str, str] = PATHS
) -> Server:
    """The laboratory's own server, made of this SDK."""
    python = environment.python

    def command(transport: str, port: int) -> list[str]:
        return [str(python), mcp_server.__file__, transport, str(port)]

    return Server(environment.name, environment.name, python, command, transports, paths=paths)


def _for_blender(environment: inventory.Environment) -> Server:
    """A server that drives Blender. It speaks over stdio alone."""
    program = environment.program(environment.package)
    settings = {"DISABLE_TELEMETRY": "true", "BLENDER_PORT": _NOBODY}
    return Server(environment.name, environment.name, program, lambda *_: [str(program)], (STDIO,), settings)


def _everything() -> Server:
    names = {STDIO: "stdio", SSE: "sse", STREAMABLE: "streamableHttp"}

    def command(transport: str, _port: int) -> list[str]:
        return [str(inventory.node()), str(inventory.everything()), names[transport]]

    name = f"server-everything {inventory.EVERYTHING_VERSION}"
    return Server(name, inventory.NODE_PART, inventory.everything(), command)


def _all() -> tuple[Server, ...]:
    of = {environment.name: environment for environment in inventory.ENVIRONMENTS}
    sdks = [of[f"mcp {version}"] for version in (*inventory.OLD_SDKS, *inventory.SDKS)]
    first, second, *others = sdks
    return (
        _ours(first, (STDIO, SSE)),  # Streamable HTTP came with 1.8
        _ours(second, paths=_AT_A_FOLDER),
        *(_ours(sdk) for sdk in others),
        _ours(inventory.FASTMCP),
        _everything(),
        *(_for_blender(environment) for environment in inventory.BLENDER_SERVERS),
    )


SERVERS = _all()

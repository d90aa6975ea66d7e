# SPDX-License-Identifier: GPL-3.0-or-later
"""The real MCP server: `uvx mcp-for-blender`, as an AI app starts it, and the same one installed by `uv tool install`.

`prepare` puts the packages into uv's cache while there is a network; a room has none, and starts them from there.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.lab import inventory as lab
from tests.lab import mcp_server
from tests.lab.processes import end, network_settings, until
from tests.lab.room import Room

_IN_EVERY_SERVER = {"DISABLE_TELEMETRY": "true"}


def uv_settings() -> dict[str, str]:
    """What uv must know to use the laboratory's cache and the room's own Python. Downloads are still allowed."""
    return {
        "UV_CACHE_DIR": str(lab.uv_cache()),
        "UV_PYTHON_PREFERENCE": "only-system",
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_LINK_MODE": "copy",
    }


def entry(
    requirement: str = lab.ADDON_REQUIREMENT, *, command: str | None = None, port: int | None = None
) -> dict[str, object]:
    """A client's entry that starts the real server through `uvx`.

    `command` is written where the path of the laboratory's `uvx` would stand; `port` is where it looks for Blender.
    """
    env = {**_IN_EVERY_SERVER, **uv_settings(), **network_settings(), "UV_OFFLINE": "1"}
    if port is not None:
        env["BLENDER_PORT"] = str(port)
    return {"command": command or str(lab.tools() / "uvx"), "args": [requirement], "env": env}


def installed_entry(suite: lab.Suite, *, port: int | None = None) -> dict[str, object]:
    """A client's entry that starts the installed program itself."""
    env = dict(_IN_EVERY_SERVER)
    if port is not None:
        env["BLENDER_PORT"] = str(port)
    return {"command": str(lab.installed_server(suite)), "args": [], "env": env}


@contextlib.contextmanager
def over_http(room: Room, python: Path, port: int) -> Iterator[None]:
    """A real MCP server on the network of a room, reached over Streamable HTTP, until the block ends."""
    process = room.spawn_beside([python, Path(mcp_server.__file__), "streamable-http", str(port)])
    try:
        accepts = f"import socket; print(socket.socket().connect_ex(('127.0.0.1', {port})))"
        until(
            lambda: room.run_beside([sys.executable, "-I", "-c", accepts], timeout_s=10).stdout.strip() == "0", "it", 30
        )
        yield
    finally:
        end(process)


def install(suite: lab.Suite) -> None:
    """Install the server with the suite's Python, and let uv's cache know all that `uvx` is going to ask for."""
    if lab.suite_version(suite) is None:
        raise RuntimeError(f"it needs Debian {suite.name}, which is not there")
    home = lab.installed_server(suite).parents[1]
    with Room(lab.suite_root(suite), private_network=False) as room:
        tool = {"UV_TOOL_DIR": str(home / "tools"), "UV_TOOL_BIN_DIR": str(home / "bin")}
        env = room.environment(**uv_settings(), **tool, **_IN_EVERY_SERVER)
        uv = lab.tools() / "uv"
        for requirement in (lab.ADDON_REQUIREMENT, lab.BROKEN_SERVER_REQUIREMENT):
            asked: list[str | Path] = [uv, "tool", "run", "--from", requirement, "python", "-c", "import mcp"]
            room.run(asked, timeout_s=180, env=env)
        # Last, because this is what `prepare` looks for.
        room.run([uv, "tool", "install", "--quiet", lab.ADDON_REQUIREMENT], timeout_s=180, env=env)


def uvx_on_path(folder: Path) -> None:
    """Put `uvx` and `uv` into `folder`, as uv's own installer does with `~/.local/bin`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("uv", "uvx"):
        (folder / name).symlink_to(lab.tools() / name)

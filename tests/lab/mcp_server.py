# SPDX-License-Identifier: GPL-3.0-or-later
"""A real MCP server on the official SDK, over HTTP: `python mcp_server.py TRANSPORT PORT`, with either line of it.

`serving` starts one. The file runs with the SDK's own interpreter, so it imports nothing of ours at the top.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def serving(sdk: str, transport: str, port: int) -> Iterator[int]:
    """The server, built with this release of the SDK, until the block ends. Skips where the SDK is not there."""
    import subprocess

    import pytest

    from tests.lab import inventory
    from tests.lab.processes import accepts, end, until

    python = inventory.sdk_python(sdk)
    if not python.exists():
        pytest.skip(inventory.why_absent(f"mcp {sdk}"))

    def is_up() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        return accepts(port)

    argv = [str(python), __file__, transport, str(port)]
    process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
    try:
        until(is_up, f"mcp {sdk}", 30)
        yield port
    finally:
        end(process)


def main(transport: str, port: int) -> None:
    """Serve two tools."""
    try:
        from mcp.server.fastmcp import FastMCP
    except ModuleNotFoundError:
        from mcp.server.mcpserver import MCPServer

        server = MCPServer("Laboratory")
        place = {"host": "127.0.0.1", "port": port}
    else:
        server = FastMCP("Laboratory", host="127.0.0.1", port=port)
        place = {}

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    @server.tool()
    def describe(what: str) -> str:
        """Describes."""
        return what

    server.run(transport=transport, **place)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

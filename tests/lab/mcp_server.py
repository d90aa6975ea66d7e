# SPDX-License-Identifier: GPL-3.0-or-later
"""A real MCP server on the official SDK or on FastMCP: `python mcp_server.py TRANSPORT PORT`, with any release of them.

`serving` starts one. The file runs with the SDK's own interpreter, so it imports nothing of ours at the top. It leaves
annotations evaluated, because the SDK up to 1.12 takes those of a tool for types as they stand.
"""

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

NAME = "Laboratory"


@contextlib.contextmanager
def serving(sdk: str, transport: str, port: int) -> Iterator[int]:
    """The server, built with this release of the SDK, until the block ends. Skips where the SDK is not there."""
    import pytest

    from tests.lab import inventory
    from tests.lab.processes import listening

    python = inventory.sdk_python(sdk)
    if not python.exists():
        pytest.skip(inventory.why_absent(f"mcp {sdk}"))
    with listening([python, __file__, transport, str(port)], port, f"mcp {sdk}"):
        yield port


def main(transport: str, port: int) -> None:
    """Serve two tools. Over stdio the port means nothing."""
    server, run = _made(transport, {"host": "127.0.0.1", "port": port})

    @server.tool()
    def add(a: int, b: int) -> int:
        """Adds."""
        return a + b

    @server.tool()
    def describe(what: str) -> str:
        """Describes."""
        return what

    run()


def _made(transport: str, place: dict[str, Any]) -> tuple[Any, Callable[[], None]]:
    """The server, and how it is run: FastMCP's own, or the one of either line of the SDK."""
    beside = {} if transport == "stdio" else place
    with contextlib.suppress(ModuleNotFoundError):
        from fastmcp import FastMCP

        server = FastMCP(NAME)
        return server, lambda: server.run(transport=transport, show_banner=False, **beside)
    with contextlib.suppress(ModuleNotFoundError):
        from mcp.server.fastmcp import FastMCP

        first = FastMCP(NAME, **place)
        return first, lambda: first.run(transport=transport)
    from mcp.server.mcpserver import MCPServer

    second = MCPServer(NAME)
    return second, lambda: second.run(transport=transport, **beside)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))

# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of servers, versions and transports in `docs/servers.md`: `python -m tests.lab.servers_table` writes it.

The tests make it anew and compare.
"""

from __future__ import annotations

import sys
from typing import Any

from tests.lab import inventory
from tests.lab.reference import MODERN_CLIENT, OFFERED_BY, References
from tests.lab.servers import SERVERS, SSE, STDIO, STREAMABLE, Place, Server, running

FILE = inventory.REPOSITORY / "docs" / "servers.md"
_TITLES = {STDIO: "stdio", SSE: "HTTP+SSE", STREAMABLE: "Streamable HTTP"}
_HANDSHAKE_CLIENT = OFFERED_BY["2025-11-25"]
_BEFORE = f"""\
# Servers that MCP Diagnostics is tested with

Real releases, started by the tests. In each cell: the protocol version that is agreed on by `initialize`, after a
semicolon the one found by `server/discover` where the server knows it, and the number of tools. It is what the clients
of the official SDK negotiate ({_HANDSHAKE_CLIENT} for `initialize`, {MODERN_CLIENT} for `server/discover`); the same
tests require the same version, server name, server version, capabilities and tools of MCP Diagnostics. The table is
written by `python -m tests.lab.servers_table`.

"""
_AFTER = f"""
¹ Asked `server/discover`, this server ends the conversation, and with it the official client {MODERN_CLIENT}, unless
that is told to use `initialize` alone.

Servers that drive Blender were asked while no Blender listened. `mcp` and `fastmcp` are servers with two tools, made
with that release; those for Blender run on `mcp` 1.30.0.
"""


def table(references: References) -> str:
    """The whole file. Asks what was not asked before."""
    rows = [["Server", "calls itself", *_TITLES.values()], ["---"] * (2 + len(_TITLES))]
    for server in SERVERS:
        asked = {transport: _asked(references, server, transport) for transport in server.transports}
        first, _modern = next(iter(asked.values()))
        itself = f"{first['server_name']} {first['server_version']}".strip()
        rows.append([server.name, itself, *(_cell(*asked[one]) if one in asked else "–" for one in _TITLES)])
    return _BEFORE + "".join(f"| {' | '.join(row)} |\n" for row in rows) + _AFTER


def _asked(references: References, server: Server, transport: str) -> tuple[dict[str, Any], dict[str, Any] | str]:
    if references.knows(server, transport):
        place = Place(transport)
        return references.newest_handshake(server, place), references.modern(server, place)
    with running(server, transport) as place:
        return references.newest_handshake(server, place), references.modern(server, place)


def _cell(handshake: dict[str, Any], modern: dict[str, Any] | str) -> str:
    versions = handshake["protocol_version"]
    if isinstance(modern, str):
        versions += " ¹"
    elif modern["protocol_version"] != versions:
        versions += f"; {modern['protocol_version']}"
    return f"{versions} · {len(handshake['tools'])} tools"


def main() -> int:
    """Write the file, if every server is in the laboratory."""
    absent = [server.absent for server in SERVERS if server.absent]
    if absent:
        print("\n".join(absent), file=sys.stderr)
        return 1
    with References() as references:
        FILE.write_text(table(references), encoding="utf-8")
    print(f"wrote {FILE.relative_to(inventory.REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

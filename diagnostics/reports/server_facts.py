# SPDX-License-Identifier: GPL-3.0-or-later
"""What an MCP server told about itself, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import McpFacts


def facts(server: McpFacts) -> Iterator[tuple[str, str]]:
    """Names and values, those that are not known left out."""
    steps = ", ".join(f"{method} {taken:.0f} ms" for method, taken in server.steps)
    rows = (
        ("Server", server.server),
        ("Reached over", server.transport),
        ("MCP versions offered", ", ".join(server.offered)),
        ("Agreed on", server.negotiated),
        ("It says it supports", ", ".join(server.supported)),
        ("Capabilities", ", ".join(server.capabilities)),
        ("Experimental", ", ".join(server.experimental)),
        (f"Tools ({len(server.tools)})", ", ".join(server.tools)),
        ("Deprecated in the newest MCP", ", ".join(server.deprecated)),
        ("Through it answered", server.reached),
        ("Time", steps),
    )
    return ((name, value) for name, value in rows if value)

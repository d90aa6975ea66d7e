# SPDX-License-Identifier: GPL-3.0-or-later
"""How the cases are set up in which an AI app starts an MCP server: this Python with `mcp_server.py`."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from importlib import resources

from ..model import Link, Target
from .addons import mcp_for_blender
from .peers import listening
from .room import CASE_S, NotHereError, NotTestedError, Room, Setup

_UP_TO_SERVER = (Link.CLIENT, Link.LAUNCHER, Link.SERVER)
_PROGRAM = "mcp_server.py"
_IN_VAIN_S = 7.5
"""How long a run may take that waits for a server which does not answer; it has to be given 4 s."""


def _starting(behaviour: str, *links: Link, deadline_s: float = CASE_S) -> Setup:
    """A case with a server that behaves so, before a healthy add-on."""

    @contextlib.asynccontextmanager
    async def setup(room: Room) -> AsyncIterator[Target]:
        if behaviour == "ignores-the-end" and room.machine.platform == "win32":
            raise NotHereError("Windows has no signal that a program could ignore")
        if room.python is None:
            raise NotTestedError("no Python was found that could play the server")
        program = room.home / _PROGRAM
        program.write_bytes(resources.files(__package__).joinpath(_PROGRAM).read_bytes())
        async with listening(mcp_for_blender()) as port:
            room.configure(
                {
                    "command": str(room.python),
                    "args": ["-I", "-S", str(program), behaviour],
                    "env": {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(port)},
                }
            )
            yield room.of_app(port, *links, deadline_s=deadline_s)

    return setup


SERVERS: dict[str, Setup] = {
    "chain-healthy": _starting("healthy"),
    **{
        f"server-{behaviour}": _starting(behaviour, *_UP_TO_SERVER)
        for behaviour in (
            "late",
            "floods-stdout",
            "chatters",
            "exits-0",
            "exits-1",
            "leaves-a-child",
            "ignores-the-end",
            "unknown-version",
        )
    },
    **{
        f"server-{behaviour}": _starting(behaviour, *_UP_TO_SERVER, deadline_s=_IN_VAIN_S)
        for behaviour in ("too-late", "silent", "floods-stderr")
    },
}
"""The whole chain, and servers that misbehave (field guide, hostile.md)."""

# SPDX-License-Identifier: GPL-3.0-or-later
"""This machine's listeners, looked up once a run, or once for all the endpoints of a survey."""

from __future__ import annotations

from collections.abc import Callable

from ...check import Context
from ...probes.background import in_thread
from ...probes.listeners import Listener, Socket, described, sockets


async def listening(context: Context, wanted: Callable[[Socket], bool]) -> tuple[Listener, ...]:
    """The listeners whose socket is `wanted`, with all that the system tells of their processes."""
    found = [at for at in await context.once(_sockets) if wanted(at)]
    return await in_thread(lambda: tuple(described(at) for at in found)) if found else ()


async def listening_at(port: int, context: Context) -> tuple[Listener, ...]:
    """The listeners of this machine on this port."""
    return await listening(context, lambda at: at.port == port)


def inspect_command(pid: int, context: Context) -> str:
    """What to type in a terminal to see which process this is."""
    return f'tasklist /v /fi "PID eq {pid}"' if context.machine.platform == "win32" else f"ps -fp {pid}"


async def _sockets() -> tuple[Socket, ...]:
    return await in_thread(lambda: sockets())  # noqa: PLW0108  # looked up at each call, as tests replace it

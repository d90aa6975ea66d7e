# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH commands that bring a port to where it is needed, with everything filled in that is known."""

from __future__ import annotations

from ...check import Context
from ...probes.background import in_thread
from ...probes.interfaces import Network, networks
from ..entries import typed
from .endpoint import Endpoint, is_loopback


def from_there(where: Endpoint, local_port: int, context: Context) -> str:
    """The command that brings the endpoint's port to this port of the own computer, also when it is open there only.

    Without a name SSH takes this user's own, or the one in its configuration.
    """
    return _forward(local_port, where.port, where.host, context)


async def from_here(where: Endpoint, context: Context) -> str | None:
    """The command that brings this computer's port to another one, to be run there; None outside of any network."""
    host = where.host
    if is_loopback(host) or host == "localhost":
        own = await context.once(_networks)
        host = next((network.address for network in own if not network.is_vpn), "")
    environ = context.machine.environ
    user = environ.get("USER") or environ.get("USERNAME") or context.machine.home.name
    return _forward(where.port, where.port, f"{user}@{host}", context) if host else None


def _forward(port: int, far: int, to: str, context: Context) -> str:
    return typed(["ssh", "-N", "-L", f"{port}:127.0.0.1:{far}", to], context)


async def _networks() -> tuple[Network, ...]:
    return await in_thread(networks)

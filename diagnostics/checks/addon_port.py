# SPDX-License-Identifier: GPL-3.0-or-later
"""Another port for this Blender's add-on: what a click sets it to."""

from __future__ import annotations

from ..check import Context
from ..knowledge import products
from ..model import BridgeState, EvidenceValue
from ..probes.background import in_thread
from ..probes.port_binding import why_not_bound
from .network.machine import taken_ports

_TRIED = 20
"""Ports from the usual one on that are tried; beside them one that is far from all that systems reserve."""
_FAR = 19876


def moved(bridge: BridgeState, port: int) -> dict[str, EvidenceValue]:
    """Evidence for the remedy that sets the add-on's port; only the port where it is not known how that is done."""
    known = bool(products.by_id(bridge.product).port_property)
    return {"_new_port": port, "_own_port": f"{bridge.module}:{port}" if known else None}


async def free_port(bridge: BridgeState, context: Context) -> int:
    """A port of this machine that a program may use now and at which nobody listens, near the product's usual one."""
    usual: int = products.by_id(bridge.product).default_port
    taken = await taken_ports(context)
    port: int
    for port in (*range(usual, usual + _TRIED), _FAR):
        if port != bridge.port and port not in taken and await _is_allowed(port):
            return port
    return _FAR


async def _is_allowed(port: int) -> bool:
    return not await in_thread(lambda: why_not_bound(port))

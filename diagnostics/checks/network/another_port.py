# SPDX-License-Identifier: GPL-3.0-or-later
"""Another port for an add-on whose own cannot be used, and how its server is told."""

from __future__ import annotations

import json

from ...check import Context
from ...knowledge import products
from ...model import EvidenceValue
from ...probes.background import in_thread
from ...probes.port_binding import why_not_bound
from ..entries import Entry
from .machine import taken_ports

_FROM = 19876
"""Far from what Windows reserves as a rule, and below the ports that systems give to outgoing connections (32768)."""
_MOST = 40


async def another_port(context: Context) -> dict[str, EvidenceValue]:
    """A port that is free now, and the variable by which the AI app's server reads it, where it reads one."""
    taken = await taken_ports(context)
    ports = (port for port in range(_FROM, _FROM + _MOST) if port not in taken)
    free = await in_thread(lambda: next((port for port in ports if not why_not_bound(port)), _FROM))
    entry = next((one for one in context.all_observed(Entry) if one.product), None)
    product = entry.product if entry and entry.product else products.products()[0]
    variables = {product.port_variable: str(free)} if product.port_variable else None
    return {"_free_port": str(free), "_free_env": json.dumps(variables) if variables else None}

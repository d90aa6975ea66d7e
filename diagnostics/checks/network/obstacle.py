# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody took the connection: what stands in the way?"""

from __future__ import annotations

import json

from ...check import Context
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding
from ...probes.tcp import Attempt, Reached, Resolution
from ..entries import Entry
from . import elsewhere
from .elsewhere import Elsewhere
from .endpoint import Endpoint, evidence_at
from .machine import listening_at

_RANKED = (
    Reached.REFUSED,
    Reached.RESET,
    Reached.TIMEOUT,
    Reached.PROHIBITED,
    Reached.UNREACHABLE,
    Reached.FAILED,
)
_PLAIN = {
    Reached.REFUSED: "network.refused",
    Reached.RESET: "network.reset",
    Reached.TIMEOUT: "network.timeout",
}
"""The cause where nothing more special is seen; `network.unreachable` for all others."""


async def found(
    where: Endpoint, resolution: Resolution, attempts: tuple[Attempt, ...], context: Context, *, local: bool
) -> Finding:
    """The cause for which no address could be connected to. The first address, IPv4's if there is one, decides."""
    evidence = evidence_at(where, context) | {"attempts": tuple(str(attempt) for attempt in attempts), "local": local}
    family = resolution.addresses[0].family
    same = [attempt.reached for attempt in attempts if attempt.address.family == family]
    reached = min(same, key=_RANKED.index)
    if reached is Reached.REFUSED and local:
        for other in (await elsewhere.bridges(context, but=where.port))[:1]:
            return finding("network.port-mismatch", evidence | _mismatch(other, context))
    if reached is Reached.TIMEOUT and local:
        evidence["listener"] = tuple(str(at) for at in await listening_at(where.port, context))
    cause = _PLAIN.get(reached, "network.unreachable")
    return finding(cause, evidence | {"error": next(a.error for a in attempts if a.reached is reached)})


def _mismatch(other: Elsewhere, context: Context) -> dict[str, EvidenceValue]:
    product = other.product
    agreed = any(entry.endpoint[1] == other.port for entry in context.all_observed(Entry))
    variables = {product.port_variable: str(other.port)} if product and product.port_variable else None
    return {
        "found_port": other.port,
        "found_product": product.name if product else "a Blender add-on",
        "found_listener": other.listener,
        "found_endpoint": f"[{other.host}]:{other.port}" if ":" in other.host else f"{other.host}:{other.port}",
        "_found": f"port {other.port}",
        "_agreed": agreed,
        "_variables": json.dumps(variables) if variables and not agreed else None,
    }

# SPDX-License-Identifier: GPL-3.0-or-later
"""Nobody took the connection: what stands in the way?"""

from __future__ import annotations

import json
import socket
from collections.abc import Sequence

from ...check import Context
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding
from ...probes.accept_queue import connections_waiting
from ...probes.background import in_thread
from ...probes.bridge import ask_bridge
from ...probes.listeners import Listener
from ...probes.port_binding import loopback_fault, why_forbidden
from ...probes.system_firewall import reserved_range
from ...probes.tcp import Address, Attempt, Reached
from ..addon_port import moved
from ..entries import Entry
from . import elsewhere, firewall
from .another_port import another_port
from .elsewhere import Elsewhere
from .endpoint import WILDCARDS, Endpoint, Reach, evidence_at, expects_web, is_bridge, is_loopback, own_bridges
from .hosts import evidence_of_host
from .machine import listening_at
from .tunnel import from_here

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


async def found(where: Endpoint, reach: Reach, context: Context, *, local: bool) -> Finding:
    """The cause for which no address could be connected to. The first address, IPv4's if there is one, decides."""
    attempts = reach.attempts
    evidence = evidence_at(where, context) | {"attempts": tuple(str(attempt) for attempt in attempts), "local": local}
    evidence |= {"_addon_here": local and not expects_web(context), "_server_here": local and expects_web(context)}
    family = reach.resolution.addresses[0].family
    reached = min((attempt.reached for attempt in attempts if attempt.address.family == family), key=_RANKED.index)
    evidence |= {"error": next(attempt.error for attempt in attempts if attempt.reached is reached)}
    if not local:
        evidence |= await evidence_of_host(where, reach.resolution, context)
    special = None
    if local and reached is Reached.REFUSED:
        special = await _refused_here(where, attempts, context, evidence)
    elif local and reached is not Reached.RESET:
        special = await _unanswered_here(where, attempts, context, evidence)
    elif reached is not Reached.RESET:
        special = await firewall.obstacle(where, attempts, context, evidence, local=False)
    return special or finding(_PLAIN.get(reached, "network.unreachable"), evidence)


async def _refused_here(
    where: Endpoint, attempts: Sequence[Attempt], context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    """This computer refused: does the program that is meant listen at another address or port of it?"""
    listeners = await listening_at(where.port, context)
    loopback = [at for at in listeners if is_loopback(at.address)]
    targets = [attempt.address for attempt in attempts]
    if loopback and not any(is_loopback(address.host) for address in targets):
        bound = tuple(str(at) for at in loopback)
        here: dict[str, EvidenceValue] = {
            "_bound_to": loopback[0].address,
            "_from_here": await from_here(where, context),
        }
        return finding("network.loopback-only", evidence | {"listener": bound} | here)
    if any(at.address in {*WILDCARDS, *(address.host for address in targets)} for at in listeners):
        # Somebody listens there, and yet the connection was refused.
        stopped = await firewall.obstacle(where, attempts, context, evidence, local=True)
        if stopped is not None:
            return stopped
    other = await _other_family(where, targets, listeners, context)
    if other is not None:
        return finding("network.wrong-family", evidence | {"works": str(other), "_address": other.host})
    for bridge in (await elsewhere.bridges(context, but=where.port))[:1]:
        return finding("network.port-mismatch", evidence | _mismatch(bridge, where, context))
    refusal = "" if listeners else await in_thread(lambda: why_forbidden(where.port))
    if not refusal:
        return None
    reserved = await reserved_range(where.port, context.ledger)
    seen: dict[str, EvidenceValue] = {"bind_error": refusal, "reserved_range": reserved}
    seen["_windows"] = context.machine.platform == "win32"
    return finding("network.port-reserved", evidence | seen | await another_port(context))


async def _other_family(
    where: Endpoint, targets: Sequence[Address], listeners: Sequence[Listener], context: Context
) -> Address | None:
    """The loopback address of the family that the name does not lead to, when a bridge answers there."""
    families = {address.family for address in targets}
    if not all(is_loopback(address.host) for address in targets) or len(families) > 1:
        return None
    six = socket.AF_INET in families
    host = "::1" if six else "127.0.0.1"
    if not any(at.address in {host, *WILDCARDS} and (":" in at.address) >= six for at in listeners):
        return None
    other = Address(socket.AF_INET6, (host, where.port, 0, 0)) if six else Address(socket.AF_INET, (host, where.port))
    return other if is_bridge(await ask_bridge(other, context.ledger)) else None


async def _unanswered_here(
    where: Endpoint, attempts: Sequence[Attempt], context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    """This computer does not answer itself: a full queue, or a connection to itself that is cut off altogether."""
    listeners = await listening_at(where.port, context)
    evidence["listener"] = tuple(str(at) for at in listeners)
    stopped = await firewall.obstacle(where, attempts, context, evidence, local=True)
    if stopped is not None:
        return stopped
    if all(is_loopback(attempt.address.host) for attempt in attempts):
        fault = await context.once(lambda: loopback_fault(context.ledger), key=loopback_fault)
        if fault:
            return finding("network.loopback-broken", evidence | {"own_listener": fault})
    waiting = await in_thread(lambda: connections_waiting(where.port, context.ledger)) if listeners else None
    timed_out = any(attempt.reached is Reached.TIMEOUT for attempt in attempts)
    return finding("network.accept-stalled", evidence | {"waiting": waiting}) if waiting and timed_out else None


def _mismatch(other: Elsewhere, where: Endpoint, context: Context) -> dict[str, EvidenceValue]:
    product = other.product
    agreed = any(entry.endpoint[1] == other.port for entry in context.all_observed(Entry))
    variables = {product.port_variable: str(other.port)} if product and product.port_variable else None
    own = next((bridge for bridge in own_bridges(context) if bridge.port == other.port), None)
    return {
        "found_port": other.port,
        "found_product": product.name if product else "a Blender add-on",
        "found_listener": other.listener,
        "found_endpoint": str(Endpoint(other.host, other.port, "")),
        "_found": f"port {other.port}",
        "_agreed": agreed,
        "_variables": json.dumps(variables) if variables and not agreed else None,
        **({} if own is None or agreed else moved(own, where.port)),
    }

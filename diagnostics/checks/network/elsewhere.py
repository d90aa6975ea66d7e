# SPDX-License-Identifier: GPL-3.0-or-later
"""Where else on this machine a Blender bridge answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ...check import Context
from ...knowledge import products
from ...knowledge.products import Product
from ...probes.bridge import BridgeAnswer, ask_bridge
from ...probes.listeners import Listener
from ...probes.tcp import resolve
from .endpoint import is_bridge, own_bridges
from .machine import listening

_MOST = 8
"""Listeners that are asked; a machine that runs more Blenders than that is found out by its first ones."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A bridge that answers on this machine. `listener` says in words whose it is."""

    host: str
    port: int
    product: Product | None
    listener: str


async def bridges(context: Context, *, but: int) -> tuple[Elsewhere, ...]:
    """The bridges on other ports than `but`: first this Blender's own, then other Blenders', then any other.

    Asked are the ports on which a Blender listens and the known products' own; the same ones once a run.
    """
    own = tuple(
        Elsewhere(bridge.host or "127.0.0.1", bridge.port or 0, products.by_id(bridge.product), "this Blender itself")
        for bridge in own_bridges(context)
        if bridge.port != but
    )
    if own:
        return own
    found = await context.once(lambda: _ask(context), key=bridges)
    return tuple(bridge for bridge in found if bridge.port != but)


async def _ask(context: Context) -> tuple[Elsewhere, ...]:
    known = {product.default_port for product in products.products()}
    known |= {bridge.port for bridge in context.snapshot.bridges if bridge.port} if context.snapshot else set()
    found = await listening(context, lambda _at: True)
    candidates = {at.port: at for at in found if at.is_blender or at.port in known}

    async def ask(at: Listener) -> tuple[Listener, BridgeAnswer]:
        resolution = await resolve(_reachable(at), at.port, deadline_s=1.0)
        return at, await ask_bridge(resolution.addresses[0], context.ledger)

    ranked = sorted(candidates.values(), key=lambda at: not at.is_blender)[:_MOST]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(at)) for at in ranked]
    return tuple(
        Elsewhere(_reachable(at), at.port, products.of_dialect(str(answer.recognised.dialect), at.port), str(at))
        for at, answer in (task.result() for task in tasks)
        if answer.recognised is not None and is_bridge(answer)
    )


def _reachable(at: Listener) -> str:
    """The numeric address at which this machine reaches the listener."""
    if at.address in {"0.0.0.0", "*", ""}:  # noqa: S104  # what a listener is bound to; nothing is bound here
        return "127.0.0.1"
    return "::1" if at.address == "::" else at.address

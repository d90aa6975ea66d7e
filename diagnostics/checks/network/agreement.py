# SPDX-License-Identifier: GPL-3.0-or-later
"""Does each AI app's server look for Blender where the bridge answers?"""

from __future__ import annotations

import json

from ...check import Context, Outcome
from ...knowledge.catalogue import finding
from ...knowledge.launchers import inside
from ...model import EvidenceValue, Finding, Verdict
from ...probes.bridge import BridgeAnswer, ask_bridge
from ...probes.listeners import is_local
from ...probes.tcp import resolve
from ..entries import Entry, evidence_of
from .endpoint import Connection, Endpoint, evidence_at, is_bridge, own_bridges, same_place
from .reach import RESOLVE_S


async def agreement(context: Context) -> Outcome:
    """Whether each entry's server looks for Blender where the bridge answers."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if connection is None or answer is None or not is_bridge(answer):
        return Outcome(Verdict.SKIPPED, "no bridge to compare with")
    failed = []
    for entry in context.all_observed(Entry):
        if entry.product is None:
            continue
        host, port = entry.endpoint
        wanted = Endpoint(host or "localhost", port or entry.product.default_port, "")
        if same_place(wanted, connection.endpoint):
            continue
        answers = await _answers(wanted, context)
        if not answers:
            failed.append(_disagreement(entry, wanted, connection.endpoint, context, asked=answers is not None))
    return Outcome(Verdict.FAIL if failed else Verdict.PASS, failed[0].title if failed else "", tuple(failed))


def _disagreement(entry: Entry, wanted: Endpoint, found: Endpoint, context: Context, *, asked: bool) -> Finding:
    assert entry.product is not None  # noqa: S101  # the caller has looked
    product = entry.product
    args = inside(entry.command).command.args
    by_option = product.port_option and any(word.startswith(product.port_option) for word in args)
    variables = {product.host_variable: found.host, product.port_variable: str(found.port)}
    evidence: dict[str, EvidenceValue] = {
        "entry_endpoint": str(wanted),
        "found_port": found.port,
        "_found": str(found),
        "_asked": asked,
        "_option": f"{product.port_option} {found.port}" if by_option else None,
        "_wanted_port": wanted.port,
        "_entry_variables": None if by_option or not product.port_variable else json.dumps(variables),
    }
    return finding("network.port-mismatch", evidence_at(found, context) | evidence_of(entry, context) | evidence)


async def _answers(where: Endpoint, context: Context) -> bool | None:
    """Whether a bridge answers there too, such as that of a second Blender; None for another machine, not asked."""
    if any(bridge.port == where.port for bridge in own_bridges(context)):
        return True
    resolution = await resolve(where.host, where.port, deadline_s=RESOLVE_S)
    local = [address for address in resolution.addresses if is_local(address.host)]
    return is_bridge(await ask_bridge(local[0], context.ledger)) if local else None

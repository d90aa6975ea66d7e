# SPDX-License-Identifier: GPL-3.0-or-later
"""Is it a firewall on this computer that stops the connection, and which command opens the way?"""

from __future__ import annotations

from collections.abc import Sequence

from ...check import Context
from ...knowledge import table
from ...knowledge.catalogue import fill, finding
from ...model import EvidenceValue, Finding
from ...probes.firewall import Stopped, interface_towards, read_firewall, stopped
from ...probes.system_firewall import Obstruction, obstruction
from ...probes.tcp import Address, Attempt, Reached
from ...protocols.nftables import Packet
from ...protocols.shell_words import quoted
from .endpoint import Endpoint
from .machine import listening_at


async def obstacle(
    where: Endpoint, attempts: Sequence[Attempt], context: Context, evidence: dict[str, EvidenceValue], *, local: bool
) -> Finding | None:
    """`network.filtered` when a rule stops the connection, or when the system says that it is forbidden.

    Where the rules are hidden from this user, `evidence` gets the command that shows them.
    """
    listeners = await listening_at(where.port, context) if local else ()
    programs = tuple(at.path for at in listeners if at.path)
    stops = await obstruction(where.port, programs, context.ledger, local=local)
    if stops is not None:
        fix = _of_system(stops, programs)
        # Windows lets nobody but an administrator change that, in a terminal that was started as one.
        way = "_admin" if stops.kind.startswith("windows") else "_fix"
        return finding("network.filtered", evidence | {"rule": stops.rule, "rule_of": stops.owner, way: fix})
    firewall = await context.once(lambda: read_firewall(context.ledger), key=read_firewall)
    if firewall.rules is None:
        evidence["_look"] = firewall.command or table("firewalls")["look"].get(context.machine.platform)
    else:
        packets = tuple(packet for attempt in attempts for packet in _packets(attempt.address, local=local))
        rule = await stopped(firewall.rules, packets, context.ledger)
        if rule is not None:
            return finding("network.filtered", evidence | _of_rule(rule, where))
    prohibited = any(attempt.reached is Reached.PROHIBITED for attempt in attempts)
    return finding("network.filtered", evidence) if prohibited else None


def _of_system(stops: Obstruction, programs: tuple[str, ...]) -> str:
    """The command for the firewall that comes with Windows or macOS."""
    platform = "win32" if stops.kind.startswith("windows") else "darwin"
    place: dict[str, EvidenceValue] = {
        "name": quoted(f"name={stops.rule}", platform),
        "program": quoted((*programs, "")[0], platform),
    }
    return fill(table("firewalls")["allow"][stops.kind], place)


def _packets(address: Address, *, local: bool) -> tuple[Packet, ...]:
    """What the filter sees of a connection: it leaves, and on this computer it arrives too."""
    host = address.host.partition("%")[0]
    leaves = Packet("output", "lo" if local else interface_towards(host, address.port), host, address.port)
    return (leaves, Packet("input", "lo", host, address.port)) if local else (leaves,)


def _of_rule(rule: Stopped, where: Endpoint) -> dict[str, EvidenceValue]:
    block, leaves = rule.block, rule.packet.hook == "output"
    place: dict[str, EvidenceValue] = {
        "port": where.port,
        "family": block.family,
        "table": block.table,
        "chain": block.chain,
    }
    return {
        "rule": rule.text,
        "rule_of": f"{rule.owner}, chain {block.family} {block.table} {block.chain}",
        "_fix": fill(table("firewalls")["allow"]["ufw_out" if rule.owner == "ufw" and leaves else rule.owner], place),
    }

# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP servers that are connected to Blender now: several at once, and those that an app has left behind."""

from __future__ import annotations

from collections.abc import Sequence

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..model import Command, EvidenceValue, Verdict
from ..probes.listeners import Client
from ..probes.process_identity import mark
from .network.endpoint import LocalEndpoint, is_web
from .network.listener import Unaccepted
from .network.machine import connected, end_command, inspect_command

_OFFERED = (
    ("_end_first", "_first"),
    ("_end_second", "_second"),
    ("_end_third", "_third"),
)
"""What the catalogue calls the processes that can be ended."""


async def processes(context: Context) -> Outcome:
    """Which servers hold a connection to the endpoint of this machine."""
    local = context.observed(LocalEndpoint)
    if local is None or is_web(context):
        return Outcome(Verdict.SKIPPED)
    port = local.endpoint.port
    servers = await connected_servers(port, context)
    evidence: dict[str, EvidenceValue] = {"endpoint": str(local.endpoint)}
    findings = []
    orphans = [server for server in servers if not server.parent]
    if orphans:
        seen = evidence | {"orphans": tuple(map(str, orphans)), "_inspect": inspect_command(orphans[0].pid, context)}
        seen |= ends(orphans)
        findings.append(finding("server.orphaned", seen | {"_end": end_command(orphans[0].pid, context)}))
    if len(servers) > 1:
        named = tuple(f"{server}, started by {server.parent or 'nobody who still runs'}" for server in servers)
        seen = evidence | {"servers": named, "_inspect": inspect_command(servers[0].pid, context)}
        # Whoever came later waits in the queue of an add-on that serves one program at a time.
        one_at_a_time = context.observed(Unaccepted) is not None
        verdict = Verdict.FAIL if one_at_a_time else Verdict.WARN
        seen["_one_at_a_time"] = one_at_a_time
        seen |= ends(servers)
        findings.append(finding("server.duplicate-processes", seen, verdict=verdict))
    failed = next((found for found in findings if found.verdict is Verdict.FAIL), None)
    if failed is not None:
        return Outcome(Verdict.FAIL, failed.title, tuple(findings))
    return Outcome(Verdict.WARN if findings else Verdict.SKIPPED, "", tuple(findings))


def ends(of: Sequence[Client]) -> dict[str, EvidenceValue]:
    """The first of these processes, each to be ended on a click. After one the diagnosis looks at the rest again."""
    found: dict[str, EvidenceValue] = {}
    for names, client in zip(_OFFERED, of, strict=False):
        found |= dict(zip(names, (mark(client.pid, client.created_s), str(client)), strict=True))
    return found


async def connected_servers(port: int, context: Context) -> list[Client]:
    """The Blender servers that are connected to this port of this machine."""
    return [client for client in await connected(port, context) if _is_server(client)]


def _is_server(client: Client) -> bool:
    return (
        bool(client.arguments) and products.of_command(Command(client.arguments[0], client.arguments[1:])) is not None
    )

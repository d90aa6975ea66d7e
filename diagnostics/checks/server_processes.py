# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP servers that are connected to Blender now: several at once, and those that an app has left behind."""

from __future__ import annotations

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..model import Command, EvidenceValue, Verdict
from ..probes.listeners import Client
from .network.endpoint import LocalEndpoint, is_web
from .network.listener import Unaccepted
from .network.machine import connected, end_command, inspect_command


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
        findings.append(finding("server.orphaned", seen | {"_end": end_command(orphans[0].pid, context)}))
    if len(servers) > 1:
        named = tuple(f"{server}, started by {server.parent or 'nobody who still runs'}" for server in servers)
        seen = evidence | {"servers": named, "_inspect": inspect_command(servers[0].pid, context)}
        # Whoever came later waits in the queue of an add-on that serves one program at a time.
        one_at_a_time = context.observed(Unaccepted) is not None
        verdict = Verdict.FAIL if one_at_a_time else Verdict.WARN
        seen["_one_at_a_time"] = one_at_a_time
        findings.append(finding("server.duplicate-processes", seen, verdict=verdict))
    failed = next((found for found in findings if found.verdict is Verdict.FAIL), None)
    if failed is not None:
        return Outcome(Verdict.FAIL, failed.title, tuple(findings))
    return Outcome(Verdict.WARN if findings else Verdict.SKIPPED, "", tuple(findings))


async def connected_servers(port: int, context: Context) -> list[Client]:
    """The Blender servers that are connected to this port of this machine."""
    return [client for client in await connected(port, context) if _is_server(client)]


def _is_server(client: Client) -> bool:
    return (
        bool(client.arguments) and products.of_command(Command(client.arguments[0], client.arguments[1:])) is not None
    )

# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens at the endpoint, and should it?"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from ...check import Context, Outcome
from ...knowledge import table
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding, Verdict
from ...probes.accept_queue import connections_waiting
from ...probes.background import in_thread
from ...probes.bridge import BridgeAnswer, Ended
from ...probes.listeners import Client, Listener, clients, read_tcp_table, user_name
from ...probes.process_identity import mark
from ...protocols.dialect import Dialect
from ...protocols.ssh_forward import Forward, forwards
from ..entries import typed
from . import elsewhere
from .another_port import another_port
from .endpoint import WILDCARDS, Connection, Endpoint, LocalEndpoint, evidence_at, is_bridge, is_loopback, is_web
from .machine import end_command, inspect_command, listening_at
from .secure import certificate_refused, tls_unexpected
from .tunnel import from_here


@dataclass(frozen=True, slots=True)
class Unaccepted:
    """Our connection waits in the listener's queue: nobody has accepted it. `held_by` are who is connected there."""

    held_by: tuple[Client, ...]


async def at_connection(connection: Connection, context: Context) -> tuple[Listener, ...]:
    """The listeners of this machine that may have taken the connection; none for another machine's endpoint."""
    if context.observed(LocalEndpoint) is None:
        return ()
    reached = {connection.address.host, *WILDCARDS}
    return await listening_at(connection.endpoint.port, context, reached)


async def owner(context: Context) -> Outcome:
    """Who listens at the port, when what was heard there is no bridge: taken, closed at once, or never accepted."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if connection is None or answer is None or is_bridge(answer) or is_web(context):
        return Outcome(Verdict.SKIPPED, "the bridge itself answers")
    found = await at_connection(connection, context)
    evidence = evidence_at(connection.endpoint, context) | {
        "answer": answer.first_bytes,
        "listener": tuple(str(at) for at in found),
    }
    seen: tuple[object, ...] = found
    closed = answer.ended is Ended.CLOSED
    failed = certificate_refused(context, connection, answer)
    failed = failed or await tls_unexpected(context, connection, answer.first_bytes, closed=closed)
    failed = failed or _ended_at_once(answer, found, context, evidence)
    if failed is None:
        failed = await _taken(answer, found, context, evidence)
    if failed is None and answer.ended is Ended.SILENT and found:
        queue = await _unaccepted(connection, context)
        if queue is not None:
            seen = (*found, queue)
            if not queue.held_by and not any(at.is_blender for at in found):
                failed = finding("network.accept-stalled", evidence)
    if failed is None:
        return Outcome(Verdict.PASS, str(connection.address), (), seen)
    return Outcome(Verdict.FAIL, failed.title, (failed,), seen)


def _ended_at_once(
    answer: BridgeAnswer, found: tuple[Listener, ...], context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    if answer.ended not in {Ended.CLOSED, Ended.NO_CONNECTION}:
        return None
    for at in found:
        if _names(at) & set(table("programs")["tunnels"]):
            forward = forward_of(at)
            return finding(
                "network.tunnel-down",
                evidence
                | {"pid": at.pid, "program": at.program, "far_end": str(forward) if forward else None}
                | {"_command": typed(forward.argv, context) if forward else None}
                | {"_inspect": inspect_command(at.pid, context) if at.pid else None},
            )
    if any(_is_another_program(at, answer) for at in found):
        return None
    return finding("network.reset", evidence | {"error": answer.error})


def forward_of(at: Listener) -> Forward | None:
    """Where an SSH client that listens there sends what it takes, by its command line."""
    return next((forward for forward in forwards(at.arguments) if forward.port == at.port), None)


async def _taken(
    answer: BridgeAnswer, found: tuple[Listener, ...], context: Context, evidence: dict[str, EvidenceValue]
) -> Finding | None:
    own = context.snapshot.pid if context.snapshot else None
    taken = next((at for at in found if at.pid != own and _is_another_program(at, answer)), None)
    if taken is None or taken.pid is None:
        return None
    bridge = next(iter(await elsewhere.bridges(context, but=taken.port)), None)
    if bridge is not None:
        evidence |= {"found_port": bridge.port, "found_endpoint": str(Endpoint(bridge.host, bridge.port, ""))}
        evidence |= {"found_product": bridge.product.name if bridge.product else "A Blender add-on"}
        variable = bridge.product.port_variable if bridge.product else ""
        evidence |= {"_found_env": json.dumps({variable: str(bridge.port)}) if variable else None}
    free = await another_port(context)
    own_program = taken.user and taken.user == user_name()
    return finding(
        "network.port-taken",
        evidence
        | {"pid": taken.pid, "program": taken.program, "user": taken.user, "since": taken.since}
        | {"what": answer.recognised.program if answer.recognised else None}
        | {"_inspect": inspect_command(taken.pid, context)}
        | {"_end_process": mark(taken.pid, taken.created_s) if own_program else None}
        | {"_end": end_command(taken.pid, context) if own_program else None}
        | free
        | {"_other_env": None if bridge is not None else free["_free_env"]},
    )


async def _unaccepted(connection: Connection, context: Context) -> Unaccepted | None:
    """Evidence that the listener has not taken our connection out of its queue; None where it has, or nobody tells."""
    port = connection.endpoint.port
    waiting = await in_thread(lambda: connections_waiting(port, context.ledger))
    if not waiting:
        return None
    listeners = {at.pid for at in await listening_at(port, context)}
    held_by = await in_thread(lambda: clients(port, read_tcp_table()))
    return Unaccepted(tuple(client for client in held_by if client.pid not in listeners))


async def sharing(context: Context) -> Outcome:
    """Whether the port has one listener, and whether other computers reach it too."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if connection is None or context.observed(LocalEndpoint) is None:
        return Outcome(Verdict.SKIPPED, "not of this computer")
    found = await at_connection(connection, context)
    evidence = evidence_at(connection.endpoint, context) | {"listener": tuple(str(at) for at in found)}
    warnings = []
    if len(rivals := _rivals(found)) > 1:
        seen: dict[str, EvidenceValue] = {"rivals": tuple(str(at) for at in rivals)}
        seen["_inspect"] = inspect_command(next((at.pid for at in rivals if at.pid), 0), context)
        warnings.append(finding("network.double-bind", evidence | seen))
    open_at = next((at for at in found if not is_loopback(at.address)), None)
    if open_at is not None and answer is not None and is_bridge(answer) and connection.context is None:
        here: dict[str, EvidenceValue] = {"_from_here": await from_here(connection.endpoint, context)}
        warnings.append(finding("network.exposed", evidence | {"bound_to": open_at.address} | here))
    return Outcome(Verdict.WARN if warnings else Verdict.PASS, str(connection.address), tuple(warnings))


def _rivals(found: tuple[Listener, ...]) -> list[Listener]:
    """Listeners of processes that have nothing to do with each other: neither parent and child nor siblings."""
    rivals: list[Listener] = []
    for at in found:
        related = any(
            at.pid in {other.pid, other.parent} or at.parent in {other.pid, other.parent} - {0, 1} for other in rivals
        )
        if at.pid is not None and not related:
            rivals.append(at)
    return rivals


def _names(at: Listener) -> set[str]:
    """What the listener's program and its file are called, without versions and endings."""
    return {re.sub(r"(?:[\d.]+t?)?(?:\.exe)?$", "", name.lower()) for name in (at.program, at.executable)}


def _is_another_program(at: Listener, answer: BridgeAnswer) -> bool:
    """Whether the listener cannot be a bridge.

    It speaks as something else, or its name says that it is neither Blender, nor an interpreter that may run a bridge,
    nor a forwarder to one.
    """
    if at.pid is None or at.is_blender:
        return False
    names = _names(at)
    if names.intersection(table("programs")["forwarders"]):
        return False
    foreign = answer.recognised is not None and answer.recognised.dialect is Dialect.FOREIGN
    return foreign or not names.intersection(table("programs")["interpreters"])

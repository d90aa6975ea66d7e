# SPDX-License-Identifier: GPL-3.0-or-later
"""Host and port: does the name resolve, does anybody listen, and is it the bridge or another program?"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
from dataclasses import dataclass

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.products import Product
from ..model import BridgeState, EvidenceValue, Finding, Verdict
from ..probes.background import in_thread
from ..probes.bridge import BridgeAnswer, Ended, ask_bridge
from ..probes.listeners import Listener, is_local, listeners
from ..probes.tcp import Address, Attempt, Reached, Resolution, connect_all, resolve
from ..probes.tls import Handshake, client_context, shake_hands
from ..protocols.dialect import Dialect
from .entries import Entry, evidence_of, start_of

CONNECT_S = 3.0
RESOLVE_S = 5.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where this run looks for the bridge, and who named the place."""

    host: str
    port: int
    named_by: str

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Connection:
    """The address that is used: the first that could be connected to, IPv4 before IPv6.

    `sock` is the open connection. It is used for the conversation too: an add-on may serve one client only.
    """

    endpoint: Endpoint
    address: Address
    sock: socket.socket | None = None
    context: ssl.SSLContext | None = None
    server_name: str | None = None


@dataclass(frozen=True, slots=True)
class LocalEndpoint:
    """The endpoint leads to this very machine."""

    endpoint: Endpoint


def endpoint(context: Context) -> Endpoint:
    """The user's host and port; where none was given, what the AI app's only Blender entry says; else the default."""
    target = context.target
    if not target.endpoint_given:
        named = {entry.endpoint: entry for entry in context.all_observed(Entry)}
        if len(named) == 1:
            (host, port), entry = next(iter(named.items()))
            if host is not None or port is not None:
                return Endpoint(
                    host or target.host, port or target.port, f"the entry “{entry.name}” of {entry.app.name}"
                )
    return Endpoint(target.host, target.port, "the settings of MCP Diagnostics")


async def connect(context: Context) -> Outcome:
    """Resolves the name, connects to each address side by side, and says what stands in the way."""
    where = endpoint(context)
    resolution = await resolve(where.host, where.port, deadline_s=RESOLVE_S)
    found = ", ".join(address.host for address in resolution.addresses)
    lines = [f"{resolution.elapsed_ms:8.1f} ms  {where.host} is {found or 'unknown'}"]
    if not resolution.addresses:
        evidence = _evidence(where, context) | {"error": resolution.error}
        failed = finding("network.name-unresolved", evidence)
        return Outcome(Verdict.FAIL, "name not found", (failed,), (where,), transcript=tuple(lines))
    attempts = await connect_all(resolution.addresses, context.ledger, deadline_s=CONNECT_S)
    lines += [f"{attempt.elapsed_ms:8.1f} ms  {attempt}" for attempt in attempts]
    local = all(is_local(address.host) for address in resolution.addresses)
    seen: tuple[object, ...] = (where, LocalEndpoint(where)) if local else (where,)
    opened = [(attempt.address, attempt.sock) for attempt in attempts if attempt.sock is not None]
    for _address, sock in opened:
        context.resources.callback(sock.close)
    if opened:
        for _address, sock in opened[1:]:
            sock.close()
        address, sock = opened[0]
        return Outcome(
            Verdict.PASS, str(address), (), (*seen, Connection(where, address, sock)), transcript=tuple(lines)
        )
    failure = await _failure(where, resolution, attempts, context, local=local)
    return Outcome(Verdict.FAIL, failure.title, (failure,), seen, transcript=tuple(lines))


def _evidence(where: Endpoint, context: Context) -> dict[str, EvidenceValue]:
    return {
        "_start": start_of(context),
        "endpoint": str(where),
        "host": where.host,
        "port": where.port,
        "named_by": where.named_by,
    }


async def _failure(
    where: Endpoint, resolution: Resolution, attempts: tuple[Attempt, ...], context: Context, *, local: bool
) -> Finding:
    """The cause for which no address could be connected to. The first address, IPv4's if there is one, decides."""
    evidence = _evidence(where, context) | {"attempts": tuple(str(attempt) for attempt in attempts), "local": local}
    ranked = [Reached.REFUSED, Reached.RESET, Reached.TIMEOUT, Reached.PROHIBITED, Reached.UNREACHABLE, Reached.FAILED]
    family = resolution.addresses[0].family
    same = [attempt.reached for attempt in attempts if attempt.address.family == family]
    reached = min(same, key=ranked.index)
    if reached is Reached.REFUSED and local:
        elsewhere = await _bridge_elsewhere(where, context)
        if elsewhere is not None:
            if any(entry.endpoint[1] == elsewhere["found_port"] for entry in context.all_observed(Entry)):
                elsewhere |= {"_agreed": True, "_variables": None}
            return finding("network.port-mismatch", evidence | elsewhere)
    if reached is Reached.TIMEOUT and local:
        port = frozenset({where.port})
        evidence["listener"] = tuple(str(at) for at in await in_thread(lambda: listeners(port)))
    cause = {
        Reached.REFUSED: "network.refused",
        Reached.RESET: "network.reset",
        Reached.TIMEOUT: "network.timeout",
    }.get(reached, "network.unreachable")
    return finding(cause, evidence | {"error": next(a.error for a in attempts if a.reached is reached)})


async def _bridge_elsewhere(where: Endpoint, context: Context) -> dict[str, EvidenceValue] | None:
    """Evidence for a bridge that answers on another port of this machine, None when none does."""
    own = next((b for b in own_bridges(context) if b.port != where.port), None)
    if own is not None:
        return _elsewhere(own.port or 0, products.by_id(own.product), "this Blender itself")
    known = {product.default_port for product in products.products()}
    known |= {bridge.port for bridge in context.snapshot.bridges if bridge.port} if context.snapshot else set()
    found = [at for at in await in_thread(listeners) if at.is_blender or at.port in known]
    candidates = {at.port: at for at in found if at.port != where.port}
    if not candidates:
        return None

    async def ask(at: Listener) -> tuple[Listener, BridgeAnswer]:
        numeric = "::1" if ":" in at.address else "127.0.0.1"
        resolution = await resolve(numeric, at.port, deadline_s=RESOLVE_S)
        return at, await ask_bridge(resolution.addresses[0], context.ledger)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask(at)) for at in list(candidates.values())[:8]]
    bridges = [(at, answer) for at, answer in (task.result() for task in tasks) if is_bridge(answer)]
    if not bridges:
        return None
    at, answer = min(bridges, key=lambda pair: not pair[0].is_blender)
    product = products.of_dialect(str(answer.recognised.dialect)) if answer.recognised else None
    return _elsewhere(at.port, product, str(at))


def _elsewhere(port: int, product: Product | None, listener: str) -> dict[str, EvidenceValue]:
    return {
        "found_port": port,
        "found_product": product.name if product else "a Blender add-on",
        "found_listener": listener,
        "_found": f"port {port}",
        "_variables": json.dumps({product.port_variable: str(port)}) if product and product.port_variable else None,
    }


def own_bridges(context: Context) -> tuple[BridgeState, ...]:
    """The add-ons of this very Blender that listen, as Blender itself knows."""
    return tuple(b for b in context.snapshot.bridges if b.running and b.port) if context.snapshot else ()


def is_bridge(answer: BridgeAnswer) -> bool:
    """Whether a Blender bridge answered."""
    return answer.recognised is not None and answer.recognised.dialect not in {Dialect.FOREIGN, Dialect.UNKNOWN}


async def tls(context: Context) -> Outcome:
    """Does the TLS handshake, where the settings ask for TLS. The certificate is always verified."""
    settings, connection = context.target.tls, context.observed(Connection)
    if settings is None or connection is None:
        return Outcome(Verdict.SKIPPED, "not used")
    if connection.sock is not None:
        connection.sock.close()  # the handshake and the conversation under TLS have connections of their own
    name = settings.server_name or connection.endpoint.host
    try:
        secure = await client_context(settings, context.ledger)
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        evidence = {"ca_file": str(settings.ca_file), "error": str(error)}
        failed = finding("network.tls-untrusted", _evidence(connection.endpoint, context) | evidence)
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    shaken = await shake_hands(connection.address, secure, name, context.ledger, deadline_s=CONNECT_S)
    line = f"{shaken.elapsed_ms:8.1f} ms  TLS as {name}: {shaken.version or shaken.error}"
    if shaken.ok:
        secured = Connection(connection.endpoint, connection.address, context=secure, server_name=name)
        return Outcome(Verdict.PASS, shaken.version, (), (secured,), transcript=(line,))
    evidence = {"server_name": name, "error": shaken.error, "ca_file": str(settings.ca_file or "")}
    failed = finding(_tls_cause(shaken), _evidence(connection.endpoint, context) | evidence)
    return Outcome(Verdict.FAIL, failed.title, (failed,), transcript=(line,))


def _tls_cause(shaken: Handshake) -> str:
    """A peer that sends an alert does speak TLS; one that is silent, ends the connection or talks plainly does not."""
    causes = {
        9: "network.tls-not-yet-valid",
        10: "network.tls-expired",
        62: "network.tls-name-mismatch",
        64: "network.tls-name-mismatch",  # the host is a numeric address, and it is not in the certificate
    }
    if shaken.verify_code:
        return causes.get(shaken.verify_code, "network.tls-untrusted")
    if "CERTIFICATE" in shaken.error:
        return "network.tls-client-cert"
    alerted = not shaken.plain and re.search("ALERT|VERSION|PROTOCOL|CIPHER|TLSV1", shaken.error)
    return "network.tls-version" if alerted else "network.tls-expected"


async def owner(context: Context) -> Outcome:
    """Who listens at the port, when what was heard there is no bridge: port taken, or closed at once."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if connection is None or answer is None or is_bridge(answer):
        return Outcome(Verdict.SKIPPED, "the bridge itself answers")
    evidence = _evidence(connection.endpoint, context) | {"answer": answer.first_bytes}
    found: tuple[Listener, ...] = ()
    if context.observed(LocalEndpoint):
        port = connection.endpoint.port
        reached = {connection.address.host, "0.0.0.0", "::", "*"}  # noqa: S104  # a listener's address, nothing is bound
        found = tuple(at for at in await in_thread(lambda: listeners(frozenset({port}))) if at.address in reached)
    evidence |= {"listener": tuple(str(at) for at in found)}
    own = context.snapshot.pid if context.snapshot else None
    taken = next((at for at in found if at.pid != own and _is_another_program(at, answer)), None)
    if "CERTIFICATE_REQUIRED" in answer.error:
        failed = finding("network.tls-client-cert", evidence | {"error": answer.error})
        return Outcome(Verdict.FAIL, failed.title, (failed,), found)
    if taken is None and answer.ended in {Ended.CLOSED, Ended.NO_CONNECTION}:
        failed = finding("network.reset", evidence | {"error": answer.error})
        return Outcome(Verdict.FAIL, failed.title, (failed,), found)
    if taken is None:
        return Outcome(Verdict.PASS, str(connection.address), (), found)
    evidence |= {"pid": taken.pid, "program": taken.program, "user": taken.user, "since": taken.since}
    windows = context.machine.platform == "win32"
    evidence["_inspect"] = f'tasklist /v /fi "PID eq {taken.pid}"' if windows else f"ps -fp {taken.pid}"
    what = answer.recognised.program if answer.recognised else None
    failed = finding("network.port-taken", evidence | {"what": what})
    return Outcome(Verdict.FAIL, failed.title, (failed,), found)


def _is_another_program(at: Listener, answer: BridgeAnswer) -> bool:
    """Whether the listener cannot be a bridge.

    It speaks as something else, or its name says that it is neither Blender, nor an interpreter that may run a bridge,
    nor a forwarder to one.
    """
    if at.pid is None or at.is_blender:
        return False
    names = {re.sub(r"(?:[\d.]+t?)?(?:\.exe)?$", "", name.lower()) for name in (at.program, at.executable)}
    if names.intersection(table("programs")["forwarders"]):
        return False
    foreign = answer.recognised is not None and answer.recognised.dialect is Dialect.FOREIGN
    return foreign or not names.intersection(table("programs")["interpreters"])


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
        if _same_place(wanted, connection.endpoint):
            continue
        answers = await _answers(wanted, context)
        if not answers:
            failed.append(_disagreement(entry, wanted, connection.endpoint, context, asked=answers is not None))
    return Outcome(Verdict.FAIL if failed else Verdict.PASS, failed[0].title if failed else "", tuple(failed))


def _disagreement(entry: Entry, wanted: Endpoint, found: Endpoint, context: Context, *, asked: bool) -> Finding:
    assert entry.product is not None  # noqa: S101  # the caller has looked
    product = entry.product
    by_option = product.port_option and any(word.startswith(product.port_option) for word in entry.command.args)
    variables = {product.host_variable: found.host, product.port_variable: str(found.port)}
    evidence: dict[str, EvidenceValue] = {
        "entry_endpoint": str(wanted),
        "found_port": found.port,
        "_found": str(found),
        "_asked": asked,
        "_option": f"{product.port_option} {found.port}" if by_option else None,
        "_variables": None if by_option or not product.port_variable else json.dumps(variables),
    }
    return finding("network.port-mismatch", _evidence(found, context) | evidence_of(entry, context) | evidence)


def _same_place(one: Endpoint, other: Endpoint) -> bool:
    loopback = {"localhost", "127.0.0.1", "::1"}
    same_host = one.host == other.host or {one.host, other.host} <= loopback
    return same_host and one.port == other.port


async def _answers(where: Endpoint, context: Context) -> bool | None:
    """Whether a bridge answers there too, such as that of a second Blender; None for another machine, not asked."""
    if any(bridge.port == where.port for bridge in own_bridges(context)):
        return True
    resolution = await resolve(where.host, where.port, deadline_s=RESOLVE_S)
    local = [address for address in resolution.addresses if is_local(address.host)]
    return is_bridge(await ask_bridge(local[0], context.ledger)) if local else None

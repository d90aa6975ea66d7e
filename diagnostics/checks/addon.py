# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's socket in Blender: which product answers, in which version, and does it fit the server?"""

from __future__ import annotations

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.products import Product
from ..model import BridgeState, EvidenceValue, Verdict
from ..probes.bridge import BridgeAnswer, Ended, ask_bridge
from ..probes.listeners import Listener
from ..probes.mcp_http import WebServerAnswer
from ..protocols.dialect import Dialect
from ..text import one_line
from .entries import Entry, evidence_of, start_of
from .network.endpoint import Connection, Endpoint, LocalEndpoint, expects_web, is_web, own_bridges, speaks_http
from .network.listener import Unaccepted
from .network.machine import inspect_command
from .network.web import is_elsewhere
from .server import ServerSeen
from .server_processes import ends

_NO_ADDON = "does not apply: the MCP server is reached over HTTP"


def bridge_of_this_process(context: Context, where: Endpoint) -> BridgeState | None:
    """The add-on of this very Blender, when it is the one that listens at the endpoint."""
    if context.observed(LocalEndpoint) is None:
        return None
    return next((bridge for bridge in own_bridges(context) if bridge.port == where.port), None)


async def identify(context: Context) -> Outcome:
    """Asks what listens which protocol it speaks; passes on what was heard. `meaning` judges it."""
    connection = context.observed(Connection)
    if connection is None:
        return Outcome(Verdict.SKIPPED, blocked_by="network.connect")
    if expects_web(context):
        return Outcome(Verdict.SKIPPED, _NO_ADDON)
    if context.target.tls is not None and connection.context is None:
        return Outcome(Verdict.SKIPPED, blocked_by="network.tls")  # who asks for TLS wants nothing said in the clear
    port = connection.endpoint.port
    if port in table("programs")["printer_ports"]:
        evidence: dict[str, EvidenceValue] = {"endpoint": str(connection.endpoint), "what": "perhaps a printer"}
        evidence |= {"_start": start_of(context)}
        evidence |= {"_printer": True}
        asked = finding("addon.not-a-bridge", evidence, verdict=Verdict.UNKNOWN)
        return Outcome(Verdict.UNKNOWN, f"nothing was sent: port {port} is a printer's", (asked,))
    own = bridge_of_this_process(context, connection.endpoint)
    if own is not None and context.snapshot is not None and context.snapshot.main_thread_waits:
        name = products.by_id(own.product).name
        return Outcome(Verdict.UNKNOWN, f"{name} runs; it cannot be asked while a script waits")
    answer = await ask_bridge(
        connection.address,
        context.ledger,
        sock=connection.sock,
        context=connection.context,
        server_name=connection.server_name,
    )
    # Of a web server it is not known yet whether this link applies at all.
    verdict = Verdict.SKIPPED if speaks_http(answer) else Verdict.PASS
    return Outcome(verdict, "", (), (answer,), transcript=answer.transcript)


async def meaning(context: Context) -> Outcome:
    """Judges what was heard, together with who listens there."""
    connection, answer = context.observed(Connection), context.observed(BridgeAnswer)
    if is_web(context):
        return Outcome(Verdict.SKIPPED, _NO_ADDON)
    if connection is None or answer is None:
        return Outcome(Verdict.SKIPPED, blocked_by="addon.identify")
    if answer.ended in {Ended.CLOSED, Ended.NO_CONNECTION}:
        return Outcome(Verdict.SKIPPED, blocked_by="network.reset")
    evidence: dict[str, EvidenceValue] = {
        "_start": start_of(context),
        "endpoint": str(connection.endpoint),
        "answer": answer.first_bytes,
        "answer_ms": round(answer.answer_ms, 1),
        "listener": tuple(str(at) for at in context.all_observed(Listener)),
    }
    if answer.recognised is None:
        return _silent(context, connection, evidence)
    if answer.recognised.dialect is Dialect.FOREIGN:
        asked = context.observed(WebServerAnswer)
        web = asked is not None and is_elsewhere(asked)
        failed = finding("addon.not-a-bridge", evidence | {"what": answer.recognised.program, "_web": web})
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    if answer.recognised.dialect is Dialect.UNKNOWN:
        failed = finding("addon.unknown-protocol", evidence)
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    if answer.recognised.dialect is Dialect.BROKEN:
        failed = finding("addon.malformed-reply", evidence | {"reply": answer.first_bytes})
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    product = products.of_dialect(str(answer.recognised.dialect), connection.endpoint.port)
    assert product is not None  # noqa: S101  # a test holds that every dialect of a bridge has its product
    if answer.recognised.dialect is Dialect.MCP_FOR_BLENDER:
        return _version(context, answer, product, evidence)
    return Outcome(Verdict.PASS, product.name)


def _silent(context: Context, connection: Connection, evidence: dict[str, EvidenceValue]) -> Outcome:
    """It accepts and says nothing. That is a busy Blender only where the listener is known to be a Blender."""
    own = bridge_of_this_process(context, connection.endpoint)
    blender = own is not None or any(at.is_blender for at in context.all_observed(Listener))
    if own is not None and context.snapshot is not None and context.snapshot.background:
        return Outcome(Verdict.SKIPPED, blocked_by="blender.background")
    occupied = context.observed(Unaccepted)
    if occupied is not None and occupied.held_by and not blender:
        evidence |= {"held_by": tuple(str(client) for client in occupied.held_by)}
        evidence |= {"_inspect": inspect_command(occupied.held_by[0].pid, context)} | ends(occupied.held_by)
        failed = finding("addon.single-client-occupied", evidence)
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    name = products.by_id(own.product).name if own is not None else "Blender"
    failed = finding("addon.busy" if blender else "addon.silent", evidence | {"_product": name})
    return Outcome(Verdict.FAIL, failed.title, (failed,))


def _version(context: Context, answer: BridgeAnswer, product: Product, evidence: dict[str, EvidenceValue]) -> Outcome:
    """The version of MCP for Blender's add-on against the user's pin and what the newest server expects."""
    evidence |= {"product": product.name, "update": product.update}
    if answer.info_silent:
        failed = finding("addon.busy", evidence | {"_product": product.name})
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    if answer.info is None and answer.info_error.startswith("Unknown command type"):
        evidence |= {"refusal": one_line(answer.info_error)}
        return _outdated(context, evidence, f"{product.name}, an old version")
    if answer.info is None:
        failed = finding("addon.malformed-reply", evidence | {"reply": one_line(answer.info_error)})
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    protocol, version = answer.info.get("protocol_version"), dotted(answer.info.get("addon_version"))
    evidence |= {"addon_version": version, "blender_version": one_line(str(answer.info.get("blender_version", "")), 40)}
    if isinstance(protocol, bool) or not isinstance(protocol, int) or protocol < 0:
        failed = finding("addon.protocol-invalid", evidence | {"protocol_version": one_line(repr(protocol), 60)})
        return Outcome(Verdict.FAIL, failed.title, (failed,))
    evidence |= {"protocol_version": protocol}
    return _compared(context, product, protocol, evidence, f"{product.name} {version} · protocol {protocol}")


def _compared(
    context: Context, product: Product, protocol: int, evidence: dict[str, EvidenceValue], summary: str
) -> Outcome:
    """The protocol against the pins; without pins against what the configured servers expect."""
    evidence |= {"protocol_version": protocol}
    pins = context.target.expect_protocol
    if pins:
        if protocol in pins:
            return Outcome(Verdict.PASS, summary)
        evidence |= {"expected": " or ".join(map(str, pins))}
        if protocol < max(pins):
            return _outdated(context, evidence, summary)
        newer = finding("addon.protocol-newer", evidence | {"pinned": True})
        return Outcome(Verdict.WARN, summary, (newer,))
    if protocol < _expected(context, product):
        return _outdated(context, evidence | {"expected": str(_expected(context, product))}, summary)
    for entry in context.all_observed(Entry):
        # Only of a release that is named it is known that it expects no more.
        if entry.product == product and products.named_release(entry.command, product):
            expected = products.expected_protocol(product, entry.command)
            if 0 < expected < protocol:
                newer = finding(
                    "addon.protocol-newer", evidence_of(entry, context) | evidence | {"expected": str(expected)}
                )
                return Outcome(Verdict.WARN, summary, (newer,))
    return Outcome(Verdict.PASS, summary)


def _expected(context: Context, product: Product) -> int:
    """The `protocol_version` that the configured servers of this product expect."""
    commands = [entry.command for entry in context.all_observed(Entry) if entry.product == product]
    return max((products.expected_protocol(product, command) for command in commands), default=product.newest_protocol)


def _outdated(context: Context, evidence: dict[str, EvidenceValue], summary: str) -> Outcome:
    pinned = bool(context.target.expect_protocol)
    verdict = Verdict.FAIL if pinned else Verdict.WARN
    pins = " or ".join(map(str, context.target.expect_protocol))
    seen = {"expected": pins or None, **evidence, "pinned": pinned}
    return Outcome(verdict, summary, (finding("addon.outdated", seen, verdict=verdict),))


def dotted(version: object) -> str:
    """A version that an add-on tells as a list of numbers or as a text."""
    if isinstance(version, list | tuple):
        return one_line(".".join(str(part) for part in version[:4]), 40)
    return one_line(str(version or ""), 40)


async def product(context: Context) -> Outcome:
    """Whether the server that the AI app starts and the add-on that answers belong together."""
    answer = context.observed(BridgeAnswer)
    bridge = None if answer is None or answer.recognised is None else answer.recognised.dialect
    addon = products.of_dialect(str(bridge), answer.address.port) if answer and bridge else None
    if addon is None:
        return Outcome(Verdict.SKIPPED, "no bridge to compare with")
    said = {seen.launch.entry.command.digest: seen.product for seen in context.all_observed(ServerSeen)}
    failed = []
    for entry in context.all_observed(Entry):
        server = said.get(entry.command.digest) or entry.product
        if server is not None and bridge not in server.dialects:
            evidence = evidence_of(entry, context) | {
                "server_product": server.name,
                "addon_product": addon.name,
                "how_known": "the server says so itself"
                if said.get(entry.command.digest)
                else "the command in the configuration",
                "_addon_entry": addon.server_entry,
            }
            failed.append(finding("addon.product-mismatch", evidence))
    return Outcome(Verdict.FAIL if failed else Verdict.PASS, failed[0].title if failed else "", tuple(failed))

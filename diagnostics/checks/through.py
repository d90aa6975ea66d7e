# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way through: a known server is asked, by a tool that only reads, which Blender it reaches."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from ..check import Context
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..model import EvidenceValue, Finding, Verdict
from ..probes.bridge import BridgeAnswer
from ..protocols.mcp_answer import McpAnswer, ToolCall
from ..text import one_line
from .entries import Entry
from .network.endpoint import Endpoint

CALL = "tools/call"


@dataclass(frozen=True, slots=True)
class Told:
    """What a server's tool told about the Blender behind it; empty where it did not say."""

    blender: str = ""
    addon: str = ""
    protocol: str = ""

    def __str__(self) -> str:
        rows = (("Blender", self.blender), ("add-on", self.addon), ("protocol", self.protocol))
        return " · ".join(f"{name} {value}" for name, value in rows if value)


def read_only_calls() -> dict[str, str]:
    """The one tool that may be called of each known server, by the server's name."""
    return {
        name: product.status_tool
        for product in products.products()
        if product.status_tool
        for name in product.server_names
    }


def calls_for(entry: Entry, context: Context) -> dict[str, str]:
    """The tools that may be called through this entry's server now: none unless its add-on is known to answer.

    A server whose Blender does not answer would wait for it for minutes, and what is wrong is known already.
    """
    meaning, answer = context.outcome("addon.meaning"), context.observed(BridgeAnswer)
    healthy = meaning is not None and meaning.verdict in {Verdict.PASS, Verdict.WARN}
    if not healthy or answer is None or answer.recognised is None:
        return {}
    if entry.product is not None and str(answer.recognised.dialect) not in entry.product.dialects:
        return {}
    return read_only_calls()


def told(call: ToolCall | None) -> Told | None:
    """What the tool told, from the JSON object with which its text begins; None where there is none."""
    if call is None or call.error is not None:
        return None
    try:
        value, _end = json.JSONDecoder().raw_decode(call.text.lstrip())
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not isinstance(value.get("blender_version"), str):
        return None
    addon, protocol = value.get("addon_version"), value.get("protocol_version")
    dotted = ".".join(str(part) for part in addon[:4]) if isinstance(addon, list) else str(addon or "")
    number = str(protocol) if isinstance(protocol, int) and not isinstance(protocol, bool) else ""
    return Told(one_line(value["blender_version"], 40), one_line(dotted, 40), one_line(number, 20))


def why_not(answer: McpAnswer) -> str | None:
    """Why the call came to nothing, in the server's words; None where it was not made or told what was wanted."""
    call = answer.call
    if call is None:
        return None
    if call.error is not None:
        return call.error
    return None if told(call) else one_line(call.text, 300)


def judged(answer: McpAnswer, context: Context, evidence: Mapping[str, EvidenceValue], late: Verdict) -> Finding | None:
    """What is wrong with the way through a server that was started; None where nothing is, or none was called.

    `late` is what it means that no answer came in time.
    """
    where = context.observed(Endpoint)
    if answer.waits_for == CALL:
        seen: dict[str, EvidenceValue] = {"_tool": next(iter(read_only_calls().values())), "_uncalled": True}
        return finding("server.no-answer", {**evidence, **seen}, verdict=late)
    if (said := why_not(answer)) is not None:
        agreement = context.outcome("network.agreement")
        if agreement is not None and agreement.verdict is Verdict.FAIL:
            return None  # it is sent elsewhere, and that is said there
        through: dict[str, EvidenceValue] = {"said": said, "_tool": answer.call.tool if answer.call else ""}
        if where is None or "connect" not in said.lower():
            return finding("server.no-answer", {**evidence, **through, "error": said})
        product = products.of_server_name(answer.server_name)
        names = (product.host_variable, product.port_variable) if product else ()
        variables = dict(zip(names, (where.host, str(where.port)), strict=False))
        through |= {"endpoint": str(where), "_entry_variables": json.dumps(variables), "_found": str(where)}
        return finding("network.port-mismatch", {**evidence, **through})
    reached, expected = told(answer.call), _expected_blender(context)
    if reached is None or not expected or reached.blender == expected:
        return None
    different: dict[str, EvidenceValue] = {"reached": reached.blender, "expected": expected, "_one_entry": True}
    return finding("blender.several-instances", {**evidence, **different})


def _expected_blender(context: Context) -> str:
    """The version of the Blender whose add-on answers at the endpoint; empty where it did not say."""
    answer = context.observed(BridgeAnswer)
    return one_line(str(((answer.info if answer else None) or {}).get("blender_version", "")), 40)

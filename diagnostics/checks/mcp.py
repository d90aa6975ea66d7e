# SPDX-License-Identifier: GPL-3.0-or-later
"""What an MCP server's answer means, over whatever transport it came."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..knowledge.catalogue import finding
from ..model import EvidenceValue, Finding, McpFacts, Target
from ..protocols.jsonrpc import METHOD_NOT_FOUND
from ..protocols.mcp_answer import McpAnswer
from ..protocols.mcp_handshake import UNSUPPORTED_VERSION
from ..protocols.mcp_versions import HANDSHAKE, STATELESS, accepted

_NO_COMMON_VERSION = {UNSUPPORTED_VERSION, METHOD_NOT_FOUND}
"""Method not found is how a server of another generation refuses (field guide, mcp 5.2)."""
_INVALID = {-32600, -32602}
"""How some do, to whom such a request makes no sense without a session or other parameters; others mean more by it."""
_OUTDATED = ("logging",)
"""Capabilities of a server that 2026-07-28 calls deprecated."""


def unknown_version(answer: McpAnswer, target: Target, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that an answered version is none that may be agreed on; None for one that may."""
    if answer.protocol_version in accepted(answer.offered or target.offers):
        return None
    told = answer.protocol_version or answer.protocol_version_raw or "no version at all"
    return finding("server.protocol-unsupported", {**evidence, **_lists(answer), "answered": told})


def refused_version(answer: McpAnswer, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that there is no common version; None where it refused for another reason, or did not refuse."""
    code = answer.error_code
    if answer.supported:
        unfit = not set(answer.supported) & set(accepted(answer.offered))
    else:
        newer_alone = bool(answer.offered) and set(answer.offered) <= set(STATELESS)
        about_version = newer_alone or re.search(r"(?i)version|protocol", answer.error_message or "") is not None
        unfit = code in _NO_COMMON_VERSION or (code in _INVALID and about_version)
    if not unfit:
        return None
    error = refusal(answer) if code is not None else None
    return finding("server.protocol-unsupported", {**evidence, **_lists(answer), "error": error})


def _lists(answer: McpAnswer) -> dict[str, EvidenceValue]:
    """What was asked for and what the server supports, both in full."""
    newer = next((version for version in answer.supported if version in STATELESS), None)
    return {
        "offered": answer.offered,
        "supported": answer.supported,
        "_newer": None if newer in answer.offered else newer,
    }


def not_pinned(answer: McpAnswer, target: Target, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that the version that was agreed on is none of those that the user pinned."""
    if not target.expect_mcp or answer.protocol_version in target.expect_mcp:
        return None
    expected = " or ".join(target.expect_mcp)
    seen: dict[str, EvidenceValue] = {"answered": answer.protocol_version, "expected": expected}
    return finding("server.protocol-pin-mismatch", {**evidence, "offered": answer.offered, **seen})


def deprecated(answer: McpAnswer, evidence: Mapping[str, EvidenceValue], *, sse: bool = False) -> Finding | None:
    """The finding that the transport or the revision is one that the newest revision calls deprecated."""
    first = answer.protocol_version if answer.protocol_version == HANDSHAKE[0] else None
    if first is None and not sse:
        return None
    return finding("server.protocol-deprecated", {**evidence, "version": first, "_sse": sse})


def without_tools(answer: McpAnswer, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that the server has not a single tool, without which an app can do nothing in Blender."""
    if answer.tools or ("tools" in answer.capabilities and not answer.tools_listed):
        return None
    return finding(
        "server.no-tools", {**evidence, "_listed": answer.tools_listed, "_undeclared": not answer.tools_listed}
    )


def refusal(answer: McpAnswer) -> str:
    """By which words the server refused."""
    return f"{answer.error_code} {answer.error_message}"


def tools(answer: McpAnswer) -> str:
    """How many tools the server has, in words."""
    return f"{len(answer.tools)} tool{'' if len(answer.tools) == 1 else 's'}"


def facts(
    answer: McpAnswer, who: str, transport: str, steps: tuple[tuple[str, float], ...], reached: str = ""
) -> McpFacts:
    """What the report tells about a server that answered."""
    old = [f"MCP {answer.protocol_version}"] if answer.protocol_version == HANDSHAKE[0] else []
    old += ["HTTP+SSE"] if transport == "HTTP+SSE" else []
    old += [name for name in answer.capabilities if name in _OUTDATED]
    return McpFacts(
        who=who,
        transport=transport,
        offered=answer.offered,
        negotiated=answer.protocol_version or "",
        supported=answer.supported,
        server=" ".join(filter(None, (answer.server_name, answer.server_version))),
        capabilities=answer.capabilities,
        experimental=answer.experimental,
        tools=answer.tools,
        deprecated=tuple(old),
        steps=steps,
        reached=reached,
    )

# SPDX-License-Identifier: GPL-3.0-or-later
"""What an MCP server's answer to the handshake means, over whatever transport it came."""

from __future__ import annotations

from collections.abc import Mapping

from ..knowledge.catalogue import finding
from ..model import EvidenceValue, Finding, Target
from ..protocols.mcp_handshake import McpAnswer

OFFER = "2025-11-25"
"""The newest version that is negotiated by `initialize` (MCP specification, revision 2025-11-25)."""
KNOWN = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""The versions that can be negotiated by `initialize`."""
NO_COMMON_VERSION = {-32022, -32601, -32602}
"""UnsupportedProtocolVersion (MCP 2026-07-28); method not found and invalid params, by which servers that know only
another generation refuse `initialize` (field guide, mcp 5.2)."""


def unknown_version(answer: McpAnswer, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that an answered version is none that can be negotiated; None for one that can."""
    if answer.protocol_version in KNOWN:
        return None
    told = answer.protocol_version or answer.protocol_version_raw or "no version at all"
    return finding("server.protocol-unsupported", {**evidence, "offered": OFFER, "answered": told})


def refused_version(answer: McpAnswer, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that the server refused for want of a common version; None where it refused for another reason."""
    if answer.error_code not in NO_COMMON_VERSION and not answer.error_supported:
        return None
    seen: dict[str, EvidenceValue] = {"error": refusal(answer), "offered": OFFER, "supported": answer.error_supported}
    return finding("server.protocol-unsupported", {**evidence, **seen})


def not_pinned(answer: McpAnswer, target: Target, evidence: Mapping[str, EvidenceValue]) -> Finding | None:
    """The finding that the version that was agreed on is none of those that the user pinned."""
    if not target.expect_mcp or answer.protocol_version in target.expect_mcp:
        return None
    seen = {"offered": OFFER, "answered": answer.protocol_version, "expected": " or ".join(target.expect_mcp)}
    return finding("server.protocol-pin-mismatch", {**evidence, **seen})


def deprecated(answer: McpAnswer, evidence: Mapping[str, EvidenceValue], *, sse: bool = False) -> Finding | None:
    """The finding that the transport or the revision is one that the newest revision calls deprecated."""
    first = answer.protocol_version if answer.protocol_version == KNOWN[0] else None
    if first is None and not sse:
        return None
    return finding("server.protocol-deprecated", {**evidence, "version": first, "_sse": sse})


def refusal(answer: McpAnswer) -> str:
    """By which words the server refused `initialize`."""
    return f"{answer.error_code} {answer.error_message}"


def tools(answer: McpAnswer) -> str:
    """How many tools the server has, in words."""
    return f"{len(answer.tools)} tool{'' if len(answer.tools) == 1 else 's'}"

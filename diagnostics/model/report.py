# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a run found; the only thing that views read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from .finding import Consent, EvidenceValue, Finding
from .target import Kind, WorkingSet
from .verdict import Link, Verdict


@dataclass(frozen=True, slots=True)
class LinkResult:
    """One row of the chain."""

    link: Link
    verdict: Verdict
    summary: str
    elapsed_ms: float
    blocked_by: str | None = None
    """Id of the cause or check that it waits for."""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one check ended. `transcript` holds bounded lines of what its probes sent and saw."""

    id: str
    verdict: Verdict
    elapsed_ms: float
    blocked_by: str | None = None
    transcript: tuple[str, ...] = ()
    found: tuple[str, ...] = ()
    """Ids of the causes that it found."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A step of the conversation with the endpoint: how it ended, and how long it took."""

    name: str
    verdict: Verdict
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class McpFacts:
    """What an MCP server told about itself, and how it was agreed with."""

    who: str
    """The entry of the AI app that starts it, or its address."""
    transport: str
    """"stdio", "Streamable HTTP" or "HTTP+SSE"."""
    offered: tuple[str, ...]
    """The versions of MCP that it was asked for, in that order."""
    negotiated: str
    supported: tuple[str, ...]
    """The versions that it says it supports; none where it does not say."""
    server: str
    """Its name and version, as it gives them."""
    capabilities: tuple[str, ...]
    experimental: tuple[str, ...]
    tools: tuple[str, ...]
    deprecated: tuple[str, ...]
    """What of it the newest revision of MCP calls deprecated."""
    steps: tuple[tuple[str, float], ...]
    """The requests by their methods, each with its milliseconds."""
    reached: str = ""
    """The Blender that answered a call of a tool through it."""


@dataclass(frozen=True, slots=True)
class Did:
    """The ledger of everything that a run touched."""

    connected: tuple[str, ...] = ()
    started: tuple[tuple[str, ...], ...] = ()
    read: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """Which doctor, where."""

    name: str
    version: str
    python: str
    blender: str | None
    platform: str


@dataclass(frozen=True, slots=True)
class Repeat:
    """What to type behind a command of `mcp-diagnostics` so that it looks at the same; empty for the defaults."""

    text: str = ""
    exact: str = ""
    """Like `text`, with the home folder written out: for this user's own screen, not for a report."""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run found; the only thing that views read. Already redacted and safe to show."""

    tool: Tool
    started: str
    """When, ISO 8601 with the offset."""
    elapsed_ms: float
    host: str
    port: int
    tls: bool
    kind: Kind
    verdict: Verdict
    headline: str
    """The answer in one sentence."""
    root_cause: str | None
    chain: tuple[LinkResult, ...]
    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    did: Did
    consents: tuple[Consent, ...] = ()
    layers: tuple[Layer, ...] = ()
    """How far the conversation with the endpoint came."""
    servers: tuple[McpFacts, ...] = ()
    """The MCP servers that answered."""
    working: WorkingSet = field(default_factory=WorkingSet)
    """What the chain consists of, as far as this run learnt it."""
    changed: tuple[str, ...] = ()
    """Of a run that fails: what is otherwise than when the chain worked last, such as "mcp 1.30.0 → 2.3.0 since …"."""
    notes: tuple[str, ...] = ()
    """Sentences about what is worth knowing and is no fault, or stands beside one."""
    repeat: Repeat = field(default_factory=Repeat)
    """How the same is asked for again."""
    headline_words: str = ""
    """The name of the headline in the words that every view shares, where no cause is named."""
    headline_fills: Mapping[str, EvidenceValue] = field(default_factory=dict)
    """What stands in it, to say it again in another language."""
    masked: tuple[str, ...] = ()
    not_masked: tuple[str, ...] = ()

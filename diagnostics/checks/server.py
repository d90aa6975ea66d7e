# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP server process: does it start, does it speak MCP, and if not, what killed or blocks it?"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.products import Product
from ..model import EvidenceValue, Finding, Verdict
from ..probes.bridge import BridgeAnswer
from ..probes.mcp_stdio import ServerAnswer, ask_server
from ..text import one_line
from .entries import Entry, Launch, evidence_of

OFFER = "2025-11-25"
"""The newest version that is negotiated by `initialize` (MCP specification, revision 2025-11-25)."""
KNOWN = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
"""The versions that can be negotiated by `initialize`."""
BLOCKED_WAIT_S = 12.0
"""How long a server gets whose add-on is known not to answer: the shortest limit of an AI app is 10 s (Codex)."""
_MARGIN_S = 1.0
_NO_COMMON_VERSION = {-32022, -32601, -32602}
"""UnsupportedProtocolVersion (MCP 2026-07-28); method not found and invalid params, by which servers that know only
another generation refuse `initialize` (field guide, mcp 5.2)."""


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """What a started server answered."""

    launch: Launch
    answer: ServerAnswer
    product: Product | None
    """By the name that the server gives itself; None where it gave none that is known."""


async def handshake(context: Context) -> Outcome:
    """Starts each allowed command exactly as the app would, one after the other, and does the MCP handshake."""
    launches = context.all_observed(Launch)
    if not launches:
        return Outcome(Verdict.SKIPPED, "no Blender server configured", blocked_by=_blocker(context))
    if context.snapshot is not None and context.snapshot.main_thread_waits:
        return Outcome(Verdict.UNKNOWN, "not started: the add-on cannot answer while a script waits")
    allowed = [launch for launch in launches if launch.allowed]
    if not allowed:
        return Outcome(Verdict.UNKNOWN, "not started: needs your permission", blocked_by="launcher.consent-needed")
    seen = []
    for launch in allowed:
        left_s = max(0.5, context.remaining_s - _MARGIN_S)
        deadline_s = min(left_s, BLOCKED_WAIT_S) if _silent_addon(context) else left_s
        context.ledger.started(launch.entry.command.argv)
        answer = await ask_server(
            launch.entry.command,
            environ=launch.environ,
            program=str(launch.program),
            offer=OFFER,
            deadline_s=deadline_s,
        )
        seen.append(ServerSeen(launch, answer, products.of_server_name(answer.server_name)))
    return _judged(seen, context, asked_for_all=len(allowed) == len(launches))


def _judged(seen: list[ServerSeen], context: Context, *, asked_for_all: bool) -> Outcome:
    findings = tuple(found for one in seen for found in _findings(one, context))
    transcript = tuple(line for one in seen for line in one.answer.transcript)
    if any(found.verdict is Verdict.FAIL for found in findings):
        verdict, summary = Verdict.FAIL, next(f.title for f in findings if f.verdict is Verdict.FAIL)
    else:
        last = seen[-1].answer
        name = one_line(last.server_name or "MCP server", 40)
        summary = f"{name} · MCP {last.protocol_version} · {len(last.tools)} tools"
        verdict = Verdict.WARN if findings else Verdict.PASS
        if not asked_for_all:
            verdict, summary = Verdict.UNKNOWN, f"{summary}; another command needs your permission"
    return Outcome(verdict, summary, findings, tuple(seen), transcript=transcript)


def _blocker(context: Context) -> str | None:
    launcher = context.outcome("launcher.command")
    if launcher is None or (launcher.verdict is Verdict.SKIPPED and launcher.blocked_by is None):
        return None
    return next((f.id for f in launcher.findings if f.verdict is Verdict.FAIL), launcher.blocked_by)


def _silent_addon(context: Context) -> bool:
    """The endpoint accepts and does not answer a server of this kind, which may block the server's own start."""
    causes = {"addon.silent", "addon.busy", "addon.unknown-protocol", "addon.not-a-bridge", "blender.background"}
    meaning = context.outcome("addon.meaning")
    mismatched = any(
        entry.product is not None and meaning is not None and _speaks_another(entry, context)
        for entry in context.all_observed(Entry)
    )
    if meaning is None:
        return False
    return mismatched or meaning.blocked_by in causes or any(found.id in causes for found in meaning.findings)


def _speaks_another(entry: Entry, context: Context) -> bool:
    answer = context.observed(BridgeAnswer)
    if answer is None or answer.recognised is None or entry.product is None:
        return False
    return str(answer.recognised.dialect) not in entry.product.dialects


def _findings(seen: ServerSeen, context: Context) -> list[Finding]:
    answer, entry = seen.answer, seen.launch.entry
    evidence = evidence_of(entry, context) | {
        "command": " ".join(entry.command.argv),
        "exit_code": answer.exit_code,
        "last_lines": _last_lines(answer.stderr_tail),
        "waited_s": round(answer.total_ms / 1000, 1),
    }
    if answer.start_error:
        return [
            finding(
                "launcher.not-executable",
                evidence | {"path": str(seen.launch.program), "error": answer.start_error_text or answer.start_error},
            )
        ]
    if answer.answered:
        return _of_answer(answer, evidence)
    return [_of_silence(answer, entry, evidence, context)]


def _of_answer(answer: ServerAnswer, evidence: dict[str, EvidenceValue]) -> list[Finding]:
    found = []
    if answer.protocol_version not in KNOWN:
        seen = evidence | {"offered": OFFER, "answered": answer.protocol_version or "nothing"}
        found.append(finding("server.protocol-unsupported", seen))
    if answer.noise:
        found.append(finding("server.stdout-polluted", evidence | {"printed": answer.noise}))
    return found


def _of_silence(answer: ServerAnswer, entry: Entry, evidence: dict[str, EvidenceValue], context: Context) -> Finding:
    """No usable answer to `initialize`: the most special cause that what was seen allows."""
    if answer.error_code is not None:
        seen = evidence | {"error": f"{answer.error_code} {answer.error_message}"}
        if answer.error_code in _NO_COMMON_VERSION or answer.error_supported:
            seen |= {"offered": OFFER, "supported": answer.error_supported}
            return finding("server.protocol-unsupported", seen)
        return finding("server.no-answer", seen)
    if answer.exit_code is not None:
        return _of_exit(answer, entry, evidence)
    if _silent_addon(context):
        return finding("server.blocked-by-addon", evidence)
    if answer.noise:
        return finding("server.stdout-polluted", evidence | {"printed": answer.noise}, verdict=Verdict.FAIL)
    return finding("server.no-answer", evidence | {"preparing": _is_preparing(answer.stderr_tail)})


def _of_exit(answer: ServerAnswer, entry: Entry, evidence: dict[str, EvidenceValue]) -> Finding:
    said = answer.stderr_tail
    for known in table("sdk_breaks")["break"]:
        if re.search(known["signature"], said):
            seen = evidence | {"what": known["what"], "since": known["since"], "pin": known["pin"]}
            package = entry.product.packages[0] if entry.product and entry.product.packages else ""
            return finding(
                "server.sdk-incompatible", seen | {"_newest": package, "_with": _with_pin(entry, known["pin"])}
            )
    missing = re.search(
        r"ModuleNotFoundError: No module named '([\w.]+)'|(?:^|: )No module named ([\w.]+)\s*$", said, re.MULTILINE
    )
    module = (missing[1] or missing[2]) if missing else ""
    if module.partition(".")[0] in {"mcp", "fastmcp", *(m for p in products.products() for m in p.modules)}:
        return finding("server.sdk-missing", evidence | {"module": module})
    if answer.noise and answer.exit_code == 0:
        return finding("server.stdout-polluted", evidence | {"printed": answer.noise}, verdict=Verdict.FAIL)
    return finding("server.exits-at-start", evidence | {"printed": answer.noise})


def _is_preparing(stderr: str) -> bool:
    """Whether uv was still fetching packages when the time was over."""
    return re.search(r"^\s*(?:Downloading|Preparing|Resolving|Building|Updating) ", stderr, re.MULTILINE) is not None


def _with_pin(entry: Entry, pin: str) -> str:
    """The arguments of the entry with the pin in them, as JSON text; empty where uv is not what starts it."""
    name = re.split(r"[\\/]", entry.command.program)[-1].removesuffix(".exe")
    if name != "uvx":
        return ""
    return json.dumps(["--with", pin, *entry.command.args], ensure_ascii=False)


def _last_lines(stderr: str) -> tuple[str, ...]:
    lines = [one_line(line, 300) for line in stderr.splitlines() if line.strip()]
    return tuple(lines[-6:])


async def pins(context: Context) -> Outcome:
    """Compares the user's pinned requirements with what the entries name and what the servers tell."""
    if not context.target.pins:
        return Outcome(Verdict.SKIPPED, "nothing is pinned")
    findings, unknown = [], []
    for text in context.target.pins:
        requirement = Requirement(text)
        known = list(_versions(canonicalize_name(requirement.name), context))
        if not known:
            unknown.append(requirement.name)
        for version, how_known, entry in known:
            if not requirement.specifier.contains(version, prereleases=True):
                evidence = evidence_of(entry, context) | {
                    "package": requirement.name,
                    "version": str(version),
                    "pin": text,
                    "how_known": how_known,
                }
                findings.append(finding("server.pin-violated", evidence))
    if findings:
        return Outcome(Verdict.FAIL, findings[0].title, tuple(findings))
    if unknown:
        return Outcome(Verdict.UNKNOWN, f"the version of {', '.join(unknown)} is not known")
    return Outcome(Verdict.PASS)


def _versions(package: str, context: Context) -> Iterator[tuple[Version, str, Entry]]:
    """The versions of a package that are known without looking into an environment."""
    for entry in context.all_observed(Entry):
        named = products.named_version(entry.command, package)
        if named is not None:
            yield named, "the command in the configuration names it", entry
    for seen in context.all_observed(ServerSeen):
        # Servers built on FastMCP of mcp 1.x tell the SDK's version as their own (field guide, protocols 1.8).
        if package == "mcp" and seen.product is not None and seen.answer.server_version:
            with contextlib.suppress(InvalidVersion):
                yield Version(seen.answer.server_version), "the server says so", seen.launch.entry

# SPDX-License-Identifier: GPL-3.0-or-later
"""What uv would install today for the entries that leave it to uv, and what that means for their servers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.version import InvalidVersion, Version

from ..check import Context, Outcome
from ..knowledge import sdk_breaks
from ..knowledge.catalogue import finding, note
from ..knowledge.sdk_breaks import SDK
from ..model import EvidenceValue, Finding, Verdict
from ..probes.resolution import Resolution, resolve, resolving_options
from ..protocols.uv_command import ToolRequest, UvCommand, read_uv_command, tool_request
from ..redaction import hide
from .entries import Launch, command_line, evidence_of, installed
from .imports import told_of
from .sdk import holds_sdk_back, of_break, open_pin_evidence, will_start
from .server import ServerSeen

_WAIT_S = 20.0


@dataclass(frozen=True, slots=True)
class ResolutionSeen:
    """What uv says about the requirements of an entry."""

    launch: Launch
    requested: tuple[str, ...]
    resolution: Resolution


def uv_request(launch: Launch) -> tuple[UvCommand, ToolRequest] | None:
    """What a command of `uvx` asks for; None for other commands, and for what is no list of requirements."""
    command = read_uv_command(launch.program.name, launch.entry.command.args)
    request = tool_request(command) if command is not None and command.kind == "tool" else None
    return (command, request) if command is not None and request is not None and request.understood else None


def may_go_online(context: Context) -> bool:
    """Whether programs may be started that use the network: as Blender's own setting says, outside Blender always."""
    return context.snapshot is None or context.snapshot.online_access


async def packages(context: Context) -> Outcome:
    """Asks the user's own uv, not one that a configuration names, what it would choose by what it has in its cache.

    That costs a healthy run next to nothing. It is judged when the server has run.
    """
    uv = installed("uv", context).path
    launches = context.all_observed(Launch) if uv is not None else ()
    asked = [await _ask(uv, one, context, offline=True) for one in launches if uv and will_start(one, context)]
    seen = [one for one in asked if one is not None]
    return Outcome(
        Verdict.SKIPPED, observations=tuple(seen), transcript=tuple(line for one in seen for line in _lines(one))
    )


async def _ask(uv: Path, launch: Launch, context: Context, *, offline: bool) -> ResolutionSeen | None:
    """What uv says of this command; None where it is none of uv's."""
    asked = uv_request(launch)
    if asked is None:
        return None
    command, request = asked
    requested = tuple(str(one) for one in (request.tool, *request.extra))
    resolution = await resolve(
        uv,
        requested,
        environ=launch.environ,
        ledger=context.ledger,
        offline=offline,
        deadline_s=min(_WAIT_S, context.remaining_s),
        python=command.value("--python"),
        options=resolving_options(command),
    )
    shown = tuple(hide(line, context.secrets) for line in resolution.reason)
    return ResolutionSeen(launch, requested, replace(resolution, reason=shown))


async def _asked_again(server: ServerSeen, seen: ResolutionSeen | None, context: Context) -> ResolutionSeen | None:
    """What uv says on the network, where what it has in its cache does not do and the server's start told nothing."""
    uv = installed("uv", context).path
    generic = "server.exits-at-start" in told_of(server.launch.entry, ("server.handshake",), context)
    if seen is None or uv is None or not (generic and seen.resolution.lacking and may_go_online(context)):
        return seen
    return await _ask(uv, server.launch, context, offline=False)


def _lines(seen: ResolutionSeen) -> Iterator[str]:
    resolution = seen.resolution
    by = "by what uv has in its cache" if resolution.offline else "by the package index"
    yield f"{', '.join(seen.requested)}, {by}:"
    yield from (f"  {name} {version}" for name, version in list(resolution.versions.items())[:30])
    yield from (f"  {line}" for line in (resolution.problem, *resolution.reason) if line)


async def resolution(context: Context) -> Outcome:
    """Compares what uv would install with what is known to break servers, and says why it would install nothing."""
    findings: list[Finding] = []
    notes: list[str] = []
    by_entry = {id(seen.launch): seen for seen in context.all_observed(ResolutionSeen)}
    for server in context.all_observed(ServerSeen):
        seen = await _asked_again(server, by_entry.get(id(server.launch)), context)
        if not server.answer.answered and (failed := _unresolved(server, seen, context)) is not None:
            findings.append(failed)
        elif seen is not None and (version := _breaking(seen)) is not None:
            findings += _of_breaking(server, seen, version, context)
            notes.append(note("today", {"entry": server.launch.entry.name, "package": SDK, "version": version}))
    failed_ones = any(found.verdict is Verdict.FAIL for found in findings)
    verdict = Verdict.WARN if findings else Verdict.SKIPPED
    return Outcome(
        Verdict.FAIL if failed_ones else verdict,
        findings[0].title if findings else "",
        tuple(findings),
        notes=tuple(notes),
    )


def _unresolved(server: ServerSeen, seen: ResolutionSeen | None, context: Context) -> Finding | None:
    """The command ended without saying why, and uv says that it finds no releases when it is asked again."""
    entry, answer = server.launch.entry, server.answer
    command = read_uv_command(server.launch.program.name, entry.command.args)
    if command is None or answer.exit_code is None:
        return None
    if "server.exits-at-start" not in told_of(entry, ("server.handshake",), context):
        return None  # its last words have told more
    resolved = seen.resolution if seen else Resolution()
    reason = () if resolved.lacking else resolved.reason
    if not reason:
        return None
    requested = ", ".join(seen.requested) if seen else " ".join(command.words[:1])
    evidence: dict[str, EvidenceValue] = {
        "resolver": "uv",
        "requested": requested,
        "reason_lines": tuple(line[:300] for line in reason),
        "offline": any("network was disabled" in line for line in reason),
        "command": command_line(entry, context),
    }
    return finding("launcher.resolve-failed", evidence_of(entry, context) | evidence)


def _breaking(seen: ResolutionSeen) -> str | None:
    """The release of the SDK that uv would bring to a server that is known not to work with it."""
    product, versions = seen.launch.entry.product, seen.resolution.versions
    if product is None or not product.ceiling_since or holds_sdk_back(seen.launch.entry) or SDK not in versions:
        return None
    server = next((versions[name] for name in product.packages if name in versions), None)
    try:
        old = server is not None and Version(server) < Version(product.ceiling_since)
        breaks = Version(versions[SDK]) >= Version(sdk_breaks.next_incompatible().since)
    except InvalidVersion:
        return None
    return versions[SDK] if old and breaks else None


def _of_breaking(server: ServerSeen, seen: ResolutionSeen, version: str, context: Context) -> Iterator[Finding]:
    entry = server.launch.entry
    told = told_of(entry, ("server.environment", "server.handshake", "server.imports"), context)
    product = entry.product
    assert product is not None  # noqa: S101  # `_breaking` has looked
    package = next(name for name in product.packages if name in seen.resolution.versions)
    release = f"{package} {seen.resolution.versions[package]}"
    if server.answer.answered:
        if "server.sdk-pin-open" not in told:
            yield finding("server.sdk-pin-open", open_pin_evidence(entry, release, context))
    elif "server.exits-at-start" in told and "server.sdk-incompatible" not in told:
        known = sdk_breaks.next_incompatible()
        evidence = {"_ended": f"ended with code {server.answer.exit_code}", "today": f"{SDK} {version}"}
        yield finding(
            "server.sdk-incompatible", evidence_of(entry, context) | of_break(known, entry, context) | evidence
        )

# SPDX-License-Identifier: GPL-3.0-or-later
"""The MCP server process: does it start, does it speak MCP, and if not, what killed or blocks it?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.version import Version

from ..check import Context, Outcome
from ..knowledge import products
from ..knowledge.catalogue import finding
from ..knowledge.products import Product
from ..model import EvidenceValue, Finding, Link, McpFacts, Verdict
from ..probes.bridge import BridgeAnswer
from ..probes.mcp_stdio import ServerAnswer, ask_server
from ..redaction import hide
from ..text import one_line
from . import through
from .container_words import keeps_input_away
from .entries import Entry, Launch, command_line, evidence_of
from .last_words import cause_in
from .launcher_words import launcher_said
from .mcp import deprecated, facts, not_pinned, refusal, refused_version, tools, unknown_version, without_tools
from .sdk import holds_sdk_back, open_pin_evidence, seen_for

BLOCKED_WAIT_S = 12.0
"""How long a server gets whose add-on is known not to answer: the shortest limit of an AI app is 10 s (Codex)."""
_MARGIN_S = 1.0
ENOUGH_S = 4.0
"""A server that had less time and did not answer is not known to be broken: a cached one starts in 1 to 4 s."""


@dataclass(frozen=True, slots=True)
class ServerSeen:
    """What a started server answered."""

    launch: Launch
    answer: ServerAnswer
    product: Product | None
    """By the name that the server gives itself; None where it gave none that is known."""

    @property
    def told_sdk(self) -> str:
        """The SDK's version, empty where it did not tell.

        Known servers are built on FastMCP of mcp 1.x, which tells it as the server's own (field guide, protocols 1.8).
        """
        return (self.answer.server_version or "") if self.product is not None else ""


def server_of(entry: Entry, context: Context) -> ServerSeen | None:
    """What the server of this entry answered; None where it was not started."""
    return next((seen for seen in context.all_observed(ServerSeen) if seen.launch.entry is entry), None)


async def handshake(context: Context) -> Outcome:
    """Starts each allowed command exactly as the app would, one after the other, and does the MCP handshake."""
    launches = context.all_observed(Launch)
    if not launches:
        launcher = context.outcome("launcher.command")
        if launcher is not None and any(found.id == "launcher.not-on-app-path" for found in launcher.findings):
            return Outcome(Verdict.UNKNOWN, "not started: the app may not find it")
        if launcher is not None and launcher.verdict is Verdict.UNKNOWN:
            return Outcome(Verdict.UNKNOWN, "not started: its program was not found")
        return Outcome(Verdict.SKIPPED, "no Blender server configured", blocked_by=_blocker(context))
    if context.snapshot is not None and context.snapshot.main_thread_waits:
        return Outcome(Verdict.UNKNOWN, "not started: the add-on cannot answer while a script waits")
    allowed = [launch for launch in launches if launch.allowed]
    if not allowed:
        return Outcome(Verdict.UNKNOWN, "not started: needs your permission", blocked_by="launcher.consent-needed")
    seen = []
    for number, launch in enumerate(allowed):
        left_s = max(0.5, (context.remaining_s - _MARGIN_S) / (len(allowed) - number))
        deadline_s = min(left_s, BLOCKED_WAIT_S) if _silent_addon(context) else left_s
        context.ledger.started(launch.entry.command.argv)
        answer = await ask_server(
            launch.entry.command,
            environ=launch.environ,
            program=str(launch.program),
            offers=context.target.offers,
            calls=through.calls_for(launch.entry, context),
            deadline_s=deadline_s,
        )
        seen.append(ServerSeen(launch, answer, products.of_server_name(answer.server_name)))
    return _judged(seen, context, asked_for_all=len(allowed) == len(launches))


def _judged(seen: list[ServerSeen], context: Context, *, asked_for_all: bool) -> Outcome:
    findings = tuple(found for one in seen for found in _findings(one, context))
    transcript = tuple(line for one in seen for line in one.answer.transcript)
    before: str | None = None
    if any(found.verdict is Verdict.FAIL for found in findings):
        failed = next(found for found in findings if found.verdict is Verdict.FAIL)
        # What its launcher did not start was not tested.
        before = failed.id if failed.link is Link.LAUNCHER else None
        verdict, summary = Verdict.FAIL, failed.title
    else:
        last = seen[-1].answer
        name, reached = one_line(last.server_name or "MCP server", 40), through.told(last.call)
        summary = f"{name} · MCP {last.protocol_version} · {tools(last)}"
        summary += f" · reaches Blender {reached.blender}" if reached else ""
        verdict = Verdict.WARN if findings else Verdict.PASS
        if unknown := next((found for found in findings if found.verdict is Verdict.UNKNOWN), None):
            verdict, summary = Verdict.UNKNOWN, unknown.title
        elif not asked_for_all:
            verdict, summary = Verdict.UNKNOWN, f"{summary}; another command needs your permission"
    told = tuple(_facts(one) for one in seen if one.answer.answered)
    return Outcome(verdict, summary, findings, (*seen, *told), transcript=transcript, blocked_by=before)


def _facts(seen: ServerSeen) -> McpFacts:
    entry, answer = seen.launch.entry, seen.answer
    return facts(
        answer, f"“{entry.name}” of {entry.app.name}", "stdio", answer.steps, str(through.told(answer.call) or "")
    )


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
        "command": command_line(entry, context),
        "exit_code": answer.exit_code,
        "_update_command": None if entry.product else command_line(entry, context),
        "_ended": _how_it_ended(answer.exit_code),
        "_no_input": keeps_input_away(entry.command),
        "last_lines": _last_lines(answer.stderr_tail, context),
        "printed": tuple(hide(line, context.secrets) for line in answer.noise),
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
        known = [*_of_answer(answer, evidence, context), *_of_open_pin(entry, context)]
        return [*known, *_of_conflicts(entry, context, verdict=Verdict.WARN)]  # it works in spite of them
    told = launcher_said(answer.stderr_tail, seen.launch, context) if answer.error_code is None else None
    found = told or _of_silence(answer, entry, evidence, context)
    # That the SDK does not fit is what a conflict about it comes to.
    about = "mcp" if found.id == "server.sdk-incompatible" else ""
    return [found, *_of_conflicts(entry, context, besides=about)]


def _of_answer(answer: ServerAnswer, evidence: dict[str, EvidenceValue], context: Context) -> Iterator[Finding]:
    """What is wrong with a server that answered."""
    if (unknown := unknown_version(answer, context.target, evidence)) is not None:
        yield unknown
    elif (other := not_pinned(answer, context.target, evidence)) is not None:
        yield other
    elif answer.exit_code is not None:
        yield finding("server.exits-at-start", evidence | {"_after_answer": True})
    elif answer.malformed:
        yield finding("server.no-answer", evidence | {"malformed": answer.malformed})
    elif "tools" in answer.capabilities and not answer.tools_listed:
        seen = evidence | {"_unlisted": True, "error": answer.tools_error}
        yield finding("server.no-answer", seen, verdict=None if answer.tools_error else _if_enough(answer))
    elif (stuck := through.judged(answer, context, evidence, _if_enough(answer))) is not None:
        yield stuck
    elif (bare := without_tools(answer, evidence)) is not None:
        yield bare
    if answer.noise:
        yield finding("server.stdout-polluted", evidence)
    if (old := deprecated(answer, evidence)) is not None:
        yield old


def _of_open_pin(entry: Entry, context: Context) -> Iterator[Finding]:
    """A server that works today, and whose release lets any newer SDK in. Of one that is installed its files tell."""
    product = entry.product
    release = products.named_release(entry.command, product) if product else None
    if product is None or release is None or not product.ceiling_since or release >= Version(product.ceiling_since):
        return
    seen = seen_for(entry, context)
    if holds_sdk_back(entry) or (seen is not None and seen.sure):
        return
    named = f"{product.packages[-1]} {release}"
    yield finding("server.sdk-pin-open", open_pin_evidence(entry, named, context))


def _of_conflicts(
    entry: Entry, context: Context, *, verdict: Verdict | None = None, besides: str = ""
) -> list[Finding]:
    """What the installed packages say of each other, beside what the start has shown."""
    seen = seen_for(entry, context)
    conflicts = [one for one in seen.suspicions if one.cause == "server.dependency-conflict"] if seen else []
    told = [one for one in conflicts if one.evidence["package"] != besides]
    return [finding(one.cause, one.evidence, verdict=verdict) for one in told]


def _if_enough(answer: ServerAnswer) -> Verdict:
    """What a missing answer means: too little time proves nothing."""
    return Verdict.FAIL if answer.flooded or answer.total_ms >= ENOUGH_S * 1000 else Verdict.UNKNOWN


def _of_silence(answer: ServerAnswer, entry: Entry, evidence: dict[str, EvidenceValue], context: Context) -> Finding:
    """No usable answer to `initialize`: the most special cause that what was seen allows."""
    if (refused := refused_version(answer, evidence)) is not None:
        return refused
    if answer.error_code is not None:
        return finding("server.no-answer", evidence | {"error": refusal(answer)})
    if answer.exit_code is not None:
        return _of_exit(answer, entry, evidence, context)
    if _is_preparing(answer.stderr_tail):
        return finding("server.no-answer", evidence | {"_silent": True, "preparing": True}, verdict=_if_enough(answer))
    if _silent_addon(context):
        return finding("server.blocked-by-addon", evidence, verdict=_if_enough(answer))
    if answer.noise:
        return finding("server.stdout-polluted", evidence, verdict=_if_enough(answer))
    return finding("server.no-answer", evidence | {"_silent": True}, verdict=_if_enough(answer))


def _how_it_ended(exit_code: int | None) -> str:
    return (
        f"was ended by signal {-exit_code}"
        if exit_code is not None and exit_code < 0
        else f"ended with code {exit_code}"
    )


def _of_exit(answer: ServerAnswer, entry: Entry, evidence: dict[str, EvidenceValue], context: Context) -> Finding:
    said, environment = answer.stderr_tail, seen_for(entry, context)
    if not said.strip() or re.search(r"(?:ImportError|ModuleNotFoundError|AttributeError|TypeError):", said):
        # It died as its files foretold, and they say more than its last words.
        for foretold in environment.suspicions if environment else ():
            if foretold.cause in {"server.sdk-missing", "server.sdk-incompatible"}:
                return finding(foretold.cause, evidence | foretold.evidence)
    if (cause := cause_in(said, entry, context)) is not None:
        return finding(cause.cause, evidence | cause.evidence)
    if answer.noise and answer.exit_code == 0:
        return finding("server.stdout-polluted", evidence, verdict=Verdict.FAIL)
    return finding("server.exits-at-start", evidence)


def _is_preparing(stderr: str) -> bool:
    """Whether uv was still fetching packages when the time was over."""
    return re.search(r"^\s*(?:Downloading|Preparing|Resolving|Building|Updating) ", stderr, re.MULTILINE) is not None


def _last_lines(stderr: str, context: Context) -> tuple[str, ...]:
    """The last lines that it printed. Secrets are hidden before anything is cut, which would make them unknown."""
    lines = [one_line(line, 300) for line in hide(stderr, context.secrets).splitlines() if line.strip()]
    return tuple(lines[-6:])


async def settings(context: Context) -> Outcome:
    """Whether each entry's server reads the port that the entry gives it, as far as its release is named."""
    failed: list[Finding] = []
    for entry in context.all_observed(Entry):
        release = products.named_release(entry.command, entry.product) if entry.product else None
        if entry.product is None or release is None:
            continue
        ignored = products.ignored_ports(entry.command, entry.product, release)
        failed += [_port_ignored(entry, entry.product, release, given, context) for given in ignored]
    return Outcome(Verdict.FAIL if failed else Verdict.SKIPPED, failed[0].title if failed else "", tuple(failed))


def _port_ignored(
    entry: Entry, product: Product, release: Version, given: products.IgnoredPort, context: Context
) -> Finding:
    args = entry.command.args
    named_first = bool(args) and args[0].startswith(product.packages)
    evidence: dict[str, EvidenceValue] = {
        "port": given.port,
        "given": given.by,
        "release": f"{product.server_entry} {release}" if product.server_entry else str(release),
        "since": given.since,
        "default": product.default_port,
        "_variables": json.dumps({product.port_variable: given.port}) if given.variable_works else None,
        "_newer": json.dumps([product.server_entry, *args[1:]], ensure_ascii=False) if named_first else None,
    }
    return finding("server.port-ignored", evidence_of(entry, context) | evidence)

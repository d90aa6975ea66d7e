# SPDX-License-Identifier: GPL-3.0-or-later
"""What the apps' logs tell of faults that nothing in this run has measured: a measurement counts more than a log."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.log_signatures import signatures
from ..model import EvidenceValue, Finding, Link, Verdict
from ..probes.bridge import BridgeAnswer
from ..protocols.app_log import Record
from . import sdk
from .app_logs import Hit, LogSeen, log, shown, with_log
from .entries import command_line, evidence_of
from .server import ServerSeen

Evidence = dict[str, EvidenceValue]
_LAB = "blender-lab"


def _found(cause: str, evidence: Evidence, verdict: Verdict | None = None) -> Finding:
    return with_log(finding(cause, evidence, verdict=verdict), evidence)


async def app_log(context: Context) -> Outcome:
    """Reads the logs, and names the faults of the apps themselves that they tell of."""
    outcome = await log(context)
    findings: list[Finding] = []
    for seen in (one for one in outcome.observations if isinstance(one, LogSeen)):
        findings += _of_app(seen, context)
    if not findings:
        return outcome
    worst = Verdict.FAIL if any(found.verdict is Verdict.FAIL for found in findings) else Verdict.WARN
    return dataclasses.replace(outcome, verdict=worst, summary=findings[0].title, findings=tuple(findings))


def _of_app(seen: LogSeen, context: Context) -> Iterator[Finding]:
    base = evidence_of(seen.entry, context)
    bug = next((hit for hit in seen.hits if hit.cause == "client.app-bug"), None)
    if bug is not None and bug.signature is not None:
        yield _found("client.app-bug", base | _quoted(bug, seen, context) | {"what": bug.signature.what})
    calls = seen.session.of_method("tools/call")
    cut = next((call for call in reversed(calls) if call.cancelled is not None), None)
    gave_up = _gave_up(seen)
    if cut is not None and cut.cancelled is not None:
        waited = cut.waited_s
        evidence = shown(cut.cancelled, 0, seen.file, context) | {"waited_s": _round(waited)}
        yield _found("client.tool-timeout", base | evidence | {"_waited": f" ({_round(waited)} s)" if waited else ""})
    elif calls and gave_up is not None:
        waited_words: Evidence = {"_waited": f" ({gave_up.facts.get('waited', '')})"}
        yield _found("client.tool-timeout", base | _quoted(gave_up, seen, context) | waited_words)


def _gave_up(seen: LogSeen) -> Hit | None:
    """The last time that the app says it waited in vain for a tool."""
    return next((hit for hit in reversed(seen.hits) if hit.cause == "client.tool-timeout"), None)


def _quoted(hit: Hit, seen: LogSeen, context: Context) -> Evidence:
    return shown(hit.record, hit.at, seen.file, context)


def _round(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)


async def logged(context: Context) -> Outcome:
    """What the logs tell of starts that failed, as far as this run has not seen for itself what is so."""
    findings: list[Finding] = []
    for seen in context.all_observed(LogSeen):
        findings += (found for found in _of_start(seen, context) if not _is_known(found, context))
    failed = any(found.verdict is Verdict.FAIL for found in findings)
    # It judges other links too, so its own row says nothing where it found nothing.
    verdict = (Verdict.FAIL if failed else Verdict.WARN) if findings else Verdict.SKIPPED
    return Outcome(verdict, findings[0].title if findings else "", tuple(findings))


def _is_known(found: Finding, context: Context) -> bool:
    """Whether another check has found the same cause, for this entry or for none in particular."""
    entry = found.evidence.get("entry")
    return any(other.id == found.id and other.evidence.get("entry", entry) == entry for other in context.findings)


def _of_start(seen: LogSeen, context: Context) -> Iterator[Finding]:
    """The most special cause that the log gives for a start that failed, and what came after one that did not."""
    live = next((one for one in context.all_observed(ServerSeen) if one.launch.entry is seen.entry), None)
    base = evidence_of(seen.entry, context) | {"command": command_line(seen.entry, context)}
    starting = (hit for hit in seen.hits if hit.cause in _OF_START)
    # What kept the server from starting is known better from a start that this run has seen.
    first = min(starting, key=_rank, default=None) if live is None else None
    if first is not None:
        yield _of_hit(first, seen, base, context)
    elif seen.session.cut_off is not None and seen.session.answered is None and not seen.not_found:
        limit_s = seen.session.limit_s
        if live is None or not live.answer.answered or (limit_s is not None and live.answer.total_ms > limit_s * 1000):
            yield _start_timeout(seen.session.cut_off, limit_s, seen, base, context)
    polluted = next((hit for hit in seen.hits if hit.cause == "server.stdout-polluted"), None)
    if polluted is not None and first is None and live is None:
        answered = seen.session.answered is not None
        evidence = base | _quoted(polluted, seen, context)
        evidence["printed"] = evidence["log_line"]
        yield _found("server.stdout-polluted", evidence, None if answered else Verdict.FAIL)
    mismatch = next((hit for hit in seen.hits if hit.cause == "addon.product-mismatch"), None)
    if mismatch is not None:
        yield from _mismatch(mismatch, seen, base, context)
    if _is_not_dispatched(seen, live, context) and (gave_up := _gave_up(seen)) is not None:
        yield _found("client.tool-not-dispatched", base | _quoted(gave_up, seen, context))


_OF_START = frozenset({"server.sdk-incompatible"}) | {
    row.cause for row in signatures() if row.stage == "start" and row.cause.partition(".")[0] in {"launcher", "server"}
} - {"launcher.not-found"}
"""Causes that keep a server from starting. What is not found is the launcher's own check's to say."""


def _rank(hit: Hit) -> int:
    """The place of a hit in the order in which signatures count; a break of the SDK says most."""
    return -1 if hit.signature is None else signatures().index(hit.signature)


def _of_hit(hit: Hit, seen: LogSeen, base: Evidence, context: Context) -> Finding:
    evidence = base | dict(hit.facts) | _quoted(hit, seen, context)
    if hit.known is not None:
        evidence |= sdk.of_break(hit.known, seen.entry)
    elif hit.signature is not None:
        evidence["what"] = hit.signature.what
    return _found(hit.cause, evidence)


def _start_timeout(record: Record, limit_s: float | None, seen: LogSeen, base: Evidence, context: Context) -> Finding:
    more = table("log_signatures")["limits"].get(seen.entry.app.id)
    evidence = base | shown(record, 0, seen.file, context) | {"limit_s": _round(limit_s), "_more_time": more}
    return _found("client.start-timeout", evidence)


def _mismatch(hit: Hit, seen: LogSeen, base: Evidence, context: Context) -> Iterator[Finding]:
    """A server of one product met Blender Lab's add-on, where it is not known what answers now."""
    answer, product, lab = context.observed(BridgeAnswer), seen.entry.product, products.by_id(_LAB)
    if product is None or product is lab or (answer is not None and answer.recognised is not None):
        return
    evidence: Evidence = {
        "server_product": product.name,
        "addon_product": lab.name,
        "how_known": "the command in the configuration",
        "_addon_entry": lab.server_entry,
    }
    yield _found("addon.product-mismatch", base | evidence | _quoted(hit, seen, context))


def _is_not_dispatched(seen: LogSeen, live: ServerSeen | None, context: Context) -> bool:
    """The app knows the tools, has waited for one in vain and never asked for one, and all behind it is well.

    That it has not asked alone is no fault: nobody may have wanted a tool.
    """
    told = any(request.answered is not None for request in seen.session.of_method("tools/list"))
    answer = context.observed(BridgeAnswer)
    healthy = answer is not None and answer.recognised is not None and (live is None or live.answer.answered)
    broken = any(found.verdict is Verdict.FAIL and found.link is not Link.CLIENT for found in context.findings)
    return told and not seen.session.of_method("tools/call") and healthy and not broken

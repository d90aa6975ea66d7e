# SPDX-License-Identifier: GPL-3.0-or-later
"""What the apps' logs tell of faults that nothing in this run has measured: a measurement counts more than a log."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.apps import App
from ..knowledge.catalogue import finding
from ..knowledge.uv_messages import read_message
from ..model import EvidenceValue, Finding, Link, Verdict
from ..probes.bridge import BridgeAnswer
from ..protocols.app_log import Record
from .app_logs import Hit, LogSeen, log, quoting, shown
from .entries import Entry, Launch, command_line, evidence_of
from .launcher_words import launcher_said
from .server import ServerSeen

Evidence = dict[str, EvidenceValue]
_LAB = "blender-lab"
_NEAR = 0.9
"""A wait that is so much of the app's limit was as long as that."""


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
        yield _by(bug, finding("client.app-bug", base | {"what": bug.signature.what}), seen, context)
    calls = seen.session.of_method("tools/call")
    cut = next((call for call in reversed(calls) if call.cancelled is not None), None)
    gave_up = _gave_up(seen)
    if cut is not None and cut.cancelled is not None:
        waited_s = _round(cut.waited_s)
        evidence: Evidence = {"waited_s": waited_s, "_waited": f" ({waited_s} s)" if waited_s is not None else ""}
        evidence["cap_s"] = _cap_s(seen.entry.app, cut.waited_s)
        yield quoting(finding("client.tool-timeout", base | evidence), cut.cancelled, 0, seen, context)
    elif calls and gave_up is not None:
        waited: Evidence = {"_waited": f" ({gave_up.facts.get('waited', '')})"}
        yield _by(gave_up, finding("client.tool-timeout", base | waited), seen, context)


def _cap_s(app: App, waited_s: float | None) -> int | None:
    """How long the app waits for a tool, where that is why it stopped: settings and users may end it earlier."""
    if app.call_s is None or (waited_s is not None and not _NEAR < waited_s / app.call_s < 1 / _NEAR):
        return None
    return app.call_s


def _gave_up(seen: LogSeen) -> Hit | None:
    """The last time that the app says it waited in vain for a tool."""
    return next((hit for hit in reversed(seen.hits) if hit.cause == "client.tool-timeout"), None)


def _by(hit: Hit, found: Finding, seen: LogSeen, context: Context) -> Finding:
    """The finding with the line that a signature matches."""
    return quoting(found, hit.record, hit.at, seen, context)


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
    live = next((one for one in context.all_observed(ServerSeen) if _is_same(one.launch.entry, seen.entry)), None)
    base = evidence_of(seen.entry, context) | {"command": command_line(seen.entry, context)}
    # What kept the server from starting is known better from a start that this run has seen.
    first = _last_words(seen, base, context) if live is None else None
    if first is not None:
        yield first
    elif (cut := _cut_off(seen)) is not None and seen.session.answered is None and not seen.not_found:
        record, limit_s = cut
        if live is None or not live.answer.answered or (limit_s is not None and live.answer.total_ms > limit_s * 1000):
            yield _start_timeout(record, limit_s, seen, base, context)
    polluted = next((hit for hit in seen.hits if hit.cause == "server.stdout-polluted"), None)
    if polluted is not None and first is None and live is None:
        answered = seen.session.answered is not None
        printed: Evidence = {"printed": shown(polluted.record, polluted.at, seen.file, context)["log_line"]}
        found = finding("server.stdout-polluted", base | printed, verdict=None if answered else Verdict.FAIL)
        yield _by(polluted, found, seen, context)
    mismatch = next((hit for hit in seen.hits if hit.cause == "addon.product-mismatch"), None)
    if mismatch is not None:
        yield from _mismatch(mismatch, seen, base, context)
    if _is_not_dispatched(seen, live, context) and (gave_up := _gave_up(seen)) is not None:
        yield _by(gave_up, finding("client.tool-not-dispatched", base), seen, context)


def _cut_off(seen: LogSeen) -> tuple[Record, float | None] | None:
    """What shows that the app gave up waiting for the server to start, and after how many seconds."""
    if seen.session.cut_off is not None:
        return seen.session.cut_off, seen.session.limit_s or seen.entry.app.start_s
    hit = next((hit for hit in reversed(seen.hits) if hit.cause == "client.start-timeout"), None)
    if hit is None:
        return None
    waited = str(hit.facts.get("waited", ""))
    return hit.record, float(waited) if waited else seen.entry.app.start_s


def _is_same(one: Entry, other: Entry) -> bool:
    """Whether two are the same entry; a launch may leave out what the app takes no notice of."""
    return (one.app.id, one.name, one.file, one.line) == (other.app.id, other.name, other.file, other.line)


def _last_words(seen: LogSeen, base: Evidence, context: Context) -> Finding | None:
    """What Python, or else the launcher, said at the end of a start that failed."""
    dying = next((hit for hit in seen.hits if hit.cause in {"server.sdk-incompatible", "server.sdk-missing"}), None)
    if dying is not None:
        return _by(dying, finding(dying.cause, base | dict(dying.facts)), seen, context)
    launch = next((one for one in context.all_observed(Launch) if _is_same(one.entry, seen.entry)), None)
    said = seen.last_words
    found = launcher_said(said.text, launch, context) if said is not None and launch is not None else None
    if found is None or said is None:
        return None
    return quoting(found, said, _where(said.text), seen, context)


def _where(said: str) -> int:
    """Where the line begins by which a launcher is understood; 0 where it takes several."""
    at = 0
    for line in said.splitlines(keepends=True):
        if read_message(line) is not None:
            return at
        at += len(line)
    return 0


def _start_timeout(record: Record, limit_s: float | None, seen: LogSeen, base: Evidence, context: Context) -> Finding:
    more = table("log_signatures")["limits"].get(seen.entry.app.id)
    evidence = base | {"limit_s": _round(limit_s), "_more_time": more}
    return quoting(finding("client.start-timeout", evidence), record, 0, seen, context)


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
    yield _by(hit, finding("addon.product-mismatch", base | evidence), seen, context)


def _is_not_dispatched(seen: LogSeen, live: ServerSeen | None, context: Context) -> bool:
    """The app knows the tools, has waited for one in vain and never asked for one, and all behind it is well.

    That it has not asked alone is no fault: nobody may have wanted a tool.
    """
    told = any(request.answered is not None for request in seen.session.of_method("tools/list"))
    answer = context.observed(BridgeAnswer)
    healthy = answer is not None and answer.recognised is not None and (live is None or live.answer.answered)
    broken = any(found.verdict is Verdict.FAIL and found.link is not Link.CLIENT for found in context.findings)
    return told and not seen.session.of_method("tools/call") and healthy and not broken

# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report of what the engine found and the verdict decided."""

from __future__ import annotations

import dataclasses
import platform
import sys
from collections.abc import Sequence

from .check import Check, Context
from .checks.client.configuration import sought
from .checks.entries import Entry, RemoteEntry
from .checks.layers import layers
from .checks.network.endpoint import Endpoint
from .checks.repairs.offering import with_repairs
from .checks.working_set import working_set
from .engine import Finished
from .knowledge import catalogue, table
from .model import NAME, VERSION, EvidenceValue, Link, LinkResult, McpFacts, Repeat, Report, Tool, Verdict
from .redaction import MASKED, NOT_MASKED
from .target.repeated import options_of
from .verdict import Decision, decide


def assemble(checks: Sequence[Check], finished: Finished, context: Context, *, started: str) -> Report:
    """The report, not redacted yet and without its duration. `started` is when the run began, ISO 8601."""
    target, snapshot = context.target, context.snapshot
    elapsed_ms = {result.id: result.elapsed_ms for result in finished.results}
    decision = decide(checks, finished.outcomes, elapsed_ms, finished.findings, target)
    where = context.observed(Endpoint) or Endpoint(target.host, target.port, "")
    working = working_set(context)
    headline, words, fills = _headline(decision, context, where)
    consents = {consent.digest: consent for outcome in finished.outcomes.values() for consent in outcome.consents}
    return Report(
        tool=Tool(
            NAME, VERSION, platform.python_version(), snapshot.version_string if snapshot else None, sys.platform
        ),
        started=started,
        elapsed_ms=0.0,
        host=where.host,
        port=where.port,
        tls=target.tls is not None,
        kind=target.kind,
        verdict=decision.verdict,
        headline=headline,
        root_cause=decision.root_cause,
        chain=tuple(_row(row) for row in decision.chain),
        findings=tuple(with_repairs(found, context) for found in decision.findings),
        checks=tuple(finished.results),
        did=context.ledger.did(),
        consents=tuple(consents.values()),
        layers=layers(context),
        servers=context.all_observed(McpFacts),
        working=working,
        notes=tuple(dict.fromkeys(note for outcome in finished.outcomes.values() for note in outcome.notes)),
        repeat=Repeat(options_of(target, sys.platform)),
        headline_words=words,
        headline_fills=fills,
        masked=MASKED,
        not_masked=NOT_MASKED,
    )


def chain_name(context: Context) -> str:
    """What this chain is called where several are remembered: by whose entries it is, and by a place that was given."""
    where = context.observed(Endpoint)
    entries = [f"{entry.app.name}: {entry.name}" for entry in context.all_observed(Entry)]
    place = [str(where)] if where is not None and (context.target.endpoint_given or not entries) else []
    return " · ".join((*entries, *place))


def _row(row: LinkResult) -> LinkResult:
    """The row with words for a link that waits or does not apply."""
    if row.verdict is not Verdict.SKIPPED or row.summary:
        return row
    if row.blocked_by is None:
        summary = "does not apply"
    else:
        link = row.blocked_by.partition(".")[0]
        summary = f"waits for {table('words')['links'].get(link, row.blocked_by)}"
    return dataclasses.replace(row, summary=summary)


def _headline(decision: Decision, context: Context, where: Endpoint) -> tuple[str, str, dict[str, EvidenceValue]]:
    """The answer in one sentence, the name of its words, and what fills them."""
    if decision.root_cause is not None:
        return next(found.title for found in decision.findings if found.id == decision.root_cause), "", {}
    key, links = _kind_of_headline(decision, context)
    apps = [entry.app.name for entry in context.all_observed(Entry)]
    apps += [entry.app.name for entry in context.all_observed(RemoteEntry)]
    labels = table("words")["links"]
    evidence: dict[str, EvidenceValue] = {
        "app": ", ".join(dict.fromkeys(apps)),
        "endpoint": str(where),
        "sought": sought(context),
        "title": next((found.title for found in decision.findings if found.order == 1), ""),
        "links": ", ".join(labels[link] for link in links),
    }
    return catalogue.fill(str(table("words")["headlines"][key]), evidence), key, evidence


def _kind_of_headline(decision: Decision, context: Context) -> tuple[str, list[Link]]:
    """Which of the headlines fits where no cause is named, and the links that it speaks of."""
    passed = [row.link for row in decision.chain if row.verdict in {Verdict.PASS, Verdict.WARN}]
    if decision.verdict is Verdict.UNKNOWN:
        unknown = [row.link for row in decision.chain if row.verdict is Verdict.UNKNOWN or row.blocked_by]
        waits = any(found.id == "launcher.consent-needed" for found in decision.findings)
        if waits and unknown == [Link.SERVER]:
            return "consent", unknown
        return ("unknown" if unknown else "nothing_tested"), unknown
    if decision.verdict is Verdict.WARN:
        return ("warned" if len(passed) == len(Link) else "some_warned"), passed
    if len(passed) == len(Link):
        return ("all" if context.snapshot else "all_outside"), passed
    no_app = any(found.id == "client.none-found" for found in decision.findings)
    if no_app and Link.ADDON in passed:
        return ("no_such_app" if context.target.apps else "no_app"), passed
    return "some", passed

# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the report of what the engine found and the verdict decided."""

from __future__ import annotations

import platform
import sys
from collections.abc import Sequence

from . import NAME, VERSION
from .check import Check, Context
from .checks.entries import Entry
from .checks.network import Endpoint
from .engine import Finished
from .knowledge import catalogue, table
from .model import Link, LinkResult, Report, Tool, Verdict
from .redaction import MASKED, NOT_MASKED
from .verdict import Decision, decide


def assemble(checks: Sequence[Check], finished: Finished, context: Context, *, started: str) -> Report:
    """The report, not redacted yet and without its duration. `started` is when the run began, ISO 8601."""
    target, snapshot = context.target, context.snapshot
    elapsed_ms = {result.id: result.elapsed_ms for result in finished.results}
    decision = decide(checks, finished.outcomes, elapsed_ms, finished.findings, target)
    where = context.observed(Endpoint) or Endpoint(target.host, target.port, "")
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
        headline=_headline(decision, context, where),
        root_cause=decision.root_cause,
        chain=tuple(_row(row, decision, target.links) for row in decision.chain),
        findings=decision.findings,
        checks=tuple(finished.results),
        did=context.ledger.did(),
        consents=tuple(consents.values()),
        masked=MASKED,
        not_masked=NOT_MASKED,
    )


def _row(row: LinkResult, decision: Decision, wanted: frozenset[Link]) -> LinkResult:
    """The row with words for a link that waits or was not asked for."""
    blocker = decision.blocked.get(row.link)
    if row.verdict is not Verdict.SKIPPED or row.summary:
        return row
    if row.link not in wanted:
        summary = "not asked for"
    elif blocker is None:
        summary = "does not apply"
    else:
        link = blocker.partition(".")[0]
        label = table("words")["links"].get(link, blocker)
        summary = f"waits for {label}"
    return LinkResult(row.link, row.verdict, summary, row.elapsed_ms)


def _headline(decision: Decision, context: Context, where: Endpoint) -> str:
    """The answer in one sentence."""
    if decision.root_cause is not None:
        return next(found.title for found in decision.findings if found.id == decision.root_cause)
    words, labels = table("words")["headlines"], table("words")["links"]
    entry = context.observed(Entry)
    verdicts = {row.link: row.verdict for row in decision.chain}
    unknown = [
        labels[link] for link, verdict in verdicts.items() if verdict is Verdict.UNKNOWN or link in decision.blocked
    ]
    passed = [labels[link] for link, verdict in verdicts.items() if verdict in {Verdict.PASS, Verdict.WARN}]
    first = next((found.title for found in decision.findings if found.order == 1), "")
    evidence = {"app": entry.app.name if entry else "", "endpoint": str(where), "title": first}
    if decision.verdict is Verdict.UNKNOWN:
        waits = any(found.id == "launcher.consent-needed" for found in decision.findings)
        key, evidence["links"] = (
            ("consent" if waits and unknown == [labels[Link.SERVER]] else "unknown"),
            ", ".join(unknown),
        )
    elif decision.verdict is Verdict.WARN:
        key = "warned"
    elif len(passed) == len(Link):
        key = "all" if context.snapshot else "all_outside"
    elif verdicts[Link.CLIENT] is Verdict.SKIPPED and Link.CLIENT in context.target.links:
        key = "no_app"
    else:
        key, evidence["links"] = "some", ", ".join(passed)
    return catalogue.fill(str(words[key]), evidence)

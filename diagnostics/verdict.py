# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what it all means: which findings explain others, the root cause, a verdict for each link and the whole."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .check import Check, Outcome
from .knowledge import catalogue
from .model import Finding, Link, LinkResult, Target, Verdict

_LINKS = tuple(Link)


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict on a run."""

    verdict: Verdict
    root_cause: str | None
    findings: tuple[Finding, ...]
    chain: tuple[LinkResult, ...]


def decide(
    checks: Sequence[Check],
    outcomes: Mapping[str, Outcome],
    elapsed_ms: Mapping[str, float],
    findings: Sequence[Finding],
    target: Target,
) -> Decision:
    """Weighs what the checks found. `findings` are all of them, those of the engine itself included."""
    muted = _muted(findings, target)
    rows = [_row(link, checks, outcomes, elapsed_ms, muted) for link in _LINKS]
    asked = _asked(target.links, rows)
    weighed = _ordered(_explained([found for found in muted if found.link is None or found.link in asked]))
    unasked = "not asked for"
    chain = tuple(row if row.link in asked else LinkResult(row.link, Verdict.SKIPPED, unasked, 0.0) for row in rows)
    root = next((found for found in weighed if found.order == 1 and found.verdict is Verdict.FAIL), None)
    return Decision(_whole(chain, weighed), root.id if root else None, tuple(weighed), chain)


def _row(
    link: Link,
    checks: Sequence[Check],
    outcomes: Mapping[str, Outcome],
    elapsed_ms: Mapping[str, float],
    findings: Sequence[Finding],
) -> LinkResult:
    own = [check for check in checks if check.link is link]
    verdict, blocker = _of_link(link, own, outcomes, findings)
    summary = _summary(link, verdict, own, outcomes, findings)
    return LinkResult(link, verdict, summary, sum(elapsed_ms.get(check.id, 0.0) for check in own), blocker)


def _asked(links: frozenset[Link], rows: Sequence[LinkResult]) -> frozenset[Link]:
    """The links that the user asked for, and those that they wait for, without which the answer had no reason."""
    blockers = {row.link: row.blocked_by.partition(".")[0] for row in rows if row.blocked_by}
    asked, pending = set(), list(links)
    while pending:
        link = pending.pop()
        if link not in asked:
            asked.add(link)
            pending += [other for other in Link if blockers.get(link) == other]
    return frozenset(asked)


def _muted(findings: Sequence[Finding], target: Target) -> list[Finding]:
    return [dataclasses.replace(found, muted=found.id in target.ignore) for found in findings]


def _explained(findings: list[Finding]) -> list[Finding]:
    """Notes for each failure the first other failure by which the catalogue explains it."""
    failing = [found for found in findings if found.verdict is Verdict.FAIL and not found.muted]
    causes = catalogue.causes()

    def explanation(found: Finding) -> str | None:
        if found.verdict not in {Verdict.FAIL, Verdict.WARN}:
            return None
        known = {other.id for other in failing if other.id != found.id and _may_explain(other, found)}
        return next((cause for cause in causes[found.id].explained_by if cause in known), None)

    return [dataclasses.replace(found, explained_by=explanation(found)) for found in findings]


def _may_explain(other: Finding, found: Finding) -> bool:
    """What is wrong with the entry of one app says nothing about that of another."""
    whose = [(one.evidence.get("app"), one.evidence.get("entry")) for one in (other, found)]
    return whose[0] == whose[1] or any(entry is None for _app, entry in whose)


def _ordered(findings: list[Finding]) -> list[Finding]:
    """Sorted and numbered as one would repair them: failures by link, then warnings. What is explained has none."""

    def rank(found: Finding) -> tuple[int, bool, int]:
        kind = [Verdict.FAIL, Verdict.UNKNOWN, Verdict.WARN, Verdict.SKIPPED, Verdict.PASS].index(found.verdict)
        link = _LINKS.index(found.link) if found.link else len(_LINKS)
        return (kind + 10 * found.muted, found.explained_by is not None, link)

    ordered, number = [], 0
    for found in sorted(findings, key=rank):
        counts = found.verdict in {Verdict.FAIL, Verdict.WARN} and found.explained_by is None and not found.muted
        number += counts
        ordered.append(dataclasses.replace(found, order=number if counts else 0))
    return ordered


def _of_link(
    link: Link, checks: Sequence[Check], outcomes: Mapping[str, Outcome], findings: Sequence[Finding]
) -> tuple[Verdict, str | None]:
    """The worst of what was found in a link, and what it waits for. Being blocked outweighs a pass of another check."""
    verdicts = {found.verdict for found in findings if found.link is link and not found.muted}
    ended = [outcomes[check.id] for check in checks if check.id in outcomes]
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL, None
    if any(outcome.verdict is Verdict.UNKNOWN for outcome in ended):
        blocker = next((o.blocked_by for o in ended if o.verdict is Verdict.UNKNOWN and o.blocked_by), None)
        return Verdict.UNKNOWN, blocker
    blockers = [outcome.blocked_by for outcome in ended if outcome.blocked_by]
    if blockers:
        # Checks of a link wait for each other too; what the link as a whole waits for stands in another one.
        return Verdict.SKIPPED, next((other for other in blockers if not other.startswith(f"{link}.")), blockers[0])
    if Verdict.WARN in verdicts:
        return Verdict.WARN, None
    # A failure that was muted counts neither as one nor as a pass.
    return (Verdict.PASS if any(o.verdict in {Verdict.PASS, Verdict.WARN} for o in ended) else Verdict.SKIPPED), None


def _summary(
    link: Link,
    verdict: Verdict,
    checks: Sequence[Check],
    outcomes: Mapping[str, Outcome],
    findings: Sequence[Finding],
) -> str:
    if verdict is Verdict.FAIL:
        return next(
            found.title
            for found in findings
            if found.link is link and found.verdict is Verdict.FAIL and not found.muted
        )
    said = [outcomes[check.id] for check in checks if check.id in outcomes]
    same = [outcome.summary for outcome in said if outcome.verdict is verdict and outcome.summary]
    if verdict is Verdict.SKIPPED:
        # A link that waits says for what; one that does not apply says what its first check says.
        return "" if any(outcome.blocked_by for outcome in said) else next((o.summary for o in said), "")
    return (same or [outcome.summary for outcome in said if outcome.summary] or [""])[0]


def _whole(chain: Sequence[LinkResult], findings: Sequence[Finding]) -> Verdict:
    verdicts = {row.verdict for row in chain}
    broken = any(found.link is None and not found.muted for found in findings)
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    if Verdict.UNKNOWN in verdicts or broken or any(row.blocked_by for row in chain):
        return Verdict.UNKNOWN
    if Verdict.WARN in verdicts:
        return Verdict.WARN
    return Verdict.PASS if Verdict.PASS in verdicts else Verdict.UNKNOWN

# SPDX-License-Identifier: GPL-3.0-or-later
"""What it all means: the root cause, the order of repair, and no pass where something is not known."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.check import Check, Outcome
from diagnostics.knowledge import catalogue
from diagnostics.model import Finding, Link, Target, Verdict
from diagnostics.verdict import Decision, decide

LINKS = tuple(Link)


async def _nothing(_context: object) -> Outcome:
    raise AssertionError


def seen(cause: str, verdict: Verdict | None = None) -> Finding:
    link = cause.partition(".")[0]
    return Finding(
        cause,
        Link(link) if link in LINKS else None,
        verdict or catalogue.causes()[cause].verdict,
        f"Title of {cause}",
        "",
    )


def decided(outcomes: dict[Link, Outcome], *extra: Finding, ignore: str = "") -> Decision:
    """The decision when each link has one check, which passes unless another outcome is given."""
    checks = [Check(f"{link}.check", link, "", _nothing) for link in LINKS]
    by_id = {f"{link}.check": outcomes.get(link, Outcome(Verdict.PASS, f"{link} is fine")) for link in LINKS}
    findings = [*itertools.chain.from_iterable(outcome.findings for outcome in by_id.values()), *extra]
    return decide(checks, by_id, dict.fromkeys(by_id, 1.5), findings, Target(ignore=frozenset(ignore.split())))


def failing(*causes: str) -> dict[Link, Outcome]:
    links: dict[Link, list[Finding]] = {}
    for cause in causes:
        links.setdefault(Link(cause.partition(".")[0]), []).append(seen(cause, Verdict.FAIL))
    return {link: Outcome(Verdict.FAIL, "broken", tuple(found)) for link, found in links.items()}


def row(decision: Decision, link: Link) -> Verdict:
    return decision.chain[LINKS.index(link)].verdict


def test_all_is_well() -> None:
    decision = decided({})
    assert (decision.verdict, decision.root_cause, decision.findings) == (Verdict.PASS, None, ())
    assert [line.verdict for line in decision.chain] == [Verdict.PASS] * 6
    assert decision.chain[0].summary == "client is fine"


@pytest.mark.parametrize("link", LINKS)
def test_what_is_not_known_is_no_pass(link: Link) -> None:
    decision = decided({link: Outcome(Verdict.UNKNOWN, "no idea")})
    assert decision.verdict is Verdict.UNKNOWN
    assert decision.root_cause is None


@pytest.mark.parametrize("link", LINKS)
def test_what_waits_is_no_pass_and_what_does_not_apply_is_none_either(link: Link) -> None:
    waits = decided({link: Outcome(Verdict.SKIPPED, blocked_by="network.refused")})
    assert waits.verdict is Verdict.UNKNOWN
    assert [line.link for line in waits.chain if line.blocked_by == "network.refused"] == [link]
    assert row(waits, link) is Verdict.SKIPPED
    assert decided({link: Outcome(Verdict.SKIPPED, "not here")}).verdict is Verdict.PASS
    assert decided(dict.fromkeys(LINKS, Outcome(Verdict.SKIPPED))).verdict is Verdict.UNKNOWN


def test_a_crash_of_the_doctor_is_no_pass() -> None:
    assert decided({}, seen("internal.crash")).verdict is Verdict.UNKNOWN
    assert decided(failing("network.refused"), seen("internal.crash")).verdict is Verdict.FAIL


def test_a_warning_breaks_nothing() -> None:
    outcome = Outcome(Verdict.WARN, "old", (seen("addon.outdated"),))
    decision = decided({Link.ADDON: outcome})
    assert (decision.verdict, decision.root_cause) == (Verdict.WARN, None)
    assert decision.findings[0].order == 1


def test_the_cause_and_what_follows_from_it() -> None:
    decision = decided(failing("server.blocked-by-addon", "addon.silent", "network.port-taken"))
    assert decision.root_cause == "network.port-taken"
    explained = {finding.id: (finding.explained_by, finding.order) for finding in decision.findings}
    assert explained == {
        "network.port-taken": (None, 1),
        "server.blocked-by-addon": ("network.port-taken", 0),
        "addon.silent": ("network.port-taken", 0),
    }


def test_an_explanation_must_fail_itself() -> None:
    outcomes = failing("server.blocked-by-addon") | {
        Link.ADDON: Outcome(Verdict.WARN, "", (seen("addon.silent", Verdict.WARN),))
    }
    decision = decided(outcomes)
    assert decision.root_cause == "server.blocked-by-addon"
    assert decision.findings[0].explained_by is None


def test_independent_faults_are_numbered_along_the_chain() -> None:
    decision = decided(failing("addon.protocol-invalid", "launcher.not-found", "network.port-mismatch"))
    assert [(f.id, f.order) for f in decision.findings] == [
        ("launcher.not-found", 1),
        ("network.port-mismatch", 2),
        ("addon.protocol-invalid", 3),
    ]
    assert decision.root_cause == "launcher.not-found"


def test_failures_come_before_warnings() -> None:
    outcomes = failing("addon.silent") | {
        Link.SERVER: Outcome(Verdict.WARN, "", (seen("server.stdout-polluted", Verdict.WARN),))
    }
    assert [f.id for f in decided(outcomes).findings] == ["addon.silent", "server.stdout-polluted"]


def test_a_muted_cause_decides_nothing() -> None:
    decision = decided(failing("network.refused", "addon.silent"), ignore="network.refused")
    assert decision.root_cause == "addon.silent"
    muted = next(finding for finding in decision.findings if finding.id == "network.refused")
    assert (muted.muted, muted.order, muted.explained_by) == (True, 0, None)
    assert row(decision, Link.NETWORK) is not Verdict.FAIL


def test_a_muted_cause_explains_nothing_and_makes_no_pass() -> None:
    decision = decided(failing("network.port-taken", "addon.silent"), ignore="network.port-taken")
    assert decision.root_cause == "addon.silent"
    alone = decided(failing("network.refused"), ignore="network.refused")
    assert row(alone, Link.NETWORK) is Verdict.SKIPPED
    assert (alone.verdict, alone.root_cause) == (Verdict.PASS, None)


def test_a_muted_warning_leaves_a_pass() -> None:
    outcome = Outcome(Verdict.WARN, "old", (seen("addon.outdated"),))
    assert decided({Link.ADDON: outcome}, ignore="addon.outdated").verdict is Verdict.PASS


causes = st.lists(st.sampled_from(sorted(catalogue.causes())), max_size=12)


@given(causes, st.lists(st.sampled_from(sorted(catalogue.causes())), max_size=3))
def test_whatever_is_found(found: list[str], muted: list[str]) -> None:
    known = [cause for cause in found if not cause.startswith("internal")]
    decision = decided(failing(*known), ignore=" ".join(muted))
    open_now = set(known) - set(muted)
    assert len(decision.findings) == len(known)
    assert (decision.verdict is Verdict.FAIL) == bool(open_now)
    assert (decision.root_cause is None) == (not open_now)
    orders = [finding.order for finding in decision.findings if finding.order]
    assert orders == list(range(1, len(orders) + 1))
    for finding in decision.findings:
        assert finding.explained_by is None or finding.explained_by in open_now
        assert bool(finding.order) == (finding.explained_by is None and not finding.muted)


def test_the_fault_of_one_entry_does_not_explain_that_of_another() -> None:
    def of(cause: str, app: str) -> Finding:
        return dataclasses.replace(seen(cause), evidence={"app": app, "entry": "blender"})

    def explanation(*found: Finding) -> str | None:
        told = decided({}, *found).findings
        return next(one.explained_by for one in told if one.id.startswith("server."))

    missing = of("launcher.resolve-failed", "Cursor")
    assert explanation(missing, of("server.exits-at-start", "Claude Desktop")) is None
    assert explanation(missing, of("server.exits-at-start", "Cursor")) == "launcher.resolve-failed"
    assert explanation(seen("addon.silent"), of("server.no-answer", "Cursor")) == "addon.silent"

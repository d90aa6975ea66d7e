# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a repair helped: what the run after it found, compared with what was to be repaired."""

from __future__ import annotations

from ..knowledge import table
from ..knowledge.catalogue import fill
from ..model import EvidenceValue, Finding, Remedy, Report, Verdict

_FAULTS = frozenset({Verdict.FAIL, Verdict.WARN})


def outcome(before: Report, repaired: Finding, remedy: Remedy, after: Report) -> str:
    """One sentence about whether this remedy of a finding of `before` helped, by the report of the next run.

    What could not be tested any more has not helped and has not failed.
    """
    still = next((found for found in after.findings if found.id == repaired.id and found.verdict in _FAULTS), None)
    if still is not None:
        # The same cause by another process, port or file is offered another repair.
        offered = any(_what(other) == _what(remedy) for other in still.remedies)
        return _words("no" if offered else "not_enough", title=still.title)
    row = next((row for row in after.chain if row.link == repaired.link), None)
    link = str(table("words")["links"][row.link]) if row is not None else ""
    if after.verdict is Verdict.PASS:
        return _words("works")
    if not _was_tested(before, repaired, after):
        return _words("unknown", link=link)
    root = next((found for found in after.findings if found.id == after.root_cause), None)
    if root is not None:
        return _words("next", title=root.title)
    passed = row is not None and row.verdict is Verdict.PASS
    return _words("link", link=link) if passed else _words("gone", repaired=repaired.title)


def _what(remedy: Remedy) -> tuple[str, str, str]:
    return remedy.action, remedy.text, remedy.title


def _was_tested(before: Report, repaired: Finding, after: Report) -> bool:
    """Whether a check that has named the cause could look again."""
    asked = {check.id for check in before.checks if repaired.id in check.found}
    return any(
        check.id in asked and check.verdict is not Verdict.UNKNOWN and check.blocked_by is None
        for check in after.checks
    )


def _words(name: str, **evidence: EvidenceValue) -> str:
    return fill(str(table("outcomes")["words"][name]), evidence)

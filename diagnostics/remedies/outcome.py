# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a repair helped: what the run after it found, compared with what was to be repaired."""

from __future__ import annotations

from ..knowledge import table
from ..knowledge.catalogue import fill
from ..model import EvidenceValue, Finding, Remedy, Report, Verdict

_FAULTS = frozenset({Verdict.FAIL, Verdict.WARN})


def outcome(repaired: Finding, remedy: Remedy, after: Report) -> str:
    """One sentence about whether the repair of this finding by this remedy helped, by the report of the next run.

    What could not be tested any more has not helped and has not failed.
    """
    still = next((found for found in after.findings if found.id == repaired.id and found.verdict in _FAULTS), None)
    if still is not None:
        # The same cause by another process, port or file is offered another repair.
        offered = any((other.action, other.text) == (remedy.action, remedy.text) for other in still.remedies)
        return _words("no" if offered else "not_enough", title=still.title)
    row = next((row for row in after.chain if row.link == repaired.link), None)
    link = str(table("words")["links"][row.link]) if row is not None else ""
    if after.verdict is Verdict.PASS:
        return _words("works")
    root = next((found for found in after.findings if found.id == after.root_cause), None)
    if row is not None and (row.verdict is Verdict.UNKNOWN or row.blocked_by is not None):
        return _words("unknown", link=link)
    if root is not None:
        return _words("next", title=root.title)
    return _words("link", link=link) if row is not None else _words("works")


def _words(name: str, **evidence: EvidenceValue) -> str:
    return fill(str(table("repairs")["outcome"][name]), evidence)

# SPDX-License-Identifier: GPL-3.0-or-later
"""What the self-test found: whether the engine names faults that are made on purpose."""

from __future__ import annotations

from dataclasses import dataclass

from .report import Tool
from .verdict import Verdict


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case ended.

    PASS: the engine said what it must say. FAIL: it said something else, or raised, or did not end. UNKNOWN: the case
    could not be tried here, though it should. SKIPPED: this system has no such thing. `why` tells of the last two.
    """

    id: str
    group: str
    title: str
    verdict: Verdict
    expected: str
    came: str = ""
    why: str = ""
    elapsed_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class SelfTestReport:
    """Every case, in the order of the table."""

    tool: Tool
    elapsed_ms: float
    results: tuple[CaseResult, ...]

    def of(self, verdict: Verdict) -> tuple[CaseResult, ...]:
        """The cases that ended so."""
        return tuple(result for result in self.results if result.verdict is verdict)

    @property
    def verdict(self) -> Verdict:
        """FAIL where one case failed, UNKNOWN where one could not be tried or nothing was, else PASS."""
        if self.of(Verdict.FAIL):
            return Verdict.FAIL
        return Verdict.UNKNOWN if self.of(Verdict.UNKNOWN) or not self.of(Verdict.PASS) else Verdict.PASS

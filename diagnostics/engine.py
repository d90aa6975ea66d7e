# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs checks as soon as what they need is there, each within its deadline, all within the run's.

A check that raises harms only itself; one that is not finished in time is `unknown`; cancelling the task that runs
the engine cancels every check and waits until each has tidied up.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .check import Check, Context, Outcome
from .knowledge import catalogue
from .model import CheckEnded, CheckResult, CheckStarted, Event, EvidenceValue, Finding, Link, Verdict
from .text import one_line


@dataclass(slots=True)
class Finished:
    """All that a run of the engine found, before anything is decided."""

    results: list[CheckResult] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def select(checks: Sequence[Check], links: frozenset[Link], *, alone: bool = False) -> tuple[Check, ...]:
    """The checks of these links and, unless they are to run alone, all whose observations they read, in that order."""
    if alone:
        return tuple(check for check in checks if check.link in links)
    by_id = {check.id: check for check in checks}
    wanted: set[str] = set()
    pending = [check.id for check in checks if check.link in links]
    while pending:
        check_id = pending.pop()
        if check_id not in wanted:
            wanted.add(check_id)
            pending += (*by_id[check_id].needs, *by_id[check_id].after)
    return tuple(check for check in checks if check.id in wanted)


async def run(checks: Sequence[Check], context: Context, on_event: Callable[[Event], None] | None = None) -> Finished:
    """Runs `checks` and returns how each ended, in the given order. Raises only `asyncio.CancelledError`."""
    return await _Run(checks, context, on_event or (lambda _event: None)).run()


class _Run:
    def __init__(self, checks: Sequence[Check], context: Context, on_event: Callable[[Event], None]) -> None:
        self.checks = checks
        self.context = context
        self.on_event = on_event
        self.ended = {check.id: asyncio.Event() for check in checks}
        self.results: dict[str, CheckResult] = {}
        self.cut_off: list[str] = []
        self.findings: list[Finding] = []
        context.say = self._say

    async def run(self) -> Finished:
        try:
            async with asyncio.timeout(self.context.remaining_s), asyncio.TaskGroup() as group:
                for check in self.checks:
                    group.create_task(self._follow(check), name=check.id)
        except TimeoutError:
            for check in self.checks:
                if check.id not in self.results:
                    self.cut_off.append(check.id)
                    self._end(check, _unfinished(), 0.0)
        if self.cut_off:
            seconds = round(self.context.target.deadline_s, 1)
            evidence: dict[str, EvidenceValue] = {"unfinished": tuple(self.cut_off), "deadline_s": seconds}
            self.findings.append(catalogue.finding("internal.deadline", evidence, verdict=Verdict.UNKNOWN))
        outcomes = {check.id: self.context.outcome(check.id) or Outcome(Verdict.SKIPPED) for check in self.checks}
        return Finished([self.results[check.id] for check in self.checks], outcomes, self.findings)

    async def _follow(self, check: Check) -> None:
        for other in (*check.needs, *check.after):
            if other in self.ended:
                await self.ended[other].wait()
        if (blocker := self._blocker(check)) is not None:
            self._end(check, Outcome(Verdict.SKIPPED, blocked_by=blocker), 0.0)
            return
        self._say(check.id, check.waits_for.format(target=self.context.target))
        began = time.monotonic()
        outcome = await self._guarded(check)
        self._end(check, outcome, (time.monotonic() - began) * 1000)

    def _say(self, check_id: str, title: str) -> None:
        """A check begins, or goes on with something else."""
        self.on_event(CheckStarted(check_id, title, len(self.results), len(self.checks)))

    def _blocker(self, check: Check) -> str | None:
        for other in check.needs:
            outcome = self.context.outcome(other)
            if outcome is None or outcome.verdict not in {Verdict.PASS, Verdict.WARN}:
                return other
        return None

    async def _guarded(self, check: Check) -> Outcome:
        try:
            async with asyncio.timeout(check.deadline_s) as limit:
                return await check.run(self.context)
        except Exception as error:  # noqa: BLE001  # a broken check is a result of its own, and the others go on
            if isinstance(error, TimeoutError) and limit.expired():
                self.cut_off.append(check.id)
                return _unfinished()
            return Outcome(Verdict.UNKNOWN, findings=(_crash(check, error),), summary="the doctor itself failed here")

    def _end(self, check: Check, outcome: Outcome, elapsed_ms: float) -> None:
        self.context.record(check.id, outcome)
        self.results[check.id] = CheckResult(
            check.id,
            outcome.verdict,
            elapsed_ms,
            outcome.blocked_by,
            outcome.transcript,
            tuple(found.id for found in outcome.findings),
        )
        self.findings += (dataclasses.replace(found, elapsed_ms=elapsed_ms) for found in outcome.findings)
        self.ended[check.id].set()
        self.on_event(
            CheckEnded(
                check.id, check.link, outcome.verdict, outcome.summary, elapsed_ms, len(self.results), len(self.checks)
            )
        )


def _unfinished() -> Outcome:
    return Outcome(Verdict.UNKNOWN, summary="not finished in time")


def _crash(check: Check, error: Exception) -> Finding:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    evidence: dict[str, EvidenceValue] = {
        "check": check.id,
        "error": one_line(f"{type(error).__name__}: {error}"),
        "place": f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}",
    }
    return catalogue.finding("internal.crash", evidence, verdict=Verdict.UNKNOWN)

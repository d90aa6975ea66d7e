# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets all cases up, has the engine diagnose each, many at a time, and compares."""

from __future__ import annotations

import asyncio
import contextlib
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from .. import diagnose_async
from ..looks import Looks
from ..model import (
    NAME,
    VERSION,
    CaseEnded,
    CaseResult,
    CheckStarted,
    SelfTestEvent,
    SelfTestReport,
    Target,
    Tool,
    Verdict,
)
from ..text import one_line
from .case import Case, came, cases
from .python import find_python
from .room import CASE_S, ENDPOINT, NotHereError, NotTestedError, Room

DEADLINE_S = 30.0
"""For all cases together. They take some 8 s; a computer that is busy otherwise needs longer."""
AT_ONCE = 16
"""Runs at a time. With the peers that listen they hold some 150 files; systems allow 256 at least."""
_GRACE_S = 6.0
"""How much longer than its own deadline a run may take until it is said to hang; a busy computer is slow to say so."""


async def self_test_async(
    *,
    blender: str | None = None,
    on_event: Callable[[SelfTestEvent], None] | None = None,
    deadline_s: float = DEADLINE_S,
) -> SelfTestReport:
    """Tries every case of the table and tells how each ended. Raises only `asyncio.CancelledError`.

    `blender` is the version of the Blender that this runs in. `on_event` hears of each case that begins and ends, in
    the thread of the loop. When its task is cancelled, everything that it made is gone first.
    """
    began = time.monotonic()
    results = await _Trial(on_event or (lambda _event: None)).run(deadline_s)
    tool = Tool(NAME, VERSION, platform.python_version(), blender, sys.platform)
    return SelfTestReport(tool, (time.monotonic() - began) * 1000, results)


class _Trial:
    def __init__(self, on_event: Callable[[SelfTestEvent], None]) -> None:
        self.on_event = on_event
        self.cases = cases()
        self.results: dict[str, CaseResult] = {}
        self.looks = Looks()
        self.at_once = asyncio.Semaphore(AT_ONCE)

    async def run(self, deadline_s: float) -> tuple[CaseResult, ...]:
        with tempfile.TemporaryDirectory(prefix="mcp-diagnostics-self-test-", ignore_cleanup_errors=True) as folder:
            async with contextlib.AsyncExitStack() as stack:
                # What is known of this machine's listeners is looked up once, so all of them have to be there first.
                ready, began = await self._set_up(Path(folder), stack), time.monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(deadline_s), asyncio.TaskGroup() as group:
                        for case, room, target in sorted(ready, key=lambda one: not one[0].long):
                            group.create_task(self._try(case, room, target), name=case.id)
                    async with asyncio.timeout(deadline_s - (time.monotonic() - began)):
                        await self._try_again(ready)
        for case in self.cases:
            if case.id not in self.results:
                self._end(case, Verdict.FAIL, said=f"was not finished within {deadline_s:g} s")
        return tuple(self.results[case.id] for case in self.cases)

    async def _set_up(self, folder: Path, stack: contextlib.AsyncExitStack) -> list[tuple[Case, Room, Target]]:
        ready, python = [], find_python()
        for case in self.cases:
            room = Room(folder / case.id, python)
            try:
                room.home.mkdir()
                ready.append((case, room, await stack.enter_async_context(case.setup(room))))
            except NotHereError as error:
                self._end(case, Verdict.SKIPPED, why=str(error))
            except NotTestedError as error:
                self._end(case, Verdict.UNKNOWN, why=str(error))
            except Exception as error:  # noqa: BLE001  # one case that cannot be made does not hide the others
                self._end(case, Verdict.FAIL, said=f"could not be set up: {_words(error)}")
        return ready

    async def _try_again(self, ready: list[tuple[Case, Room, Target]]) -> None:
        """Tries what failed once more, by itself: a computer that was busy with all the others has time for it now."""
        for case, room, target in ready:
            if self.results[case.id].verdict is Verdict.FAIL:
                first = self.results.pop(case.id)
                try:
                    await self._try(case, room, target)
                finally:
                    self.results.setdefault(case.id, first)

    async def _try(self, case: Case, room: Room, target: Target) -> None:
        async with self.at_once:
            self.on_event(CheckStarted(case.id, f"{case.group}: {case.title}", len(self.results), len(self.cases)))
            looks = self.looks if target.links == ENDPOINT else None
            began, verdict = time.monotonic(), Verdict.FAIL
            try:
                async with asyncio.timeout(CASE_S + _GRACE_S) as limit:
                    report = await diagnose_async(target, machine=room.machine, looks=looks)
                said = came(report)
                verdict = Verdict.PASS if case.is_met_by(report) else Verdict.FAIL
            except Exception as error:  # noqa: BLE001  # the engine must not raise: that is what is tested
                hangs = isinstance(error, TimeoutError) and limit.expired()
                said = f"did not end within {CASE_S + _GRACE_S:g} s" if hangs else f"raised {_words(error)}"
            self._end(case, verdict, said=said, elapsed_ms=(time.monotonic() - began) * 1000)

    def _end(self, case: Case, verdict: Verdict, *, said: str = "", why: str = "", elapsed_ms: float = 0.0) -> None:
        self.results[case.id] = CaseResult(
            case.id, case.group, case.title, verdict, case.expected, said, why, elapsed_ms
        )
        self.on_event(CaseEnded(case.id, case.title, verdict, len(self.results), len(self.cases)))


def _words(error: Exception) -> str:
    return one_line(f"{type(error).__name__}: {error}".rstrip(": "), 160)

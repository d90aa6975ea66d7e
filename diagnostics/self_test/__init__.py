# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that the engine names what it must name: it diagnoses peers, programs and files that are made for it.

Everything listens on ports of 127.0.0.1 that the system chooses, lives in a temporary folder, and is gone at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .. import new_event_loop
from ..model import SelfTestEvent, SelfTestReport, Verdict
from .trial import DEADLINE_S, self_test_async

__all__ = ["DEADLINE_S", "exit_code", "self_test", "self_test_async"]


def self_test(
    *,
    blender: str | None = None,
    on_event: Callable[[SelfTestEvent], None] | None = None,
    deadline_s: float = DEADLINE_S,
) -> SelfTestReport:
    """Tries all cases in the calling thread; see `self_test_async`. Raises only KeyboardInterrupt."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(self_test_async(blender=blender, on_event=on_event, deadline_s=deadline_s))


def exit_code(report: SelfTestReport) -> int:
    """0 where the engine named all, 4 where it did not, 3 where something could not be tried."""
    return {Verdict.FAIL: 4, Verdict.UNKNOWN: 3}.get(report.verdict, 0)

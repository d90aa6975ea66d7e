# SPDX-License-Identifier: GPL-3.0-or-later
"""Diagnoses many endpoints in one run, some at a time, with memory that does not grow with their number."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable

from . import diagnose_async, new_event_loop
from .looks import Looks
from .model import Machine, Report, Snapshot, Target
from .waiting import LINKS

AT_ONCE = 96
"""Endpoints that are asked at a time. Each holds some three connections, and systems allow 256 files at least."""


def diagnose_many(
    targets: Iterable[Target],
    on_report: Callable[[Report], object],
    snapshot: Snapshot | None = None,
    *,
    machine: Machine | None = None,
    at_once: int = AT_ONCE,
) -> None:
    """Asks each target for its links network and addon; `on_report` gets each report as soon as it is there.

    What is configured on this machine is not looked at, and what is known about the machine is found out once for all.
    `targets` is read as it is needed. Raises only KeyboardInterrupt and what `on_report` and `targets` raise.
    """
    machine = machine or Machine.current()
    waiting = iter(targets)

    async def work(looks: Looks) -> None:
        for target in waiting:
            alone = dataclasses.replace(target, links=LINKS)
            on_report(await diagnose_async(alone, snapshot, machine=machine, looks=looks))

    async def run() -> None:
        looks = Looks()
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(work(looks))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None  # the others are what follows from it

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        runner.run(run())

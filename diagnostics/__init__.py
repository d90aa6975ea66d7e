# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the broken link between an AI app, its MCP server and Blender. Never imports bpy.

report = diagnose(make_target())
print(render(report, "text"))
"""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .looks import Looks
from .model import Event, Inventory, Link, Machine, Report, Snapshot, Target, Verdict

__all__ = ["diagnose", "diagnose_async", "exit_code", "find_apps", "new_event_loop", "with_written"]


def diagnose(
    target: Target,
    snapshot: Snapshot | None = None,
    *,
    machine: Machine | None = None,
    on_event: Callable[[Event], None] | None = None,
) -> Report:
    """Runs all checks in the calling thread and returns what they found. Raises only KeyboardInterrupt.

    `snapshot` is the picture of this Blender, None outside Blender. `machine` is the computer whose AI apps are looked
    at, this one by default. `on_event` hears of every check that starts and ends, in the thread of the run.
    """
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(diagnose_async(target, snapshot, machine=machine, on_event=on_event))


def find_apps(target: Target, snapshot: Snapshot | None = None, *, machine: Machine | None = None) -> Inventory:
    """The AI apps of this machine and what they have configured for Blender. Reads their files and nothing else."""
    from .check import Context  # noqa: PLC0415
    from .inventory import take  # noqa: PLC0415
    from .ledger import Ledger  # noqa: PLC0415
    from .redaction import Redactor  # noqa: PLC0415

    machine = machine or Machine.current()
    context = Context(target, snapshot, machine, Ledger(), ends_at=time.monotonic() + target.deadline_s)
    return Redactor(machine, context.secrets).all(take(context))


def with_written(report: Report, path: Path, machine: Machine | None = None) -> Report:
    """The report, with the file in its ledger to which it is about to be written."""
    from .redaction import Redactor  # noqa: PLC0415

    shown = Redactor(machine or Machine.current()).text(str(path))
    return dataclasses.replace(report, did=dataclasses.replace(report.did, written=(*report.did.written, shown)))


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop that can start processes, whatever policy another add-on has set."""
    if sys.platform == "win32":
        return asyncio.ProactorEventLoop()
    return asyncio.new_event_loop()


async def diagnose_async(
    target: Target,
    snapshot: Snapshot | None = None,
    *,
    machine: Machine | None = None,
    on_event: Callable[[Event], None] | None = None,
    looks: Looks | None = None,
) -> Report:
    """Like `diagnose`, as a coroutine. When its task is cancelled it ends every process that it started, first.

    `looks` is what several runs know in common about this machine; such runs look at the target's links alone, and not
    at what is configured for them.
    """
    # Loaded with the first run, so that Blender's start-up does not pay for them.
    from . import engine, last_good, reporting  # noqa: PLC0415
    from .check import Context  # noqa: PLC0415
    from .checks import CHECKS  # noqa: PLC0415
    from .checks.working_set import worked_entries  # noqa: PLC0415
    from .ledger import Ledger  # noqa: PLC0415
    from .redaction import Redactor  # noqa: PLC0415

    machine = machine or Machine.current()
    started, began = dt.datetime.now().astimezone(), time.monotonic()
    context = Context(target, snapshot, machine, Ledger(), ends_at=began + target.deadline_s, looks=looks)
    redactor = Redactor(machine, context.secrets)
    if target.own_folder is not None and Link.CLIENT in target.links:
        context.worked = last_good.worked_entries(target.own_folder, context.ledger)
    for file in target.read:
        context.ledger.read(file)
    checks = engine.select(CHECKS, target.links, alone=looks is not None)

    def tell(event: Event) -> None:
        if on_event is not None:
            on_event(redactor.all(event))

    with context.resources:
        finished = await engine.run(checks, context, tell)
    report = reporting.assemble(checks, finished, context, started=started.isoformat(timespec="seconds"))
    if target.own_folder is not None and target.links == frozenset(Link):
        chain, working = redactor.text(reporting.chain_name(context)), redactor.all(report.working)
        if report.verdict in {Verdict.PASS, Verdict.WARN}:
            entries = redactor.all(worked_entries(context))
            last_good.remember(target.own_folder, chain, working, context.today, context.ledger, entries=entries)
        elif report.verdict is Verdict.FAIL:
            was = last_good.changed_since(target.own_folder, chain, working, context.today, context.ledger)
            report = dataclasses.replace(report, changed=was)
        report = dataclasses.replace(report, did=context.ledger.did())
    elapsed_ms = (time.monotonic() - began) * 1000
    return redactor.all(dataclasses.replace(report, elapsed_ms=elapsed_ms))


def exit_code(report: Report, *, fail_on: Verdict = Verdict.FAIL) -> int:
    """0 pass or warn, 1 fail (or warn with `fail_on` WARN), 3 not everything could be tested, 4 the doctor failed."""
    if report.verdict is Verdict.FAIL or (report.verdict is Verdict.WARN and fail_on is Verdict.WARN):
        return 1
    if any(found.id == "internal.crash" and not found.muted for found in report.findings):
        return 4
    return 3 if report.verdict is Verdict.UNKNOWN else 0

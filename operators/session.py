# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in a thread of its own, and what the last one found.

Nothing in this module knows Blender. A run is one thread with one event loop; it posts plain events to a queue and
touches nothing else, so that Blender's main thread alone decides when something changes. State is module state: it
survives File > Open and is never written into the user's file.
"""

from __future__ import annotations

import contextlib
import queue
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import broken_pipe
from .attempt import repairs

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from ..diagnostics.model import CaseEnded, CheckEnded, CheckStarted, Link, Report, SelfTestReport, Snapshot, Target

    Job = Callable[[Callable[[object], None]], Coroutine[object, object, object]]
    """What a run does: it is given what takes its events, and returns the event with which it is over."""

END_WITHIN_S = 0.5
"""How long unregister, File > Open and quit wait for a run to end."""
SELF_TEST_DEADLINE_S = 30.0
"""As in `diagnostics/self_test`, which is not loaded until it is asked for; a test compares them."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The run came to its end."""

    report: Report


@dataclass(frozen=True, slots=True)
class SelfTested:
    """The self-test came to its end."""

    report: SelfTestReport


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The run was ended before it was done."""


@dataclass(frozen=True, slots=True)
class Crashed:
    """The engine itself raised: `message` is one line for people, `log` the whole story for the clipboard."""

    message: str
    log: str


@dataclass(slots=True)
class Progress:
    """What is known about the run that is under way."""

    deadline_s: float
    self_test: bool = False
    done: int = 0
    total: int = 0
    waiting: dict[str, str] = field(default_factory=dict)
    """Titles of the checks that have started and not ended, by their ids, oldest first."""
    rows: dict[Link, CheckEnded] = field(default_factory=dict)
    """The last check that ended on each link."""

    def note(self, event: CheckStarted | CheckEnded | CaseEnded) -> None:
        """Take in what the engine tells."""
        self.done, self.total = event.done, event.total
        if hasattr(event, "verdict"):
            self.waiting.pop(event.id, None)
            if hasattr(event, "link"):
                self.rows[event.link] = event
        else:
            self.waiting[event.id] = event.title


@dataclass(slots=True)
class State:
    """All that the panel shows."""

    report: Report | None = None
    finished_at: float = 0.0
    """When the report was made, on the clock of `time.monotonic`."""
    progress: Progress | None = None
    cancelling: bool = False
    notice: str = ""
    """One line about what happened since: cancelled, wrong settings."""
    crash: Crashed | None = None
    self_test: SelfTestReport | None = None
    """What the last self-test came to."""
    self_test_notice: str = ""
    """One line about it in its place: cancelled, crashed."""
    declined: set[str] = field(default_factory=set)
    """Digests of commands for which the user said "Not Now"; a new run asks again."""

    def keep(self, report: Report) -> None:
        """Make this report the one that is shown."""
        self.report = report
        self.finished_at = time.monotonic()
        self.notice = ""
        self.crash = None
        self.declined.clear()
        repairs.judge(report)


class Worker:
    """One run: its thread, its loop, and the queue on which it tells what it sees."""

    def __init__(self, job: Job) -> None:
        self.outbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._cancel = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[object] | None = None
        # A daemon, because the interpreter joins all others before it calls the exit handler that would cancel this.
        self._thread = threading.Thread(target=self._run, args=(job,), name="MCP Diagnostics", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def cancel(self) -> None:
        """Ask the run to end. It posts `Cancelled` when it has."""
        self._cancel.set()
        loop, task = self._loop, self._task
        if loop is not None and task is not None:
            # A closed loop means that the run has just ended by itself.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(task.cancel)

    def join(self, timeout_s: float) -> bool:
        """Wait for the thread; False when it is still there after `timeout_s` seconds."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self, job: Job) -> None:
        import asyncio  # noqa: PLC0415  # takes longer to import than enabling the extension may take

        try:
            over = self._complete(job)
        except asyncio.CancelledError:
            self.outbox.put(Cancelled())
        except BaseException as error:  # noqa: BLE001  # the thread's last line of defence; the panel shows it
            self.outbox.put(crash_from(error))
        else:
            self.outbox.put(over)

    def _complete(self, job: Job) -> object:
        from ..diagnostics import new_event_loop  # noqa: PLC0415
        from ..diagnostics.knowledge import saying  # noqa: F401, PLC0415  # here, so that no drawing waits for it

        # Not `asyncio.run`: that waits for helper threads which sit in a blocking call of the system.
        loop = new_event_loop()
        try:
            task = loop.create_task(job(self.outbox.put))
            self._loop, self._task = loop, task
            # `cancel` may have come before there was a task that it could cancel.
            if self._cancel.is_set():
                task.cancel()
            return loop.run_until_complete(task)
        finally:
            with contextlib.suppress(RuntimeError):
                loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()


def crash_from(error: BaseException) -> Crashed:
    """What to show and what to copy when the engine raised."""
    import traceback  # noqa: PLC0415

    from ..diagnostics.model import Machine  # noqa: PLC0415
    from ..diagnostics.redaction import Redactor  # noqa: PLC0415

    what = str(error).strip().splitlines()
    message = f"The diagnosis itself failed: {type(error).__name__}" + (f": {what[0]}" if what else "")
    # What went wrong may quote a configuration, and both are pasted where people ask for help.
    text = Redactor(Machine.current()).text
    return Crashed(text(message), "".join(map(text, traceback.format_exception(error))))


state = State()
_worker: Worker | None = None
_held = contextlib.ExitStack()
"""What holds as long as a run lives."""


def is_running() -> bool:
    """Whether a run is under way."""
    return _worker is not None


def start(target: Target, snapshot: Snapshot) -> None:
    """Begin a run in a thread. The caller makes sure that none is under way and drains with `drain`."""

    async def job(tell: Callable[[object], None]) -> Finished:
        from ..diagnostics import diagnose_async  # noqa: PLC0415

        return Finished(await diagnose_async(target, snapshot, on_event=tell))

    state.notice = ""
    state.crash = None
    _begin(job, Progress(target.deadline_s))


def start_self_test(blender: str) -> None:
    """Begin the self-test in a thread, in the same way. `blender` is the version of this one."""

    async def job(tell: Callable[[object], None]) -> SelfTested:
        from ..diagnostics.self_test import self_test_async  # noqa: PLC0415

        return SelfTested(await self_test_async(blender=blender, on_event=tell))

    state.self_test_notice = ""
    _begin(job, Progress(SELF_TEST_DEADLINE_S, self_test=True))


def _begin(job: Job, progress: Progress) -> None:
    global _worker  # noqa: PLW0603  # there is one run at most
    state.progress = progress
    state.cancelling = False
    _worker = Worker(job)
    _held.enter_context(broken_pipe.survived())
    _worker.start()


def cancel() -> None:
    """Ask the run to end; `drain` tells when it has."""
    if _worker is not None and not state.cancelling:
        state.cancelling = True
        _worker.cancel()


def drain(budget_s: float) -> bool:
    """Take in what the run has told so far, for at most `budget_s` seconds. True when something changed."""
    changed = False
    stop = time.perf_counter() + budget_s
    while _worker is not None and time.perf_counter() < stop:
        try:
            event = _worker.outbox.get_nowait()
        except queue.Empty:
            break
        _note(event)
        changed = True
    return changed


def end(reason: str) -> None:
    """End a run within `END_WITHIN_S`, whatever it does, and tell `reason` in the panel."""
    if _worker is None:
        return
    _worker.cancel()
    if not _worker.join(END_WITHIN_S):
        # It may still write to a peer that goes away, which must not end Blender.
        _held.pop_all()
    _tell(reason, self_test=_conclude())


def _note(event: object) -> None:
    match event:
        case Finished(report):
            _conclude()
            state.keep(report)
        case SelfTested(report):
            _conclude()
            state.self_test = report
        case Cancelled():
            _tell("Cancelled", self_test=_conclude())
        case Crashed() as crash:
            if _conclude():
                state.self_test_notice = crash.message
            else:
                state.crash = crash
            print(crash.log, file=sys.stderr)  # noqa: T201  # the console is where people look for it
        case _ if state.progress is not None:
            state.progress.note(event)


def _tell(notice: str, *, self_test: bool) -> None:
    if self_test:
        state.self_test_notice = notice
    else:
        state.notice = notice


def _conclude() -> bool:
    """The run is over. True when it was the self-test."""
    global _worker  # noqa: PLW0603
    _worker = None
    _held.close()
    self_test = state.progress is not None and state.progress.self_test
    state.progress = None
    state.cancelling = False
    return self_test

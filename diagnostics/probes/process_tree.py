# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds everything that a started program has started, and ends it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable

import psutil

from . import windows_job

TERMINATE_S = 0.15
"""How long a program may take to follow a polite request."""
KILL_S = 0.1
_POLL_S = 0.005
_MAX_PARENTS = 8


class Tree:
    """A program that was started as leader of a session of its own (POSIX), and its descendants.

    Made right after the start. Members are told apart by process id and time of creation, so a later process with the
    same id is never touched.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._root_runs = True
        self._members: set[psutil.Process] = set()
        self._root: psutil.Process | None = None
        self._job = windows_job.hold(pid, windows_job.kernel32()) if sys.platform == "win32" else None
        with contextlib.suppress(psutil.Error):  # it may be gone already
            self._root = psutil.Process(pid)
            self._members.add(self._root)

    def root_exited(self) -> None:
        """Say that the program itself is over, as soon as that is known: who else is in its session is noted now."""
        if sys.platform != "win32" and not psutil.pid_exists(self._pid):
            self._members |= _session(self._pid)
        self._root_runs = False

    async def end(self) -> None:
        """Ask all to end, and kill what remains; within `TERMINATE_S` + `KILL_S` and the time to look around."""
        try:
            self._look()
            for process in self._alive():
                _signal(process, kill=False)
            if await self._all_gone(TERMINATE_S):
                return
            self._kill()
            await self._all_gone(KILL_S, again=self._kill)
        finally:
            # The loop is being shut down and takes the time away: no more politeness.
            if self._alive():
                self._kill()
            if self._job is not None:
                self._job.close()

    def _kill(self) -> None:
        self._look()
        for process in self._alive():
            _signal(process, kill=True)

    def _look(self) -> None:
        """Note every member that can be found now. They are kept, as a child whose parent ends is no child any more."""
        alive = self._alive()
        # The system gives no process an id that still names a session. So as long as one member lives (the program
        # itself, not waited for, counts as one), a session with this id is no stranger's.
        if sys.platform != "win32" and (self._root_runs or any(_is_in_session(self._pid, member) for member in alive)):
            self._members |= _session(self._pid)
        for parent in [self._root] if self._root in alive else alive[:_MAX_PARENTS]:
            with contextlib.suppress(psutil.Error, OSError):
                self._members.update(parent.children(recursive=True))

    def _alive(self) -> list[psutil.Process]:
        return [process for process in self._members if _is_alive(process)]

    async def _all_gone(self, wait_s: float, again: Callable[[], None] | None = None) -> bool:
        ends = time.monotonic() + wait_s
        while self._alive():
            if time.monotonic() >= ends:
                return False
            await asyncio.sleep(_POLL_S)
            if again is not None:
                again()
        return True


def _session(leader: int) -> set[psutil.Process]:
    """The members of a session."""
    members = set()
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            if _session_of(pid) == leader:
                members.add(psutil.Process(pid))
    return members


def _is_in_session(leader: int, process: psutil.Process) -> bool:
    try:
        return _session_of(process.pid) == leader
    except OSError:
        return False


def _session_of(pid: int) -> int | None:
    if sys.platform == "win32":
        return None
    return os.getsid(pid)


def _is_alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _signal(process: psutil.Process, *, kill: bool) -> None:
    with contextlib.suppress(psutil.Error, OSError):
        if kill:
            process.kill()
        else:
            process.terminate()

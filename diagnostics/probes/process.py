# SPDX-License-Identifier: GPL-3.0-or-later
"""Starting a program with pipes on a running asyncio loop, and ending it with everything that it started.

Works in any thread: the child watchers of asyncio that need the main thread are not the default since Python 3.8. On
Windows the loop must be a proactor loop. `asyncio.subprocess.Process` is not used, because its `wait` also waits for
the end of the pipes, which a grandchild may hold open for ever.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Awaitable, Mapping, Sequence
from typing import TypeVar, cast

from .process_tree import Tree

T = TypeVar("T")

STDERR_TAIL = 64 * 1024
LINGER_S = 0.2
"""How long after the exit of the program the pipes are still read, when something else holds them open."""
_STDOUT_WAITING = 256 * 1024
_FREE_STDERR = 1024 * 1024
_STDERR_PAUSE_S = 0.01
_STDOUT, _STDERR = 1, 2


class Child(asyncio.SubprocessProtocol):
    """A started program. Made by `start`; to be ended with `end_tree`, also when it has exited by itself."""

    def __init__(self) -> None:
        self.exit_code: int | None = None
        """None while it runs; negative for the number of the signal that ended it (POSIX)."""
        self.exited = asyncio.Event()
        self.stdout_ended = False
        """Nothing more will be read from stdout."""
        self.stderr_ended = asyncio.Event()
        self.closed = asyncio.Event()
        self.tree: Tree | None = None
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.SubprocessTransport | None = None
        self._stdout = bytearray()
        self._readable = asyncio.Event()
        self._stderr = bytearray()
        self._stderr_count = 0
        self._timers: dict[str, asyncio.TimerHandle] = {}

    @property
    def transport(self) -> asyncio.SubprocessTransport:
        """The transport, which `start` has made."""
        assert self._transport is not None  # noqa: S101  # no `Child` leaves `start` without one
        return self._transport

    @property
    def pid(self) -> int:
        """The process id of the program itself. On POSIX also the id of its session and of its process group."""
        return self.transport.get_pid() or 0

    @property
    def stderr_tail(self) -> bytes:
        """The last `STDERR_TAIL` bytes that it wrote to stderr."""
        return bytes(self._stderr[-STDERR_TAIL:])

    async def receive(self) -> bytes:
        """The next bytes of its stdout; b"" when it is at its end, or `LINGER_S` after the exit of the program."""
        while not self._stdout and not self.stdout_ended:
            self._readable.clear()
            await self._readable.wait()
        data = bytes(self._stdout)
        self._stdout.clear()
        self._pipe_resume(_STDOUT)
        return data

    def send(self, data: bytes) -> None:
        """Write to its stdin. A program that does not read it any more shows in what it answers."""
        pipe = cast("asyncio.WriteTransport | None", self.transport.get_pipe_transport(0))
        if pipe is not None and not pipe.is_closing():
            pipe.write(data)

    def finish_stdin(self) -> None:
        """Tell it that nothing more will come, after all that was sent."""
        pipe = self.transport.get_pipe_transport(0)
        if pipe is not None and not pipe.is_closing():
            pipe.close()

    def close_stdin(self) -> None:
        """Tell it that nothing more will come; what it has not read yet is dropped."""
        pipe = cast("asyncio.WriteTransport | None", self.transport.get_pipe_transport(0))
        if pipe is not None and not pipe.is_closing():
            pipe.abort()

    async def settle(self, wait_s: float) -> None:
        """Wait until it has exited and its stderr is read, at most `wait_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self.exited.wait()
                await self.stderr_ended.wait()

    async def close(self) -> None:
        """Release the pipes; kills the program if it still runs, and nothing else. See `end_tree`."""
        for timer in self._timers.values():
            timer.cancel()
        self.close_stdin()
        self.transport.close()
        await _wait(self.closed, 0.05)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        """Called by asyncio: keep stdout until it is received and the tail of stderr, and slow down a flood."""
        piece = cast("bytes", data)
        if fd == _STDOUT:
            self._stdout += piece
            self._readable.set()
            if len(self._stdout) >= _STDOUT_WAITING:
                self._pipe_pause(_STDOUT)
            return
        self._stderr += piece
        del self._stderr[:-STDERR_TAIL]
        self._stderr_count += len(piece)
        if self._stderr_count > _FREE_STDERR and not self.transport.is_closing():
            self._pipe_pause(_STDERR)
            self._timers["stderr"] = self._loop.call_later(_STDERR_PAUSE_S, self._pipe_resume, _STDERR)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Called by asyncio."""
        if fd == _STDOUT:
            self._end_stdout()
        elif fd == _STDERR:
            self.stderr_ended.set()

    def process_exited(self) -> None:
        """Called by asyncio when the program itself is over, whoever else still holds its pipes."""
        self.exit_code = self.transport.get_returncode()
        self.exited.set()
        self._timers["stdout"] = self._loop.call_later(LINGER_S, self._end_stdout)
        if self.tree is not None:
            self.tree.root_exited()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """Called by asyncio when the program is over and all pipes are closed."""
        self.closed.set()

    def _end_stdout(self) -> None:
        self.stdout_ended = True
        self._readable.set()

    def _pipe_pause(self, fd: int) -> None:
        cast("asyncio.ReadTransport", self.transport.get_pipe_transport(fd)).pause_reading()

    def _pipe_resume(self, fd: int) -> None:
        pipe = cast("asyncio.ReadTransport | None", self.transport.get_pipe_transport(fd))
        if pipe is not None and not pipe.is_closing():
            pipe.resume_reading()


async def start(argv: Sequence[str], *, environ: Mapping[str, str], cwd: str | None) -> Child:
    """Start a program with exactly this environment, in a session (POSIX) or process group (Windows) of its own.

    No shell is involved. Cancelled half-way, it ends what it has started.

    Raises:
        OSError: the system cannot start it.
        ValueError: arguments, environment or folder cannot be handed to the system (NUL, lone surrogates, "=").

    """
    child, cancelled = await to_its_end(_start(argv, environ, cwd))
    if cancelled is not None:
        await end_tree(child)
        raise cancelled
    return child


async def end_tree(child: Child) -> None:
    """End the program, everything that it started, and the pipes; within 0.4 s, also while the caller is cancelled.

    Signals only what is known to come from it: descendants, members of its session (POSIX), each told apart from a
    later process with the same id by its time of creation. A descendant that has left both the tree and the session
    (a daemon that forked twice) is out of reach.
    """
    _, cancelled = await to_its_end(_end(child))
    if cancelled is not None:
        raise cancelled


async def _start(argv: Sequence[str], environ: Mapping[str, str], cwd: str | None) -> Child:
    loop = asyncio.get_running_loop()
    pipe = subprocess.PIPE
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        _, child = await loop.subprocess_exec(
            Child, *argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, cwd=cwd, creationflags=flags
        )
    else:
        _, child = await loop.subprocess_exec(
            Child, *argv, stdin=pipe, stdout=pipe, stderr=pipe, env=environ, cwd=cwd, start_new_session=True
        )
    child.tree = Tree(child.pid)
    if child.exited.is_set():
        child.tree.root_exited()
    return child


async def _end(child: Child) -> None:
    try:
        if child.tree is not None:
            await child.tree.end()
        await _wait(child.exited, 0.05)
    finally:
        await child.close()


async def to_its_end(work: Awaitable[T]) -> tuple[T, asyncio.CancelledError | None]:
    """Await short work that must not be left half-done; also returns the cancellation that came meanwhile."""
    task = asyncio.ensure_future(work)
    cancelled = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None and (task.cancelled() or task.exception() is not None):
        raise cancelled
    return task.result(), cancelled


async def _wait(event: asyncio.Event, wait_s: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            await event.wait()

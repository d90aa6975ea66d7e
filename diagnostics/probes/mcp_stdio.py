# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts an MCP server as an AI app would, shakes hands with it over stdio, lists its tools, and ends it."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..model import Command
from ..protocols import jsonrpc
from ..protocols.jsonrpc import LineReader, Message, Noise
from ..protocols.mcp_handshake import Handshake, McpAnswer, describe, describe_sent
from ..text import clean
from .process import Child, end_tree, start

CLIENT_NAME = "mcp-diagnostics"
END_S = 0.4
"""Part of the deadline that is kept for ending the server."""
STDOUT_LIMIT = 32 * 1024 * 1024
LINES_LIMIT = 10_000
_EXIT_S = 0.15
"""How long a server that did its work may take to exit when its stdin is closed, before it is told to."""
_SETTLE_S = 0.2
_SLICE = 8192
_MAX_NOISE = 5
_MAX_TRANSCRIPT = 40
_TRANSCRIPT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class ServerAnswer(McpAnswer):
    """What a server did when it was started, and what it answered. All text from outside is cleaned and bounded."""

    start_error: str | None = None
    """Name of the system's error ("ENOENT", "EACCES", "ENOEXEC", …) when it could not be started."""
    start_error_text: str = ""
    exit_code: int | None = None
    """When it ended by itself before the probe ended it; negative for the number of a signal (POSIX)."""
    noise: tuple[str, ...] = ()
    """The first five lines on stdout that are no JSON-RPC."""
    noise_lines: int = 0
    noise_before_answer: bool = False
    stderr_tail: str = ""
    bytes_stdout: int = 0
    flooded: bool = False
    """It was given up because it wrote more than `STDOUT_LIMIT` bytes or `LINES_LIMIT` messages to stdout."""
    stdout_closed: bool = False
    """It closed its stdout, or exited, before the exchange was over."""
    timed_out: bool = False
    """The deadline came before the exchange was over; with `answered`, while tools were listed."""
    spawn_ms: float = 0.0
    initialize_ms: float | None = None
    """From the request, sent right after the start, to the answer, so with the server's own start."""
    tools_ms: float | None = None
    """From that answer to the last tool."""
    total_ms: float = 0.0
    """With ending it."""
    transcript: tuple[str, ...] = ()


async def ask_server(
    command: Command,
    *,
    environ: Mapping[str, str],
    program: str | None = None,
    offer: str = "2025-11-25",
    client_version: str = "0",
    deadline_s: float,
) -> ServerAnswer:
    """Start exactly `command`, ask it, end it with all that it started, and return what it did.

    `environ` is its whole environment (`command.env` already merged in); `program` is the resolved path to execute
    instead of `command.program`. `deadline_s` holds for everything, its last `END_S` (at most half of it) being kept
    for ending the processes. Never raises for what the server or the system does; when cancelled, the processes are
    ended first, within `END_S`.
    """
    exchange = _Exchange(offer, client_version)
    try:
        child = await start((program or command.program, *command.args), environ=environ, cwd=command.cwd)
    except (OSError, ValueError) as error:
        return exchange.not_started(error)
    try:
        async with asyncio.timeout(max(deadline_s - END_S, deadline_s / 2)):
            await exchange.run(child)
    except TimeoutError:
        exchange.time_out()
    finally:
        exchange.note_exit(child)
        await end_tree(child)
    return exchange.answer(child)


class _Exchange:
    """What was sent and seen so far."""

    def __init__(self, offer: str, client_version: str) -> None:
        self._began = time.monotonic()
        self._handshake = Handshake(offer=offer, client_name=CLIENT_NAME, client_version=client_version)
        self._reader = LineReader()
        self._transcript: list[str] = []
        self._noise: list[str] = []
        self._noise_lines = 0
        self._noise_before_answer = False
        self._lines = 0
        self._bytes_stdout = 0
        self._over = False
        self._timed_out = False
        self._stdout_closed = False
        self._exit_code: int | None = None
        self._spawn_ms = 0.0
        self._answered_ms: float | None = None
        self._listed_ms: float | None = None

    async def run(self, child: Child) -> None:
        """Talk until everything is known, or the server ends or floods; then let it end by itself."""
        self._spawn_ms = self._elapsed_ms
        self._note("started")
        self._send(child, self._handshake.begin())
        while not self._handshake.done and not self._flooded:
            data = await child.receive()
            if not data:
                self._stdout_closed = True
                self._note("← end of stdout")
                self._take(child, self._reader.end())
                await child.settle(_SETTLE_S)
                return
            await self._receive(child, data)
        if self._handshake.done:
            self.note_exit(child)
            self._over = True
            child.close_stdin()
            await child.settle(_EXIT_S)

    async def _receive(self, child: Child, data: bytes) -> None:
        self._bytes_stdout += len(data)
        for at in range(0, len(data), _SLICE):
            self._take(child, self._reader.feed(data[at : at + _SLICE]))
            if self._handshake.done or self._flooded:
                return
            await asyncio.sleep(0)  # the deadline and Cancel get their turn

    def _take(self, child: Child, messages: list[Message]) -> None:
        for message in messages:
            self._lines += 1
            self._note(f"← {describe(message)}")
            if isinstance(message, Noise):
                self._noise_lines += 1
                self._noise_before_answer |= not self._handshake.answered
                if len(self._noise) < _MAX_NOISE:
                    self._noise.append(message.text)
            for reply in self._handshake.receive(message):
                self._send(child, reply)
            self._clock()

    def _clock(self) -> None:
        if self._answered_ms is None and (self._handshake.answered or self._handshake.error is not None):
            self._answered_ms = self._elapsed_ms
        if self._listed_ms is None and self._handshake.tools_listed:
            self._listed_ms = self._elapsed_ms

    def _send(self, child: Child, message: Mapping[str, object]) -> None:
        self._note(f"→ {describe_sent(message)}")
        child.send(jsonrpc.encode(message))

    def time_out(self) -> None:
        """The deadline has come. Nothing is missing when only the server's own exit was waited for."""
        self._timed_out = not self._over
        self._note("deadline")

    def note_exit(self, child: Child) -> None:
        """Keep the exit code, unless the exchange is over and the server exits because it is told to."""
        if not self._over and self._exit_code is None and child.exit_code is not None:
            self._exit_code = child.exit_code
            self._note(f"exited with {child.exit_code}")

    def not_started(self, error: OSError | ValueError) -> ServerAnswer:
        """The observation when there is no process."""
        number = error.errno if isinstance(error, OSError) else errno.EINVAL
        name = errno.errorcode.get(number or 0, "UNKNOWN")
        self._note(f"not started: {name}")
        return ServerAnswer(
            start_error=name,
            start_error_text=clean(str(error), 500),
            total_ms=self._elapsed_ms,
            transcript=tuple(self._transcript),
        )

    def answer(self, child: Child) -> ServerAnswer:
        """The observation, when the process has been ended."""
        if not self._stdout_closed:
            self._noise += [noise.text for noise in self._reader.end() if isinstance(noise, Noise)]
        return ServerAnswer(
            exit_code=self._exit_code,
            **dataclasses.asdict(self._handshake.seen()),
            noise=tuple(self._noise[:_MAX_NOISE]),
            noise_lines=self._noise_lines,
            noise_before_answer=self._noise_before_answer,
            stderr_tail=_stderr(child.stderr_tail),
            bytes_stdout=self._bytes_stdout,
            flooded=self._flooded,
            stdout_closed=self._stdout_closed,
            timed_out=self._timed_out,
            spawn_ms=self._spawn_ms,
            initialize_ms=None if self._answered_ms is None else self._answered_ms - self._spawn_ms,
            tools_ms=None if self._listed_ms is None else self._listed_ms - (self._answered_ms or 0.0),
            total_ms=self._elapsed_ms,
            transcript=tuple(self._transcript),
        )

    @property
    def _flooded(self) -> bool:
        return self._bytes_stdout > STDOUT_LIMIT or self._lines > LINES_LIMIT

    @property
    def _elapsed_ms(self) -> float:
        return (time.monotonic() - self._began) * 1000

    def _note(self, what: str) -> None:
        if len(self._transcript) < _MAX_TRANSCRIPT:
            self._transcript.append(f"{self._elapsed_ms:8.1f} ms  {what}"[:_TRANSCRIPT_CHARACTERS])


def _stderr(tail: bytes) -> str:
    lines = tail.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return "\n".join(clean(line, len(line)) for line in lines)

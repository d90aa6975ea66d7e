# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts an MCP server as an AI app would, shakes hands with it over stdio, lists its tools, and ends it."""

from __future__ import annotations

import asyncio
import dataclasses
import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..model import Command
from ..protocols import jsonrpc
from ..protocols.jsonrpc import Batch, LineReader, Message, Noise
from ..protocols.mcp_answer import McpAnswer, describe, describe_sent
from ..protocols.mcp_handshake import Handshake
from ..protocols.mcp_versions import DEFAULT_OFFER, SETTLING, older_way
from ..text import clean
from .mcp_steps import Steps
from .process import Child, end_tree, start

CLIENT_NAME = "mcp-diagnostics"
END_S = 0.4
"""Part of the deadline that is kept for ending the server."""
STDOUT_LIMIT = 32 * 1024 * 1024
LINES_LIMIT = 10_000
DISCOVER_S = 10.0
"""How long `server/discover` may stay unanswered before the handshake is tried, as the SDK has it; at most half of the
time that there is."""
_EXIT_S = 0.03
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
    """The deadline came before the exchange was over; `waits_for` says at which request."""
    steps: tuple[tuple[str, float], ...] = ()
    """The answered requests by their methods, with their milliseconds; the first of them with the server's start."""
    total_ms: float = 0.0
    """With ending it."""
    transcript: tuple[str, ...] = ()


async def ask_server(
    command: Command,
    *,
    environ: Mapping[str, str],
    program: str | None = None,
    offers: Sequence[str] = DEFAULT_OFFER,
    calls: Mapping[str, str] | None = None,
    client_version: str = "0",
    deadline_s: float,
) -> ServerAnswer:
    """Start exactly `command`, ask it, end it with all that it started, and return what it did.

    `environ` is its whole environment (`command.env` already merged in); `program` is the resolved path to execute
    instead of `command.program`; `offers` and `calls` are explained at `Handshake`. `deadline_s` holds for everything,
    its last `END_S` (at most half of it) being kept for ending the processes. Never raises for what the server or the
    system does; when cancelled, the processes are ended first, within `END_S`.

    A server that ends when it is asked in the newer way, as those of the first SDKs do, is started once more and asked
    in the older one.
    """
    began = time.monotonic()

    async def asked(offered: Sequence[str], within_s: float) -> ServerAnswer:
        handshake = Handshake(offers=offered, client_name=CLIENT_NAME, client_version=client_version, calls=calls)
        return await _ask(command, program or command.program, environ, handshake, within_s)

    answer, older = await asked(offers, deadline_s), older_way(offers)
    left_s = deadline_s - (time.monotonic() - began)
    if not (older and answer.stdout_closed and answer.waits_for in SETTLING and left_s > END_S):
        return answer
    again = await asked(older, left_s)
    if not again.answered and again.error_code is None:
        return answer  # what it did first says more
    lines = (*answer.transcript, "once more, in the older way:", *again.transcript)
    return dataclasses.replace(again, offered=(*answer.offered, *again.offered), transcript=lines)


async def _ask(
    command: Command, program: str, environ: Mapping[str, str], handshake: Handshake, deadline_s: float
) -> ServerAnswer:
    """One start of the server, and its conversation."""
    exchange = _Exchange(handshake, discover_s=min(DISCOVER_S, deadline_s / 2))
    try:
        child = await start((program, *command.args), environ=environ, cwd=command.cwd)
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
    return exchange.answer()


class _Exchange:
    """What was sent and seen so far."""

    def __init__(self, handshake: Handshake, *, discover_s: float) -> None:
        self._began = time.monotonic()
        self._handshake = handshake
        self._discover_s = discover_s
        self._steps = Steps()
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
        self._stderr = b""

    async def run(self, child: Child) -> None:
        """Talk until everything is known, or the server ends or floods; then let it end by itself."""
        self._note("started")
        self._reply(child, [self._handshake.begin()])
        while not self._handshake.done and not self._flooded:
            data = await self._hear(child)
            if data is None:
                self._note("no answer to server/discover")
                self._reply(child, self._handshake.give_up_discovery())
                continue
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

    async def _hear(self, child: Child) -> bytes | None:
        """What it says next; None when it leaves `server/discover` unanswered for too long."""
        if self._handshake.step != "server/discover":
            return await child.receive()
        try:
            async with asyncio.timeout(self._began + self._discover_s - time.monotonic()):
                return await child.receive()
        except TimeoutError:
            return None

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
            if isinstance(message, Noise | Batch) and self._handshake.is_noise(message):
                self._noise_lines += 1
                self._noise_before_answer |= not self._handshake.answered
                if len(self._noise) < _MAX_NOISE:
                    self._noise.append(message.text)
            self._reply(child, self._handshake.receive(message))

    def _reply(self, child: Child, replies: Sequence[Mapping[str, object]]) -> None:
        for reply in replies:
            self._send(child, reply)
        self._steps.now_at(self._handshake.step)

    def _send(self, child: Child, message: Mapping[str, object]) -> None:
        self._note(f"→ {describe_sent(message)}")
        child.send(jsonrpc.encode(message))

    def time_out(self) -> None:
        """The deadline has come. Nothing is missing when only the server's own exit was waited for."""
        self._timed_out = not self._over
        self._note("deadline")

    def note_exit(self, child: Child) -> None:
        """Keep what it has said so far, which is before it is ended, and its exit code.

        The code is not kept where the exchange is over and the server exits because it is told to.
        """
        self._stderr = child.stderr_tail
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

    def answer(self) -> ServerAnswer:
        """The observation, when the process has been ended."""
        if not self._stdout_closed:
            self._noise += [noise.text for noise in self._reader.end() if isinstance(noise, Noise)]
        return ServerAnswer(
            exit_code=self._exit_code,
            **_fields(self._handshake.seen()),
            noise=tuple(self._noise[:_MAX_NOISE]),
            noise_lines=self._noise_lines,
            noise_before_answer=self._noise_before_answer,
            stderr_tail=_stderr(self._stderr),
            bytes_stdout=self._bytes_stdout,
            flooded=self._flooded,
            stdout_closed=self._stdout_closed,
            timed_out=self._timed_out,
            steps=self._steps.taken(),
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


def _fields(answer: McpAnswer) -> dict[str, Any]:
    return {field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)}


def _stderr(tail: bytes) -> str:
    lines = tail.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return "\n".join(clean(line, len(line)) for line in lines)

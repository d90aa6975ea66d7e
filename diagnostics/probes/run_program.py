# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a program that does its work and ends, bounded in time and bytes, and keeps what it said."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..ledger import Ledger
from ..text import clean, one_line
from .process import Child, end_tree, start

END_S = 0.4
"""Part of the deadline that is kept for ending the program."""
_SETTLE_S = 0.2
_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Ran:
    """How it ended. Exactly one of `exit_code`, `timed_out`, `flooded` and `start_error` says so."""

    exit_code: int | None = None
    stdout: bytes = b""
    stderr: bytes = b""
    """Its last 64 KiB."""
    timed_out: bool = False
    flooded: bool = False
    """It was given up because it printed more than was allowed."""
    start_error: str = ""

    @property
    def worked(self) -> bool:
        """It ended by itself and says that all is well."""
        return self.exit_code == 0

    @property
    def how(self) -> str:
        """How it ended, in words."""
        if self.start_error:
            return f"it could not be started: {self.start_error}"
        if self.timed_out:
            return "it was not done in time"
        if self.flooded:
            return "it printed without end"
        code = self.exit_code or 0
        return f"it was ended by signal {-code}" if code < 0 else f"it ended with code {code}"

    @property
    def said(self) -> str:
        """What it said on its error output, line by line safe to show and of any length."""
        return clean_lines(self.stderr)


def clean_lines(data: bytes) -> str:
    """What a program printed, line by line safe to show and of any length."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return "\n".join(clean(line, len(line)) for line in lines)


async def run_program(
    argv: Sequence[str],
    *,
    environ: Mapping[str, str],
    cwd: str | None,
    ledger: Ledger,
    deadline_s: float,
    stdin: str = "",
    most: int = _MOST,
    heard: Callable[[bytes], None] | None = None,
) -> Ran:
    """Starts exactly `argv` with exactly these variables, gives it `stdin`, and waits for its end.

    `deadline_s` holds for everything, its last `END_S` (at most half of it) being kept for ending the program; `most`
    are the bytes that it may print; `heard` gets them as they come. Never raises for what the program or the system
    does; when cancelled, the program is ended first, with all that it started.
    """
    ledger.started(argv)
    try:
        child = await start(argv, environ=environ, cwd=cwd)
    except (OSError, ValueError) as error:
        return Ran(start_error=one_line(str(error), 300))
    printed, timed_out = bytearray(), False
    try:
        child.send(stdin.encode("utf-8", "replace"))
        child.finish_stdin()
        async with asyncio.timeout(max(deadline_s - END_S, deadline_s / 2)):
            await _listen(child, printed, most, heard)
    except TimeoutError:
        timed_out = True
    finally:
        await end_tree(child)
    flooded = len(printed) > most
    code = None if timed_out or flooded else child.exit_code
    return Ran(code, bytes(printed[:most]), child.stderr_tail, timed_out, flooded and not timed_out)


async def _listen(child: Child, printed: bytearray, most: int, heard: Callable[[bytes], None] | None) -> None:
    while (data := await child.receive()) and len(printed) <= most:
        printed += data
        if heard is not None:
            heard(data)
    if len(printed) <= most:
        await child.exited.wait()
        await child.settle(_SETTLE_S)

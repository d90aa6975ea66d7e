# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program of the system prints about the system's state, bounded in time and bytes."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from ..ledger import Ledger
from .process import end_tree, start

PATH = os.pathsep.join(("/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"))
"""Where the programs are; a user's own PATH often lacks the first ones."""
_WAIT_S = 3.0
_MOST = 4 << 20
"""Bytes of a listing that are read; a firewall with some 20,000 rules."""


async def printed(argv: Sequence[str], ledger: Ledger) -> bytes:
    """What the program printed, in English where it can; b"" when it failed, took too long or printed too much."""
    ledger.started(argv)
    needed = {name: value for name, value in os.environ.items() if name.upper() in {"SYSTEMROOT", "WINDIR"}}
    path = os.environ.get("PATH", "") if needed else PATH
    try:
        child = await start(argv, environ={**needed, "PATH": path, "LC_ALL": "C"}, cwd=None)
    except OSError:
        return b""
    said = bytearray()
    try:
        async with asyncio.timeout(_WAIT_S):
            while (data := await child.receive()) and len(said) <= _MOST:
                said += data
            await child.exited.wait()
    except TimeoutError:
        return b""
    finally:
        await end_tree(child)
    return bytes(said) if child.exit_code == 0 and len(said) <= _MOST else b""

# SPDX-License-Identifier: GPL-3.0-or-later
"""What a program of the system prints about the system's state, bounded in time and bytes."""

from __future__ import annotations

import os
from collections.abc import Sequence

from ..ledger import Ledger
from .run_program import END_S, run_program

PATH = os.pathsep.join(("/usr/sbin", "/sbin", "/usr/local/sbin", "/usr/bin", "/bin"))
"""Where the programs are; a user's own PATH often lacks the first ones."""
_WAIT_S = 3.0
_MOST = 4 << 20
"""Bytes of a listing that are read; a firewall with some 20,000 rules."""


async def printed(argv: Sequence[str], ledger: Ledger) -> bytes:
    """What the program printed, in English where it can; b"" when it failed, took too long or printed too much."""
    needed = {name: value for name, value in os.environ.items() if name.upper() in {"SYSTEMROOT", "WINDIR"}}
    path = os.environ.get("PATH", "") if needed else PATH
    environ = {**needed, "PATH": path, "LC_ALL": "C"}
    ran = await run_program(argv, environ=environ, cwd=None, ledger=ledger, deadline_s=_WAIT_S + END_S, most=_MOST)
    return ran.stdout if ran.worked else b""

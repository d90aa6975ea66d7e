# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections wait at a port of this machine, because its listener does not accept them."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from ..ledger import Ledger
from ..protocols.proc_net_tcp import waiting

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_MOST = 4 << 20
"""Bytes that are read of a table: some 25,000 sockets."""


def connections_waiting(port: int, ledger: Ledger) -> int | None:
    """The longest queue among the listeners on this port; None where this system does not tell (not Linux)."""
    if sys.platform != "linux":
        return None
    longest = None
    for table in _TABLES:
        ledger.read(table)
        with contextlib.suppress(OSError), table.open("rb") as file:
            for at, count in waiting(file.read(_MOST).decode("ascii", "replace")):
                if at == port:
                    longest = max(count, longest or 0)
    return longest

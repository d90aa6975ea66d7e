# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: everything that a run contacts, starts, reads and writes, noted before it is done."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .model import Did
from .text import host_port


class Ledger:
    """Collects what was touched, each thing once, in the order in which it was touched."""

    def __init__(self) -> None:
        self._connected: dict[str, None] = {}
        self._started: dict[tuple[str, ...], None] = {}
        self._read: dict[str, None] = {}
        self._written: dict[str, None] = {}

    def connected(self, address: str, port: int) -> None:
        """A connection to this address is about to be tried."""
        self._connected[host_port(address, port)] = None

    def started(self, argv: Sequence[str]) -> None:
        """This program is about to be started."""
        self._started[tuple(argv)] = None

    def read(self, path: Path) -> None:
        """This file is about to be read."""
        self._read[str(path)] = None

    def written(self, path: Path) -> None:
        """This file is about to be written."""
        self._written[str(path)] = None

    def did(self) -> Did:
        """The ledger as plain data."""
        return Did(tuple(self._connected), tuple(self._started), tuple(self._read), tuple(self._written))

# SPDX-License-Identifier: GPL-3.0-or-later
"""Which programs run on this machine, by their names."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass

import psutil

_COMM = 15
"""Characters that Linux keeps of a program's name."""


@dataclass(frozen=True, slots=True)
class ProcessNames:
    """The processes that this user sees, each id with the name of its program, as one look has shown them."""

    every: tuple[tuple[int, str], ...] = ()

    def of(self, names: Collection[str]) -> Iterator[tuple[int, str]]:
        """The processes of exactly these names."""
        wanted = {kept(name): name for name in names}
        return ((pid, wanted[name]) for pid, name in self.every if name in wanted)


def kept(name: str) -> str:
    """What the system keeps of a program's name."""
    return name[:_COMM] if sys.platform == "linux" else name


def read_process_names() -> ProcessNames:
    """Asks the system. Blocks for some milliseconds."""
    return ProcessNames(tuple(_of_kernel() if sys.platform == "linux" else _of_psutil()))


def _of_kernel() -> Iterator[tuple[int, str]]:
    """A third of what psutil takes, which asks for the time of creation too."""
    for pid in psutil.pids():
        with contextlib.suppress(OSError), open(f"/proc/{pid}/comm", "rb") as file:  # noqa: PTH123  # for its speed
            yield pid, file.read(64).decode("utf-8", "replace").rstrip("\n")


def _of_psutil() -> Iterator[tuple[int, str]]:
    for process in psutil.process_iter(["name"]):
        if process.info["name"]:
            yield process.pid, process.info["name"]

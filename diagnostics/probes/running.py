# SPDX-License-Identifier: GPL-3.0-or-later
"""Which programs run on this machine, by their names."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_PROC = Path("/proc")
_COMM = 15
"""Characters that Linux keeps of a program's name."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process, with its command line, which may hold secrets and is never shown."""

    pid: int
    program: str
    arguments: tuple[str, ...] = field(default=(), repr=False)


def running(names: Collection[str]) -> tuple[Running, ...]:
    """The processes whose program has one of these names, as far as this user sees them."""
    found = []
    for pid, name in _of_name(names):
        with contextlib.suppress(psutil.Error, OSError):
            found.append(Running(pid, name, tuple(psutil.Process(pid).cmdline())))
    return tuple(found)


def _of_name(names: Collection[str]) -> Iterator[tuple[int, str]]:
    wanted = {name[:_COMM] for name in names}
    for pid in psutil.pids():
        with contextlib.suppress(psutil.Error, OSError):
            name = _name(pid)
            if name.lower().removesuffix(".exe")[:_COMM] in wanted:
                yield pid, name


def _name(pid: int) -> str:
    try:
        # A tenth of what psutil takes, which asks for the time of creation too.
        return (_PROC / str(pid) / "comm").read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return psutil.Process(pid).name()

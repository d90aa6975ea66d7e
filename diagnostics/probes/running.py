# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of some programs run on this machine, and with what arguments."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, field

import psutil

from .process_names import ProcessNames, kept


@dataclass(frozen=True, slots=True)
class Running:
    """A process, with its command line, which may hold secrets and is never shown."""

    pid: int
    program: str
    arguments: tuple[str, ...] = field(default=(), repr=False)


def running(names: Collection[str], among: ProcessNames) -> tuple[Running, ...]:
    """The processes whose program has one of these names, with or without the ending of Windows."""
    wanted, found = set(map(kept, names)), []
    for pid, name in among.every:
        if name.lower().removesuffix(".exe") not in wanted:
            continue
        with contextlib.suppress(psutil.Error, OSError):
            found.append(Running(pid, name, tuple(psutil.Process(pid).cmdline())))
    return tuple(found)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Which AI apps run now, since when, and what they have started."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import psutil

from .process_names import ProcessNames


@dataclass(frozen=True, slots=True)
class AppProcess:
    """A running app: its first process, and when that began, in seconds since the epoch."""

    pid: int
    name: str
    since_s: float
    started: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    """The command lines of all that it has started and that is alive; they may hold secrets and are never shown."""


def first_process(names: Collection[str], executable: str, among: ProcessNames) -> AppProcess | None:
    """The oldest process of one of these names, whose path fits the pattern. None where this user sees none.

    Blocks for some milliseconds where there is one.
    """
    found: list[tuple[float, int, str]] = []
    for pid, name in among.of(names):
        with contextlib.suppress(psutil.Error, OSError):
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if not executable or re.search(executable, process.exe()):
                found.append((process.create_time(), pid, name))
    if not found:
        return None
    since, pid, name = min(found)
    lines = []
    with contextlib.suppress(psutil.Error, OSError):
        for child in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error, OSError):
                lines.append(tuple(child.cmdline()))
    return AppProcess(pid, name, since, tuple(lines))


def ancestor(pid: int, names: Mapping[str, tuple[str, str]]) -> str | None:
    """What `names` calls the nearest process above this one whose name it has, and whose path fits the pattern there.

    None where there is none, or where this user does not see it.
    """
    with contextlib.suppress(psutil.Error, OSError):
        for parent in psutil.Process(pid).parents():
            with contextlib.suppress(psutil.Error, OSError):
                called, executable = names.get(parent.name(), ("", ""))
                if called and (not executable or re.search(executable, parent.exe())):
                    return called
    return None

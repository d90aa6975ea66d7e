# SPDX-License-Identifier: GPL-3.0-or-later
"""Who a process of this machine is: program, command line, age, user, and who started it."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_BLENDER = re.compile(r"(?:blender|bforartists|upbge)(?!.*mcp)[\w.-]*", re.IGNORECASE)
_FIRST = frozenset({"init", "systemd", "launchd"})
"""The programs that take in processes whose parent has ended."""
_ENDED = frozenset({psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD})


@dataclass(frozen=True, slots=True)
class Identity:
    """A process as it was when it was looked at."""

    pid: int
    created_s: float
    """When it began, in seconds since the epoch; with the id it names this process and no later one."""
    program: str
    path: str
    """The file that runs, with its folder; empty where the system does not tell."""
    user: str
    is_own: bool
    """It runs as the user of this very process, with no other rights."""
    is_blender: bool
    is_related: bool
    """It is this very process, or one of those that this process descends from."""
    parent: str = ""
    """Who started it, in words; empty when that one is gone."""
    service: str = ""
    """The service of the system that it belongs to (Linux with systemd)."""
    arguments: tuple[str, ...] = field(default=(), repr=False)
    """Its command line, which may hold secrets and is never shown unmasked."""


def mark(pid: int, created_s: float) -> str:
    """The text that names a process and no later one of the same id, for `marked`."""
    return f"{pid}:{created_s!r}"


def marked(text: str) -> tuple[int, float]:
    """Id and time of creation of the process that `mark` has named. Raises ValueError for another text."""
    pid, _colon, created = text.rpartition(":")
    return int(pid), float(created)


def identify(pid: int) -> Identity | None:
    """Who this process is; None when there is none any more. Blocks for some milliseconds.

    What the system hides from this user is empty, and such a process is not taken for the user's own.
    """
    try:
        process = psutil.Process(pid)
        created, program = process.create_time(), process.name()
        if process.status() in _ENDED:
            return None
    except (psutil.NoSuchProcess, OSError, ValueError, OverflowError):
        return None
    except psutil.AccessDenied:
        return Identity(pid, 0.0, "", "", "", is_own=False, is_blender=False, is_related=False)
    path, user = "", ""
    arguments: tuple[str, ...] = ()
    with contextlib.suppress(psutil.Error, OSError):
        path = process.exe()
    with contextlib.suppress(psutil.Error, OSError):
        arguments = tuple(process.cmdline())
    with contextlib.suppress(psutil.Error, OSError, KeyError):
        user = process.username()
    return Identity(
        pid,
        created,
        program,
        path,
        user,
        is_own=_is_own(process, user),
        is_blender=is_blender(process, program, path),
        is_related=pid in _own_line(),
        parent=started_by(process),
        service=_service(pid),
        arguments=arguments,
    )


def is_named_blender(name: str) -> bool:
    """Whether a program or file of this name is Blender, or a build of it under another name."""
    return _BLENDER.fullmatch(name) is not None


def is_blender(process: psutil.Process, program: str, path: str) -> bool:
    """Whether it is Blender itself, or a Python that has loaded Blender as a module."""
    file = re.split(r"[\\/]", path)[-1]
    return is_named_blender(file or program) or _runs_bpy(process, file or program)


def started_by(process: psutil.Process) -> str:
    """Who started a process; nothing when that one has ended, after which the system's first process stands in."""
    with contextlib.suppress(psutil.Error, OSError):
        parent = process.parent()
        if parent is not None and parent.pid != 1 and parent.name() not in _FIRST:
            return f"{parent.name()} (process {parent.pid})"
    return ""


def _runs_bpy(process: psutil.Process, executable: str) -> bool:
    """Whether an interpreter has loaded Blender as a Python module (`import bpy` from the wheel)."""
    if not executable.lower().startswith("python"):
        return False
    with contextlib.suppress(psutil.Error, OSError, AttributeError):
        if sys.platform == "linux":
            # A tenth of what psutil takes, which has the kernel count the pages of each region.
            return "/bpy/" in Path(f"/proc/{process.pid}/maps").read_text(encoding="utf-8", errors="replace")
        return any(re.search(r"[\\/]bpy[\\/]", region.path) for region in process.memory_maps())
    return False


def _is_own(process: psutil.Process, user: str) -> bool:
    if sys.platform == "win32":
        with contextlib.suppress(psutil.Error, OSError):
            return bool(user) and user == psutil.Process().username()
        return False
    with contextlib.suppress(psutil.Error, OSError):
        # A program that borrows another user's rights has ids that differ.
        return set(process.uids()) == {os.getuid()}
    return False


def _own_line() -> set[int]:
    """This process, and all that it descends from."""
    line = {os.getpid()}
    with contextlib.suppress(psutil.Error, OSError):
        line |= {parent.pid for parent in psutil.Process().parents()}
    return line


def _service(pid: int) -> str:
    with contextlib.suppress(OSError):
        found = re.search(
            r"/system\.slice/(?:.*/)?([^/\n]+\.service)", Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
        )
        return found[1] if found else ""
    return ""

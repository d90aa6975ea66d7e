# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a file of the user's: bounded, and without ever waiting for a pipe, a device or a lock."""

from __future__ import annotations

import enum
import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger

MAX_BYTES = 1 << 20


class State(enum.StrEnum):
    """How reading a file went."""

    READ = "read"
    MISSING = "missing"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class FileRead:
    """A file's content, or what kept us from reading it, such as "EACCES", "is a folder", "larger than 1 MiB"."""

    path: Path
    state: State
    data: bytes = b""
    reason: str = ""


def read_file(path: Path, ledger: Ledger, limit: int = MAX_BYTES) -> FileRead:
    """Reads a regular file of at most `limit` bytes (symbolic links are followed)."""
    ledger.read(path)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:
        return _failed(path, error)
    try:
        mode = os.fstat(handle)
        if not stat.S_ISREG(mode.st_mode):
            return FileRead(path, State.UNREADABLE, reason=_kind(mode.st_mode))
        if mode.st_size > limit:
            reason = f"it is larger than {limit >> 20} MiB ({mode.st_size} bytes)"
            return FileRead(path, State.UNREADABLE, reason=reason)
        with os.fdopen(handle, "rb", closefd=False) as file:
            return FileRead(path, State.READ, file.read(limit + 1))
    except OSError as error:
        return _failed(path, error)
    finally:
        os.close(handle)


def _failed(path: Path, error: OSError | ValueError) -> FileRead:
    number = getattr(error, "errno", None)
    if number in {errno.ENOENT, errno.ENOTDIR}:
        return FileRead(path, State.MISSING)
    reason = {
        errno.EACCES: "this user has no permission to read it",
        errno.EISDIR: "it is a folder",
        errno.ELOOP: "it is a symbolic link that leads in a circle",
        errno.ENXIO: "it is a pipe or a socket",
    }.get(number or 0, str(error))
    return FileRead(path, State.UNREADABLE, reason=reason)


def _kind(mode: int) -> str:
    if stat.S_ISDIR(mode):
        return "it is a folder"
    return "it is a pipe" if stat.S_ISFIFO(mode) else "it is no regular file"


def modified_s(path: Path) -> float | None:
    """When the content of a file last changed, in seconds since the epoch; None where that is not known."""
    try:
        return path.stat().st_mtime
    except (OSError, ValueError):
        return None

# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the end of an AI app's log: bounded, whatever its size, and without ever waiting for a pipe."""

from __future__ import annotations

import contextlib
import itertools
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger

MAX_BYTES = 256 << 10
"""Of a log, from its end."""
MAX_FILES = 500
"""That one pattern may find; an app that keeps more is not looked through."""


@dataclass(frozen=True, slots=True)
class LogRead:
    """The end of a log. `reason` says in words what kept us from reading it; it is empty for one that is not there."""

    path: Path
    data: bytes = b""
    cut: bool = False
    """Its first line may have lost its beginning."""
    reason: str = ""


def find_logs(pattern: Path, ledger: Ledger) -> tuple[Path, ...]:
    """The files that a pattern with wild cards finds, the one that was written last first."""
    head = Path(*itertools.takewhile(lambda part: "*" not in part, pattern.parts))
    with contextlib.suppress(OSError, ValueError):
        if head == pattern:
            return (pattern,) if pattern.exists() else ()
        if not head.is_dir():
            return ()
        ledger.read(head)
        found = list(itertools.islice(head.glob(pattern.relative_to(head).as_posix()), MAX_FILES))
        return tuple(sorted(found, key=_written, reverse=True))
    return ()


def _written(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except (OSError, ValueError):
        return 0.0


def read_log(path: Path, ledger: Ledger) -> LogRead:
    """Reads the last 256 KiB of a log; where it has just been begun anew, the end of the one before it too."""
    read = _tail(path, MAX_BYTES, ledger)
    left = MAX_BYTES - len(read.data)
    if read.reason or read.cut or not read.data or not left:
        return read
    for older in _older(path):
        if older.is_file():
            before = _tail(older, left, ledger)
            if before.data:
                joint = b"" if before.data.endswith(b"\n") else b"\n"
                return LogRead(path, before.data + joint + read.data, before.cut)
    return read


def _older(path: Path) -> Iterator[Path]:
    """Where a log may be that was put aside: main.old.log, main.1.log, main.log.1, main.log.old."""
    for mark in ("old", "1"):
        with contextlib.suppress(ValueError):
            yield path.with_name(f"{path.stem}.{mark}{path.suffix}")
            yield path.with_name(f"{path.name}.{mark}")


def _tail(path: Path, limit: int, ledger: Ledger) -> LogRead:
    ledger.read(path)
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        return LogRead(path)
    except (OSError, ValueError) as error:
        return LogRead(path, reason=_words(error))
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return LogRead(path, reason="it is no regular file")
        begin = max(0, status.st_size - limit)
        os.lseek(handle, begin, os.SEEK_SET)
        return LogRead(path, _whole(handle, limit), begin > 0)
    except OSError as error:
        return LogRead(path, reason=_words(error))
    finally:
        os.close(handle)


def _whole(handle: int, limit: int) -> bytes:
    parts: list[bytes] = []
    while limit > 0 and (part := os.read(handle, limit)):
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)


def _words(error: OSError | ValueError) -> str:
    return "this user has no permission to read it" if isinstance(error, PermissionError) else str(error)

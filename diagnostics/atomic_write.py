# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a whole new content in the place of a file's, so that nobody ever sees a half of it, whatever ends us."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


def atomic_write(path: Path, data: bytes) -> None:
    """Writes a file beside it and moves that to its place. A symbolic link stays one, permissions and owner stay too.

    Raises OSError: the folder is not there or not writable, or what stands there is no file, or one that this user may
    not write. What stood there is whole then.
    """
    place = Path(os.path.realpath(path))
    was = _status(place)
    mode = None if was is None else stat.S_IMODE(was.st_mode)
    beside = place.with_name(f".{place.name[:100]}.{secrets.token_hex(6)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # What may hold secrets is nobody else's to read, not for a moment.
    handle = os.open(beside, flags, 0o666 if mode is None else mode & 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if was is not None and mode is not None:
            _give(beside, was)
            beside.chmod(mode)
        beside.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _give(file: Path, was: os.stat_result) -> None:
    """To the owner of what stood there; who may not give files away keeps it."""
    if hasattr(os, "chown") and (was.st_uid, was.st_gid) != (os.getuid(), os.getegid()):
        with contextlib.suppress(OSError):
            os.chown(file, was.st_uid, was.st_gid)


def _status(place: Path) -> os.stat_result | None:
    """Of the file that stands there, None where none does."""
    try:
        was = place.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(was.st_mode):
        raise OSError("it is no file")
    if not os.access(place, os.W_OK):
        raise PermissionError("this user has no permission to write it")
    return was

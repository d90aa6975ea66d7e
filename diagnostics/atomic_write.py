# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a whole new content in the place of a file's, so that nobody ever sees a half of it, whatever ends us."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path


def atomic_write(path: Path, data: bytes) -> None:
    """Writes a file beside it and moves that to its place. A symbolic link stays one, and permissions stay as they are.

    Raises OSError: the folder is not there or not writable, or what stands there is no file, or one that this user may
    not write. What stood there is whole then.
    """
    place = Path(os.path.realpath(path))
    mode = _permissions(place)
    beside = place.with_name(f".{place.name[:100]}.{secrets.token_hex(6)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(beside, flags, 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            beside.chmod(mode)
        beside.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise


def _permissions(place: Path) -> int | None:
    """Those of the file that stands there, None where none does."""
    try:
        mode = place.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        raise OSError("it is no file")
    if not os.access(place, os.W_OK):
        raise PermissionError("this user has no permission to write it")
    return stat.S_IMODE(mode)

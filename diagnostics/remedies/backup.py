# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of a file beside it, before it is changed."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from ..atomic_write import atomic_write
from .journal import now
from .refusal import reason_of, refusal

_TRIES = 100


def make_backup(file: Path, data: bytes) -> Path:
    """Writes `data`, which is what the file holds, beside it, with the file's permissions; returns where.

    Of a symbolic link it is beside the file that it leads to. No older backup is touched. Raises ChangeError.
    """
    place = Path(os.path.realpath(file))
    backup = place
    try:
        mode = stat.S_IMODE(place.stat().st_mode)
        backup = _reserved(place, mode)
        atomic_write(backup, data)
    except OSError as error:
        if backup != place:
            take_away(backup)
        raise refusal("no_backup", file=str(file), reason=reason_of(error)) from None
    return backup


def take_away(backup: Path) -> None:
    """Removes a backup of a change that was not made."""
    with contextlib.suppress(OSError):
        backup.unlink()


def _reserved(place: Path, mode: int) -> Path:
    """An empty file of a name that nothing had. Raises OSError."""
    stamp = f"{now():%Y%m%d-%H%M%S}"
    for number in range(1, _TRIES):
        path = place.with_name(f"{place.name}.bak-{stamp}{f'-{number}' if number > 1 else ''}")
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode))
            path.chmod(mode)
            return path
    raise FileExistsError("all names for it are taken")

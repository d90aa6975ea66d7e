# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that a target names: what is wrong with one of them, and in which of its lines."""

from __future__ import annotations

from pathlib import Path

from ..lock import MAX_BYTES as MAX_LOCK
from ..lock import LockError, parse
from ..model import Lock
from ..text import one_line

_MAX_FILE = 16 << 20
"""Bytes of a file of endpoints or requirements."""
_SHOWN = 5
"""Wrong lines of it that are shown."""


class TargetError(ValueError):
    """A value that cannot be used. `argument` is its name in preferences and on the command line ("port")."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(f"{argument}: {message}")
        self.argument = argument
        self.message = message


def readable_file(argument: str, value: str | Path) -> Path:
    """A file that can be read now. A pipe or a device is refused: it could keep us waiting."""
    path = Path(value).expanduser()
    shown = one_line(str(path), 200)
    try:
        if not path.exists():
            raise TargetError(argument, f"“{shown}” does not exist")
        if not path.is_file():
            raise TargetError(argument, f"“{shown}” is no file")
        with path.open("rb"):
            pass
    except TargetError:
        raise
    except (OSError, ValueError) as error:
        raise TargetError(argument, f"“{shown}” cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return path


def text_of(path: Path, argument: str) -> str:
    """The whole text of a file that the user named."""
    try:
        with path.open("rb") as opened:
            content = opened.read(_MAX_FILE + 1)
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise TargetError(argument, f"“{one_line(str(path), 200)}” is no readable text in UTF-8") from None
    if len(content) > _MAX_FILE:
        raise TargetError(argument, f"“{one_line(str(path), 200)}” is larger than {_MAX_FILE >> 20} MiB")
    return text


def refuse(wrong: list[str], argument: str) -> None:
    """Raises TargetError that shows the first of the wrong lines of a file, where there are any."""
    if wrong:
        more = f"; and {len(wrong) - _SHOWN} more lines" if len(wrong) > _SHOWN else ""
        raise TargetError(argument, "; ".join(wrong[:_SHOWN]) + more)


def read_lock(file: str | Path) -> Lock:
    """The lock in a file. Raises TargetError that says what is wrong with it, and where."""
    path = readable_file("lock", file)
    try:
        with path.open("rb") as opened:
            return parse(opened.read(MAX_LOCK + 1), path)
    except OSError as error:
        problem = error.strerror or str(error)
    except LockError as error:
        problem = str(error)
    raise TargetError("lock", f"“{one_line(str(path), 200)}”: {problem}")

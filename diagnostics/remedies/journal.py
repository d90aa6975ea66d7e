# SPDX-License-Identifier: GPL-3.0-or-later
"""What was changed, kept in the doctor's own folder so that it can be undone: names and digests, no contents."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..atomic_write import atomic_write
from ..ledger import Ledger
from ..probes.files import State, read_file
from .refusal import reason_of, refusal

FILE_NAME = "changes.json"
FORMAT = 1
_MOST = 20
"""Changes that are remembered; the oldest are forgotten, and their backups stay."""


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """One file of a change: where it is, where its backup is, and the SHA-256 of it before and after."""

    file: Path
    backup: Path
    before: str
    after: str
    app: str
    """Id of the app that reads it."""


@dataclass(frozen=True, slots=True)
class Record:
    """One change. `when` is ISO 8601."""

    title: str
    when: str
    files: tuple[ChangedFile, ...]
    undone: bool = False


def now() -> dt.datetime:
    """The user's time."""
    return dt.datetime.now().astimezone()


def read(folder: Path) -> tuple[Record, ...]:
    """The changes, the oldest first; none where none was made. Raises ChangeError: the record is damaged."""
    file = folder / FILE_NAME
    found = read_file(file, Ledger())
    if found.state is State.MISSING:
        return ()
    try:
        content = json.loads(found.data)
        if content["format"] != FORMAT:
            raise ValueError
        return tuple(_record(row) for row in content["changes"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise refusal("damaged", file=str(file)) from None


def _record(row: dict[str, object]) -> Record:
    files = row["files"]
    if not isinstance(files, list) or not isinstance(row["undone"], bool):
        raise TypeError
    return Record(_text(row["title"]), _text(row["when"]), tuple(map(_file, files)), row["undone"])


def _file(row: dict[str, object]) -> ChangedFile:
    file, backup, before, after, app = (_text(row[name]) for name in ("file", "backup", "before", "after", "app"))
    return ChangedFile(Path(file), Path(backup), before, after, app)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def add(folder: Path, record: Record) -> None:
    """Keeps a change that is about to be made. A damaged record is put aside. Raises ChangeError."""
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            known = read(folder)
        except Exception:  # noqa: BLE001  # whatever is wrong with it, the user may want to look at it
            file.replace(file.with_name(f"{FILE_NAME}.damaged-{now():%Y%m%d-%H%M%S}"))
            known = ()
        _write(file, (*known, record))
    except OSError as error:
        raise refusal("no_journal", folder=str(folder), reason=reason_of(error)) from None


def forget(folder: Path, record: Record) -> None:
    """Takes out a change that was not made after all. What cannot be written stays, and is passed over by `undo`."""
    with contextlib.suppress(OSError):
        _write(folder / FILE_NAME, [one for one in read(folder) if one != record])


def mark_undone(folder: Path, record: Record) -> None:
    """Keeps that this change is undone; where that cannot be written, the digests of its files tell."""
    with contextlib.suppress(OSError):
        known = [dataclasses.replace(one, undone=True) if one == record else one for one in read(folder)]
        _write(folder / FILE_NAME, known)


def _write(file: Path, records: Sequence[Record]) -> None:
    rows = [dataclasses.asdict(record) for record in records[-_MOST:]]
    content = {"format": FORMAT, "changes": rows}
    atomic_write(file, (json.dumps(content, indent=1, ensure_ascii=True, default=str) + "\n").encode())

# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the last change back: each file byte for byte as it was, and only if it still is what the change made of it."""

from __future__ import annotations

import datetime as dt
import shlex
from dataclasses import dataclass
from pathlib import Path

from ..atomic_write import atomic_write
from ..knowledge.apps import App, app_of, apps
from ..knowledge.repairs import words
from ..ledger import Ledger
from ..model import Machine
from ..probes.files import State, read_file
from . import journal
from .file_content import MAX_BYTES, digest_of, read
from .journal import ChangedFile, Record
from .preview import diff
from .refusal import reason_of, refusal
from .running_app import note, require_ended


@dataclass(frozen=True, slots=True)
class UndoChange:
    """The way back from a change. As `Change` says."""

    record: Record
    files: tuple[ChangedFile, ...]
    """Those that are to be put back; what is as it was before the change stays."""
    machine: Machine
    folder: Path

    @property
    def title(self) -> str:
        """Which change it takes back, and when that was made."""
        return words("said", "undo", {"title": self.record.title, "when": _time(self.record.when)})

    @property
    def preview(self) -> str:
        """A unified diff, secrets masked. Raises ChangeError: a file cannot be read."""
        pairs = [(one, read(one.file), read(one.backup)) for one in self.files]
        return note(self._places()) + "".join(
            diff(one.file, now, then, _app(one), self.machine) for one, now, then in pairs
        )

    def carry_out(self) -> str:
        """Puts the files back; see `Change.carry_out`."""
        require_ended(self._places(), self.machine)
        contents = [(one, _content_of_backup(one, self.machine)) for one in self.files]
        for one, data in contents:
            try:
                atomic_write(one.file, data)
            except OSError as error:
                raise refusal("not_written", file=str(one.file), reason=reason_of(error)) from None
        journal.mark_undone(self.folder, self.record)
        files = ", ".join(str(one.file) for one in self.files)
        return words("said", "undone", {"files": files, "title": self.record.title})

    def _places(self) -> list[tuple[App, Path]]:
        return [(_app(one), one.file) for one in self.files]


def last(folder: Path, machine: Machine | None = None) -> UndoChange | None:
    """The way back from the last change that is not undone yet, None where there is none.

    `folder` is the doctor's own. A change that was ended before it reached the file counts as none. Raises
    ChangeError: a file was changed since, or what is needed is gone or damaged; its text says how to go on by hand.
    """
    machine = machine or Machine.current()
    for record in reversed(journal.read(folder)):
        if record.undone:
            continue
        files = tuple(one for one in record.files if _digest(one.file) != one.before)
        if files:
            for one in files:
                _content_of_backup(one, machine)
            return UndoChange(record, files, machine, folder)
    return None


def _time(when: str) -> str:
    """ISO 8601 as people write it."""
    try:
        return dt.datetime.fromisoformat(when).strftime("%Y-%m-%d %H:%M")
    except ValueError:
        return when


def _digest(file: Path) -> str:
    """Of what the file holds; "" where it cannot be read."""
    found = read_file(file, Ledger(), MAX_BYTES)
    return digest_of(found.data) if found.state is State.READ else ""


def _content_of_backup(one: ChangedFile, machine: Machine) -> bytes:
    """What the file held before, if all is still as the change has left it. Raises ChangeError."""
    backup = read_file(one.backup, Ledger(), MAX_BYTES)
    if backup.state is not State.READ:
        raise refusal("backup_missing", backup=str(one.backup), file=str(one.file))
    if digest_of(backup.data) != one.before:
        raise refusal("backup_damaged", backup=str(one.backup), file=str(one.file))
    command = _copy(one, machine)
    found = read_file(one.file, Ledger(), MAX_BYTES)
    if found.state is State.MISSING:
        raise refusal("gone", file=str(one.file), command=command)
    if found.state is not State.READ:
        raise refusal("unreadable", file=str(one.file), reason=found.reason)
    if digest_of(found.data) != one.after:
        raise refusal("edited", file=str(one.file), command=command)
    return backup.data


def _copy(one: ChangedFile, machine: Machine) -> str:
    """The command that puts the file back by hand."""
    if machine.platform == "win32":
        return f'copy "{one.backup}" "{one.file}"'
    return f"cp {shlex.quote(str(one.backup))} {shlex.quote(str(one.file))}"


def _app(one: ChangedFile) -> App:
    """The app that reads the file; one that this release does not know is taken for the first."""
    return app_of(one.app) if any(app.id == one.app for app in apps()) else apps()[0]

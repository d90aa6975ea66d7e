# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes files as a remedy says: shown first, with a backup beside each, whole or not at all."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..atomic_write import atomic_write
from ..knowledge.apps import App, app_of
from ..knowledge.repairs import words
from ..model import FileEdit, Machine, Remedy
from . import journal
from .backup import make_backup, take_away
from .change import ChangeError
from .file_content import digest_of, edited, read, read_as_diagnosed
from .journal import ChangedFile, Record
from .preview import diff
from .refusal import reason_of, refusal
from .running_app import note, require_ended


@dataclass(frozen=True, slots=True)
class Planned:
    """One file, as it is and as it shall be."""

    file: Path
    app: App
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class FileChange:
    """A change of one file or several, planned against what they hold now. As `Change` says."""

    title: str
    files: tuple[Planned, ...]
    machine: Machine
    folder: Path
    """Where what is needed to undo it is kept."""

    @property
    def preview(self) -> str:
        """A unified diff, secrets masked; before it a line that says which app is to be quit first."""
        shown = [diff(one.file, one.old, one.new, one.app, self.machine) for one in self.files]
        return note(self._places()) + "".join(shown)

    def carry_out(self) -> str:
        """Writes the files; see `Change.carry_out`. What was written is put back when a later one cannot be."""
        require_ended(self._places(), self.machine)
        for one in self.files:
            _require_same(one)
            if not os.access(one.file, os.W_OK):
                raise refusal("not_written", file=str(one.file), reason="this user has no permission to write it")
        backups: list[Path] = []
        with _taken_away_on_failure(backups):
            backups.extend(self._backups())
            record = self._record(backups)
            journal.add(self.folder, record)
            try:
                self._write(backups)
            except BaseException:
                journal.forget(self.folder, record)
                raise
        again = dict.fromkeys(one.app.how_to_restart(self.machine) for one in self.files)
        names = {"files": ", ".join(str(one.file) for one in self.files), "backups": ", ".join(map(str, backups))}
        return words("said", "made", {**names, "restart": " ".join(again)})

    def _places(self) -> list[tuple[App, Path]]:
        return [(one.app, one.file) for one in self.files]

    def _backups(self) -> Iterator[Path]:
        for one in self.files:
            yield make_backup(one.file, one.old)

    def _record(self, backups: Sequence[Path]) -> Record:
        rows = [
            ChangedFile(one.file, backup, digest_of(one.old), digest_of(one.new), one.app.id)
            for one, backup in zip(self.files, backups, strict=True)
        ]
        return Record(self.title, journal.now().isoformat(timespec="seconds"), tuple(rows))

    def _write(self, backups: Sequence[Path]) -> None:
        written: list[Planned] = []
        try:
            for one in self.files:
                _require_same(one)
                written.append(one)
                _write(one.file, one.new)
        except BaseException as error:
            for one, backup in zip(written, backups, strict=False):
                _put_back(one, backup, error)
            raise


@contextlib.contextmanager
def _taken_away_on_failure(backups: Sequence[Path]) -> Iterator[None]:
    """Leaves no backup of what was not changed. One that is still needed has been named in the error."""
    try:
        yield
    except BaseException as error:
        for backup in backups:
            if str(backup) not in str(error):
                take_away(backup)
        raise


def _put_back(one: Planned, backup: Path, error: BaseException) -> None:
    try:
        if read(one.file) == one.new:
            atomic_write(one.file, one.old)
    except (OSError, ChangeError):
        raise refusal("half_written", file=str(one.file), reason=str(error), backup=str(backup)) from None


def _write(file: Path, data: bytes) -> None:
    try:
        atomic_write(file, data)
    except OSError as error:
        raise refusal("not_written", file=str(file), reason=reason_of(error)) from None


def _require_same(one: Planned) -> None:
    if read(one.file) != one.old:
        raise refusal("changed_meanwhile", file=str(one.file))


def plan_edits(remedy: Remedy, machine: Machine, folder: Path) -> FileChange:
    """The change that a remedy with edits makes now. Raises ChangeError: a file is not what the diagnosis has read."""
    files = [planned for edit in remedy.edits if (planned := _planned(edit)) is not None]
    if not files:
        raise refusal("nothing")
    return FileChange(remedy.title, tuple(files), machine, folder)


def _planned(edit: FileEdit) -> Planned | None:
    app = app_of(edit.app)
    old = read_as_diagnosed(edit.file, edit.sha256, app)
    new = edited(edit, old)
    return Planned(edit.file, app, old, new) if new != old else None

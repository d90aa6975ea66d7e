# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender entry that the app had and has no more: a backup still has it, or it is on record that it worked."""

from __future__ import annotations

from collections.abc import Sequence

from ...check import Context
from ...knowledge.apps import App
from ...knowledge.catalogue import finding
from ...lock import spoken_day
from ...model import Command, EvidenceValue, Finding, WorkedEntry
from ...protocols import located_json
from ...redaction import Redactor
from ...secret_patterns import MASK
from ..entries import typed
from .adding import with_copies
from .misplaced import backup_of
from .reading import Configuration
from .writing import entry_for, new_entry


def lost(app: App, read: Sequence[Configuration], context: Context) -> Finding | None:
    """That an app has lost its Blender server. `read` are its files, all of them without one."""
    for configuration in read:
        backup = backup_of(app, configuration.file, context) if configuration.project is None else None
        worked = _on_record(configuration, context)
        if backup is None and worked is None:
            continue
        evidence: dict[str, EvidenceValue] = {
            "app": app.name,
            "file": str(configuration.file),
            "backup": str(backup[0].file) if backup else None,
            "_key": app.key,
            "_restart": app.how_to_restart(context.machine),
        }
        found = finding("client.entry-lost", evidence | (_of_record(worked, app, context) if worked else {}))
        return found if backup is None else with_copies(found, "restored", configuration, *backup, move=False)
    return None


def _on_record(configuration: Configuration, context: Context) -> WorkedEntry | None:
    """The entry of this file that worked last. What still stands there under another name is not lost."""
    shown = Redactor(context.machine, context.secrets).text(str(configuration.file))
    there = str(located_json.plain(configuration.root))
    known = [
        one
        for one in context.worked
        if (one.app, one.file) == (configuration.app.id, shown)
        and not all(repr(word)[1:-1] in there for word in _words(one, context))
    ]
    return max(known, key=lambda one: one.day, default=None)


def _words(worked: WorkedEntry, context: Context) -> list[str]:
    """The command as it stood in the file, apart from what was masked."""
    home = str(context.machine.home)
    return [home + word[1:] if word == "~" or word[:2] in {"~/", "~\\"} else word for word in worked.words]


def _of_record(worked: WorkedEntry, app: App, context: Context) -> dict[str, EvidenceValue]:
    words = _words(worked, context)
    whole = not any(MASK in word for word in words)
    command = Command(words[0], tuple(words[1:]))
    return {
        "entry": worked.name,
        "worked": worked.day,
        "command": typed(words, context),
        "variables": worked.variables,
        "project": worked.scope,
        "_day": spoken_day(worked.day, context.today),
        "_entry_text": entry_for(app, worked.name, command) if whole else new_entry(app, context),
    }

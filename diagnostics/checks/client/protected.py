# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs in folders that macOS keeps from what an AI app starts (field guide, failures B14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from ...check import Context
from ...knowledge.catalogue import finding
from ...model import Finding
from ..entries import Entry, evidence_of

_FOLDER_OPTIONS = {"--directory", "--project", "--from", "--cwd", "-m"}
_SCRIPTS = {".py", ".js", ".mjs", ".cjs", ".sh"}


def in_protected_folders(entries: Sequence[Entry], context: Context) -> Iterator[Finding]:
    """Entries that are started from such a folder, or in one."""
    if context.machine.platform != "darwin":
        return
    for entry in entries:
        guarded = [context.machine.home / name for name in entry.app.guarded]
        for field, text in _paths(entry):
            folder = next((one for one in guarded if PurePosixPath(text).is_relative_to(one)), None)
            if folder is not None:
                evidence = evidence_of(entry, context) | {"field": field, "path": text, "folder": str(folder)}
                yield finding("client.protected-folder", evidence)
                break


def _paths(entry: Entry) -> Iterator[tuple[str, str]]:
    """The places from which something is started: the command, the working folder, scripts and folders of projects."""
    command = entry.command
    yield "command", command.program
    if command.cwd:
        yield "cwd", command.cwd
    for number, word in enumerate(command.args):
        option, _equals, value = word.partition("=")
        if option in _FOLDER_OPTIONS and value:
            yield f"args[{number}]", value
        elif PurePosixPath(word).suffix in _SCRIPTS or (number and command.args[number - 1] in _FOLDER_OPTIONS):
            yield f"args[{number}]", word

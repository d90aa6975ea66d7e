# SPDX-License-Identifier: GPL-3.0-or-later
"""The edits that give an entry another command or other variables, and touch no word that stays."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from ...model import FileEdit, InsertItem, Keys, Operation, Remove, SetValue
from ...redaction import secret_words
from ..entries import Entry


def edit(entry: Entry, *steps: Operation) -> FileEdit:
    """These steps, in the file of the entry. The entry has a place."""
    assert entry.place is not None  # noqa: S101  # the caller has looked
    return FileEdit(entry.file, entry.place.sha256, entry.app.id, steps)


def command_edit(entry: Entry, argv: Sequence[str]) -> tuple[FileEdit, ...]:
    """The edit after which the entry starts `argv`; none where there is nothing to change or it is not certain.

    A word that may be a secret is never written into an edit, so nothing is done that would move one.
    """
    old = list(entry.command.argv)
    if entry.place is None or not argv or old == list(argv):
        return ()
    blocks = difflib.SequenceMatcher(None, old[1:], list(argv[1:]), autojunk=False).get_opcodes()
    new = {word for tag, _a, _b, start, end in blocks if tag != "equal" for word in argv[1 + start : 1 + end]}
    if new & secret_words(argv):
        return ()
    keys: Keys = entry.place.keys
    in_one = entry.app.command == "list"
    args = (*keys, "command" if in_one else "args")
    steps: list[Operation] = []
    if argv[0] != old[0]:
        steps.append(SetValue((*args, 0) if in_one else (*keys, "command"), argv[0]))
    if len(old) == 1 and len(argv) > 1 and not in_one:
        return (edit(entry, *steps, SetValue(args, tuple(argv[1:]))),)
    # From the end on, so that the numbers of what comes before stay right.
    for tag, start, end, begin, stop in reversed(blocks):
        if tag != "equal":
            steps += _words(args, int(in_one) + start, end - start, argv[1 + begin : 1 + stop])
    return (edit(entry, *steps),)


def _words(at: Keys, first: int, gone: int, new: Sequence[str]) -> list[Operation]:
    """`gone` words from the one numbered `first` on become these."""
    both = min(gone, len(new))
    steps: list[Operation] = [SetValue((*at, first + n), new[n]) for n in range(both)]
    steps += [Remove((*at, n)) for n in reversed(range(first + both, first + gone))]
    steps += [InsertItem(at, first + n, new[n]) for n in range(both, len(new))]
    return steps


def variables_edit(entry: Entry, variables: Mapping[str, str]) -> tuple[FileEdit, ...]:
    """The edit that sets these variables of the entry."""
    if entry.place is None or not variables:
        return ()
    at = (*entry.place.keys, entry.app.env)
    return (edit(entry, *(SetValue((*at, name), value) for name, value in variables.items())),)

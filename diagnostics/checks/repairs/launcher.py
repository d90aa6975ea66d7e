# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs of an entry whose program the app does not find or cannot start."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from ...check import Context
from ...knowledge.launchers import name_of
from ...model import FileEdit, Finding, Operation, Remove, SetValue
from ..entries import Entry
from ..launch_line import LaunchLine, is_more_than_a_start, read_launch_line, rewritten_argv
from ..launcher import place_of, unexpanded
from .entry_edits import command_edit, edit
from .offer import offered


def full_path(found: Finding, entry: Entry, _context: Context) -> Finding:
    """The path of the program that was found somewhere else than where the app looks."""
    program = found.evidence.get("found_at")
    if not isinstance(program, str):
        return found
    words = _apart(entry, program)
    if words:
        return offered(found, "apart", *command_edit(entry, words))
    if "through" in found.evidence:
        line = read_launch_line(entry.command)
        return offered(found, "full-path", *_inside(entry, line, [program, *line.inside.command.args]))
    return offered(found, "full-path", *command_edit(entry, [program, *entry.command.args]))


def by_uv(found: Finding, entry: Entry, _context: Context) -> Finding:
    """`uv tool run` in place of `uvx`, which is missing."""
    line = read_launch_line(entry.command)
    words = [str(found.evidence["uv"]), "tool", "run", *line.inside.command.args]
    return offered(found, "by-uv", *_inside(entry, line, words))


def whole_path(found: Finding, entry: Entry, context: Context) -> Finding:
    """The folder in place of its short form."""
    seen = unexpanded(entry, context)
    expanded = place_of(seen[0], seen[2], context) if seen is not None else None
    if seen is None or expanded is None or entry.place is None:
        return found
    field = seen[0]
    if field == "cwd":
        return offered(found, "whole-path", edit(entry, SetValue((*entry.place.keys, "cwd"), expanded)))
    argv = list(entry.command.argv)
    number = re.fullmatch(r"args\[(\d+)\]", field)
    argv[int(number[1]) + 1 if number else 0] = expanded
    return offered(found, "whole-path", *command_edit(entry, argv))


def without_cwd(found: Finding, entry: Entry, _context: Context) -> Finding:
    """The folder that does not exist, left out."""
    if entry.place is None:
        return found
    steps: tuple[Operation, ...] = (Remove((*entry.place.keys, "cwd")),)
    return offered(found, "without-cwd", edit(entry, *steps))


def windows_shim(found: Finding, entry: Entry, _context: Context) -> Finding:
    """`cmd /c` before a file of commands; or a whole line, taken apart."""
    words = _apart(entry, str(found.evidence["path"]))
    if words:
        return offered(found, "apart", *command_edit(entry, words))
    return offered(found, "through-shell", *command_edit(entry, ["cmd", "/c", *entry.command.argv]))


def _inside(entry: Entry, line: LaunchLine, words: Sequence[str]) -> tuple[FileEdit, ...]:
    """These words in place of what the entry starts in the end. A line for a shell may do more than that, and stays."""
    if is_more_than_a_start(line, entry.command):
        return ()
    return command_edit(entry, rewritten_argv(line, entry.command, words))


def _apart(entry: Entry, program: str) -> list[str]:
    """The words of a command that is a whole line and begins with this program; none where it is no such line."""
    words = entry.command.program.split(" ")
    for number in range(1, len(words)):
        first = " ".join(words[:number]).strip('"')
        if name_of(first) == name_of(PurePath(program).name):
            rest = [word.strip('"') for word in words[number:] if word]
            return [program, *rest, *entry.command.args]
    return []

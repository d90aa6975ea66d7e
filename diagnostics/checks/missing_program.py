# SPDX-License-Identifier: GPL-3.0-or-later
"""A program that the app does not find: where it really is, and the entry that works with it."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath, PureWindowsPath

from ..check import Context
from ..knowledge import table
from ..knowledge.catalogue import finding
from ..knowledge.launchers import name_of
from ..model import EvidenceValue, Finding
from ..probes.search_path import SearchPath, find_program
from .entries import INSTALL_UV, Entry, installed, typed
from .launch_line import LaunchLine, members, rewritten


def is_path(program: str) -> bool:
    """Whether it is named by its path, so that nothing is searched."""
    return "/" in program or "\\" in program


def bare_name(program: str, context: Context) -> str:
    """The name of a program without its folder."""
    return PureWindowsPath(program).name if context.machine.platform == "win32" else PurePosixPath(program).name


def own_path(entry: Entry, context: Context) -> str:
    """The name under which the entry sets PATH: Windows does not mind how it is written."""
    names = entry.command.env if context.machine.platform == "win32" else ()
    return next((name for name in names if name.upper() == "PATH"), "PATH")


def lost_inside(
    line: LaunchLine, entry: Entry, search: SearchPath, evidence: dict[str, EvidenceValue], *, context: Context
) -> Finding | None:
    """`cmd /c uvx`: the program inside is searched where the app searches, and not found there."""
    started = line.inside.command
    launchers = {"uv", "uvx", "pipx", *table("launchers")["npm"]["programs"]}
    own = started.env.get("PATH") == entry.command.env.get("PATH")
    if not line.inside.through or not (line.inside.same_path and own) or started.program.lower() not in launchers:
        return None
    if find_program(started.program, search.folders, context.machine).path is not None:
        return None
    inner = evidence | {"command": started.program, "through": line.starter}
    return not_found(line, entry, search, inner, context=context)


def not_found(
    line: LaunchLine,
    entry: Entry,
    search: SearchPath,
    evidence: dict[str, EvidenceValue],
    *,
    context: Context,
    blocked: Path | None = None,
    there: Path | None = None,
) -> Finding:
    """Why the app does not find the program that `evidence` names, where it is, and the entry that works with it.

    `blocked` is a file of its name that this user may not execute, `there` where it is known to be.
    """
    program, windows = str(evidence["command"]), context.machine.platform == "win32"
    if blocked is not None:
        allow = typed(["chmod", "+x", str(blocked)], context)
        return finding("launcher.not-executable", {**evidence, "path": str(blocked), "_denied": True, "_allow": allow})
    bare = bare_name(program, context)
    # Another Python of this name lacks what the missing one had installed.
    another_python = is_path(program) and re.match(r"python|py\b", bare) is not None
    elsewhere = there or (None if another_python else installed(bare, context).path)
    if elsewhere is None and (parted := _parted(entry, search, evidence, context)) is not None:
        return parted
    uv = name_of(bare) in {"uv", "uvx"}
    if elsewhere is None and name_of(bare) == "uvx" and (alone := installed("uv", context).path) is not None:
        seen: dict[str, EvidenceValue] = {"uv": str(alone), "_entry_json": _by_uv(line, entry, str(alone))}
        seen["_in_line"] = None if seen["_entry_json"] else typed([str(alone), "tool", "run"], context)
        return finding(
            "launcher.uvx-missing",
            {**evidence, **seen, "_install_uv": INSTALL_UV.get(context.machine.platform, INSTALL_UV["linux"])},
        )
    has_own = own_path(entry, context) in entry.command.env
    through = "through" in evidence
    seen = {
        **evidence,
        "found_at": str(elsewhere) if elsewhere else None,
        "_as_json": json.dumps(str(elsewhere), ensure_ascii=False) if elsewhere and not through else None,
        "_entry_json": _with_program(line, entry, elsewhere) if elsewhere and through else None,
        "_in_line": typed([str(elsewhere)], context) if elsewhere and through else None,
        "_nowhere": elsewhere is None,
        "searched": None if is_path(program) else search.folders,
        "search_source": None if is_path(program) else search.source,
        "is_path": is_path(program),
        # On Windows apps do inherit the PATH, and a PATH of the entry's own is nobody's fault.
        "_desktop": not (is_path(program) or has_own or windows),
        "_uv": elsewhere is None and uv,
        "_other": elsewhere is None and not uv and bool(evidence["_server"]),
        "_unknown": elsewhere is None and not uv and not evidence["_server"],
        "_install_uv": INSTALL_UV.get(context.machine.platform, INSTALL_UV["linux"]),
    }
    if seen["_entry_json"]:
        seen["_in_line"] = None
    unsure = search.guessed and context.machine.platform in table("launchers")["path"]["not_inherited"]
    if unsure and not is_path(program) and _on_shell_path(bare, context):
        return finding("launcher.not-on-app-path", seen)
    return finding("launcher.not-found", seen)


def _on_shell_path(program: str, context: Context) -> bool:
    machine = context.machine
    return find_program(program, machine.folders(machine.environ.get("PATH", "")), machine).path is not None


def _with_program(line: LaunchLine, entry: Entry, program: Path) -> str:
    return rewritten(line, entry.command, [str(program), *line.inside.command.args])


def _parted(entry: Entry, search: SearchPath, evidence: dict[str, EvidenceValue], context: Context) -> Finding | None:
    """A command that is a whole line: the program at its beginning is there."""
    words = str(evidence["command"]).split(" ")
    for number in range(1, len(words)):
        first = " ".join(words[:number]).strip('"')
        found = find_program(first, search.folders, context.machine).path or installed(first, context).path
        if found is None:
            continue
        rest = [word.strip('"') for word in words[number:] if word]
        if context.machine.platform == "win32":
            return _spaces_unquoted(entry, found, rest, evidence)
        entry_json = members([str(found), *rest, *entry.command.args])
        seen: dict[str, EvidenceValue] = {"found_at": str(found), "_whole_line": True, "_entry_json": entry_json}
        unknown: dict[str, EvidenceValue] = {"_install_uv": None, "is_path": False, "_unknown": False}
        return finding("launcher.not-found", {**evidence, **seen, **unknown})
    return None


def _spaces_unquoted(entry: Entry, found: Path, words: list[str], evidence: dict[str, EvidenceValue]) -> Finding:
    """The program and its arguments stand in one text, which the app takes for the name of a program."""
    argv = [str(found), *words, *entry.command.args]
    seen: dict[str, EvidenceValue] = {"path": str(found), "_whole_line": True, "_entry_json": members(argv)}
    return finding("launcher.windows-shim", evidence | seen)


def _by_uv(line: LaunchLine, entry: Entry, uv: str) -> str:
    """The members of the entry that let uv itself do what `uvx` would, which is missing."""
    return rewritten(line, entry.command, [uv, "tool", "run", *line.inside.command.args])

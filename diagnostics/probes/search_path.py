# SPDX-License-Identifier: GPL-3.0-or-later
"""Where an app started from the desktop looks for programs, and what it finds there."""

from __future__ import annotations

import contextlib
import os
import re
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..model import Machine
from .process_names import ProcessNames


@dataclass(frozen=True, slots=True)
class SearchPath:
    """Folders in the order of the search, and how we know them."""

    folders: tuple[str, ...]
    source: str
    guessed: bool = False
    """It is what such a system usually gives; no process or setting of this one was seen."""


@dataclass(frozen=True, slots=True)
class Program:
    """What a look-up found. `blocked` is a file of that name that this user may not execute."""

    path: Path | None
    blocked: Path | None = None


def app_search_path(
    machine: Machine,
    processes: Collection[str],
    session: Collection[str],
    fallback: Sequence[str],
    running: ProcessNames,
) -> SearchPath:
    """The PATH of the app if it runs (its own process tells), else of the desktop session, else `fallback`.

    `running` are looked at only when `machine` is the one that this code runs on, and only their PATH is kept.
    """
    if machine.is_here and machine.platform == "win32":
        return SearchPath(tuple(_registry_path()), "the PATH in the registry, which apps started from the desktop get")
    if machine.is_here:
        found = _paths_of_processes(frozenset({*processes, *session}), running)
        for names, source in ((processes, "the PATH of the running app"), (session, "the PATH of the desktop session")):
            path = next((found[name] for name in names if name in found), None)
            if path:
                return SearchPath(machine.folders(path), source)
    if machine.platform == "win32":
        path = machine.environ.get("PATH", machine.environ.get("Path", ""))
        return SearchPath(machine.folders(path), "the PATH of this session")
    return SearchPath(tuple(fallback), "the PATH that this system gives to apps started from the desktop", guessed=True)


def _paths_of_processes(names: Collection[str], running: ProcessNames) -> dict[str, str]:
    """The PATH of one process for each of these names, as far as this user may see it."""
    found: dict[str, str] = {}
    for pid, name in running.of(names):
        if name not in found:
            with contextlib.suppress(psutil.Error, OSError):
                found[name] = psutil.Process(pid).environ().get("PATH", "")
    return found


def _registry_path() -> Iterable[str]:
    """The machine's and the user's PATH; nothing on other systems than Windows."""
    found: list[str] = []
    if sys.platform == "win32":
        import winreg  # noqa: PLC0415  # exists on Windows only

        keys = (
            (winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\Session Manager\Environment"),
            (winreg.HKEY_CURRENT_USER, "Environment"),
        )
        for root, name in keys:
            with contextlib.suppress(OSError), winreg.OpenKey(root, name) as key:
                value, _kind = winreg.QueryValueEx(key, "Path")
                found += filter(None, os.path.expandvars(str(value)).split(";"))
    return found


def find_program(command: str, folders: Iterable[str | Path], machine: Machine, cwd: str | None = None) -> Program:
    """Looks up `command` as the system does: a path is taken as it is, a bare name is searched in `folders`.

    On Windows the endings of PATHEXT are tried as well.
    """
    endings = [""]
    if machine.platform == "win32":
        pathext = machine.environ.get("PATHEXT", ".COM;.EXE;.BAT;.CMD")
        endings = ["", *pathext.lower().split(";")] if Path(command).suffix else pathext.lower().split(";")
    if re.search(r"[\\/]" if machine.platform == "win32" else "/", command):
        candidates: Iterable[Path] = [Path(cwd or machine.home, command)]
    else:
        candidates = (Path(folder, command) for folder in folders)
    blocked: Path | None = None
    for candidate in candidates:
        for ending in endings:
            with contextlib.suppress(OSError, ValueError):  # ValueError: a path that ends in no name, such as "/"
                path = candidate.with_name(candidate.name + ending)
                if path.is_file():
                    if os.access(path, os.X_OK):
                        return Program(path, blocked)
                    blocked = blocked or path
    return Program(None, blocked)


def installed_s(program: Path) -> float | None:
    """Since when a program is where it is, in seconds of the clock, as far as its file tells; None where it is not."""
    try:
        states = (program.stat(), program.lstat())
    except (OSError, ValueError):
        return None
    return max(max(state.st_mtime, state.st_ctime) for state in states)


def child_environment(machine: Machine, path: SearchPath, extra: Mapping[str, str]) -> dict[str, str]:
    """The environment in which an app would start a server: the session's, with the app's PATH and the entry's own.

    Variables are left out by which this process's Python, virtual environment or `uv run` would leak into the child,
    and those that a shell may have set to help the server, which the app would not know.
    """
    base = {
        name: value for name, value in machine.environ.items() if not _OURS.fullmatch(name) and name.upper() != "PATH"
    }
    return {**base, "PATH": machine.path_separator.join(path.folders), **extra, "DISABLE_TELEMETRY": "true"}


_OURS = re.compile(
    r"PYTHON(?:HOME|PATH|EXECUTABLE|STARTUP|SAFEPATH)|__PYVENV_LAUNCHER__|VIRTUAL_ENV(?:_PROMPT)?|CONDA_.*"
    r"|LD_PRELOAD|LD_LIBRARY_PATH|DYLD_.*|BLENDER_(?:HOST|PORT|PATH)|BLENDER_?MCP_.*"
    r"|UV|UV_RUN_RECURSION_DEPTH|UV_INTERNAL_.*|PYENV_(?:VERSION|DIR)|BLENDER_SYSTEM_.*"
)

# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI apps that start MCP servers."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..model import Machine
from . import table


@dataclass(frozen=True, slots=True)
class App:
    """A row of `apps.toml`; its header says what the fields mean."""

    id: str
    name: str
    kind: str
    files: list[str]
    key: str
    folders: Mapping[str, list[str]]
    project: list[str] = field(default_factory=list)
    each: bool = False
    format: str = "json"
    bom_refused: bool = False
    projects: str = ""
    large_mib: int = 1
    excluded: list[str] = field(default_factory=list)
    command: str = "text"
    env: str = "env"
    loose_env: bool = False
    urls: list[str] = field(default_factory=list)
    off: Mapping[str, bool] = field(default_factory=dict)
    without: bool = False
    fixed: Mapping[str, str] = field(default_factory=dict)
    expands: bool = False
    shell_path: bool = False
    restarts: bool = False
    rewrites: list[str] = field(default_factory=list)
    guarded: list[str] = field(default_factory=list)
    wrong_files: list[str] = field(default_factory=list)
    extensions: str = ""
    extension_settings: str = ""
    start_s: int | None = None
    call_s: int | None = None
    processes: Mapping[str, list[str]] = field(default_factory=dict)
    executable: Mapping[str, str] = field(default_factory=dict)
    logs: Mapping[str, list[str]] = field(default_factory=dict)
    restart: Mapping[str, str] = field(default_factory=dict)

    @property
    def path(self) -> Mapping[str, list[str]]:
        """By platform, the folders in which it finds programs, when no better evidence is there."""
        paths: Mapping[str, list[str]] = table("apps")["path"]
        return paths

    def how_to_restart(self, machine: Machine) -> str:
        """How to make the app read its configuration again on this machine, in a sentence."""
        usual = str(table("apps")["kinds"][self.kind]).replace("$app", self.name)
        return self.restart.get(machine.platform, usual)


@functools.cache
def apps() -> tuple[App, ...]:
    """All known apps."""
    return tuple(App(**row) for row in table("apps")["app"])


def app_of(app_id: str) -> App:
    """The app with this id. Raises KeyError for an unknown one."""
    return {app.id: app for app in apps()}[app_id]


@functools.cache
def keys() -> frozenset[str]:
    """The members under which one app or another keeps its servers."""
    return frozenset(app.key for app in apps())


def folders(app: App, machine: Machine) -> tuple[Path, ...]:
    """The folders in which the app may keep its files on this machine, best first.

    A pattern with a wild card is the folder of a packaged build, and is left out where there is none.
    """
    found: dict[Path, None] = {}
    for pattern in app.folders.get(machine.platform, []):
        for path in _each_editor(pattern, machine):
            head, star, _tail = str(path).partition("*")
            if star:
                base = Path(head).parent
                found |= dict.fromkeys(sorted(base.glob(path.relative_to(base).as_posix())))
            else:
                found[path] = None
    return tuple(found)


def log_patterns(app: App, machine: Machine) -> tuple[Path, ...]:
    """Where the app writes about its servers on this machine, with wild cards."""
    patterns = app.logs.get(machine.platform, [])
    return tuple(path for pattern in patterns for path in _each_editor(pattern, machine))


def _each_editor(pattern: str, machine: Machine) -> tuple[Path, ...]:
    if not pattern.startswith("$EDITOR/"):
        return (expand(pattern, machine),)
    editors = table("apps")["editors"].get(machine.platform, [])
    return tuple(expand(pattern.replace("$EDITOR", editor, 1), machine) for editor in editors)


def of_file(file: Path) -> App:
    """The app whose configuration a file is, by its name and that of its folder; the first app where none matches."""

    def alike(app: App) -> int:
        known = [f"{folder}/{name}" for paths in app.folders.values() for folder in paths for name in app.files]
        return max(_same_end(file, Path(path)) for path in (*known, *app.project))

    best = max(apps(), key=alike)
    if alike(best) == 0 and file.suffix == ".toml":
        return next(app for app in apps() if app.format == "toml")
    return best


def _same_end(one: Path, other: Path) -> int:
    """How many names at the end of two paths are the same."""
    count = 0
    for mine, theirs in zip(reversed(one.parts), reversed(other.parts), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def places(machine: Machine) -> tuple[Path, ...]:
    """Folders where installers put programs on this kind of machine."""
    named = (expand(place, machine) for place in table("apps")["places"].get(machine.platform, []))
    return tuple(found for place in named for found in _matching(place))


def _matching(place: Path) -> tuple[Path, ...]:
    """The folders that a pattern with a wild card stands for, the newest release first."""
    head, star, _tail = str(place).partition("*")
    if not star:
        return (place,)
    base = Path(head).parent
    with contextlib.suppress(OSError):
        return tuple(sorted(base.glob(place.relative_to(base).as_posix()), reverse=True)[:20])
    return ()


def session_processes(platform: str) -> frozenset[str]:
    """Names of processes whose PATH is that of the desktop session."""
    return frozenset(table("apps")["session"].get(platform, []))


def expand(path: str, machine: Machine) -> Path:
    """The path with `~` and `$NAME` replaced for this machine and its home folder."""

    def variable(match: re.Match[str]) -> str:
        name = match[1]
        return machine.environ.get(name) or table("apps")["variables"].get(name, match[0])

    expanded = re.sub(r"\$(\w+)", variable, path)
    if expanded == "~" or expanded.startswith("~/"):
        return machine.home / expanded[2:]
    return Path(expanded)

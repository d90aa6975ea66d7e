# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI apps that start MCP servers."""

from __future__ import annotations

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
    file: str
    key: str
    extensions: str
    extension_settings: str
    folders: Mapping[str, list[str]]
    path: Mapping[str, list[str]]
    processes: Mapping[str, list[str]]
    restart: Mapping[str, str]
    logs: Mapping[str, list[str]] = field(default_factory=dict)

    def how_to_restart(self, machine: Machine) -> str:
        """How to make the app read its configuration again on this machine, in a sentence."""
        return self.restart.get(machine.platform, "")


@functools.cache
def apps() -> tuple[App, ...]:
    """All known apps."""
    return tuple(App(**row) for row in table("apps")["app"])


def folders(app: App, machine: Machine) -> tuple[Path, ...]:
    """The folders in which the app may keep its files on this machine, best first.

    A pattern with a wild card is the folder of a packaged build, which, where it exists, reads no other.
    """
    found: list[Path] = []
    for pattern in app.folders.get(machine.platform, []):
        path = expand(pattern, machine)
        head, star, _tail = str(path).partition("*")
        if star:
            base = Path(head).parent
            packaged = sorted(base.glob(path.relative_to(base).as_posix()))
            if packaged:
                return tuple(packaged)
        else:
            found.append(path)
    return tuple(found)


def log_patterns(app: App, machine: Machine) -> tuple[Path, ...]:
    """Where the app writes about its servers on this machine, with wild cards."""
    return tuple(expand(pattern, machine) for pattern in app.logs.get(machine.platform, []))


def places(machine: Machine) -> tuple[Path, ...]:
    """Folders where installers put programs on this kind of machine."""
    return tuple(expand(place, machine) for place in table("apps")["places"].get(machine.platform, []))


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

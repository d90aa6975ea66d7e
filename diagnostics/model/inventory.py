# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI apps of a machine, and their Blender servers."""

from __future__ import annotations

from dataclasses import dataclass

from .finding import Finding
from .report import Did, Tool


@dataclass(frozen=True, slots=True)
class EntryFacts:
    """One Blender server of an AI app, as far as it may be shown."""

    name: str
    starts: str
    """The command, or the address of a server that is reached over HTTP."""
    endpoint: str
    """Where it looks for Blender; empty where that is not known."""
    product: str
    file: str
    line: int
    project: str = ""
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class AppFacts:
    """One AI app that was found on this machine."""

    id: str
    name: str
    files: tuple[str, ...]
    entries: tuple[EntryFacts, ...] = ()
    problems: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Inventory:
    """The AI apps of this machine. Already redacted and safe to show."""

    tool: Tool
    apps: tuple[AppFacts, ...]
    known: tuple[str, ...]
    """The apps that would have been found."""
    did: Did
    named: bool = False
    """The user asked for those alone."""

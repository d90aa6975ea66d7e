# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry of an AI app that worked, as it is remembered."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WorkedEntry:
    """One Blender entry whose server answered in a run in which everything worked. Holds nothing secret."""

    app: str
    """Id of a row in `knowledge/apps.toml`."""
    name: str
    file: str
    """Where it stood, as reports show it: the home folder is `~`."""
    words: tuple[str, ...]
    """The program and its arguments, as reports show them."""
    day: str
    """When it worked last, ISO 8601."""
    variables: tuple[str, ...] = ()
    """The names of the variables that it set; their values may be secrets and are not kept."""
    scope: str = ""
    """The folder of the project for which it was configured; empty for one that counted everywhere."""

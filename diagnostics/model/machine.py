# SPDX-License-Identifier: GPL-3.0-or-later
"""The computer whose AI apps are looked at, and what such an app would start there."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The computer whose AI apps are looked at. Another home folder or system can be given, so that it can be tested.

    `platform` is the value of `sys.platform` ("linux", "darwin", "win32").
    """

    platform: str
    home: Path
    environ: Mapping[str, str]
    node: str = ""
    """Its name in the network."""

    def folders(self, path: str) -> tuple[str, ...]:
        """The folders in the text of a PATH, as this system separates them."""
        return tuple(filter(None, path.split(self.path_separator)))

    @property
    def path_separator(self) -> str:
        """What stands between the folders of a PATH."""
        return ";" if self.platform == "win32" else ":"

    @property
    def state_folder(self) -> Path:
        """Where a program of this user keeps what it remembers, by the custom of the system; ours below it.

        XDG Base Directory Specification 0.8; Apple's File System Programming Guide; FOLDERID_LocalAppData.
        """
        if self.platform == "win32":
            given, usual = self.environ.get("LOCALAPPDATA", ""), self.home / "AppData" / "Local"
        elif self.platform == "darwin":
            given, usual = "", self.home / "Library" / "Application Support"
        else:
            given, usual = self.environ.get("XDG_STATE_HOME", ""), self.home / ".local" / "state"
        base = Path(given)
        return (base if given and base.is_absolute() else usual) / "mcp-diagnostics"

    @property
    def is_here(self) -> bool:
        """Whether this is the machine that this code runs on, so that its processes can be asked."""
        return self.platform == sys.platform and self.home == Path.home()

    @classmethod
    def current(cls) -> Machine:
        """The machine this process runs on."""
        return cls(sys.platform, Path.home(), dict(os.environ), platform.node())


@dataclass(frozen=True, slots=True)
class Command:
    """What an AI app would start: exactly this program, with these arguments, variables and folder."""

    program: str
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None

    @property
    def argv(self) -> tuple[str, ...]:
        """The program and its arguments."""
        return (self.program, *self.args)

    @property
    def digest(self) -> str:
        """SHA-256 over all that decides what would run, in hexadecimal. A changed command has another digest."""
        parts = [self.program, list(self.args), sorted(self.env.items()), self.cwd]
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).hexdigest()

# SPDX-License-Identifier: GPL-3.0-or-later
"""The home folder of somebody who uses Claude Desktop on Linux."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab import real_server


@dataclass(frozen=True, slots=True)
class Home:
    """One home folder. `claude` is where Claude Desktop keeps its configuration."""

    path: Path

    @property
    def claude(self) -> Path:
        """Claude Desktop's configuration."""
        return self.path / ".config" / "Claude" / "claude_desktop_config.json"

    def configure(self, entry: dict[str, Any] | None = None, name: str = "blender") -> Path:
        """Write a configuration with one server: by default the real one through `uvx`, at its full path."""
        return self.write(json.dumps({"mcpServers": {name: entry or real_server.entry()}}, indent=2))

    def write(self, text: str) -> Path:
        """Write the configuration as it is given, valid or not."""
        self.claude.parent.mkdir(parents=True, exist_ok=True)
        self.claude.write_text(text, encoding="utf-8")
        return self.claude

    def put_uvx(self, folder: str = ".local/bin") -> Path:
        """Install `uvx` into a folder of the home, where uv's own installer would put it."""
        real_server.uvx_on_path(self.path / folder)
        return self.path / folder / "uvx"

    def put_script(self, name: str, text: str) -> Path:
        """Write an executable script, such as a wrapper around the server."""
        script = self.path / name
        script.write_text(text, encoding="utf-8")
        script.chmod(0o755)
        return script

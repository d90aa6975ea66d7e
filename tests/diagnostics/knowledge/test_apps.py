# SPDX-License-Identifier: GPL-3.0-or-later
"""The rows of apps hold what code relies on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from diagnostics.knowledge.apps import App, apps, folders, of_file
from diagnostics.model import Machine

every = pytest.mark.parametrize("app", apps(), ids=lambda app: app.id)


@every
def test_a_row(app: App) -> None:
    assert app.format in {"json", "commented", "jsonc", "toml"}
    assert app.command in {"text", "list"}
    assert set(app.folders) == {"linux", "darwin", "win32"}
    assert app.files
    for pattern in app.executable.values():
        re.compile(pattern)
    for platform in app.folders:
        restart = app.how_to_restart(Machine(platform, Path("/home/me"), {}))
        assert app.name in restart
        assert "$" not in restart


@every
def test_folders_are_whole(app: App) -> None:
    for platform in app.folders:
        found = folders(app, Machine(platform, Path("/home/me"), {}))
        assert found
        assert all(str(folder).startswith("/home/me") and "$" not in str(folder) for folder in found)


def test_a_process_is_that_of_one_app() -> None:
    for platform in ("linux", "darwin", "win32"):
        names = [name for app in apps() for name in app.processes.get(platform, [])]
        assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("file", "app"),
    [
        ("/x/.vscode/mcp.json", "vscode"),
        ("/x/Code/User/mcp.json", "vscode"),
        ("/x/.cursor/mcp.json", "cursor"),
        ("/x/.lmstudio/mcp.json", "lm-studio"),
        ("/x/opencode.jsonc", "opencode"),
        ("/x/claude_desktop_config.json", "claude-desktop"),
        ("/x/anything.json", "claude-desktop"),
        ("/x/anything.toml", "codex"),
    ],
)
def test_whose_file_it_is(file: str, app: str) -> None:
    assert of_file(Path(file)).id == app

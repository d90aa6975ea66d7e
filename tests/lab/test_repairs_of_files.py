# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs of an AI app's file, clicked in a real Blender: what is shown, what is written, and the way back."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab import dialog, doctor, inventory, real_addon, real_server
from tests.lab.extension import MODULE
from tests.lab.home import Home
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab]


@pytest.fixture(autouse=True)
def forget(window: BlenderWindow) -> Iterator[None]:
    """Each test begins without repairs, and with an add-on that answers."""
    window.run_python(f"{dialog._REPAIRS}attempt.repairs.__init__()")
    real_addon.start(window)
    yield
    window.pointer.key("Escape")


def _clicked_and_undone(window: BlenderWindow, file: Path, cause: str) -> tuple[bytes, str]:
    """Click the repair of this cause and OK, and Undo and OK; what the file held between, and what was said."""
    old = file.read_bytes()
    assert cause in _ids(doctor.diagnose(window))
    window.screenshot(f"repair-{cause}-offered")
    window.pointer.open_tab(doctor.TAB)
    before = doctor.runs_begun(window)
    window.pointer.click_button(f'mcp_diagnostics.repair(finding="{cause}"')
    dialog.opened(window)
    window.screenshot(f"repair-{cause}-dialog")
    assert file.read_bytes() == old
    dialog.confirm(window)
    report = dialog.looked_again(window, before)
    window.screenshot(f"repair-{cause}-made")
    said, new = dialog.outcome(window), file.read_bytes()
    assert cause not in _ids(report)
    assert [backup.read_bytes() for backup in file.parent.glob("*.bak-*")] == [old]

    before = doctor.runs_begun(window)
    window.pointer.click_button("mcp_diagnostics.undo_repair")
    dialog.opened(window)
    window.screenshot(f"repair-{cause}-undo-dialog")
    dialog.confirm(window)
    report = dialog.looked_again(window, before)
    window.screenshot(f"repair-{cause}-undone")
    assert file.read_bytes() == old
    assert cause in _ids(report)
    return new, said


def _ids(report: dict[str, object]) -> set[str]:
    found = report["findings"]
    assert isinstance(found, list)
    return {row["id"] for row in found}


def test_a_program_that_the_app_does_not_find_gets_its_full_path(window: BlenderWindow, home: Home) -> None:
    uvx = home.put_uvx()
    file = home.configure(real_server.entry(command="uvx"))

    new, said = _clicked_and_undone(window, file, "launcher.not-found")

    assert json.loads(new)["mcpServers"]["blender"]["command"] == str(uvx)
    assert said.startswith("That helped")


def test_a_comma_too_many_is_taken_away(window: BlenderWindow, home: Home) -> None:
    home.put_uvx()
    file = home.write(json.dumps({"mcpServers": {"blender": real_server.entry()}}, indent=2)[:-2] + ",\n}\n")

    new, said = _clicked_and_undone(window, file, "client.config-unparsable")

    assert json.loads(new)["mcpServers"]["blender"] == real_server.entry()
    assert said.startswith("That helped")


def _in_a_shell(home: Home, *arguments: str) -> str:
    environment = {"HOME": str(home.path), "PATH": "/usr/bin:/bin"}
    argv = [sys.executable, "-m", "diagnostics", *arguments, "--yes"]
    ran = subprocess.run(
        argv, cwd=inventory.REPOSITORY, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    return ran.stdout + ran.stderr


def test_the_shell_takes_back_what_a_click_has_made(window: BlenderWindow, home: Home) -> None:
    home.put_uvx()
    file = home.configure(real_server.entry(command="uvx"))
    old = file.read_bytes()
    doctor.diagnose(window)
    dialog.repair(window, "launcher.not-found")
    assert file.read_bytes() != old

    said = _in_a_shell(home, "undo")

    assert "is again as it was before" in said
    assert file.read_bytes() == old


def test_a_click_takes_back_what_the_shell_has_made(window: BlenderWindow, home: Home) -> None:
    file = home.write(json.dumps({"mcpServers": {"blender": real_server.entry()}}, indent=2)[:-2] + ",\n}\n")
    old = file.read_bytes()
    said = _in_a_shell(home, "fix", "client.config-unparsable", "--only", "client")
    assert file.read_bytes() != old, said

    # As in a Blender that was started since: it looks for such changes once.
    window.run_python(f"from {MODULE}.operators import earlier\nearlier._looked = False")
    doctor.diagnose(window)
    window.wait_for(f"{dialog._REPAIRS}bool(attempt.repairs.ways_back)", 10)
    doctor.diagnose(window)
    dialog.undo(window)

    assert file.read_bytes() == old

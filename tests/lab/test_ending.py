# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever ends a run in a window ends the processes that it started, too."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lab import doctor, real_addon
from tests.lab.extension import MODULE
from tests.lab.fixtures import Lab
from tests.lab.home import Home
from tests.lab.processes import until
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab]

_STUBBORN = """#!/bin/sh
trap '' TERM
( trap '' TERM; echo $$ > {folder}/child; sleep 300 ) &
echo $! > {folder}/grandchild
wait
"""


def _begin(window: BlenderWindow, home: Home) -> list[int]:
    """Have a run under way whose server never answers, ignores SIGTERM and has a child; the ids of both processes."""
    real_addon.start(window)
    script = home.put_script("blender-stubborn", _STUBBORN.format(folder=home.path))
    home.configure({"command": str(script)})
    doctor.diagnose(window)
    for name in ("child", "grandchild"):
        (home.path / name).unlink(missing_ok=True)
    window.pointer.click_button("mcp_diagnostics.allow")
    return [until(lambda name=name: _number(home.path / name), f"the {name}", 20) for name in ("child", "grandchild")]


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text())
    except (OSError, ValueError):
        return None


def _gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may go while it is looked at
        return True


def _ends(pids: list[int], what: str, action: Callable[[], object]) -> None:
    began = time.monotonic()
    action()
    until(lambda: all(map(_gone, pids)), f"the processes to end after {what}", 10)
    print(f"\n{what}: {(time.monotonic() - began) * 1000:.0f} ms until the processes were gone")
    assert all(pid != os.getpid() for pid in pids)


def test_cancel(window: BlenderWindow, home: Home) -> None:
    pids = _begin(window, home)

    _ends(pids, "a click on Cancel", lambda: window.pointer.click_button(doctor.CANCEL))

    window.wait_for(f"from {MODULE}.operators import session\nnot session.is_running()", 5)
    notice = window.run_python(f"from {MODULE}.operators import session\nsession.state.notice")
    assert notice == "Cancelled"
    assert window.run_python(f"from {MODULE}.operators import session\nsession.state.report is not None")


def test_file_open(window: BlenderWindow, home: Home) -> None:
    pids = _begin(window, home)

    _ends(pids, "File > New", lambda: window.run_python("with view3d():\n    bpy.ops.wm.read_homefile()"))

    state = f"from {MODULE}.operators import session\n"
    assert window.run_python(f"{state}session.state.report is not None"), "the last result stays"
    saved = window.folder / "saved.blend"
    window.run_python(f"bpy.ops.wm.save_as_mainfile(filepath={str(saved)!r}, compress=False)")
    assert b"mcp_diagnostics" not in saved.read_bytes(), "nothing of ours is in the user's file"
    window.run_python("with view3d() as context:\n    context.space_data.show_region_ui = True")


def test_disabling_the_extension(window: BlenderWindow, home: Home) -> None:
    pids = _begin(window, home)

    off = f"bpy.ops.preferences.addon_disable(module={MODULE!r})"
    try:
        _ends(pids, "disabling the extension", lambda: window.run_python(off))
    finally:
        window.run_python(f"bpy.ops.preferences.addon_enable(module={MODULE!r})")


def test_quitting_blender(lab: Lab, extension_zip: Path, home: Home) -> None:
    version = next(iter(lab.windows), "4.3.2")
    lab.blender(version)
    with lab.closed_window(version) as own:
        inside = Home(own.folder / "user")
        home.path.rename(inside.path)
        own.install(extension_zip)
        own.start()
        own.use_home(inside.path)
        script = inside.put_script("blender-stubborn", _STUBBORN.format(folder=inside.path))
        inside.configure({"command": str(script)})
        doctor.diagnose(own)
        own.pointer.click_button("mcp_diagnostics.allow")
        pids = [
            until(lambda name=name: _number(inside.path / name), f"the {name}", 20) for name in ("child", "grandchild")
        ]

        quit_now = "bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.05)"
        _ends(pids, "quitting", lambda: own.run_python(quit_now))

        assert until(lambda: (own.exit_code is not None) or None, "Blender to quit", 20)
        assert own.exit_code == 0

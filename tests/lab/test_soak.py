# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred runs in a busy window: the evidence that our threads are safe, of which Blender's manual warns."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab import doctor, real_addon
from tests.lab.extension import MODULE
from tests.lab.home import Home
from tests.lab.window import HEIGHT, WIDTH, BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab, pytest.mark.timeout(600)]

RUNS = 200
_INSIDE = Path(__file__).with_name("soak_inside.py")
_SOAK = f"""
import runpy
from {MODULE}.operators import session
inside = bpy.app.driver_namespace["soak code"] = runpy.run_path({{path!r}}, run_name="soak_inside")
inside["soak"](session, {RUNS})
"""


def _resize(window: BlenderWindow, width: int, height: int) -> None:
    """Resize Blender's window, as its user does by its corner."""
    command = f"xdotool search --onlyvisible --class blender windowsize %@ {width} {height}"
    window.room.run(["sh", "-c", command], timeout_s=10, env=window.environment)
    window.wait_for(f"bpy.context.window_manager.windows[0].width == {width}", deadline_s=10)


def test_many_runs_in_a_busy_window_leave_nothing_behind(window: BlenderWindow, home: Home) -> None:
    """Each run asks the add-on of this very Blender, and starts and ends a process."""
    real_addon.start(window)
    home.configure({"command": "/bin/false", "args": ["blender-mcp"]})
    doctor.diagnose(window)
    doctor.allow_all(window)
    inside = window.folder / _INSIDE.name
    inside.write_text(_INSIDE.read_text(encoding="utf-8"), encoding="utf-8")

    # Without a graphics card the time goes into pixels; a small window has fewer.
    _resize(window, 640, 480)
    window.run_python(_SOAK.format(path=str(inside)))
    window.wait_for("bpy.app.driver_namespace['soak'].get('finished')", deadline_s=420)
    window.run_python("with view3d():\n    bpy.ops.screen.animation_cancel(restore_frame=False)")
    _resize(window, WIDTH, HEIGHT)

    found = window.run_python("bpy.app.driver_namespace['soak']")
    early, late = found["early"], found["late"]
    print(
        f"\n{window.version}: {RUNS} runs, {found['frames']} frames; memory {early['resident']} -> {late['resident']}"
    )
    assert found["frames"] > RUNS / 2, "the animation did not play"
    assert set(found["verdicts"]) == {"server.exits-at-start"}
    assert late["threads"] == early["threads"]
    assert late["children"] == []
    assert late["descriptors"] <= early["descriptors"]
    assert late["resident"] - early["resident"] < 10 * 2**20

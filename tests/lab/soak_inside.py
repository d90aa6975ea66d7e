# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs inside Blender: diagnoses again and again while Blender is as busy as its user makes it.

An animation with scripted drivers plays, the viewport draws every frame of it, and undo and redo are called between the
runs. What is found stands in `bpy.app.driver_namespace["soak"]`.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import bpy
from bpy.app.handlers import persistent

WARM_UP = 100
"""Runs after which the memory is looked at for the first time: until then allocators and caches still grow."""
UNDO_STEPS = 4
"""Blender keeps the whole scene for each of them, which is no memory of ours."""


def used() -> dict[str, object]:
    """What this process holds now."""
    proc = Path("/proc/self")
    return {
        "resident": int((proc / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE"),
        "descriptors": len(list((proc / "fd").iterdir())),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "children": (proc / f"task/{os.getpid()}/children").read_text().split(),
    }


def prepare() -> None:
    """An object that moves by a scripted driver, and an animation that plays."""
    cube = bpy.data.objects.new("soak", bpy.data.meshes.new("soak"))
    bpy.context.scene.collection.objects.link(cube)
    driver = cube.driver_add("location", 0).driver
    driver.type = "SCRIPTED"
    driver.expression = "sin(frame / 10)"
    bpy.context.scene.frame_end = 100000
    bpy.context.preferences.edit.undo_steps = UNDO_STEPS
    window = bpy.context.window_manager.windows[0]
    for area in window.screen.areas:
        if area.type == "VIEW_3D":
            # The viewport draws each frame; without a graphics card the plain way of drawing leaves time for the rest.
            area.spaces.active.shading.type = "WIREFRAME"
            area.spaces.active.overlay.show_overlays = False
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo_push(message="soak")
        bpy.ops.screen.animation_play()


def disturb(done: int) -> None:
    """What the user does between two runs."""
    if not bpy.context.screen.is_animation_playing:  # undo ends it in Blender 5.2
        bpy.ops.screen.animation_play()
    if done % 5 == 1:
        bpy.context.scene.objects["soak"].location.y += 1.0
        bpy.ops.ed.undo_push(message=f"soak {done}")
    if done % 5 == 2:
        bpy.ops.ed.undo()
    if done % 5 == 3:
        bpy.ops.ed.redo()


def soak(session: object, runs: int) -> None:
    """Begin; a timer does the rest."""
    found: dict[str, object] = {"runs": 0, "verdicts": [], "frames": 0}
    bpy.app.driver_namespace["soak"] = found
    prepare()

    # Undo sets the frame back, so the frames are counted as they are drawn.
    @persistent
    def count(*_arguments: object) -> None:
        found["frames"] = int(found["frames"]) + 1  # type: ignore[call-overload]

    bpy.app.handlers.frame_change_post.append(count)

    def step() -> float | None:
        if session.is_running():  # type: ignore[attr-defined]
            return 0.01
        done = int(found["runs"])  # type: ignore[call-overload]
        if done:
            found["verdicts"].append(str(session.state.report.root_cause))  # type: ignore[attr-defined]
        if done == WARM_UP:
            found["early"] = used()
        if done == runs:
            found["late"] = used()
            bpy.app.handlers.frame_change_post.remove(count)
            found["finished"] = True
            return None
        with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
            disturb(done)
            bpy.ops.mcp_diagnostics.run("INVOKE_DEFAULT")
        found["runs"] = done + 1
        return 0.01

    bpy.app.timers.register(step, first_interval=0.1, persistent=True)

# SPDX-License-Identifier: GPL-3.0-or-later
"""How long we stay on Blender's main thread: a tick of the timer, a drawing of the panel, registering.

Measured inside a real window, by a clock around our own functions; the floor is an empty function under the same clock.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.figures import shown
from tests.lab import doctor, extension, inventory, real_addon
from tests.lab import headless as headlessly
from tests.lab import room as rooms
from tests.lab.extension import MODULE
from tests.lab.window import BlenderWindow

RUNS = 20

_CLOCK = f"""
import time
from {MODULE}.operators import clock
from {MODULE}.panels import sidebar
taken = bpy.app.driver_namespace["taken"] = {{"tick": [], "draw": [], "nothing": []}}
def timed(name, function):
    def wrapper(*arguments):
        began = time.perf_counter()
        try:
            return function(*arguments)
        finally:
            taken[name].append((time.perf_counter() - began) * 1000)
    return wrapper
clock._tick = timed("tick", clock._tick)
panel = sidebar.MCP_DIAGNOSTICS_PT_sidebar
draw = timed("draw", panel.draw)
panel.draw = lambda self, context: draw(self, context)  # Blender counts the parameters
for _ in range(1000):
    timed("nothing", lambda: None)()
"""
_REGISTER = f"""
import importlib, time
module = importlib.import_module({MODULE!r})
taken = []
for _ in range(20):
    module.unregister()
    began = time.perf_counter()
    module.register()
    taken.append((time.perf_counter() - began) * 1000)
taken
"""


def measure() -> Iterator[str]:
    """Every window that the laboratory has."""
    blender = headlessly.any_present()
    if blender is None or rooms.refusal():
        yield f"not measured: {rooms.refusal() or 'there is no Blender'}"
        return
    for suite in inventory.SUITES:
        if inventory.suite_version(suite) is None:
            yield f"Blender {suite.blender}: not measured, it is not in the laboratory"
            continue
        with tempfile.TemporaryDirectory() as folder:
            zipped = extension.build(blender, Path(folder))
            with BlenderWindow(suite, Path(folder, "window"), inventory.REPOSITORY / "lab-output") as window:
                window.install(zipped, inventory.addon_file())
                window.start()
                real_addon.wait_until_up(window)
                yield from _of_window(window)


def _of_window(window: BlenderWindow) -> Iterator[str]:
    doctor.diagnose(window)
    window.run_python(_CLOCK)
    for _ in range(RUNS):
        doctor.diagnose(window)
    taken = window.run_python("bpy.app.driver_namespace['taken']")
    registered = window.run_python(_REGISTER)
    yield f"Blender {window.version}"
    yield f"  floor, an empty function: {shown(sorted(taken['nothing']))}"
    yield f"  tick of the timer: {shown(sorted(taken['tick']))} (budget: 2 ms at the longest)"
    yield f"  drawing the panel: {shown(sorted(taken['draw']))} (budget: 1 ms)"
    yield f"  register(): {shown(sorted(registered))} (budget: 15 ms)"

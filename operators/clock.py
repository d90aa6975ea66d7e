# SPDX-License-Identifier: GPL-3.0-or-later
"""Blender's side of a run: the timer that takes in what it tells, the redraw, and the moments at which it must end."""

from __future__ import annotations

import atexit
from typing import Any

import bpy
from bpy.app.handlers import persistent

from . import session

_TICK_S = 0.05
_BUDGET_S = 0.002

_shown_in: dict[int, bool] = {}
"""Pointers of the regions that have drawn our panel or preferences since they were last told to draw again.

The value says whether the answer of a diagnosis is shown there.
"""


def shown_in(region: bpy.types.Region, *, answer: bool = True) -> None:
    """Note that something of ours is drawn there, so that `redraw` finds the region."""
    _shown_in[region.as_pointer()] = answer


def is_shown() -> bool:
    """Whether our panel has been drawn anywhere since it was last told to."""
    return any(_shown_in.values())


def redraw() -> None:
    """Let the regions that show our panel draw again, wherever it is shown, and no others."""
    if not _shown_in:
        return
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions:
                if region.as_pointer() in _shown_in:
                    region.tag_redraw()
    _shown_in.clear()


def start() -> None:
    """Begin to take in what the run tells. The timer ends itself with the run."""
    if not bpy.app.timers.is_registered(_tick):
        # Persistent, because the timer would be lost on File > Open otherwise.
        bpy.app.timers.register(_tick, first_interval=_TICK_S, persistent=True)


def _tick() -> float | None:
    if session.drain(_BUDGET_S):
        redraw()
    return _TICK_S if session.is_running() else None


def _end(reason: str) -> None:
    session.end(reason)
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


@persistent
def _on_load_pre(*_arguments: Any) -> None:
    # The new file may bring another port and another add-on state, so the answer would be about the old one.
    _end("Cancelled, because another file was opened")


def _on_exit() -> None:
    session.end("")


def register() -> None:
    """Watch for File > Open, and for an exit that does not disable the extensions first."""
    bpy.app.handlers.load_pre.append(_on_load_pre)
    atexit.register(_on_exit)


def unregister() -> None:
    """End a run that is under way."""
    _end("")
    bpy.app.handlers.load_pre.remove(_on_load_pre)
    atexit.unregister(_on_exit)
    _shown_in.clear()

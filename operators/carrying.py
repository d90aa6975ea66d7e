# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes a change: what touches Blender on its main thread, all else in a thread that a timer looks after.

So Blender never waits for a process to end or for a disk. Without a window it is made at once, where it was asked for.
"""

from __future__ import annotations

import dataclasses
import queue
import threading
from typing import TYPE_CHECKING, Any

import bpy

from . import attempt, clock, session
from .blender_words import why_not

if TYPE_CHECKING:
    from .asking import Planned

_TICK_S = 0.05

_answers: queue.SimpleQueue[tuple[Planned, str | Exception]] = queue.SimpleQueue()


def carry_out(planned: Planned) -> bool:
    """Make the change and call `planned.made` with what it says, now or later, on the main thread.

    False when it could not be made; then the session's notice says why.
    """
    if bpy.app.background or hasattr(planned.change, "settle_s"):
        return _take_in(planned, _made(planned.change))
    attempt.repairs.working = planned.change.title
    # A daemon, so that a process which does not end cannot keep Blender from quitting.
    threading.Thread(target=_in_thread, args=(planned,), name="MCP Diagnostics repair", daemon=True).start()
    # Persistent, because the change goes on when another file is opened.
    bpy.app.timers.register(_tick, first_interval=_TICK_S, persistent=True)
    clock.redraw()
    return True


def _in_thread(planned: Planned) -> None:
    _answers.put((planned, _made(planned.change)))


def _made(change: Any) -> str | Exception:
    try:
        return str(change.carry_out())
    except Exception as error:  # noqa: BLE001  # told in one line: no traceback for users
        return error


def _tick() -> float | None:
    try:
        planned, answer = _answers.get_nowait()
    except queue.Empty:
        return _TICK_S
    _take_in(planned, answer)
    return None


def _take_in(planned: Planned, answer: str | Exception) -> bool:
    from ..diagnostics.remedies.change import ChangeError  # noqa: PLC0415  # loaded with the first repair

    attempt.repairs.working = ""
    attempt.repairs.forced = _second_question(planned, answer)
    if isinstance(answer, str):
        session.state.notice = answer
        planned.made(answer)
        clock.redraw()
        return True
    if planned.refused is not None:
        planned.refused()
    if isinstance(answer, ChangeError):
        session.state.notice = str(answer)
    else:
        lines = str(answer).strip().splitlines() or [type(answer).__name__]
        session.state.notice = why_not("failed", reason=lines[-1])
    clock.redraw()
    return False


def _second_question(planned: Planned, answer: str | Exception) -> Planned | None:
    """What can be done by force, where the change has shown that nothing less does."""
    forced = getattr(answer, "forced", None)
    return None if forced is None else dataclasses.replace(planned, change=forced, confirm_text="")


def unregister() -> None:
    """Look after nothing any more."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    attempt.repairs.working = ""

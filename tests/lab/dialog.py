# SPDX-License-Identifier: GPL-3.0-or-later
"""The dialog that shows a change before it is made: found on the screen, and answered with the mouse.

Blender does not tell where a dialog is. Its default button is the only wide one in the colour of what is chosen, so it
is looked for in a picture of the screen; the other one is beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab import doctor
from tests.lab.extension import MODULE
from tests.lab.processes import until
from tests.lab.window import WIDTH

if TYPE_CHECKING:
    from tests.lab.window import BlenderWindow

_BLUE = bytes((0x47, 0x72, 0xB3))
"""The ground of a default button in Blender's own dark theme."""
_LEAST = 100
"""Pixels of it in a row, left of the button's text: more than any other blue thing of the window has."""
_REPAIRS = f"from {MODULE}.operators import attempt, session\n"


@dataclass(frozen=True, slots=True)
class Button:
    """The default button: pixels from the screen's top left corner."""

    left: int
    right: int
    middle: int


def default_button(window: BlenderWindow) -> Button | None:
    """Where it is; None while no dialog is open."""
    raw = window.folder / "screen.rgb"
    window.room.run(["import", "-window", "root", "-depth", "8", f"rgb:{raw}"], timeout_s=20, env=window.environment)
    pixels = raw.read_bytes()
    rows: dict[int, tuple[int, int]] = {}
    at = pixels.find(_BLUE * _LEAST)
    while at >= 0:
        y, x = divmod(at // 3, WIDTH)
        if at % 3 == 0:
            row = pixels[y * WIDTH * 3 : (y + 1) * WIDTH * 3]
            last = row.rfind(_BLUE * 8)
            rows[y] = (x, last // 3 + 8)
        at = pixels.find(_BLUE * _LEAST, (y + 1) * WIDTH * 3)
    if not rows:
        return None
    middle = sorted(rows)[len(rows) // 2]
    return Button(*rows[middle], middle)


def opened(window: BlenderWindow) -> Button:
    """Wait for a dialog that stands still; where its default button is."""
    seen: list[Button | None] = [None]

    def stands_still() -> Button | None:
        seen.append(default_button(window))
        return seen[-1] if seen[-1] == seen[-2] else None

    return until(stands_still, "a dialog", 15)


def confirm(window: BlenderWindow, *, final: bool = False) -> None:
    """Click what makes the change. In a dialog about what cannot be taken back, Cancel is the default, to its left."""
    button = opened(window)
    x = button.right + 40 if final else (button.left + button.right) // 2
    window.click(x, button.middle)
    try:
        until(lambda: default_button(window) is None, "the dialog to close", 15)
    except TimeoutError:
        window.screenshot("dialog-still-open")
        raise


def cancel(window: BlenderWindow) -> None:
    """Press Esc."""
    opened(window)
    window.pointer.key("Escape")
    until(lambda: default_button(window) is None, "the dialog to close", 15)


def repair(window: BlenderWindow, finding: str, *, index: int | None = None, final: bool = False) -> dict[str, Any]:
    """Click a finding's repair and OK; the report of the run that follows by itself."""
    window.pointer.open_tab(doctor.TAB)
    which = f'mcp_diagnostics.repair(finding="{finding}"'
    window.pointer.click_button(which if index is None else f"{which}, index={index}")
    before = doctor.runs_begun(window)
    confirm(window, final=final)
    return looked_again(window, before)


def undo(window: BlenderWindow) -> dict[str, Any]:
    """Click Undo and OK; the report of the run that follows by itself."""
    window.pointer.open_tab(doctor.TAB)
    window.pointer.click_button("mcp_diagnostics.undo_repair")
    before = doctor.runs_begun(window)
    confirm(window)
    return looked_again(window, before)


def looked_again(window: BlenderWindow, before: int) -> dict[str, Any]:
    """Wait for the run after a repair."""
    window.wait_for(f"{_REPAIRS}not session.is_running() and id(session.state.report) != {before}", deadline_s=30)
    return doctor.wait_for_report(window)


def outcome(window: BlenderWindow) -> str:
    """What the panel says of the last repair."""
    return str(window.run_python(f"{_REPAIRS}attempt.repairs.outcome or attempt.repairs.said"))


def notice(window: BlenderWindow) -> str:
    """What the panel says of what was not done."""
    return str(window.run_python(f"{_REPAIRS}session.state.notice"))

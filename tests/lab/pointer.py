# SPDX-License-Identifier: GPL-3.0-or-later
"""The mouse of the tests: real events of the X server, and how to find what is to be clicked.

Blender does not tell where a button is drawn. But it knows the operator of the button under the mouse (that is what
Ctrl+C copies), so a button is found as a blind hand finds it: by moving down the sidebar until it is felt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.processes import until

if TYPE_CHECKING:
    from tests.lab.window import BlenderWindow

_STEP = 14
"""Pixels between two places that are felt; a button is 20 high."""
_MIDDLE, _SIDES = 0.6, (0.25, 0.93)
"""Where a row is felt, as a part of its width. What has nothing in the middle is felt at its sides the second time."""
_HOVERED = """
with view3d("UI") as context:
    found = ""
    if bpy.ops.ui.copy_python_command_button.poll():
        bpy.ops.ui.copy_python_command_button()
        found = context.window_manager.clipboard
found
"""
_REGION = """
with view3d({kind!r}) as context:
    region, window = context.region, context.window
    box = [region.x, window.height - region.y - region.height, region.width, region.height]
box
"""
_SCROLLED = """
with view3d("UI") as context:
    top = context.region.view2d.region_to_view(0, context.region.height)[1]
round(top)
"""
_TO_THE_END = 60
_HALF_A_PAGE = 12
"""Clicks of the wheel."""
_SAME = 5
"""The sidebar stands still when this many looks at it, 30 ms apart, see the same."""
_CATEGORY = 'with view3d("UI") as context:\n    tab = context.region.active_panel_category\ntab'


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the screen: pixels from the top left corner."""

    left: int
    top: int
    width: int
    height: int


class Pointer:
    """The mouse in one window."""

    def __init__(self, window: BlenderWindow) -> None:
        self._window = window

    def move(self, x: int, y: int) -> None:
        """Move the mouse, and let Blender see that it moved."""
        self._xdotool("mousemove", "--sync", str(x), str(y))

    def click(self, x: int, y: int) -> None:
        """Move, press, release."""
        self._xdotool("mousemove", str(x), str(y), "click", "1")

    def scroll(self, clicks: int) -> None:
        """Turn the wheel where the mouse is: down for a positive number."""
        self._xdotool("click", "--repeat", str(abs(clicks)), "5" if clicks > 0 else "4")

    def key(self, name: str) -> None:
        """Press a key, named as in X."""
        self._xdotool("key", name)

    def region(self, kind: str = "UI") -> Box:
        """Where a region of the 3D View is: "UI" is the sidebar, "WINDOW" the scene."""
        return Box(*self._window.run_python(_REGION.format(kind=kind)))

    def open_tab(self, name: str) -> None:
        """Click the sidebar's tabs, from the top, until the tab `name` is the active one. Raises LookupError."""
        if self._window.run_python(_CATEGORY) == name:
            return
        sidebar = self.region()
        for y in range(sidebar.top + 15, sidebar.top + sidebar.height, 25):
            self.click(sidebar.left + sidebar.width - 10, y)
            try:
                # A click is handled in its own time; a tab that is not under the mouse never gets active.
                until(lambda: self._window.run_python(_CATEGORY) == name, "", 0.15)
            except TimeoutError:
                continue
            return
        raise LookupError(f"the sidebar has no tab {name}")

    def find_button(self, command: str) -> tuple[int, int]:
        """The place of the first button, from the top of the sidebar, whose Python command contains `command`.

        Turns the wheel when the panel is longer than the sidebar. Raises LookupError that names the buttons that were
        felt, and keeps a picture.
        """
        felt: list[str] = []
        if self._window.run_python(_SCROLLED) < -_STEP:
            self._turn(-_TO_THE_END)
        while True:
            if place := self._feel_all(command, felt, thoroughly=False) or self._feel_all(
                command, felt, thoroughly=True
            ):
                return place
            before = self._window.run_python(_SCROLLED)
            self._turn(_HALF_A_PAGE)
            if self._window.run_python(_SCROLLED) == before:
                break
        self._window.screenshot("button-not-found")
        raise LookupError(f"no button in the sidebar does {command}; there are: {', '.join(felt) or 'none'}")

    def _feel_all(self, command: str, felt: list[str], *, thoroughly: bool) -> tuple[int, int] | None:
        """Feel the part of the sidebar that can be seen."""
        sidebar = self.region()
        for y in range(sidebar.top + 5, sidebar.top + sidebar.height, _STEP):
            parts = list(_SIDES) if thoroughly else [_MIDDLE]
            for part in parts:
                x = sidebar.left + int((sidebar.width - 25) * part)
                found = self._feel(x, y)
                if command in found:
                    return x, y
                if found and found not in felt:
                    felt.append(found)
                if found and part == _MIDDLE:
                    parts.extend(_SIDES)
        return None

    def _turn(self, clicks: int) -> None:
        """Turn the wheel over the sidebar, and wait until it stands still."""
        sidebar = self.region()
        self.move(sidebar.left + 8, sidebar.top + sidebar.height // 2)
        self.scroll(clicks)
        seen: list[object] = []

        def stands_still() -> bool:
            seen.append(self._window.run_python(_SCROLLED))
            return len(seen) > _SAME and len(set(map(str, seen[-_SAME:]))) == 1

        until(stands_still, "the sidebar to stand still", 5)

    def click_button(self, command: str) -> None:
        """Find the button, and click it."""
        self.click(*self.find_button(command))

    def _feel(self, x: int, y: int) -> str:
        self.move(x, y)
        # The first answer may be older than the movement; the second comes after it was handled.
        self._window.run_python("None")
        return str(self._window.run_python(_HOVERED))

    def _xdotool(self, *arguments: str) -> None:
        self._window.room.run(["xdotool", *arguments], timeout_s=10, env=self._window.environment)

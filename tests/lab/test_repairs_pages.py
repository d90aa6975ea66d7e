# SPDX-License-Identifier: GPL-3.0-or-later
"""A change that is too long for the window, read page by page in a real Blender."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.lab import dialog
from tests.lab.extension import MODULE
from tests.lab.processes import until
from tests.lab.window import BlenderWindow

pytestmark = [pytest.mark.blender, pytest.mark.lab]

_LISTEN = f"""
from {MODULE}.panels import change
seen, real = [], change._page_buttons
def listening(row, operator, page, pages):
    seen[:] = [page, pages]
    real(row, operator, page, pages)
change._page_buttons = listening
bpy.app.driver_namespace["pages"] = seen, real
"""
"""It only listens to what is drawn: Blender does not tell what a dialog shows."""
_FORGET = f"""
from {MODULE}.operators import attempt
from {MODULE}.panels import change
change._page_buttons = bpy.app.driver_namespace.pop("pages")[1]
attempt.repairs.__init__()
"""
_ASK = f"""
from {MODULE}.operators import asking, attempt
class Change:
    title = "A change of two hundred lines"
    preview = "\\n".join(f"line {{number}}" for number in range(200))
attempt.repairs.forced = asking.Planned(Change(), print)
with view3d("UI"):
    bpy.ops.mcp_diagnostics.end_by_force("INVOKE_DEFAULT")
"""
"""FAKE change, which is never made."""
_ABOVE, _INSIDE = 30, 40
"""Pixels from the button that makes the change to the row that turns the page, and from a row's end into its button."""


@pytest.fixture
def pages(window: BlenderWindow) -> Iterator[BlenderWindow]:
    """A window whose open dialog shows the first of several pages."""
    window.run_python(_LISTEN)
    try:
        window.run_python(_ASK)
        yield window
        dialog.cancel(window)
    finally:
        window.run_python(_FORGET)


def _page(window: BlenderWindow) -> tuple[int, int]:
    page, count = window.run_python('bpy.app.driver_namespace["pages"][0]')
    return page, count


def _click(window: BlenderWindow, *, forward: bool) -> None:
    """Click at the right end, or the left one, of the row above the dialog's buttons."""
    button = dialog.opened(window)
    left = button.left - (button.right - button.left)
    window.click(button.right - _INSIDE if forward else left + _INSIDE, button.middle - _ABOVE)


def test_the_pages_are_turned_by_clicks(pages: BlenderWindow) -> None:
    dialog.opened(pages)
    first, count = _page(pages)
    assert first == 1
    assert count > 2
    pages.screenshot("repair-page-first")

    for number in range(2, count + 1):
        _click(pages, forward=True)
        until(lambda number=number: _page(pages)[0] == number, f"page {number}", 5)
    pages.screenshot("repair-page-last")
    _click(pages, forward=False)
    until(lambda: _page(pages)[0] == count - 1, "the page before", 5)

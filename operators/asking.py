# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows a change before it is made, and makes it only after OK.

A script that calls such an operator without a dialog has to say `confirmed=True`; otherwise the change is printed and
nothing is done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy

from . import attempt, carrying, clock, session
from .blender_words import why_not

if TYPE_CHECKING:
    from collections.abc import Callable

    View = Callable[[bpy.types.Operator, bpy.types.Context, Any], None]

_WIDTH = 560
"""Of the dialog, in pixels at an interface scale of 1."""
_MARGIN = 40
"""What is left free beside it in a small window."""
MAX_PAGES = 50
"""Of a change in its dialog."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A change, and what follows when it was made."""

    change: Any
    made: Callable[[str], None]
    """Called on the main thread with what the change says; the operator may be gone by then."""
    final: bool = False
    """There is no way back, so Cancel is what Enter means."""
    confirm_text: str = ""
    """What the button says that makes the change, where that is not the operator's name."""
    refused: Callable[[], None] | None = None
    """Called when the change could not be made."""


_views: list[View] = []
"""How a change is drawn: what is seen is not this package's business, so `panels` says it."""


def shown_by(view: View) -> None:
    """Have this function draw the content of the dialogs."""
    _views[:] = [view]


class AsksFirst:
    """A mixin of operators that make one change. A subclass gives `plan`."""

    confirmed: bpy.props.BoolProperty(
        name="Confirmed",
        description="For scripts: make the change without a dialog. Otherwise it is printed, and nothing is done",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    # A choice and no number: a dialog of Blender 4 has the buttons of choices redrawn, but only edits its numbers.
    page: bpy.props.EnumProperty(
        name="Page",
        description="Which part of a long change is shown",
        items=tuple((str(number), str(number), "") for number in range(1, MAX_PAGES + 1)),
        options={"SKIP_SAVE", "HIDDEN"},
    )
    width = 0
    """Of the dialog, in pixels at an interface scale of 1."""
    planned: Planned | None = None

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Nothing else may be changing, and no run may be looking."""
        if session.is_running() or attempt.repairs.working:
            cls.poll_message_set(why_not("busy" if attempt.repairs.working else "running"))
            return False
        return True

    def plan(self, context: bpy.types.Context) -> Planned:
        """The change, planned against the world as it is now. Raises ChangeError."""
        raise NotImplementedError

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Show what would be changed."""
        if bpy.app.background:
            return self.execute(context)
        if not self._plan(context):
            return {"CANCELLED"}
        scale = context.preferences.system.ui_scale
        self.width = min(_WIDTH, int(context.window.width / scale) - _MARGIN)
        return context.window_manager.invoke_props_dialog(
            self,
            width=self.width,
            title=self.bl_label,
            confirm_text=self.planned.confirm_text or self.bl_label,
            cancel_default=self.planned.final,
        )

    def check(self, _context: bpy.types.Context) -> bool:
        """Another page is another picture."""
        return True

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the change."""
        for view in _views:
            view(self, context, self.planned.change)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the change that was shown."""
        if self.planned is None:
            if not self._plan(context):
                return {"CANCELLED"}
            if not self.confirmed:
                change = self.planned.change
                print(f"{change.title}\n\n{change.preview}\n")  # noqa: T201  # what the script would change
                return self._refuse(why_not("unconfirmed"))
        if session.is_running():
            return self._refuse(why_not("running"))
        begun = carrying.carry_out(self.planned)
        return {"FINISHED"} if begun else self._refuse(session.state.notice)

    def _plan(self, context: bpy.types.Context) -> bool:
        from ..diagnostics.remedies.change import ChangeError  # noqa: PLC0415  # loaded with the first repair

        try:
            self.planned = self.plan(context)
        except ChangeError as refused:
            self._refuse(str(refused))
            return False
        return True

    def _refuse(self, reason: str) -> set[str]:
        self.report({"WARNING"}, reason)
        session.state.notice = reason
        clock.redraw()
        return {"CANCELLED"}

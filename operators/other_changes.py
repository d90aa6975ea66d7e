# SPDX-License-Identifier: GPL-3.0-or-later
"""The changes outside Blender: processes that are in the way, and files of AI apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .attempt import WayBack
from .blender_words import refusal

if TYPE_CHECKING:
    from pathlib import Path

    import bpy

    from ..diagnostics.model import Remedy

_END = "end-process"

FINAL = frozenset({_END})
"""The actions that cannot be taken back, so Cancel is what Enter means."""


def plan(_context: bpy.types.Context, remedy: Remedy) -> Any:
    """Plan the change. Raises ChangeError."""
    from ..diagnostics import remedies  # noqa: PLC0415  # loaded with the first repair

    return remedies.plan(remedy)


def way_back(remedy: Remedy, change: Any) -> WayBack | None:
    """How to take back a change that was made; None where there is no way back."""
    if remedy.action in FINAL:
        return None
    if hasattr(change, "back"):
        return WayBack(change.title, change.back) if change.undoable else None
    return WayBack(change.title, _last_of_files)


def way_back_of_files(own_folder: Path) -> WayBack | None:
    """How to take back the last change of a file, whichever session made it; None where there is none."""
    from ..diagnostics.remedies import undo  # noqa: PLC0415

    change = undo.last(own_folder)
    return None if change is None else WayBack(change.title, _last_of_files)


def _last_of_files() -> Any:
    from ..diagnostics.remedies import undo  # noqa: PLC0415

    change = undo.last(folder())
    if change is None:
        raise refusal("nothing")
    return change


def folder() -> Path:
    """Where what is needed to undo a change of a file is kept: one place for Blender and the shell."""
    from ..diagnostics.model import Machine  # noqa: PLC0415

    return Machine.current().state_folder

# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs for this machine: each is planned and shown first, carried out after a yes, and can be undone."""

from __future__ import annotations

from pathlib import Path

from ..model import END_PROCESS, Machine, Remedy
from . import undo
from .change import Change, ChangeError
from .file_change import plan_edits
from .process import StillRunsError, plan_end
from .refusal import refusal

__all__ = ["Change", "ChangeError", "StillRunsError", "plan", "undo"]


def plan(remedy: Remedy, machine: Machine | None = None, *, own_folder: Path | None = None) -> Change:
    """The change that a remedy of kind "apply" makes on this machine, planned against the world as it is now.

    `own_folder` is where what is needed to undo it is kept, by default the one place that Blender and the shell share.
    Raises ChangeError: the world is not what the diagnosis has seen, or the repair cannot be made from here.
    """
    machine = machine or Machine.current()
    if not remedy.is_outside_blender:
        raise refusal("unknown")
    if remedy.action == END_PROCESS:
        return plan_end(remedy)
    return plan_edits(remedy, machine, own_folder or machine.state_folder)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs for this machine: each is planned and shown first, carried out after a yes, and can be undone."""

from __future__ import annotations

from pathlib import Path

from ..knowledge.repairs import ACTION
from ..model import Machine, Remedy
from . import undo
from .change import Change, ChangeError
from .file_change import plan_edits
from .refusal import refusal

__all__ = ["Change", "ChangeError", "can_plan", "plan", "undo"]


def can_plan(remedy: Remedy) -> bool:
    """Whether `plan` knows how to make this repair. Others are copied, or made by a click in Blender."""
    return remedy.kind == "apply" and remedy.action == ACTION


def plan(remedy: Remedy, machine: Machine | None = None, *, own_folder: Path | None = None) -> Change:
    """The change that a remedy of kind "apply" makes on this machine, planned against the world as it is now.

    `own_folder` is where the doctor keeps what is needed to undo it. Raises ChangeError: the world is not what the
    diagnosis has seen, or the repair cannot be made from here.
    """
    machine = machine or Machine.current()
    if not can_plan(remedy):
        raise refusal("unknown")
    return plan_edits(remedy, machine, own_folder or machine.state_folder)

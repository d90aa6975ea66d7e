# SPDX-License-Identifier: GPL-3.0-or-later
"""`undo`: take back the last change that `fix`, or a click in Blender, has made."""

from __future__ import annotations

import argparse

from ..knowledge.repairs import words
from ..model import Machine, Snapshot
from ..remedies import ChangeError
from ..remedies.undo import last
from .terminal import agrees, say, write

NOT_UNDONE = 1


def undo(options: argparse.Namespace, _snapshot: Snapshot | None) -> int:
    """Takes the last change back; returns the exit status: 0 done or shown, 1 it cannot be undone, 2 wrong usage."""
    try:
        change = last(Machine.current().state_folder)
        if change is None:
            return say(f"mcp-diagnostics: {words('command', 'nothing_to_undo', {})}", NOT_UNDONE)
        write(f"{change.title}\n{change.preview}")
        if options.dry_run:
            return 0
        if (status := agrees("confirm_undo", yes=options.yes)) is not None:
            return status
        write(change.carry_out() + "\n")
    except ChangeError as error:
        return say(f"mcp-diagnostics: {error}", NOT_UNDONE)
    return 0

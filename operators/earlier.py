# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs of files that an earlier session made and that can still be taken back."""

from __future__ import annotations

import contextlib
import threading

from . import other_changes
from .attempt import repairs

_looked = False


def look() -> None:
    """Look for them, once a session, in a thread: files are read. What is found is drawn with the result of the run."""
    global _looked  # noqa: PLW0603  # once a session
    if not _looked:
        _looked = True
        threading.Thread(target=_look, args=(other_changes.folder(),), name="MCP Diagnostics undo", daemon=True).start()


def _look(folder: object) -> None:
    with contextlib.suppress(Exception):  # what cannot be taken back is not offered
        back = other_changes.way_back_of_files(folder)
        if back is not None:
            # It is older than all that this session has made.
            repairs.ways_back.insert(0, back)

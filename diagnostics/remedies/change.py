# SPDX-License-Identifier: GPL-3.0-or-later
"""What a repair would change: shown first, carried out only after the user's yes."""

from __future__ import annotations

from typing import Protocol


class ChangeError(Exception):
    """The change cannot be made. Its text says why, and what to do instead, in words for users."""


class Change(Protocol):
    """A change that was planned against the world as it is now, and not made yet."""

    @property
    def title(self) -> str:
        """What it does, in one line."""

    @property
    def preview(self) -> str:
        """A unified diff of a file, or the exact call; safe to show on this user's screen."""

    def carry_out(self) -> str:
        """Makes it, and returns in one sentence what was done.

        Raises ChangeError: what it was planned against is not so any more, or the system refuses. Nothing is changed
        then.
        """

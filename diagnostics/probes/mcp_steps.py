# SPDX-License-Identifier: GPL-3.0-or-later
"""How long each step of a conversation in MCP took."""

from __future__ import annotations

import time


class Steps:
    """A clock that is told which request is open, and keeps the time of each from its sending to its answer."""

    def __init__(self) -> None:
        self._open, self._since = "", time.monotonic()
        self._taken: dict[str, float] = {}

    def now_at(self, step: str) -> None:
        """Say which method is waited for now; empty for none. Pages of one list count as one step."""
        now = time.monotonic()
        if self._open and step != self._open:
            self._taken[self._open] = self._taken.get(self._open, 0.0) + (now - self._since) * 1000
        if step != self._open:
            self._open, self._since = step, now

    def taken(self) -> tuple[tuple[str, float], ...]:
        """The methods that were answered, in their order, with their milliseconds."""
        return tuple(self._taken.items())

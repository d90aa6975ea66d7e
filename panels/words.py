# SPDX-License-Identifier: GPL-3.0-or-later
"""The words and icons of the interface. What a finding says comes from the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .language import say

if TYPE_CHECKING:
    from ..operators.session import Progress

ICONS = {"pass": "CHECKMARK", "warn": "ERROR", "fail": "CANCEL", "unknown": "QUESTION", "skipped": "REMOVE"}

_MINUTE_S = 60
_HOUR_S = 60 * _MINUTE_S
_DAY_S = 24 * _HOUR_S
_AGO = (
    (_DAY_S, "1 day ago", "$count days ago"),
    (_HOUR_S, "1 hour ago", "$count hours ago"),
    (_MINUTE_S, "1 minute ago", "$count minutes ago"),
)


def links() -> dict[str, str]:
    """The names of the links, in the order in which a request passes them."""
    return _shared("links")


def verdicts() -> dict[str, str]:
    """The words for the verdicts."""
    return _shared("verdicts")


def changed() -> str:
    """What stands above the changes since the chain worked last."""
    return _shared("changes")["heading"]


def waits() -> str:
    """The word for a link that waits for another."""
    return say("Waits")


def _shared(name: str) -> dict[str, str]:
    from ..diagnostics.knowledge import table  # noqa: PLC0415  # read with the first drawing

    return {key: say(text) for key, text in table("words")[name].items() if isinstance(text, str)}


def progress(state: Progress) -> str:
    """How far a run is, and how long it may take."""
    longest = f"{state.deadline_s:.0f}"
    if not state.total:
        return say("at most $seconds s", seconds=longest)
    return say("$done of $total · at most $seconds s", seconds=longest, done=state.done, total=state.total)


def share(state: Progress) -> float:
    """How much of a run is done, from 0 to 1."""
    return state.done / state.total if state.total else 0.0


def duration(elapsed_ms: float) -> str:
    """How long something took: "0.2 ms", "12 ms", "0.8 s", "31 s"."""
    if elapsed_ms < 1:
        return f"{elapsed_ms:.1f} ms"
    if elapsed_ms < 100:  # noqa: PLR2004  # from here on tenths of a second read better
        return f"{elapsed_ms:.0f} ms"
    return f"{elapsed_ms / 1000:.1f} s" if elapsed_ms < 10_000 else f"{elapsed_ms / 1000:.0f} s"  # noqa: PLR2004


def ago(elapsed_s: float) -> str:
    """How long ago something was: "Just now", "2 minutes ago"."""
    if elapsed_s < _MINUTE_S:
        return say("Just now")
    for unit_s, one, several in _AGO:
        count = int(elapsed_s // unit_s)
        if count:
            return say(one) if count == 1 else say(several, count=count)
    raise AssertionError(elapsed_s)

# SPDX-License-Identifier: GPL-3.0-or-later
"""A repair that was made, what the run after it says of it, and the ways back. Nothing in this module knows Blender."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..diagnostics.model import Finding, Remedy, Report
    from .asking import Planned


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was done, and for which finding; an undo is for none."""

    said: str
    """What was done, in one sentence."""
    before: Report | None = None
    """What the diagnosis had found."""
    finding: Finding | None = None
    remedy: Remedy | None = None

    def judged(self, report: Report) -> str:
        """Whether it helped, by the report of the run that followed."""
        if self.before is None or self.finding is None or self.remedy is None:
            return ""
        from ..diagnostics.remedies.outcome import outcome  # noqa: PLC0415  # loaded with the first repair

        return outcome(self.before, self.finding, self.remedy, report)


@dataclass(frozen=True, slots=True)
class WayBack:
    """How to take back one repair: `plan` looks at the world as it is then, and raises ChangeError."""

    title: str
    plan: Callable[[], Any]


@dataclass(slots=True)
class Repairs:
    """All that is known of repairs in this session."""

    working: str = ""
    """The title of the change that is being made now, in a thread."""
    made: Attempt | None = None
    """What was done and is not looked at again yet."""
    judging: Attempt | None = None
    """What the run that is under way, or the next one, tells about."""
    said: str = ""
    """What was done last."""
    outcome: str = ""
    """Whether it helped."""
    forced: Planned | None = None
    """What is only made after a second question: the end of a process that does not end when it is asked to."""
    ways_back: list[WayBack] = field(default_factory=list)
    """The newest last."""

    def judge(self, report: Report) -> None:
        """Take in the report of a run."""
        self.said = self.judging.said if self.judging is not None else ""
        self.outcome = self.judging.judged(report) if self.judging is not None else ""
        self.judging = None


repairs = Repairs()

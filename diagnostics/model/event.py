# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run tells while it goes on."""

from __future__ import annotations

from dataclasses import dataclass

from .verdict import Link, Verdict


@dataclass(frozen=True, slots=True)
class CheckStarted:
    """Event: a check began, or went on with something else. `title` says what is being waited for.

    `done` of `total` checks have ended.
    """

    id: str
    title: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CheckEnded:
    """Event: a check ended; the row of its link may already be drawn."""

    id: str
    link: Link
    verdict: Verdict
    summary: str
    elapsed_ms: float
    done: int
    total: int


Event = CheckStarted | CheckEnded


@dataclass(frozen=True, slots=True)
class CaseEnded:
    """Event of the self-test: a case ended. Its beginning is told by `CheckStarted`."""

    id: str
    title: str
    verdict: Verdict
    done: int
    total: int


SelfTestEvent = CheckStarted | CaseEnded

# SPDX-License-Identifier: GPL-3.0-or-later
"""What a check is, what it may know, and what it returns. The engine runs checks; `diagnostics.checks` holds them."""

from __future__ import annotations

import contextlib
import datetime as dt
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from .ledger import Ledger
from .looks import Looks
from .model import Consent, Finding, Link, Machine, Snapshot, Target, Verdict, WorkedEntry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check returns: its judgement, one line for its row, and the observations that other checks may read.

    `summary` says in a few words what is so ("127.0.0.1:9876"). `blocked_by` names the cause or check that kept this
    check from looking, for a verdict of SKIPPED.
    """

    verdict: Verdict
    summary: str = ""
    findings: tuple[Finding, ...] = ()
    observations: tuple[object, ...] = ()
    consents: tuple[Consent, ...] = ()
    transcript: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences for people about what is worth knowing and is no fault, or stands beside one."""
    blocked_by: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One question to the chain.

    `needs` are ids of checks that must have ended well (pass or warn), otherwise this one is skipped; `after` are ids
    of checks that must have ended in any way. `waits_for` is shown while it runs. `deadline_s` of None means as long
    as the run lasts.
    """

    id: str
    link: Link
    waits_for: str
    run: Callable[[Context], Awaitable[Outcome]]
    needs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    deadline_s: float | None = 10.0


class Context:
    """What a check may know: the target, this Blender, the machine, and what earlier checks observed."""

    def __init__(
        self,
        target: Target,
        snapshot: Snapshot | None,
        machine: Machine,
        ledger: Ledger,
        *,
        ends_at: float,
        looks: Looks | None = None,
    ) -> None:
        self.target = target
        self.snapshot = snapshot
        self.machine = machine
        self.ledger = ledger
        self.ends_at = ends_at
        """`time.monotonic()` at which the run is over."""
        self.secrets: set[str] = set()
        """Texts that must not be shown to anybody: the values of variables that entries set."""
        self.resources = contextlib.ExitStack()
        """What checks leave open for later ones; closed when the run is over, however it ends."""
        self.looks = looks or Looks()
        """What was found out about this machine; several runs may share it."""
        self.worked: tuple[WorkedEntry, ...] = ()
        """The entries of AI apps that worked when all did, where such a run is remembered."""
        self.today = dt.date.today().isoformat()  # noqa: DTZ011  # the user's day
        """The day of the run, ISO 8601."""
        self.say: Callable[[str, str], None] = lambda _check_id, _title: None
        """Tells the user what a long check has come to: its id, and what is being waited for now. Set by the engine."""
        self._outcomes: dict[str, Outcome] = {}

    @property
    def remaining_s(self) -> float:
        """Seconds until the run is over, never negative."""
        return max(0.0, self.ends_at - time.monotonic())

    async def once(self, question: Callable[[], Awaitable[T]], key: object = None) -> T:
        """What `question` finds out, asked once for all that share these looks; see `Looks.once`."""
        return await self.looks.once(question, key)

    def outcome(self, check_id: str) -> Outcome | None:
        """How an earlier check ended; None when it has not run."""
        return self._outcomes.get(check_id)

    def observed(self, kind: type[T]) -> T | None:
        """The latest observation of this type, None when nothing of the kind was seen."""
        outcomes = reversed(self._outcomes.values())
        return next(
            (seen for outcome in outcomes for seen in reversed(outcome.observations) if isinstance(seen, kind)), None
        )

    def all_observed(self, kind: type[T]) -> tuple[T, ...]:
        """All observations of this type, in the order in which their checks ended."""
        return tuple(
            seen for outcome in self._outcomes.values() for seen in outcome.observations if isinstance(seen, kind)
        )

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings of the checks that have ended."""
        return tuple(found for outcome in self._outcomes.values() for found in outcome.findings)

    def record(self, check_id: str, outcome: Outcome) -> None:
        """Keeps how a check ended, for the checks that wait for it. Called by the engine only."""
        self._outcomes[check_id] = outcome

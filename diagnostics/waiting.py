# SPDX-License-Identifier: GPL-3.0-or-later
"""Waits until an endpoint is ready for a session: for start-up scripts."""

from __future__ import annotations

import dataclasses
import random
import time
from collections.abc import Callable

from . import diagnose
from .model import Link, Report, Snapshot, Target, Verdict

LINKS = frozenset({Link.NETWORK, Link.ADDON})
"""What decides about an endpoint: it is reached, and what answers there works."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0
_TRY_S = 15.0
"""The longest that one try may take; a peer that stays silent takes some 5 s."""


def is_ready(report: Report) -> bool:
    """Whether a session can begin: all that decides about the endpoint passed, warnings included."""
    return report.verdict in {Verdict.PASS, Verdict.WARN}


def wait_until_ready(
    target: Target,
    seconds: float,
    snapshot: Snapshot | None = None,
    *,
    on_try: Callable[[Report, float], None] | None = None,
) -> Report:
    """Tries the endpoint until it is ready, at least once and for about `seconds`; returns the report of the last try.

    Between tries it pauses, first 0.1 s and each time twice as long up to 2 s, with some chance in it so that several
    that wait do not knock in step. `on_try` gets each report that is not ready, and the seconds that are left.
    """
    ends_at, pause_s = time.monotonic() + seconds, _FIRST_PAUSE_S
    while True:
        left_s = ends_at - time.monotonic()
        deadline_s = min(_TRY_S, max(left_s, 1.0), target.deadline_s)
        report = diagnose(dataclasses.replace(target, links=LINKS, deadline_s=deadline_s), snapshot)
        left_s = ends_at - time.monotonic()
        if is_ready(report) or left_s <= 0:
            return report
        if on_try is not None:
            on_try(report, left_s)
        time.sleep(min(left_s, pause_s * random.uniform(0.75, 1.25)))  # noqa: S311  # not for secrets
        pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

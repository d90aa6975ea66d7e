# SPDX-License-Identifier: GPL-3.0-or-later
"""`self-test`: show that the diagnosis names what it must name, on peers of its own."""

from __future__ import annotations

import argparse

from .. import self_test as trial
from ..model import CheckStarted, SelfTestEvent, Snapshot
from ..reports import self_test_report
from .terminal import status, write


def self_test(options: argparse.Namespace, snapshot: Snapshot | None) -> int:
    """Tries all cases, prints what came of each, and returns the exit status."""
    with status() as say:

        def tell(event: SelfTestEvent) -> None:
            if isinstance(event, CheckStarted):
                say(f"{event.done + 1} of {event.total}: {event.title}…")

        report = trial.self_test(blender=snapshot.version_string if snapshot else None, on_event=tell)
    write(self_test_report.render(report, options.format, verbose=options.verbose))
    return trial.exit_code(report)

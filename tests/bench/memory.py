# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs add to the memory of the process, and whether it comes back."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from diagnostics import diagnose
from diagnostics.target import make_target
from tests.bench import peer
from tests.bench.whole_run import configured

RUNS = 300


def _resident_mib() -> float:
    gc.collect()
    return psutil.Process().memory_info().rss / 2**20


def measure() -> Iterator[str]:
    """Resident memory before, after the first run, and after many."""
    with peer.running() as port, tempfile.TemporaryDirectory() as home:
        machine, target = configured(Path(home), port), make_target()
        before = _resident_mib()
        diagnose(target, machine=machine)
        first = _resident_mib()
        for _ in range(RUNS):
            diagnose(target, machine=machine)
        many = _resident_mib()
    yield f"before {before:.1f} MiB, after the first run {first:.1f} (modules and tables), after {RUNS} more {many:.1f}"
    yield f"{many - first:+.2f} MiB for {RUNS} runs (budget: less than 10 MiB, returned)"

# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of many measurements."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def times_ms(action: Callable[[], object], count: int, warm_up: int = 3) -> list[float]:
    """How long each of `count` calls took, in milliseconds, sorted."""
    for _ in range(warm_up):
        action()
    taken = []
    for _ in range(count):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    return sorted(taken)


def shown(times: list[float]) -> str:
    """Median, 99th percentile and extremes, for people."""
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    extremes = f"min {times[0]:.2f}, max {times[-1]:.2f}, n {len(times)}"
    return f"p50 {statistics.median(times):.2f} ms, p99 {p99:.2f} ms ({extremes})"


def beside(times: list[float], floor: list[float]) -> str:
    """Median against the floor's median."""
    ours, least = statistics.median(times), statistics.median(floor)
    return f"{ours - least:+.2f} ms on top of the floor, ratio {ours / least:.2f}"

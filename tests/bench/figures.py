# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of many measurements."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def times_ms(action: Callable[[], object], count: int, warm_up: int = 3) -> list[float]:
    """How long each of `count` calls took, in milliseconds, sorted."""
    (times,) = in_turn(action, count=count, warm_up=warm_up)
    return times


def in_turn(*actions: Callable[[], object], count: int, warm_up: int = 3) -> list[list[float]]:
    """For each action what `times_ms` gives. They take turns, so that what else the machine does weighs on all."""
    for action in actions:
        for _ in range(warm_up):
            action()
    taken: list[list[float]] = [[] for _ in actions]
    for _ in range(count):
        for action, times in zip(actions, taken, strict=True):
            began = time.perf_counter()
            action()
            times.append((time.perf_counter() - began) * 1000)
    return [sorted(times) for times in taken]


def cpu_ms(action: Callable[[], object], count: int) -> float:
    """The median of the processor's time that this process spends on a call, whoever else is at work."""
    spent = []
    for _ in range(count):
        began = time.process_time()
        action()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def shown(times: list[float]) -> str:
    """Median, 99th percentile and extremes, for people."""
    p99 = times[min(len(times) - 1, int(len(times) * 0.99))]
    extremes = f"min {times[0]:.2f}, max {times[-1]:.2f}, n {len(times)}"
    return f"p50 {statistics.median(times):.2f} ms, p99 {p99:.2f} ms ({extremes})"


def beside(times: list[float], floor: list[float]) -> str:
    """Median against the floor's median."""
    ours, least = statistics.median(times), statistics.median(floor)
    return f"{ours - least:+.2f} ms on top of the floor, ratio {ours / least:.2f}"

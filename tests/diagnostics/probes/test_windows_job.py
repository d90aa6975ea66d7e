# SPDX-License-Identifier: GPL-3.0-or-later
"""The job object of Windows. Windows cannot be had here: a FAKE of its library records what it is asked for."""

from __future__ import annotations

import ctypes
from typing import Any

import pytest

from diagnostics.probes import windows_job
from diagnostics.probes.windows_job import ExtendedLimits


class Kernel:
    """Gives out the handles 1 (the job) and 2 (the process), and refuses what it is told to."""

    def __init__(self, refuses: str = "") -> None:
        self.refuses = refuses
        self.open: set[int] = set()
        self.done: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any) -> int:
            if name == self.refuses:
                return 0
            if name in {"CreateJobObjectW", "OpenProcess"}:
                handle = 1 if name == "CreateJobObjectW" else 2
                self.open.add(handle)
                return handle
            if name == "CloseHandle":
                self.open.remove(args[0])
            if name == "SetInformationJobObject":
                limits = ctypes.cast(args[2], ctypes.POINTER(ExtendedLimits)).contents
                args = (args[1], limits.BasicLimitInformation.LimitFlags, args[3])
            self.done.append((name, *args))
            return 1

        return call


def test_the_structure_is_as_large_as_windows_has_it() -> None:
    assert ctypes.sizeof(ExtendedLimits) == (144 if ctypes.sizeof(ctypes.c_void_p) == 8 else 112)


def test_a_process_is_held_until_the_job_is_closed() -> None:
    kernel = Kernel()
    job = windows_job.hold(77, kernel)
    assert job is not None
    assert kernel.done == [
        ("SetInformationJobObject", 9, 0x2000, ctypes.sizeof(ExtendedLimits)),
        ("AssignProcessToJobObject", 1, 2),
        ("CloseHandle", 2),
    ]
    job.close()
    job.close()
    assert kernel.done[3:] == [("TerminateJobObject", 1, 1), ("CloseHandle", 1)]
    assert kernel.open == set()


@pytest.mark.parametrize(
    "refuses", ["CreateJobObjectW", "OpenProcess", "SetInformationJobObject", "AssignProcessToJobObject"]
)
def test_where_windows_refuses_nothing_stays_open(refuses: str) -> None:
    kernel = Kernel(refuses)
    assert windows_job.hold(77, kernel) is None
    assert kernel.open == set()

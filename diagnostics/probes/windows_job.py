# SPDX-License-Identifier: GPL-3.0-or-later
"""A job object of Windows: whatever a program starts, and what that starts, ends with it, also when we are killed.

Source: the Windows API documentation, "Job Objects"; structures and constants as in winnt.h.
"""

from __future__ import annotations

import ctypes
from typing import Any

EXTENDED_LIMITS = 9
"""JobObjectExtendedLimitInformation."""
KILL_ON_CLOSE = 0x2000
"""JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE."""
_SET_QUOTA_AND_TERMINATE = 0x0101


class _BasicLimits(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class Job:
    """A job that ends all its members when it is closed. Made by `hold`."""

    def __init__(self, kernel: Any, handle: int) -> None:
        self._kernel = kernel
        self._handle: int | None = handle

    def close(self) -> None:
        """End every member. A second call does nothing."""
        if self._handle is not None:
            self._kernel.TerminateJobObject(self._handle, 1)
            self._kernel.CloseHandle(self._handle)
            self._handle = None


def kernel32() -> Any:
    """The library, with handles as wide as pointers."""
    kernel = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined,unused-ignore]  # exists on Windows only
    for name in ("CreateJobObjectW", "OpenProcess"):
        getattr(kernel, name).restype = ctypes.c_void_p
    kernel.CreateJobObjectW.argtypes = (ctypes.c_void_p, ctypes.c_wchar_p)
    kernel.OpenProcess.argtypes = (ctypes.c_uint32, ctypes.c_int, ctypes.c_uint32)
    kernel.SetInformationJobObject.argtypes = (ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_uint32)
    kernel.AssignProcessToJobObject.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    kernel.TerminateJobObject.argtypes = (ctypes.c_void_p, ctypes.c_uint)
    kernel.CloseHandle.argtypes = (ctypes.c_void_p,)
    return kernel


def hold(pid: int, kernel: Any) -> Job | None:
    """Puts a process that was just started into a job of its own; None where Windows does not let us.

    What the process starts from now on is in the job too. `kernel` is what `kernel32` returns.
    """
    handle = kernel.CreateJobObjectW(None, None)
    if not handle:
        return None
    job = Job(kernel, handle)
    limits = ExtendedLimits()
    limits.BasicLimitInformation.LimitFlags = KILL_ON_CLOSE
    size = ctypes.sizeof(limits)
    process = kernel.OpenProcess(_SET_QUOTA_AND_TERMINATE, 0, pid)
    held = (
        bool(process)
        and kernel.SetInformationJobObject(handle, EXTENDED_LIMITS, ctypes.byref(limits), size)
        and kernel.AssignProcessToJobObject(handle, process)
    )
    if process:
        kernel.CloseHandle(process)
    if held:
        return job
    job.close()
    return None

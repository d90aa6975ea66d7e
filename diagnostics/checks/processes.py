# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that run on this machine, looked up once a run."""

from __future__ import annotations

from ..check import Context
from ..probes.background import in_thread
from ..probes.process_names import ProcessNames, read_process_names


async def process_names(context: Context) -> ProcessNames:
    """All processes that this user sees, with their names."""
    return await context.once(lambda: in_thread(read_process_names), key=read_process_names)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps Blender alive when a peer goes away while it is being written to.

Python ignores SIGPIPE; the one inside some Blenders does not, so the signal ends Blender when a server exits, or a peer
closes, just before a message is sent to it. Seen with Blender 4.3.2; 5.2.2 ignores the signal itself.
"""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def survived() -> Iterator[None]:
    """While this lasts the signal is ignored, and such a write raises as it does in any Python.

    Only the main thread may do this; it holds for all threads. Processes that are started get the default back.
    """
    if not hasattr(signal, "SIGPIPE") or signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN:
        yield
        return
    before = signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGPIPE, before if before is not None else signal.SIG_DFL)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls that block, kept off the loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def in_thread(function: Callable[[], T]) -> T:
    """Runs `function` in a daemon thread of its own and returns its result or raises its exception.

    Not the loop's executor: when a run is cancelled or the loop closes, nobody waits for a look-up that hangs, which
    the executor's shutdown would do. The thread ends as soon as the system call does.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def finish(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(result)  # type: ignore[arg-type]  # T itself may be None

    def work() -> None:
        result, error = None, None
        try:
            result = function()
        except Exception as raised:  # noqa: BLE001  # handed to the caller below
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=work, name=f"mcp-diagnostics {getattr(function, '__name__', '')}", daemon=True).start()
    return await done

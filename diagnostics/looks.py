# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions about this machine that many checks, or many runs, have in common, each asked once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Looks:
    """What was found out so far. For one event loop; it is forgotten with this object."""

    def __init__(self) -> None:
        self._asked: dict[object, asyncio.Future[object]] = {}
        self._kept: dict[object, object] = {}

    async def once(self, question: Callable[[], Awaitable[T]], key: object = None) -> T:
        """What `question` finds out. Whoever comes while it is being asked waits for the same answer.

        `key` tells questions apart; without one the function itself does. When the one who asks is cancelled, or the
        question raises, the next one asks again.
        """
        name = question if key is None else key
        while (asked := self._asked.get(name)) is not None:
            if not asked.done():
                await asyncio.wait({asked})
            if not asked.cancelled():
                return cast("T", asked.result())
        asked = self._asked[name] = asyncio.get_running_loop().create_future()
        try:
            answer = await question()
        except BaseException:
            del self._asked[name]
            asked.cancel()
            raise
        asked.set_result(answer)
        return answer

    def kept(self, key: object, find: Callable[[], T]) -> T:
        """What `find` returns, which needs no waiting, found once for each `key`. Threads may ask too."""
        if key not in self._kept:
            self._kept[key] = find()
        return cast("T", self._kept[key])

# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at the machine that several share is taken once, whoever is cancelled meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from diagnostics.looks import Looks


def test_all_who_ask_get_one_answer() -> None:
    async def main() -> None:
        looks, asked, go = Looks(), [], asyncio.Event()

        async def question() -> object:
            asked.append(1)
            await go.wait()
            return object()

        waiting = [asyncio.create_task(looks.once(question)) for _ in range(5)]
        await asyncio.sleep(0)
        go.set()
        answers = await asyncio.gather(*waiting)
        assert len(set(answers)) == 1
        assert await looks.once(question) is answers[0]
        assert len(asked) == 1

    asyncio.run(main())


def test_a_cancelled_look_is_taken_again() -> None:
    async def main() -> None:
        looks, started = Looks(), asyncio.Event()

        async def hangs() -> str:
            started.set()
            await asyncio.Event().wait()
            return "never"

        async def answers() -> str:
            return "answer"

        first = asyncio.create_task(looks.once(hangs, "key"))
        await started.wait()
        second = asyncio.create_task(looks.once(answers, "key"))
        await asyncio.sleep(0)
        first.cancel()
        assert await second == "answer"
        assert first.cancelled()

    asyncio.run(main())


def test_one_who_waits_may_be_cancelled_alone() -> None:
    async def main() -> None:
        looks, go = Looks(), asyncio.Event()

        async def question() -> str:
            await go.wait()
            return "answer"

        first, second = (asyncio.create_task(looks.once(question)) for _ in range(2))
        await asyncio.sleep(0)
        second.cancel()
        go.set()
        assert await first == "answer"
        with pytest.raises(asyncio.CancelledError):
            await second

    asyncio.run(main())


def test_a_question_that_raises_is_asked_again() -> None:
    async def main() -> None:
        looks = Looks()

        async def breaks() -> str:
            raise LookupError

        async def answers() -> str:
            return "answer"

        with pytest.raises(LookupError):
            await looks.once(breaks, "key")
        assert await looks.once(answers, "key") == "answer"

    asyncio.run(main())


def test_what_needs_no_waiting_is_found_once_for_each_key() -> None:
    looks, found = Looks(), []

    def find() -> None:
        found.append(1)

    def fails() -> str:
        raise OSError

    assert [looks.kept("one", find), looks.kept("one", find), looks.kept("two", find)] == [None] * 3
    assert len(found) == 2
    with pytest.raises(OSError):  # noqa: PT011  # it is the one above
        looks.kept("three", fails)
    assert looks.kept("three", lambda: "found now") == "found now"

# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks run as soon as they can, each within its time, and none harms another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from diagnostics import diagnose_async, engine
from diagnostics.check import Check, Context, Outcome
from diagnostics.checks import CHECKS
from diagnostics.ledger import Ledger
from diagnostics.model import CheckEnded, CheckStarted, Event, Link, Machine, Target, Verdict
from diagnostics.target import make_target

from .peers import listening, silent

Body = Callable[[Context], Awaitable[Outcome]]


async def fine(_context: Context) -> Outcome:
    return Outcome(Verdict.PASS)


async def forever(_context: Context) -> Outcome:
    await asyncio.Event().wait()
    raise AssertionError


async def raising(_context: Context) -> Outcome:
    raise ZeroDivisionError("by\nzero")


def check(name: str, body: Body = fine, *, needs: str = "", after: str = "", deadline_s: float | None = 10) -> Check:
    return Check(name, Link.NETWORK, name, body, tuple(needs.split()), tuple(after.split()), deadline_s)


def context(deadline_s: float = 20) -> Context:
    machine = Machine("linux", Path("/nowhere"), {})
    return Context(Target(deadline_s=deadline_s), None, machine, Ledger(), ends_at=time.monotonic() + deadline_s)


def run(*checks: Check, deadline_s: float = 20) -> tuple[engine.Finished, list[Event]]:
    events: list[Event] = []
    return asyncio.run(engine.run(checks, context(deadline_s), events.append)), events


def verdicts(finished: engine.Finished) -> dict[str, Verdict]:
    return {result.id: result.verdict for result in finished.results}


def test_checks_run_side_by_side() -> None:
    async def main() -> engine.Finished:
        both = asyncio.Barrier(2)

        async def meets(_context: Context) -> Outcome:
            await both.wait()
            return Outcome(Verdict.PASS)

        return await engine.run([check("a", meets), check("b", meets)], context())

    assert set(verdicts(asyncio.run(main())).values()) == {Verdict.PASS}


def test_a_check_waits_for_its_needs_only() -> None:
    order: list[str] = []

    async def main() -> None:
        released = asyncio.Event()

        def noting(name: str, wait: asyncio.Event | None = None) -> Body:
            async def body(seen: Context) -> Outcome:
                if wait is not None:
                    await wait.wait()
                order.append(name)
                if name == "quick":
                    assert seen.outcome("first") is not None
                    assert seen.outcome("slow") is None
                    released.set()
                return Outcome(Verdict.PASS)

            return body

        checks = [
            check("last", noting("last"), needs="quick", after="slow"),
            check("slow", noting("slow", released)),
            check("quick", noting("quick"), needs="first"),
            check("first", noting("first")),
        ]
        await engine.run(checks, context())

    asyncio.run(main())
    assert order == ["first", "quick", "slow", "last"]


@pytest.mark.parametrize("verdict", Verdict)
def test_what_a_need_must_have_come_to(verdict: Verdict) -> None:
    async def ends(_context: Context) -> Outcome:
        return Outcome(verdict)

    finished, _events = run(check("a", ends), check("needs", needs="a"), check("after", after="a"))
    passed = verdict in {Verdict.PASS, Verdict.WARN}
    assert verdicts(finished)["needs"] is (Verdict.PASS if passed else Verdict.SKIPPED)
    assert verdicts(finished)["after"] is Verdict.PASS
    assert finished.results[1].blocked_by == (None if passed else "a")


def test_a_chain_of_needs_is_skipped_as_a_whole() -> None:
    finished, _events = run(check("c", needs="b"), check("b", needs="a"), check("a", raising))
    assert [(result.verdict, result.blocked_by) for result in finished.results] == [
        (Verdict.SKIPPED, "b"),
        (Verdict.SKIPPED, "a"),
        (Verdict.UNKNOWN, None),
    ]


def test_a_check_that_raises_harms_only_itself() -> None:
    finished, _events = run(check("bad", raising), check("good"))
    assert verdicts(finished) == {"bad": Verdict.UNKNOWN, "good": Verdict.PASS}
    assert [finding.id for finding in finished.findings] == ["internal.crash"]
    told = finished.findings[0].evidence
    assert (told["check"], told["error"]) == ("bad", "ZeroDivisionError: by zero")
    assert "test_engine.py" in str(told["place"])


def test_a_timeout_of_the_checks_own_is_a_crash() -> None:
    async def own(_context: Context) -> Outcome:
        raise TimeoutError

    assert [finding.id for finding in run(check("a", own))[0].findings] == ["internal.crash"]


def test_the_deadline_of_a_check() -> None:
    finished, _events = run(check("stuck", forever, deadline_s=0.05), check("next", after="stuck"))
    assert verdicts(finished) == {"stuck": Verdict.UNKNOWN, "next": Verdict.PASS}
    assert finished.findings[0].id == "internal.deadline"
    assert finished.findings[0].evidence["unfinished"] == ("stuck",)


def test_the_deadline_of_the_run() -> None:
    finished, events = run(
        check("good"),
        check("stuck", forever, deadline_s=None),
        check("waits", after="stuck"),
        check("too", forever),
        deadline_s=0.3,
    )
    assert verdicts(finished) == dict.fromkeys(["stuck", "waits", "too"], Verdict.UNKNOWN) | {"good": Verdict.PASS}
    assert [finding.id for finding in finished.findings] == ["internal.deadline"]
    assert set(finished.findings[0].evidence["unfinished"]) == {"stuck", "waits", "too"}  # type: ignore[arg-type]
    assert len([event for event in events if isinstance(event, CheckEnded)]) == 4


def test_a_check_cut_off_by_the_run_tidies_up_first() -> None:
    tidied = []

    async def tidy(_context: Context) -> Outcome:
        try:
            return await forever(_context)
        finally:
            await asyncio.sleep(0)
            tidied.append(1)

    run(check("a", tidy, deadline_s=None), deadline_s=0.1)
    assert tidied == [1]


def test_cancelling_waits_until_every_check_has_tidied_up() -> None:
    tidied = []

    async def main() -> None:
        started = asyncio.Event()

        async def tidy(_context: Context) -> Outcome:
            started.set()
            try:
                return await forever(_context)
            finally:
                for _ in range(5):
                    await asyncio.sleep(0)
                tidied.append(1)

        task = asyncio.create_task(engine.run([check("a", tidy), check("b", tidy), check("c", after="a")], context()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    assert tidied == [1, 1]


@pytest.mark.usefixtures("alone")
def test_a_whole_run_is_cancelled(tmp_path: Path) -> None:
    async def main(port: int) -> None:
        asking = asyncio.Event()

        def heard(event: Event) -> None:
            if isinstance(event, CheckStarted) and event.id == "addon.identify":
                asking.set()

        machine = Machine("linux", tmp_path, {})
        target = make_target(host="127.0.0.1", port=port)
        task = asyncio.create_task(diagnose_async(target, machine=machine, on_event=heard))
        await asking.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}

    with listening(silent) as peer:
        asyncio.run(main(peer.port))


def test_events_tell_the_progress() -> None:
    _finished, events = run(check("a"), check("b", needs="a"), check("c", raising, after="b"), check("d", needs="c"))
    assert [(type(event).__name__, event.id) for event in events] == [
        ("CheckStarted", "a"),
        ("CheckEnded", "a"),
        ("CheckStarted", "b"),
        ("CheckEnded", "b"),
        ("CheckStarted", "c"),
        ("CheckEnded", "c"),
        ("CheckEnded", "d"),
    ]
    assert [event.done for event in events if isinstance(event, CheckEnded)] == [1, 2, 3, 4]
    assert {event.total for event in events} == {4}


def test_only_some_links_and_what_they_need() -> None:
    checks = [check("a"), check("b", needs="a"), check("x", after="a")]
    checks.append(Check("c", Link.ADDON, "c", fine, ("b",), ("x",)))
    assert [chosen.id for chosen in engine.select(checks, frozenset({Link.ADDON}))] == ["a", "b", "x", "c"]


def test_the_plan_of_the_real_checks_can_end() -> None:
    ids = [real.id for real in CHECKS]
    assert len(ids) == len(set(ids))
    waits = {real.id: {*real.needs, *real.after} for real in CHECKS}
    assert set().union(*waits.values()) <= set(ids)
    done: set[str] = set()
    while ready := {name for name in waits if name not in done and waits[name] <= done}:
        done |= ready
    assert done == set(ids)
    assert {real.link for real in CHECKS} == set(Link)

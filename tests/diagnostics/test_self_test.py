# SPDX-License-Identifier: GPL-3.0-or-later
"""The self-test: the engine as it is names every case; one that is broken on purpose is found out; nothing stays."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import os
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

import diagnostics
import diagnostics.__main__ as command_line
from diagnostics import checks
from diagnostics.check import Context, Outcome
from diagnostics.knowledge import catalogue, table
from diagnostics.knowledge.catalogue import finding
from diagnostics.model import CaseEnded, CheckStarted, Finding, Report, SelfTestEvent, SelfTestReport, Tool, Verdict
from diagnostics.probes.background import in_thread
from diagnostics.self_test import exit_code, python, self_test, self_test_async, trial
from diagnostics.self_test.case import SETUPS, Case, cases
from diagnostics.self_test.room import Room

from .test_hostile_peers import check_harmless, nothing_left

Captured = pytest.CaptureFixture[str]
QUICK = ("addon-1.8", "ssh", "file-good")
SERVER = "server-exits-1"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[SelfTestReport, list[Report]]:
    """The whole self-test, once, and the reports of the engine that it compared."""
    reports: list[Report] = []
    folder = tmp_path_factory.mktemp("self-test")

    async def noting(*arguments: object, **named: object) -> Report:
        reports.append(await diagnostics.diagnose_async(*arguments, **named))  # type: ignore[arg-type]
        return reports[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trial, "diagnose_async", noting)
        patch.setattr(tempfile, "tempdir", str(folder))
        with nothing_left():
            found = self_test()
            _settle()
    assert list(folder.iterdir()) == []
    return found, reports


def _settle() -> None:
    """Helper threads end as soon as their call of the system does."""
    for thread in threading.enumerate():
        if thread.name.startswith("mcp-diagnostics"):
            thread.join(10)


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The ids of the cases that are tried; a test may change them."""
    wanted = list(QUICK)
    monkeypatch.setattr(trial, "cases", lambda: tuple(case for case in cases() if case.id in wanted))
    yield wanted
    _settle()


def _replace(monkeypatch: pytest.MonkeyPatch, check_id: str, run: object) -> None:
    changed = tuple(dataclasses.replace(one, run=run) if one.id == check_id else one for one in checks.CHECKS)
    assert changed != checks.CHECKS
    monkeypatch.setattr(checks, "CHECKS", changed)


def test_the_engine_names_all(whole: tuple[SelfTestReport, list[Report]]) -> None:
    found, _reports = whole
    assert [(result.id, result.came) for result in found.of(Verdict.FAIL)] == []
    assert found.of(Verdict.UNKNOWN) == ()
    may_be_skipped = {"file-unreadable"} if os.name == "posix" and os.geteuid() == 0 else set()
    assert {result.id for result in found.of(Verdict.SKIPPED)} == may_be_skipped
    assert [result.id for result in found.results] == [case.id for case in cases()]
    assert exit_code(found) == 0


def test_no_peer_harms_the_report(whole: tuple[SelfTestReport, list[Report]]) -> None:
    for report in whole[1]:
        check_harmless(report)


def test_it_touches_nothing_but_its_own(whole: tuple[SelfTestReport, list[Report]]) -> None:
    program = str(python.find_python())
    for report in whole[1]:
        addresses = {text.rpartition(":")[::2] for text in report.did.connected}
        assert {host for host, _port in addresses} <= {"127.0.0.1"}
        # The known products' ports, at which the user's own Blender may be.
        assert not {port for _host, port in addresses} & {"9876", "9877", "10849", "10850", "8000"}
        assert {Path(argv[0]).name for argv in report.did.started} <= {Path(program).name}
        assert report.did.written == ()
        assert not any("claude" in path.lower() and "~" not in path for path in report.did.read)


def test_every_case_has_a_row_and_every_row_a_case() -> None:
    rows = [name for group in table("self_test")["group"] for name in group["case"]]
    assert sorted(rows) == sorted(SETUPS)


def test_every_cause_is_one_of_the_catalogue() -> None:
    known = table("self_test")
    named = {cause for group in known["group"] for row in group["case"].values() for cause in row.get("causes", ())}
    assert named <= set(catalogue.causes())


@pytest.mark.usefixtures("only")
def test_a_check_that_says_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    async def nothing(_context: Context) -> Outcome:
        return Outcome(Verdict.PASS)

    _replace(monkeypatch, "addon.meaning", nothing)
    assert command_line.main(["self-test"]) == 4
    said = capsys.readouterr().out
    assert "✖ an SSH server" in said
    assert "with addon.not-a-bridge, came fail network.port-taken" in " ".join(said.split()), "half is not enough"
    assert said.rstrip().endswith("ssh"), "the list stands at the end"
    assert "✔ MCP for Blender 1.8" in said


def test_a_check_that_names_another_cause_is_found_out(
    only: list[str], monkeypatch: pytest.MonkeyPatch, unknown_names: list[str]
) -> None:
    # The words of a finding without its evidence are not the matter here.
    monkeypatch.setattr(catalogue, "Finding", Finding)

    async def another(_context: Context) -> Outcome:
        return Outcome(Verdict.FAIL, findings=(finding("client.entry-disabled", {"app": "x"}),))

    _replace(monkeypatch, "client.configuration", another)
    only[:] = ["file-bom"]
    (result,) = self_test().results
    unknown_names.clear()
    assert (result.verdict, result.came) == (Verdict.FAIL, "fail client.entry-disabled")


def test_a_warning_where_all_is_well_is_found_out(
    only: list[str], monkeypatch: pytest.MonkeyPatch, unknown_names: list[str]
) -> None:
    monkeypatch.setattr(catalogue, "Finding", Finding)

    async def warns(_context: Context) -> Outcome:
        return Outcome(Verdict.WARN, findings=(finding("addon.outdated", {}, verdict=Verdict.WARN),))

    _replace(monkeypatch, "addon.meaning", warns)
    only[:] = ["addon-1.8", "addon-1.2"]
    assert [result.came for result in self_test().of(Verdict.FAIL)] == ["warn addon.outdated"]
    unknown_names.clear()


@pytest.mark.usefixtures("only")
def test_what_fails_once_is_tried_again_by_itself(monkeypatch: pytest.MonkeyPatch, unknown_names: list[str]) -> None:
    monkeypatch.setattr(catalogue, "Finding", Finding)
    meaning = next(one.run for one in checks.CHECKS if one.id == "addon.meaning")
    asked: list[Context] = []

    async def warns_at_first(context: Context) -> Outcome:
        asked.append(context)
        if len(asked) == 1:
            return Outcome(Verdict.WARN, findings=(finding("addon.outdated", {}, verdict=Verdict.WARN),))
        return await meaning(context)

    _replace(monkeypatch, "addon.meaning", warns_at_first)
    report = self_test()
    unknown_names.clear()
    assert report.of(Verdict.FAIL) == ()
    assert len({result.id for result in report.results}) == len(report.results)


@pytest.mark.usefixtures("only")
def test_a_check_that_raises_is_no_pass(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    async def raises(_context: Context) -> Outcome:
        raise KeyError("broken")

    _replace(monkeypatch, "addon.meaning", raises)
    assert command_line.main(["self-test", "--format", "json"]) == 4
    printed = capsys.readouterr()
    told = {case["id"]: case for case in json.loads(printed.out)["cases"]}
    assert (told["addon-1.8"]["verdict"], told["addon-1.8"]["came"]) == ("fail", "unknown internal.crash")
    assert "Traceback" not in printed.out + printed.err


@pytest.mark.usefixtures("only")
def test_an_engine_that_raises_is_named_without_a_traceback(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    async def raises(*_arguments: object, **_named: object) -> Report:
        raise ZeroDivisionError("no\x1b[2J way")

    monkeypatch.setattr(trial, "diagnose_async", raises)
    assert command_line.main(["self-test"]) == 4
    printed = capsys.readouterr()
    assert r"raised ZeroDivisionError: no\x1b[2J way" in printed.out
    assert "Traceback" not in printed.out + printed.err


def test_a_case_that_cannot_be_set_up_is_named(only: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_room: Room) -> object:
        raise OSError("no ports left")

    def with_a_broken_one() -> tuple[Case, ...]:
        return tuple(
            dataclasses.replace(case, setup=broken) if case.id == "ssh" else case  # type: ignore[arg-type]
            for case in cases()
            if case.id in only
        )

    monkeypatch.setattr(trial, "cases", with_a_broken_one)
    report = self_test()
    assert [(result.id, result.came) for result in report.of(Verdict.FAIL)] == [
        ("ssh", "could not be set up: OSError: no ports left")
    ]
    assert exit_code(report) == 4


@pytest.mark.usefixtures("only")
def test_what_is_not_finished_in_time_is_no_pass() -> None:
    report = self_test(deadline_s=0.0)
    assert {result.came for result in report.of(Verdict.FAIL)} == {"was not finished within 0 s"}
    assert exit_code(report) == 4


def test_without_a_python_that_can_be_started(
    only: list[str], monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    only.append(SERVER)
    monkeypatch.setattr(trial, "find_python", lambda: None)
    assert command_line.main(["self-test"]) == 3
    said = capsys.readouterr().out
    assert "? it ends at once with an error\n      skipped: no Python was found" in said
    assert "3 of 4" in said


def test_no_case_at_all_is_no_pass() -> None:
    report = SelfTestReport(Tool("x", "1", "3.11", None, "linux"), 0.0, ())
    assert exit_code(report) == 3


def test_the_python_of_a_blender(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Blender itself is not started as if it were Python; its own Python is, where it has one."""
    blender, prefix = tmp_path / "blender", tmp_path / "python"
    blender.write_bytes(b"")
    blender.chmod(0o755)
    (prefix / "bin").mkdir(parents=True)
    for name, value in (("executable", blender), ("prefix", prefix), ("base_prefix", prefix)):
        monkeypatch.setattr(sys, name, str(value))
    assert python.find_python() is None
    bundled = prefix / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    bundled.write_bytes(b"")
    assert python.find_python() is None, "it cannot be started"
    bundled.chmod(0o755)
    assert python.find_python() == bundled


@pytest.mark.usefixtures("only")
def test_events_tell_how_far_it_is() -> None:
    events: list[SelfTestEvent] = []
    self_test(on_event=events.append)
    assert {event.id for event in events if isinstance(event, CheckStarted)} == set(QUICK)
    ended = [event for event in events if isinstance(event, CaseEnded)]
    assert [(event.done, event.total) for event in ended] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize("wanted", [None, ["server-silent"], ["server-ignores-the-end", "server-leaves-a-child"]])
def test_a_cancelled_one_leaves_nothing(
    only: list[str], wanted: list[str] | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    only[:] = wanted or [case.id for case in cases()]

    async def cancelled() -> None:
        begun = asyncio.Event()

        def tell(event: SelfTestEvent) -> None:
            if isinstance(event, CaseEnded):
                begun.set()

        task = asyncio.create_task(self_test_async(on_event=tell))
        if wanted:
            await in_thread(_until_a_server_runs)
        else:
            await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(_nothing())  # what a loop opens for good is open now
    with nothing_left():
        asyncio.run(cancelled())
        _settle()
    assert list(tmp_path.iterdir()) == []


def _until_a_server_runs() -> None:
    ends = time.monotonic() + 20
    while not any("mcp_server.py" in " ".join(_argv(child)) for child in psutil.Process().children()):
        assert time.monotonic() < ends
        time.sleep(0.005)


def _argv(process: psutil.Process) -> list[str]:
    with contextlib.suppress(psutil.Error):
        return process.cmdline()
    return []


async def _nothing() -> None:
    pass


def test_help_names_it(capsys: Captured) -> None:
    assert command_line.main(["--help"]) == 0
    assert "self-test" in capsys.readouterr().out

# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the engine share: no text with a gap in it, no neighbours, no long waits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from diagnostics.checks import server
from diagnostics.checks.network import machine
from diagnostics.knowledge import catalogue
from diagnostics.model import Finding, Verdict
from diagnostics.probes import bridge
from diagnostics.probes.listeners import TcpTable, read_tcp_table

from .runs import Doctor


@pytest.fixture(autouse=True)
def unknown_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The `$names` that no evidence filled. A test ends with none of them, whatever findings it made."""
    names: list[str] = []

    def missing(_shown: object, name: str) -> str:
        names.append(name)
        return "…"

    monkeypatch.setattr(catalogue._Shown, "__missing__", missing)
    yield names
    assert names == [], "the words of a finding name evidence that the code does not give"


@pytest.fixture(autouse=True)
def _never_at_a_loss(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever is found has a remedy, where its cause has any, and none of them has a gap in it."""
    lost: list[str] = []

    def checked(**fields: object) -> Finding:
        made = Finding(**fields)  # type: ignore[arg-type]
        cause = catalogue.causes()[made.id]
        known = cause.remedies if cause.verdict in {Verdict.FAIL, Verdict.WARN} else ()
        empty = [one.title for one in made.remedies if not one.text or "…" in one.text]
        if (known and not made.remedies) or empty:
            lost.append(f"{made.id}: {empty}")
        return made

    monkeypatch.setattr(catalogue, "Finding", checked)
    yield
    assert lost == [], "a finding leaves the user alone"


@pytest.fixture(autouse=True)
def _no_traces(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a command line remembers stays out of the home folder of whoever runs the tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checks see the listeners of this process and of what it started, and no others of this machine."""

    def own() -> TcpTable:
        mine = {os.getpid(), *(child.pid for child in psutil.Process().children(recursive=True))}
        whole = read_tcp_table()
        return TcpTable(tuple(at for at in whole.listening if at.pid in mine), whole.connected)

    monkeypatch.setattr(machine, "read_tcp_table", own)
    monkeypatch.setattr(machine, "blenders", lambda _names: ())


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Peers that stay silent are given up soon: what is tested is that they are, and not after how long."""
    monkeypatch.setattr(bridge, "PING_WAIT_S", 0.25)
    monkeypatch.setattr(bridge, "BLANK_WAIT_S", 0.25)
    monkeypatch.setattr(bridge, "NUL_WAIT_S", 0.4)
    monkeypatch.setattr(bridge, "LENGTH_WAIT_S", 0.25)
    monkeypatch.setattr(bridge, "INFO_WAIT_S", 0.5)
    monkeypatch.setattr(server, "ENOUGH_S", 0.5)


@pytest.fixture
def doctor(tmp_path: Path, request: pytest.FixtureRequest) -> Doctor:
    """A machine with an empty home folder, and the doctor for it."""
    for needed in ("alone", "impatient"):
        request.getfixturevalue(needed)
    home = tmp_path / "home"
    home.mkdir()
    return Doctor(home)

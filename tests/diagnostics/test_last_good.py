# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in which everything works is remembered, and one that fails says what has changed since."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from diagnostics import last_good
from diagnostics.ledger import Ledger
from diagnostics.model import Report, Verdict, WorkingSet
from diagnostics.reports import render

from .peers import INFO, addon, listening
from .probes.children import PRELUDE
from .runs import Doctor, names_in

SDK = "GOOD['serverInfo'] = {'name': 'BlenderMCP', 'version': '%s'}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "home" / "state" / "ours"


def run(doctor: Doctor, folder: Path | None, body: str, **target: object) -> Report:
    with listening(addon()) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port), "API_TOKEN": "hunter2-hunter2"}
        program = doctor.script("uvx", PRELUDE + body)
        doctor.configure({"command": str(program), "args": ["mcp-for-blender"], "env": env})
        return doctor.run(launch=True, own_folder=folder, **target)


def good(doctor: Doctor, folder: Path | None, sdk: str = "1.30.0", **target: object) -> Report:
    return run(doctor, folder, SDK % sdk + "serve()", **target)


def bad(doctor: Doctor, folder: Path | None, sdk: str = "2.3.0", **target: object) -> Report:
    """It answers, with a newer SDK, and ends."""
    body = SDK % sdk + "reply(hear(), GOOD)\nhear()\nsys.exit(1)"
    return run(doctor, folder, body, **target)


def age(folder: Path, day: str) -> None:
    """The record in the file becomes as old as that."""
    file = folder / last_good.FILE_NAME
    content = json.loads(file.read_text(encoding="utf-8"))
    for chain in content["chains"].values():
        chain["day"] = day
    file.write_text(json.dumps(content), encoding="utf-8")


def test_it_is_remembered_and_the_difference_is_told(doctor: Doctor, folder: Path) -> None:
    report = good(doctor, folder)
    assert (report.verdict, report.changed) == (Verdict.PASS, ())
    assert report.did.written == ("~/state/ours/last-good.json",)
    age(folder, "2025-11-03")
    report = bad(doctor, folder)
    assert report.verdict is Verdict.FAIL
    assert report.changed[0] == "mcp 1.30.0 → 2.3.0 since 3 November 2025"
    assert report.changed[1].startswith("port ")
    assert report.did.written == ()
    text = render(report, "text")
    assert text.splitlines()[2:4] == ["What has changed since it last worked:", f"  - {report.changed[0]}"]
    assert json.loads(render(report, "json"))["changed"] == list(report.changed)


def test_it_works_again(doctor: Doctor, folder: Path) -> None:
    good(doctor, folder)
    bad(doctor, folder)
    good(doctor, folder, "1.30.1")
    assert bad(doctor, folder).changed[0] == "mcp 1.30.1 → 2.3.0 since today"


def test_nothing_is_kept_where_nothing_may_be(doctor: Doctor) -> None:
    before = names_in(doctor.home)
    report = good(doctor, None)
    assert report.verdict is Verdict.PASS
    assert report.did.written == ()
    assert sorted(set(names_in(doctor.home)) - {"pids", "uvx", ".config"}) == before


def test_a_part_of_the_chain_is_no_good_run(doctor: Doctor, folder: Path) -> None:
    with listening(addon()) as peer:
        doctor.run(host="127.0.0.1", port=peer.port, only=["network", "addon"], own_folder=folder)
    assert not folder.exists()


def test_a_run_that_could_not_test_all_is_none_either(doctor: Doctor, folder: Path) -> None:
    with listening(addon()) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port)}
        doctor.configure({"command": str(doctor.script("uvx", "")), "args": ["mcp-for-blender"], "env": env})
        report = doctor.run(own_folder=folder)
    assert report.verdict is Verdict.UNKNOWN
    assert not folder.exists()


def test_no_secret_is_kept(doctor: Doctor, folder: Path) -> None:
    secret = "hunter2-hunter2"
    answer = f"GOOD['serverInfo'] = {{'name': 'BlenderMCP', 'version': '1.0+{secret}'}}\n"
    assert run(doctor, folder, answer + "serve()").verdict is Verdict.PASS
    kept = (folder / last_good.FILE_NAME).read_text(encoding="utf-8")
    assert secret not in kept
    assert str(doctor.home) not in kept


def test_the_same_again_on_the_same_day_writes_nothing(folder: Path) -> None:
    working = WorkingSet(host="localhost", port="9876")
    for written in ((str(folder / last_good.FILE_NAME),), ()):
        ledger = Ledger()
        last_good.remember(folder, "a", working, "2026-11-25", ledger)
        assert ledger.did().written == written


def test_chains_are_told_apart_and_the_oldest_forgotten(folder: Path) -> None:
    for number in range(last_good._MOST + 10):
        day = f"2026-{number // 28 + 1:02}-{number % 28 + 1:02}"
        last_good.remember(folder, f"chain {number}", WorkingSet(port=str(number + 1)), day, Ledger())
    kept = last_good._records(folder / last_good.FILE_NAME, Ledger())
    assert len(kept) == last_good._MOST
    assert min(int(name.split()[1]) for name in kept) == 10
    changed = last_good.changed_since(folder, "chain 20", WorkingSet(port="9"), "2026-11-25", Ledger())
    assert changed == ("port 21 → 9 since 21 January",)
    assert last_good.changed_since(folder, "another", WorkingSet(port="9"), "2026-11-25", Ledger()) == ()


def test_many_changes_are_counted(folder: Path) -> None:
    was = WorkingSet(packages={f"p{number}": "1" for number in range(30)})
    last_good.remember(folder, "a", was, "2026-11-03", Ledger())
    now = WorkingSet(packages=dict.fromkeys(was.packages, "2"))
    changed = last_good.changed_since(folder, "a", now, "2026-11-25", Ledger())
    assert len(changed) == 9
    assert changed[-1] == "and 22 more since 3 November"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=100),
        st.sampled_from([b"{}", b"[]", b"null", b'{"format": 1}', b'{"format": 1, "chains": []}', b'{"format": 2}']),
        st.sampled_from(["[]", "{}", '{"day": 1}', '{"day": "2026-11-03", "port": "x"}']).map(
            lambda record: f'{{"format": 1, "chains": {{"a": {record}}}}}'.encode()
        ),
    )
)
def test_a_broken_file_counts_as_none_and_is_replaced(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / last_good.FILE_NAME
    file.write_bytes(data)
    assert last_good.changed_since(tmp_path, "a", WorkingSet(port="9"), "2026-11-25", Ledger()) == ()
    last_good.remember(tmp_path, "a", WorkingSet(port="8"), "2026-11-25", Ledger())
    assert last_good.changed_since(tmp_path, "a", WorkingSet(port="9"), "2026-11-25", Ledger()) == (
        "port 8 → 9 since today",
    )


def test_a_folder_that_cannot_be_made(tmp_path: Path, doctor: Doctor) -> None:
    (tmp_path / "file").write_text("")
    report = good(doctor, tmp_path / "file" / "ours")
    assert (report.verdict, report.did.written) == (Verdict.PASS, ())


def test_what_stands_there_is_a_folder(folder: Path) -> None:
    (folder / last_good.FILE_NAME).mkdir(parents=True)
    last_good.remember(folder, "a", WorkingSet(port="8"), "2026-11-25", Ledger())
    assert last_good.changed_since(folder, "a", WorkingSet(port="9"), "2026-11-25", Ledger()) == ()


def test_an_add_on_that_was_updated(doctor: Doctor, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert good(doctor, folder).verdict is Verdict.PASS
    monkeypatch.setitem(INFO, "protocol_version", 16)
    changed = bad(doctor, folder, "1.30.0").changed
    assert "add-on's protocol_version 15 → 16 since today" in changed

# SPDX-License-Identifier: GPL-3.0-or-later
"""An entry that worked and is gone from its file, and what looks like that and is none."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diagnostics import last_good
from diagnostics.ledger import Ledger
from diagnostics.model import Report, Verdict, WorkedEntry, WorkingSet

from ..peers import addon, listening
from ..probes.children import PRELUDE
from ..runs import Doctor, copies, found, ids, said
from .test_client_apps import FILES, put

SECRET = "hunter2-hunter2"
LEFT = '{"preferences": {}, "mcpServers": {}}'


def entry_of(doctor: Doctor, *args: str, port: int = 9876) -> dict[str, Any]:
    program = doctor.script("uvx", PRELUDE + "serve()")
    env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(port), "API_TOKEN": SECRET}
    return {"command": str(program), "args": ["mcp-for-blender", *args], "env": env}


@pytest.fixture
def own(doctor: Doctor) -> Path:
    """A folder in which it is on record that the entry "blender" of Claude Desktop worked."""
    folder = doctor.home / "state" / "ours"
    with listening(addon()) as peer:
        doctor.configure(entry_of(doctor, "--access-token", SECRET, port=peer.port))
        assert doctor.run(launch=True, own_folder=folder).verdict is Verdict.PASS
    return folder


def look(doctor: Doctor, own: Path, **target: Any) -> Report:
    return doctor.run(only=["client"], own_folder=own, **target)


def test_it_is_named_with_the_day_on_which_it_worked(doctor: Doctor, own: Path) -> None:
    file = own / last_good.FILE_NAME
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["entries"][0]["day"] = "2025-11-03"
    file.write_text(json.dumps(kept), encoding="utf-8")
    doctor.write(LEFT)
    report = look(doctor, own)
    assert report.root_cause == "client.entry-lost"
    told = found(report, "client.entry-lost")
    assert (told.evidence["entry"], told.evidence["worked"]) == ("blender", "2025-11-03")
    assert told.evidence["variables"] == ("BLENDER_HOST", "BLENDER_PORT", "API_TOKEN")
    assert "3 November 2025" in told.detail
    assert "~/uvx mcp-for-blender" in told.detail
    assert SECRET not in said(told)
    assert ids(report) == ["client.entry-lost"]


def test_what_is_kept_holds_no_secret(doctor: Doctor, own: Path) -> None:
    kept = (own / last_good.FILE_NAME).read_text(encoding="utf-8")
    assert "mcp-for-blender" in kept
    assert SECRET not in kept
    assert str(doctor.home) not in kept


def test_the_entry_that_is_offered_is_the_one_that_worked(doctor: Doctor) -> None:
    folder = doctor.home / "ours"
    with listening(addon()) as peer:
        doctor.configure({**entry_of(doctor, port=peer.port), "args": ["mcp-for-blender", "a b"]}, name="my blender")
        assert doctor.run(launch=True, own_folder=folder).verdict is Verdict.PASS
    doctor.write(LEFT)
    told = found(look(doctor, folder), "client.entry-lost").remedies[0]
    offered = json.loads("{" + (told.exact or told.text) + "}")
    assert offered == {"my blender": {"command": str(doctor.home / "uvx"), "args": ["mcp-for-blender", "a b"]}}


def test_with_a_backup_both_are_told(doctor: Doctor, own: Path) -> None:
    before = doctor.config.read_bytes()
    doctor.write(LEFT)
    doctor.config.with_name(doctor.config.name + ".bak").write_bytes(before)
    told = found(look(doctor, own), "client.entry-lost")
    assert {"backup", "worked"} <= told.evidence.keys()
    assert len(copies(told)) == 2


Change = Callable[[Doctor], object]


def rename(doctor: Doctor) -> None:
    doctor.configure(entry_of(doctor), name="my-scene")


def rename_to_what_does_not_tell(doctor: Doctor) -> None:
    doctor.write(json.dumps({"mcpServers": {"three-d": {"command": str(doctor.home / "start.sh")}}}))


def another(doctor: Doctor) -> None:
    doctor.configure({"command": "uvx", "args": ["blender-mcp==1.2"]}, name="blender-2")


def switch_off(doctor: Doctor) -> None:
    put(doctor.home / FILES["cursor"][0]["linux"], "mcpServers", {**entry_of(doctor), "disabled": True})
    doctor.config.unlink()


def remove_app(doctor: Doctor) -> None:
    doctor.config.unlink()


def break_file(doctor: Doctor) -> None:
    doctor.write('{"mcpServers": {')


@pytest.mark.parametrize(
    ("change", "instead"),
    [
        (rename, []),
        (another, []),
        (remove_app, ["client.none-found"]),
        (switch_off, ["client.entry-disabled"]),
        (break_file, ["client.config-unparsable"]),
    ],
)
def test_what_is_not_lost(doctor: Doctor, own: Path, change: Change, instead: list[str]) -> None:
    change(doctor)
    assert ids(look(doctor, own)) == instead


def test_a_wrapper_under_a_name_that_does_not_tell_what_it_is(doctor: Doctor, own: Path) -> None:
    worked = WorkedEntry(
        "claude-desktop", "blender", "~/.config/Claude/claude_desktop_config.json", ("~/start.sh",), "2026-11-03"
    )
    last_good.remember(own, "a", WorkingSet(), "2026-11-03", Ledger(), entries=[worked])
    rename_to_what_does_not_tell(doctor)
    assert ids(look(doctor, own)) == ["client.no-blender-entry"]
    doctor.write(LEFT)
    assert ids(look(doctor, own)) == ["client.entry-lost"]


def test_moved_to_another_scope_of_the_same_app(doctor: Doctor) -> None:
    own, file, project = doctor.home / "ours", doctor.home / ".claude.json", doctor.home / "p"
    with listening(addon()) as peer:
        entry = entry_of(doctor, port=peer.port)
        put(file, "mcpServers", entry)
        assert doctor.run(launch=True, own_folder=own).verdict is Verdict.PASS
    file.write_text(json.dumps({"projects": {str(project): {"mcpServers": {"blender": entry}}}}))
    assert ids(look(doctor, own)) == []
    file.write_text("{}")
    put(project / ".mcp.json", "mcpServers", entry)
    assert ids(look(doctor, own, project=project)) == []
    assert ids(look(doctor, own)) == ["client.entry-lost"]


def test_where_another_app_is_set_up_it_breaks_nothing(doctor: Doctor, own: Path) -> None:
    put(doctor.home / FILES["cursor"][0]["linux"], "mcpServers", entry_of(doctor))
    doctor.write(LEFT)
    report = look(doctor, own)
    assert [(one.id, one.verdict) for one in report.findings] == [("client.entry-lost", Verdict.SKIPPED)]
    assert report.verdict is Verdict.PASS


def test_a_renamed_entry_that_works_replaces_the_one_on_record(doctor: Doctor, own: Path) -> None:
    with listening(addon()) as peer:
        doctor.configure(entry_of(doctor, port=peer.port), name="scene")
        assert doctor.run(launch=True, own_folder=own).verdict is Verdict.PASS
    assert [entry.name for entry in last_good.worked_entries(own, Ledger())] == ["scene"]


def test_without_a_record_nothing_is_known(doctor: Doctor, own: Path) -> None:
    (own / last_good.FILE_NAME).unlink()
    doctor.write(LEFT)
    assert ids(look(doctor, own)) == ["client.no-blender-entry"]


@pytest.mark.parametrize(
    "change",
    [
        {"day": "yesterday"},
        {"words": []},
        {"words": "uvx"},
        {"words": [1]},
        {"variables": None},
        {"name": "\x1b[2J"},
        {"file": 7},
        {"more": ""},
    ],
    ids=str,
)
def test_a_row_that_nobody_has_written_so_counts_as_none(doctor: Doctor, own: Path, change: dict[str, object]) -> None:
    file = own / last_good.FILE_NAME
    kept = json.loads(file.read_text(encoding="utf-8"))
    kept["entries"] = [{**kept["entries"][0], **change}]
    file.write_text(json.dumps(kept), encoding="utf-8")
    doctor.write(LEFT)
    assert ids(look(doctor, own)) == ["client.no-blender-entry"]

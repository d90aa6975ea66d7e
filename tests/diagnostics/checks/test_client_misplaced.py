# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries that are there and that the app does not use: each with what looks like it and is none."""

from __future__ import annotations

import json
import os
import sys

import pytest

from diagnostics.model import Report, Verdict

from ..runs import CONFIG, Doctor, found, ids, row, said
from .test_client_apps import FILES, put, put_app

ENTRY = {"command": "uvx", "args": ["mcp-for-blender"]}
GOOD = json.dumps({"mcpServers": {"blender": ENTRY}})
PACKAGED = "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude"


def look(doctor: Doctor, **target: object) -> Report:
    return doctor.run(only=["client"], **target)


def test_in_the_file_of_the_apps_state(doctor: Doctor) -> None:
    doctor.write("{}").with_name("config.json").write_text(GOOD)
    report = look(doctor)
    assert report.root_cause == "client.config-wrong-file"
    assert str(report.findings[0].evidence["file"]).endswith("/config.json")
    # It keeps the app from starting, wherever else the entry is.
    doctor.configure(ENTRY)
    assert look(doctor).root_cause == "client.config-wrong-file"
    doctor.config.with_name("config.json").write_text('{"theme": "dark"}')
    assert look(doctor).findings == ()


def test_in_the_other_build_of_the_app(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.write(GOOD)
    file = put(doctor.home / PACKAGED / CONFIG, "", '{"preferences": {}}')
    report = look(doctor)
    assert report.root_cause == "client.config-wrong-location"
    assert str(report.findings[0].evidence["file"]).startswith(f"~/{PACKAGED}")
    assert str(report.findings[0].evidence["other_file"]).startswith("~/AppData/Roaming/Claude")
    file.write_text(GOOD)
    assert look(doctor).findings == ()
    file.unlink()  # it reads through to the other one
    assert look(doctor).findings == ()


def test_no_entry_in_either_build(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.write("{}")
    put(doctor.home / PACKAGED / CONFIG, "", "{}")
    assert ids(look(doctor)) == ["client.no-blender-entry"]


@pytest.mark.parametrize(
    ("app", "change"),
    [
        ("cursor", {"disabled": True}),
        ("windsurf", {"disabled": True}),
        ("cline", {"disabled": True}),
        ("opencode", {"enabled": False}),
        ("zed", {"enabled": False}),
    ],
)
def test_switched_off(doctor: Doctor, app: str, change: dict[str, object]) -> None:
    file = put_app(doctor, app, **change)
    report = look(doctor)
    assert report.root_cause == "client.entry-disabled"
    told = report.findings[0]
    assert told.evidence["field"] == next(iter(change))
    assert str(told.evidence["file"]).endswith(file.name)
    put_app(doctor, app, **{name: not value for name, value in change.items()})
    assert look(doctor).findings == ()
    put_app(doctor, app, **change)
    doctor.configure(ENTRY)
    assert [one.verdict for one in look(doctor).findings] in ([Verdict.SKIPPED], [])


def test_switched_off_in_codex_and_gemini(doctor: Doctor) -> None:
    put(doctor.home / ".codex/config.toml", "", '[mcp_servers.blender]\ncommand = "uvx"\nenabled = false\n')
    assert look(doctor).root_cause == "client.entry-disabled"
    (doctor.home / ".codex/config.toml").unlink()
    settings = {"mcpServers": {"blender": ENTRY}, "mcp": {"excluded": ["blender"]}}
    put(doctor.home / ".gemini/settings.json", "", json.dumps(settings))
    told = found(look(doctor), "client.entry-disabled")
    assert told.evidence["field"] == "mcp.excluded"
    settings["mcp"]["excluded"] = ["other"]  # type: ignore[assignment]
    put(doctor.home / ".gemini/settings.json", "", json.dumps(settings))
    assert look(doctor).findings == ()


def test_what_claude_desktop_does_not_know_switches_nothing_off(doctor: Doctor) -> None:
    doctor.configure({**ENTRY, "disabled": True})
    assert look(doctor).findings == ()


def test_one_of_two_is_switched_off(doctor: Doctor) -> None:
    servers = {"blender": ENTRY, "blender-old": {**ENTRY, "disabled": True}}
    put(doctor.home / ".cursor/mcp.json", "", json.dumps({"mcpServers": servers}))
    assert look(doctor).findings == ()


@pytest.mark.parametrize(
    "name", [f"{CONFIG}.bak", f"{CONFIG}.backup.1756000000", f"{CONFIG}~", "claude_desktop_config.backup.json"]
)
def test_only_a_backup_has_it(doctor: Doctor, name: str) -> None:
    backup = doctor.write('{"preferences": {}}').with_name(name)
    backup.write_text(GOOD)
    report = look(doctor)
    assert report.root_cause == "client.entry-lost"
    assert str(report.findings[0].evidence["backup"]).endswith(name)
    assert "Quit Claude Desktop" in said(report.findings[0])
    doctor.configure(ENTRY)
    assert look(doctor).findings == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (f"{CONFIG}.bak", '{"mcpServers": {}}'),
        (f"{CONFIG}.bak", "{"),
        ("other.json.bak", GOOD),
        (f"{CONFIG}.txt", GOOD),
    ],
)
def test_what_is_no_backup_of_it(doctor: Doctor, name: str, content: str) -> None:
    doctor.write("{}").with_name(name).write_text(content)
    assert ids(look(doctor)) == ["client.no-blender-entry"]


def test_the_newest_backup_is_named(doctor: Doctor) -> None:
    for age, name in ((100, "old"), (1, "new")):
        backup = doctor.write("{}").with_name(f"{CONFIG}.bak-{name}")
        backup.write_text(GOOD)
        os.utime(backup, (1_700_000_000 - age, 1_700_000_000 - age))
    assert str(look(doctor).findings[0].evidence["backup"]).endswith("new")


def servers(doctor: Doctor, **entries: object) -> Report:
    doctor.write(json.dumps({"mcpServers": entries}, indent=1))
    return look(doctor)


def program(doctor: Doctor, name: str = "uvx") -> str:
    return str(doctor.script(name, ""))


def test_two_servers_for_one_blender(doctor: Doctor) -> None:
    one = {**ENTRY, "command": program(doctor)}
    report = servers(doctor, blender=one, again={**one, "args": ["--quiet", "mcp-for-blender"]})
    assert ids(report) == ["client.duplicate-servers"]
    assert report.findings[0].verdict is Verdict.WARN
    assert row(report, "client").verdict is Verdict.WARN
    assert "again" in report.findings[0].detail


@pytest.mark.parametrize("missing", ["/nowhere/uvx", "uvx-that-nobody-has", "~/uvx"])
def test_a_server_that_cannot_start_is_no_duplicate(doctor: Doctor, missing: str) -> None:
    entries = {"blender": {**ENTRY, "command": program(doctor)}, "again": {**ENTRY, "command": missing}}
    assert servers(doctor, **entries).findings == ()
    report = doctor.run(only=["client", "launcher"])
    assert "client.duplicate-servers" not in ids(report)
    assert report.root_cause in {"launcher.not-found", "launcher.path-unexpanded"}
    assert report.findings[0].evidence["entry"] == "again"


def test_two_that_can_start_and_one_that_cannot(doctor: Doctor) -> None:
    one = {**ENTRY, "command": program(doctor)}
    lost = {**ENTRY, "command": "/nowhere/uvx"}
    report = servers(doctor, blender=one, again={**one, "args": ["-q", "mcp-for-blender"]}, lost=lost)
    told = found(report, "client.duplicate-servers")
    assert len(told.evidence["entries"]) == 2  # type: ignore[arg-type]
    assert "lost" not in str(told.evidence["entries"])


def test_two_products_in_one_app(doctor: Doctor) -> None:
    lab = {"command": program(doctor, "uv"), "args": ["run", "--directory", str(doctor.home), "-m", "blmcp"]}
    report = servers(doctor, blender={**ENTRY, "command": program(doctor)}, lab=lab)
    assert report.root_cause == "client.duplicate-servers"
    assert "Blender Lab MCP" in said(report.findings[0])
    gone = {**lab, "command": "/nowhere/uv"}
    assert servers(doctor, blender={**ENTRY, "command": program(doctor)}, lab=gone).findings == ()


def test_two_blenders_are_no_duplicates(doctor: Doctor) -> None:
    one = {**ENTRY, "command": program(doctor)}
    assert servers(doctor, blender=one, second={**one, "env": {"BLENDER_PORT": "9877"}}).findings == ()
    put_app(doctor, "cursor", command=one["command"], env={})
    assert look(doctor).findings == ()  # one in each of two apps


@pytest.mark.parametrize("app", ["claude-desktop", "vscode"])
def test_a_server_in_a_folder_that_macos_guards(doctor: Doctor, app: str) -> None:
    doctor.platform = "darwin"
    home = doctor.home
    for entry, field in (
        ({"command": f"{home}/Documents/blender-mcp/.venv/bin/python", "args": ["-m", "blender_mcp"]}, "command"),
        ({"command": "uv", "args": ["--directory", f"{home}/Desktop/blender-mcp", "run", "blender-mcp"]}, "args[1]"),
        ({"command": "python3", "args": [f"{home}/Downloads/blender_server.py"]}, "args[0]"),
        ({"command": "uvx", "args": ["mcp-for-blender"], "cwd": f"{home}/Documents"}, "cwd"),
    ):
        put_app(doctor, app, env={}, args=[], cwd=str(home)) if app == "vscode" else None
        files, key, _entry = FILES[app]
        put(home / files["darwin"], key, entry)
        report = look(doctor)
        if app == "vscode":
            assert report.findings == ()  # asks the user itself
        else:
            assert report.root_cause == "client.protected-folder"
            assert report.findings[0].evidence["field"] == field


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "uvx", "args": ["mcp-for-blender", "--log", "{home}/Documents/blender.log"]},
        {"command": "{home}/DocumentsOfMine/blender", "args": []},
        {"command": "{home}/blender/.venv/bin/python", "args": ["-m", "blender_mcp"]},
    ],
)
def test_what_macos_does_not_guard(doctor: Doctor, entry: dict[str, object]) -> None:
    text = json.dumps(entry).replace("{home}", str(doctor.home))
    doctor.platform = "darwin"
    doctor.configure(json.loads(text))
    assert look(doctor).findings == ()
    doctor.platform = "linux"
    doctor.configure({"command": str(doctor.home / "Documents/blender")})
    assert look(doctor).findings == ()


@pytest.mark.parametrize(
    ("content", "cause", "words"),
    [
        ('{"mcpServers": {"blender": {"command": “uvx”}}}', "client.config-unparsable", "typographic"),
        ('{"mcpServers": {"blender": {"command": "C:\\Users\\me\\uvx.exe"}}}', "client.config-unparsable", "backslash"),
        (GOOD + "\n" + GOOD, "client.config-unparsable", "second"),
        ('{"mcpServers": [{"blender": 1}]}', "client.entry-invalid", "one member for each server"),
        ('{"mcpServers": {"blender": {"command": "uvx"}},\n "mcpServers": {}}', "client.entry-invalid", "only once"),
        (GOOD.encode("utf-16"), "client.config-unreadable", "not UTF-8"),
        (GOOD.encode("utf-16-le"), "client.config-unparsable", ""),
        (b"\x00" * 10, "client.config-unparsable", ""),
    ],
)
def test_the_bytes_that_users_made(doctor: Doctor, content: str | bytes, cause: str, words: str) -> None:
    doctor.write(content)
    report = look(doctor)
    assert report.root_cause == cause
    assert words in report.findings[0].detail
    # The same bytes break it when another app is well, as long as they are about Blender.
    put_app(doctor, "cursor")
    assert look(doctor).root_cause == (None if content == b"\x00" * 10 else cause)


def test_two_entries_of_one_name(doctor: Doctor) -> None:
    doctor.write(
        '{"mcpServers": {"blender": {"command": 1}, "blender": {"command": "uvx", "args": ["mcp-for-blender"]}}}'
    )
    assert look(doctor).findings == ()  # the app takes the last one


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
def test_a_folder_that_cannot_be_looked_into(doctor: Doctor) -> None:
    put_app(doctor, "cursor")
    (doctor.home / ".gemini").mkdir()
    (doctor.home / ".codex/config.toml").mkdir(parents=True)
    os.mkfifo(doctor.home / ".gemini/settings.json")
    report = look(doctor)
    assert {one.verdict for one in report.findings} == {Verdict.SKIPPED}
    assert ids(report).count("client.config-unreadable") == 2
    assert row(report, "client").verdict is Verdict.PASS

# SPDX-License-Identifier: GPL-3.0-or-later
"""What Claude Desktop has configured, on every system, well-formed or not."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from diagnostics import find_apps
from diagnostics.model import Report, Verdict
from diagnostics.reports import apps_report, render
from diagnostics.target import make_target

from ..peers import addon, listening
from ..runs import CONFIG, FOLDERS, Doctor, closed_port, copies, found, ids, row, said

ENTRY = {"command": "uvx", "args": ["mcp-for-blender"]}
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")


def look(doctor: Doctor, **target: object) -> Report:
    return doctor.run(only=["client"], **target)


def read(doctor: Doctor, content: str | bytes) -> Report:
    doctor.write(content)
    return look(doctor)


@pytest.mark.parametrize("platform", FOLDERS)
def test_where_each_system_keeps_it(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    file = doctor.configure(ENTRY)
    report = look(doctor)
    assert report.verdict is Verdict.PASS
    assert row(report, "client").summary == "Claude Desktop · 1 Blender server"
    assert f"~/{file.relative_to(doctor.home).as_posix()}" in report.did.read


@pytest.mark.parametrize("platform", FOLDERS)
def test_nothing_is_there(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    report = look(doctor)
    assert ids(report) == ["client.none-found"]
    assert row(report, "client").verdict is Verdict.SKIPPED
    assert FOLDERS[platform] in str(report.findings[0].evidence["looked_at"])


def test_an_app_that_was_asked_for_and_is_not_there(doctor: Doctor) -> None:
    doctor.configure(ENTRY)
    with listening(addon()) as peer:
        report = doctor.run(apps=["zed"], host="127.0.0.1", port=peer.port)
    told = found(report, "client.none-found")
    assert "Zed" in told.title
    assert "Zed" in row(report, "client").summary
    assert "Zed" in report.headline
    # Claude Desktop is set up, so nothing may be said about AI apps as such.
    assert "no AI app" not in report.headline.lower() + said(told).lower()
    assert "Claude Desktop" not in report.headline + said(told)
    assert "AI app" in found(look(doctor, apps=["zed", "cursor"]), "client.none-found").detail
    assert find_apps(make_target(apps=["zed"]), machine=doctor.machine).apps == ()
    listed = apps_report.render(find_apps(make_target(apps=["zed"]), machine=doctor.machine), "text")
    assert listed.startswith("No configuration of Zed was found.")


def test_no_app_at_all(doctor: Doctor) -> None:
    assert found(look(doctor), "client.none-found").title.startswith("No configuration of an AI app")
    listed = apps_report.render(find_apps(make_target(), machine=doctor.machine), "text")
    assert listed.startswith("No AI app with a configuration was found.")


def test_a_variable_moves_it(doctor: Doctor, tmp_path: Path) -> None:
    doctor.environ["XDG_CONFIG_HOME"] = str(tmp_path / "elsewhere")
    doctor.configure({"command": 1})
    assert ids(look(doctor)) == ["client.none-found"]
    file = tmp_path / "elsewhere" / "Claude" / CONFIG
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"mcpServers": {"blender": ENTRY}}))
    assert look(doctor).findings == ()


def test_the_packaged_app_of_windows_reads_its_own(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.write('{"mcpServers": {}}')
    packaged = doctor.home / "AppData/Local/Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude" / CONFIG
    packaged.parent.mkdir(parents=True)
    packaged.write_text(json.dumps({"mcpServers": {"blender": ENTRY}}))
    assert look(doctor).verdict is Verdict.PASS
    packaged.write_text("{")
    assert "AppData/Local/Packages" in str(found(look(doctor), "client.config-unparsable").evidence["file"])


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ('{\n  "mcpServers": {\n    "blender": {"command": "uvx",}\n  }\n}', 3, 33, "comma"),
        ('{\n  "mcpServers": {}\n}\n{"mcpServers": {}}', 4, 1, "second"),
        ('{\r\n  "a": 1\r\n  "b": 2\r\n}', 2, 9, "comma is missing"),
        ("{\n  // mine\n}", 2, 3, "comment"),
        ("", 1, 1, "empty"),
        ('{"mcpServers": {', 1, 17, "ends too early"),
    ],
)
def test_a_mistake_is_shown_where_it_is(doctor: Doctor, text: str, line: int, column: int, words: str) -> None:
    report = read(doctor, text)
    assert report.root_cause == "client.config-unparsable"
    told = report.findings[0]
    assert (told.evidence["line"], told.evidence["column"]) == (line, column)
    assert words in told.detail
    assert f"line {line}" in told.title


@pytest.mark.parametrize(
    ("content", "cause", "reason"),
    [
        (b"\xef\xbb\xbf" + json.dumps({"mcpServers": {"blender": ENTRY}}).encode(), "client.config-bom", "byte order"),
        (json.dumps({"mcpServers": {}}).encode("utf-16"), "client.config-unreadable", "not UTF-8"),
        (b'{"mcpServers": {"bl\xff": 1}}', "client.config-unreadable", "byte 19"),
        (b" " * (1 << 20) + b"{}", "client.config-unreadable", "larger than 1 MiB"),
        (b"[" * 100_000, "client.config-unparsable", "nested"),
    ],
)
def test_what_is_no_text_for_the_app(doctor: Doctor, content: bytes, cause: str, reason: str) -> None:
    report = read(doctor, content)
    assert report.root_cause == cause
    assert reason in report.findings[0].detail


@pytest.mark.parametrize("what", ["folder", "pipe", "circle"])
@posix
def test_what_is_no_file(doctor: Doctor, what: str) -> None:
    doctor.config.parent.mkdir(parents=True)
    {
        "folder": doctor.config.mkdir,
        "pipe": lambda: os.mkfifo(doctor.config),
        "circle": lambda: doctor.config.symlink_to(doctor.config),
    }[what]()
    report = look(doctor)
    assert report.root_cause == "client.config-unreadable"
    assert what in report.findings[0].detail


@posix
def test_no_permission(doctor: Doctor) -> None:
    doctor.configure(ENTRY).chmod(0)
    if os.access(doctor.config, os.R_OK):
        pytest.skip("this user may read everything")
    assert "no permission" in found(look(doctor), "client.config-unreadable").detail


@posix
def test_a_symbolic_link_is_followed(doctor: Doctor) -> None:
    doctor.configure(ENTRY)
    doctor.config.rename(doctor.home / "dotfiles.json")
    doctor.config.symlink_to(doctor.home / "dotfiles.json")
    assert look(doctor).verdict is Verdict.PASS


@pytest.mark.parametrize("text", ['{"mcpServers": {}}', "{}", '{"theme": "dark"}'])
def test_no_server_at_all(doctor: Doctor, text: str) -> None:
    report = read(doctor, text)
    assert report.root_cause == "client.no-blender-entry"
    assert json.loads("{" + copies(report.findings[0])[0].exact + "}")["blender"]["args"] == ["mcp-for-blender"]


def test_other_servers_are_not_our_business(doctor: Doctor) -> None:
    doctor.configure({"command": 5}, name="weather", files={"command": "npx", "args": ["server-files"]})
    assert ids(look(doctor)) == ["client.no-blender-entry"]


def test_a_wrong_neighbour_does_not_hide_the_entry(doctor: Doctor) -> None:
    doctor.configure(ENTRY, weather={"command": 5})
    assert look(doctor).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"args": ["mcp-for-blender"]}, "mcpServers.blender.command"),
        ({"command": ""}, "mcpServers.blender.command"),
        ({"command": 7}, "mcpServers.blender.command"),
        ({"command": ["uvx"]}, "mcpServers.blender.command"),
        ({"command": "uvx", "args": "mcp-for-blender"}, "mcpServers.blender.args"),
        ({"command": "uvx", "args": ["a", 1]}, "mcpServers.blender.args[1]"),
        ({"command": "uvx", "env": {"BLENDER_PORT": 9876}}, "mcpServers.blender.env.BLENDER_PORT"),
        ({"command": "uvx", "env": ["A=1"]}, "mcpServers.blender.env"),
        ({"command": "uvx", "cwd": 3}, "mcpServers.blender.cwd"),
        ({"url": "http://localhost:8000/mcp"}, "mcpServers.blender.command"),
        ("uvx mcp-for-blender", "mcpServers.blender"),
        (None, "mcpServers.blender"),
    ],
)
def test_an_entry_that_the_app_cannot_use(doctor: Doctor, entry: object, field: str) -> None:
    doctor.configure(entry)
    report = look(doctor)
    assert report.root_cause == "client.entry-invalid"
    told = report.findings[0]
    assert told.evidence["field"] == field
    line = doctor.config.read_text().splitlines()[int(str(told.evidence["line"])) - 1]
    assert 1 <= int(str(told.evidence["column"])) <= len(line)


def test_the_place_of_a_wrong_value_is_exact(doctor: Doctor) -> None:
    doctor.write('{"mcpServers": {\n  "blender": {\n    "command": "uvx",\n    "env": {"P": 9876}\n  }\n}}')
    told = found(look(doctor), "client.entry-invalid")
    assert (told.evidence["line"], told.evidence["column"]) == (4, 18)


def test_an_entry_with_an_address_is_told_what_the_file_takes(doctor: Doctor) -> None:
    doctor.configure({"url": "http://localhost:8000/mcp"})
    assert "takes no URLs" in look(doctor).findings[0].detail


@pytest.mark.parametrize(
    "text", ["[]", "3", '"mcpServers"', '{"mcpServers": []}', '{"mcpServers": "blender"}', '{"mcpServers": null}']
)
def test_a_file_of_the_wrong_shape(doctor: Doctor, text: str) -> None:
    assert read(doctor, text).root_cause == "client.entry-invalid"


@pytest.mark.parametrize(
    "line",
    [
        '"env": {"A": "s3-kwzy!", "B": "x",}',
        '"env": {"A": \'s3-kwzy!\', "B": 1}',
        '"env": {"A": "s3-kwzy!" "B": 1}',
        '"env": {"A: "s3-kwzy!", "B": 1}',
        '"env": {"A": s3-kwzy!, "B": 1}',
        '"env": {"A": "s3-kwzy!": 1}',
        '"env": {"A": “s3-kwzy!”, "B": 1}',
        '"env": {"A": "s3-kwzy!',
        '"env": {"A" = "s3-kwzy!", "B": 1}',
        'env: {A: "s3-kwzy!", "B": 1}',
        '"args": ["--key", "s3-kwzy!",], "B": 1',
        '"args": ["--key=s3-kwzy!" "B"]',
    ],
)
def test_a_secret_in_a_broken_line_is_not_shown(doctor: Doctor, line: str) -> None:
    report = read(doctor, '{"mcpServers": {"blender": {"command": "uvx",\n' + line + "}}}")
    assert report.root_cause == "client.config-unparsable"
    everything = render(report, "json") + render(report, "text", verbose=True) + repr(doctor.events)
    assert "s3" not in everything
    assert "kwzy" not in everything
    assert line[:6].strip('"{:') in str(report.findings[0].evidence["excerpt"])


def test_the_excerpt_shows_the_names_around_the_place(doctor: Doctor) -> None:
    report = read(doctor, '{"mcpServers": {"blender": {"command": "uvx", "env": {"PORT": "12",}}}}')
    assert report.findings[0].evidence["excerpt"] == 'blender": {"command": "···", "env": {"PORT": "··",}}}}'


def test_hostile_names_are_shown_harmless(doctor: Doctor) -> None:
    doctor.configure({"command": 1}, name="blender\x1b[31m\u202eevil" + "x" * 500)
    shown = said(look(doctor).findings[0])
    assert not {"\x1b", "\u202e"} & set(shown)
    assert "x" * 100 not in shown


def test_another_file_can_be_given(doctor: Doctor, tmp_path: Path) -> None:
    doctor.write("{")
    file = tmp_path / "mine.json"
    file.write_text(json.dumps({"mcpServers": {"blender": ENTRY}}))
    report = look(doctor, app_config=file)
    assert report.verdict is Verdict.PASS
    assert report.did.read == (str(file),)


LAB = "ant.dir.gh.blender.blender-mcp"


def extension(doctor: Doctor, manifest: str, *, settings: str | None = None) -> None:
    base = doctor.config.parent
    (base / "Claude Extensions" / LAB).mkdir(parents=True)
    (base / "Claude Extensions" / LAB / "manifest.json").write_text(manifest)
    if settings is not None:
        (base / "Claude Extensions Settings").mkdir()
        (base / "Claude Extensions Settings" / f"{LAB}.json").write_text(settings)


MANIFEST = json.dumps(
    {"server": {"type": "uv", "mcp_config": {"command": "${__dirname}/run", "args": ["run", "blender-mcp"]}}}
)


@pytest.mark.parametrize("settings", [None, '{"isEnabled": true}', "not json", "[]"])
def test_an_extension_is_an_entry(doctor: Doctor, settings: str | None) -> None:
    extension(doctor, MANIFEST, settings=settings)
    report = doctor.run(only=["client", "launcher"])
    assert row(report, "client").verdict is Verdict.PASS
    told = found(report, "launcher.not-found")
    assert told.evidence["entry"] == LAB
    assert str(told.evidence["command"]).endswith(f"{LAB}/run")


def test_an_extension_that_is_switched_off_is_none(doctor: Doctor) -> None:
    extension(doctor, MANIFEST, settings='{"isEnabled": false}')
    doctor.write("{}")
    told = look(doctor)
    assert ids(told) == ["client.entry-disabled"]
    assert "extension" in told.findings[0].detail
    doctor.configure(ENTRY)
    assert look(doctor).findings == ()


@pytest.mark.parametrize("manifest", ["", "[]", "{", '{"server": 1}', '{"server": {"mcp_config": {"command": 1}}}'])
def test_a_broken_extension_harms_nothing(doctor: Doctor, manifest: str) -> None:
    extension(doctor, manifest)
    doctor.configure(ENTRY)
    assert row(look(doctor), "client").summary == "Claude Desktop · 1 Blender server"


def test_a_name_with_a_line_break_forges_no_line_of_the_list(doctor: Doctor) -> None:
    doctor.configure(ENTRY, name="blender\nCursor (cursor)\n  /forged")
    listed = apps_report.render(find_apps(make_target(), machine=doctor.machine), "text")
    assert not any(line.startswith(("Cursor", "  /forged")) for line in listed.splitlines())
    assert "/forged" in listed


def test_who_has_named_the_place_is_told(doctor: Doctor) -> None:
    doctor.write("{}")
    asked = doctor.reach(closed_port(), "network", "addon")
    assert found(asked, "network.refused").evidence["named_by"] == "your choice of host and port"

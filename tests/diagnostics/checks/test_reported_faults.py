# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults that users reported (field guide, failures A and B) where they differ between systems: each with a near miss.

What is the same on every system is tested once, beside the part that finds it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from diagnostics import last_good
from diagnostics.ledger import Ledger
from diagnostics.model import Report, WorkedEntry, WorkingSet

from ..runs import CONFIG, FOLDERS, Doctor, copies, found, ids, said
from .test_client_apps import put_app

ENTRY = {"command": "uvx", "args": ["mcp-for-blender"]}
GOOD = json.dumps({"mcpServers": {"blender": ENTRY}})
SYSTEMS = ["linux", "darwin", "win32"]
everywhere = pytest.mark.parametrize("platform", SYSTEMS)
PROGRAMS = {
    "linux": ".local/bin/uvx",
    "darwin": ".cargo/bin/uvx",
    "win32": "AppData/Local/Microsoft/WinGet/Links/uvx.exe",
}
"""Where an installer has put uvx, and no app that is started from the desktop looks."""


def look(doctor: Doctor, *links: str, **target: object) -> Report:
    return doctor.run(only=links or ("client", "launcher"), **target)


@everywhere
def test_a1_the_program_is_where_the_app_does_not_look(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    uvx = doctor.script(PROGRAMS[platform], "")
    doctor.configure({**ENTRY, "env": {"PATH": str(doctor.home / "empty")}})
    told = found(look(doctor), "launcher.not-found")
    assert told.evidence["found_at"] == f"~/{PROGRAMS[platform]}"
    made = json.loads("{" + copies(told)[0].exact + "}")
    doctor.configure({**ENTRY, **made})
    assert Path(made["command"]) == uvx
    assert ids(look(doctor)) == ["launcher.consent-needed"]


def test_a2_uv_of_pip_brings_no_uvx_on_windows(doctor: Doctor) -> None:
    doctor.platform = "win32"
    uv = doctor.script("AppData/Roaming/Python/Python311/Scripts/uv.exe", "")
    doctor.configure({**ENTRY, "env": {"Path": str(doctor.home / "empty")}})
    told = found(look(doctor), "launcher.uvx-missing")
    assert json.loads("{" + copies(told)[0].exact + "}") == {
        "command": str(uv),
        "args": ["tool", "run", "mcp-for-blender"],
    }
    doctor.script("AppData/Roaming/Python/Python311/Scripts/uvx.exe", "")
    assert ids(look(doctor)) == ["launcher.not-found"]


@everywhere
def test_a4_the_servers_are_gone_from_the_file(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    file = f"~/{FOLDERS[platform]}/{CONFIG}"
    worked = WorkedEntry("claude-desktop", "blender", file, ("uvx", "mcp-for-blender"), "2026-11-03")
    last_good.remember(doctor.home / "own", "a", WorkingSet(), "2026-11-03", Ledger(), entries=[worked])
    doctor.write('{"preferences": {"menuBarEnabled": true}}')
    told = found(look(doctor, "client", own_folder=doctor.home / "own"), "client.entry-lost")
    assert told.evidence["worked"] == "2026-11-03"
    assert "quit" in said(told).lower()
    doctor.configure(ENTRY)
    assert ids(look(doctor, "client", own_folder=doctor.home / "own")) == []


@everywhere
def test_a6_a_byte_order_mark(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    doctor.write(b"\xef\xbb\xbf" + GOOD.encode())
    assert look(doctor, "client").root_cause == "client.config-bom"
    doctor.write(GOOD)
    assert look(doctor, "client").root_cause is None


@everywhere
def test_a7_two_objects_one_after_the_other(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    doctor.write(GOOD + "\n" + GOOD)
    told = found(look(doctor, "client"), "client.config-unparsable")
    assert (told.evidence["line"], told.evidence["column"]) == (2, 1)
    assert "second" in said(told) or "one" in said(told)
    doctor.write(GOOD + "\r\n \t\n")
    assert look(doctor, "client").root_cause is None


@everywhere
def test_a9_the_servers_are_in_the_file_of_the_apps_state(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    doctor.write(GOOD).with_name("config.json").write_text(GOOD)
    told = found(look(doctor, "client"), "client.config-wrong-file")
    assert str(told.evidence["right_file"]).endswith(CONFIG)
    doctor.config.with_name("config.json").write_text('{"darkMode": "dark"}')
    assert look(doctor, "client").root_cause is None


@everywhere
def test_a15_an_extension_that_was_never_installed(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    doctor.write('{"preferences": {}}')
    (doctor.config.parent / "Claude Extensions").mkdir()
    assert ids(look(doctor, "client")) == ["client.no-blender-entry"]


def extension(doctor: Doctor, **started: object) -> Path:
    folder = doctor.config.parent / "Claude Extensions" / "ant.dir.gh.blender.blender-mcp"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"server": {"type": "uv", "mcp_config": started}}))
    doctor.write("{}")
    return folder


@everywhere
def test_a16_an_extension_is_in_no_configuration_file(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    uv = doctor.script("bin/uv.exe", "")
    folder = extension(
        doctor,
        command=str(uv),
        args=["run", "--directory", "${__dirname}", "blender-mcp"],
        env={"BLENDER_PORT": "${user_config.port}"},
    )
    report = look(doctor)
    assert ids(report) == ["launcher.consent-needed"]
    told = report.findings[0]
    assert told.evidence["entry"] == folder.name
    assert "Claude Extensions" in str(told.evidence["command_line"])
    assert "user_config" not in str(report.host)


@everywhere
def test_a17_an_extension_that_needs_a_python_which_is_not_there(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    extension(doctor, command="python-of-nobody", args=["${__dirname}/server.py"])
    told = found(look(doctor), "launcher.not-found")
    assert told.evidence["command"] == "python-of-nobody"


@pytest.mark.parametrize("app", ["claude-code", "codex"])
def test_a20_a_file_of_commands_in_an_app_that_starts_programs_alone(doctor: Doctor, app: str) -> None:
    doctor.platform = "win32"
    for name in ("npx.cmd", "cmd.exe", "uvx.exe"):
        folder = doctor.script(f"npm files/{name}", "").parent
    doctor.environ["PATH"] = str(folder)
    if app == "codex":
        (doctor.home / ".codex").mkdir()
        file = doctor.home / ".codex/config.toml"
        lines = {
            "npx": '[mcp_servers.blender]\ncommand = "npx"\nargs = ["blender-mcp"]\n',
            "cmd": '[mcp_servers.blender]\ncommand = "cmd"\nargs = ["/c", "npx", "blender-mcp"]\n',
        }
        file.write_text(lines["npx"])
        assert look(doctor).root_cause == "launcher.windows-shim"
        file.write_text(lines["cmd"])
    else:
        put_app(doctor, app, command="npx", args=["blender-mcp"])
        assert look(doctor).root_cause == "launcher.windows-shim"
        put_app(doctor, app, command="cmd", args=["/c", "npx", "blender-mcp"])
    assert ids(look(doctor)) == ["launcher.consent-needed"]


@pytest.mark.parametrize(
    ("platform", "text", "expanded"),
    [
        ("linux", "~/bin/uvx", "{home}/bin/uvx"),
        ("darwin", "$HOME/bin/uvx", "{home}/bin/uvx"),
        ("darwin", "${HOME}/bin/uvx", "{home}/bin/uvx"),
        ("win32", "%USERPROFILE%\\bin\\uvx.exe", "{home}\\bin\\uvx.exe"),
        ("win32", "~\\bin\\uvx.exe", "{home}\\bin\\uvx.exe"),
    ],
)
def test_b13_a_short_form_that_only_a_terminal_replaces(
    doctor: Doctor, platform: str, text: str, expanded: str
) -> None:
    doctor.platform = platform
    doctor.configure({**ENTRY, "command": text})
    program = Path(expanded.replace("{home}", str(doctor.home)))
    program.parent.mkdir(exist_ok=True)
    program.touch(0o755)
    told = found(look(doctor), "launcher.path-unexpanded")
    assert copies(told)[0].exact == json.dumps(str(program))


@everywhere
def test_b13_signs_that_are_part_of_a_name(doctor: Doctor, platform: str) -> None:
    doctor.platform = platform
    tool = doctor.script("100%/to~ol$/uvx.exe", "")
    doctor.configure({**ENTRY, "command": str(tool)})
    assert ids(look(doctor)) == ["launcher.consent-needed"]


@pytest.mark.parametrize(("platform", "guarded"), [("darwin", True), ("linux", False), ("win32", False)])
def test_b14_a_folder_that_only_macos_guards(doctor: Doctor, platform: str, *, guarded: bool) -> None:
    doctor.platform = platform
    python = doctor.script("Documents/blender-mcp/.venv/bin/python.exe", "")
    doctor.configure({"command": str(python), "args": ["-m", "blender_mcp"]})
    assert ("client.protected-folder" in ids(look(doctor, "client"))) is guarded

# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a command as it is written: each fault beside one that is nearly the same and no fault."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from diagnostics.checks import launcher
from diagnostics.knowledge import table
from diagnostics.model import Finding, Report, Verdict
from diagnostics.probes import program_format
from diagnostics.probes.search_path import SearchPath

from ..runs import Doctor, copies, found, ids, row, said

posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions and paths")
MARK = "raise SystemExit(open(__file__ + '.started', 'w').close())\n"
ASKS = ["launcher.consent-needed"]


def look(doctor: Doctor, entry: dict[str, object], **target: object) -> Report:
    doctor.configure(entry)
    return doctor.run(only=["client", "launcher"], **target)


def uvx(doctor: Doctor, *args: str, **env: str) -> Report:
    """A FAKE `uvx` at the place of the real one, which is not started."""
    return look(doctor, {"command": str(doctor.script("bin/uvx", MARK)), "args": [*args], "env": env})


def entry_of(told: Finding, number: int = 0) -> dict[str, object]:
    made: dict[str, object] = json.loads("{" + copies(told)[number].exact + "}")
    return made


# The name of the package


@pytest.mark.parametrize(
    ("args", "package", "right"),
    [
        (["mcp-for-blendr"], "mcp-for-blendr", ["mcp-for-blender"]),
        (["blendermcp"], "blendermcp", ["blender-mcp"]),
        (["belnder-mcp", "--port", "1"], "belnder-mcp", ["blender-mcp", "--port", "1"]),
        (["blender-mpc@latest"], "blender-mpc", ["blender-mcp"]),
        (["--from", "blender-mcp-servr", "blender-mcp-server"], "blender-mcp-servr", None),
        (["uvx", "blender-mcp"], "uvx", ["mcp-for-blender"]),
        (["python-sdk", "blender"], "python-sdk", ["mcp-for-blender"]),
    ],
)
def test_a_package_that_is_no_server(doctor: Doctor, args: list[str], package: str, right: list[str] | None) -> None:
    report = uvx(doctor, *args)
    assert report.root_cause == "launcher.package-unknown"
    told = found(report, "launcher.package-unknown")
    assert told.evidence["package"] == package
    assert right is None or entry_of(told)["args"] == right
    assert ids(report) == ["launcher.package-unknown"], "nothing of that name is offered to be started"


def test_what_is_said_about_names(doctor: Doctor) -> None:
    assert "comes with uv" in said(uvx(doctor, "uvx", "blender-mcp").findings[0])
    assert "“mcp”" in said(uvx(doctor, "python-sdk", "blender").findings[0])
    assert "Blender Lab" in said(uvx(doctor, "blendr-mcp").findings[0])
    assert "Blender Lab" not in said(uvx(doctor, "mcp-for-blendr").findings[0])


def test_the_wrong_name_inside_of_something_else(doctor: Doctor) -> None:
    doctor.environ["PATH"] = "/usr/bin:/bin"
    programs = str(doctor.script("bin/uvx", MARK).parent)
    env = {"PATH": f"{programs}:/usr/bin:/bin"}
    report = look(doctor, {"command": "env", "args": ["A=1", "uvx", "blendr-mcp"], "env": env})
    assert entry_of(found(report, "launcher.package-unknown")) == {
        "command": "env",
        "args": ["A=1", "uvx", "blender-mcp"],
    }


@pytest.mark.parametrize(
    "package", ["mcp-for-blender", "Blender_MCP", "blender-mcp-server", "blender-mcp-x", "my-blender-tools", "blender"]
)
def test_a_name_that_is_right_or_somebody_elses(doctor: Doctor, package: str) -> None:
    assert ids(uvx(doctor, package, "blender")) == ASKS


def test_a_near_name_that_uv_has_met_is_somebody_elses(doctor: Doctor) -> None:
    cache = doctor.home / "cache"
    (cache / "simple-v28/index/0123").mkdir(parents=True)
    assert ids(uvx(doctor, "blendr-mcp", UV_CACHE_DIR=str(cache))) == ["launcher.package-unknown"]
    (cache / "simple-v28/index/0123/blendr-mcp.rkyv").touch()
    assert ids(uvx(doctor, "blendr-mcp", UV_CACHE_DIR=str(cache))) == ASKS
    assert ids(uvx(doctor, "--cache-dir", str(cache), "blendr-mcp")) == ASKS
    uv = str(doctor.script("bin/uv", MARK))
    args = ["tool", "run", "--cache-dir", str(cache), "blendr-mcp"]
    assert ids(look(doctor, {"command": uv, "args": args})) == ASKS
    assert ids(look(doctor, {"command": uv, "args": args[:2] + args[4:]})) == ["launcher.package-unknown"]


def test_a_near_name_that_is_installed_as_a_tool(doctor: Doctor) -> None:
    (doctor.home / ".local/share/uv/tools/blendr-mcp").mkdir(parents=True)
    assert ids(uvx(doctor, "blendr-mcp")) == ASKS


# The Python


@pytest.mark.parametrize(
    ("args", "env"),
    [
        (["--python", "3.9", "mcp-for-blender"], {}),
        (["-p", "cpython@3.8", "mcp-for-blender"], {}),
        (["--python", "2.7", "mcp-for-blender"], {}),
        (["mcp-for-blender"], {"UV_PYTHON": "3.9"}),
    ],
)
def test_a_python_that_is_too_old_is_asked_for(doctor: Doctor, args: list[str], env: dict[str, str]) -> None:
    report = uvx(doctor, *args, **env)
    assert report.root_cause == "launcher.python-unsuitable"
    made = entry_of(found(report, "launcher.python-unsuitable"))
    assert made["args"] == ["--python", "3.11", "mcp-for-blender"]


@pytest.mark.parametrize("asked", ["3.10", "3.14", "3", ">=3.9", "pypy", "/opt/python"])
def test_a_python_that_may_do(doctor: Doctor, asked: str) -> None:
    assert ids(uvx(doctor, "--python", asked, "mcp-for-blender")) == ASKS


@pytest.mark.parametrize(("version", "old"), [("3.9.18", True), ("3.10.4", False)])
def test_the_python_of_a_virtual_environment(doctor: Doctor, version: str, old: bool) -> None:
    program = doctor.script("venv/bin/python", MARK)
    (doctor.home / "venv/pyvenv.cfg").write_text(f"version = {version}\n")
    report = look(doctor, {"command": str(program), "args": ["-m", "blender_mcp"]})
    assert ids(report) == (["launcher.python-unsuitable"] if old else ASKS)
    if old:
        assert entry_of(report.findings[0])["args"] == ["--python", "3.11", "mcp-for-blender"]


@pytest.mark.parametrize(
    ("shim", "file", "content"),
    [
        (".pyenv/shims", ".pyenv/version", "3.9.18\n"),
        (".pyenv/shims", "work/.python-version", "3.9.18\n"),
        (".asdf/shims", ".tool-versions", "nodejs 20.1\npython 3.9.18\n"),
        (".local/share/mise/shims", ".config/mise/config.toml", '[tools]\nnode = "20.1"\npython = "3.9"\n'),
        (".local/share/mise/shims", "work/mise.toml", '[tools]\npython = ["3.9", "3.12"]\n'),
    ],
)
@pytest.mark.parametrize("old", [True, False])
def test_the_python_that_a_shim_chooses(doctor: Doctor, shim: str, file: str, content: str, *, old: bool) -> None:
    program = doctor.script(f"{shim}/python", MARK)
    place = doctor.home / file
    place.parent.mkdir(parents=True, exist_ok=True)
    (doctor.home / "work").mkdir(exist_ok=True)
    place.write_text(content if old else content.replace("3.9", "3.11"))
    entry = {"command": str(program), "args": ["-m", "blender_mcp"], "cwd": str(doctor.home / "work")}
    report = look(doctor, entry)
    assert ids(report) == (["launcher.python-unsuitable"] if old else ASKS)
    if old:
        assert "looks that up" in report.findings[0].detail


def test_the_variable_of_a_shim_comes_first(doctor: Doctor) -> None:
    program = doctor.script(".pyenv/shims/python", MARK)
    (doctor.home / ".pyenv/version").write_text("3.12.1\n")
    entry = {"command": str(program), "args": ["-m", "blender_mcp"]}
    assert ids(look(doctor, entry)) == ASKS
    report = look(doctor, entry | {"env": {"PYENV_VERSION": "3.9.18"}})
    assert found(report, "launcher.python-unsuitable").evidence["said_by"] == "PYENV_VERSION"


# Programs that are not there


def test_uv_without_uvx(doctor: Doctor) -> None:
    uv = doctor.script(".local/bin/uv", MARK)
    report = look(doctor, {"command": "uvx", "args": ["mcp-for-blender", "--port", "1"]})
    assert report.root_cause == "launcher.uvx-missing"
    assert entry_of(report.findings[0]) == {
        "command": str(uv),
        "args": ["tool", "run", "mcp-for-blender", "--port", "1"],
    }


def test_uvx_beside_uv_is_not_missing(doctor: Doctor) -> None:
    doctor.script(".local/bin/uv", MARK)
    doctor.script(".local/bin/uvx", MARK)
    assert look(doctor, {"command": "uvx", "args": ["mcp-for-blender"]}).root_cause == "launcher.not-found"


def on_shell_path(doctor: Doctor) -> Path:
    tool = doctor.script("shell/blender-tool", MARK)
    doctor.environ["PATH"] = str(tool.parent)
    return tool


def test_on_the_path_of_a_terminal_alone_on_macos(doctor: Doctor) -> None:
    doctor.platform = "darwin"
    tool = on_shell_path(doctor)
    doctor.configure({"command": "blender-tool"})
    report = doctor.run(only=["client", "launcher", "server"], launch=True)
    assert ids(report) == ["launcher.not-on-app-path"]
    assert entry_of(report.findings[0]) == {"command": str(tool)}
    assert row(report, "launcher").verdict is Verdict.WARN
    assert row(report, "server").verdict is Verdict.UNKNOWN, "what was not started is no pass"


@pytest.mark.parametrize("path", ["", "/usr/bin"])
def test_a_path_of_the_entrys_own_is_known(doctor: Doctor, path: str) -> None:
    doctor.platform = "darwin"
    on_shell_path(doctor)
    assert look(doctor, {"command": "blender-tool", "env": {"PATH": path}}).root_cause == "launcher.not-found"


def test_elsewhere_than_on_the_path_of_a_terminal_on_macos(doctor: Doctor) -> None:
    doctor.platform = "darwin"
    doctor.script(".local/bin/blender-tool", MARK)
    assert look(doctor, {"command": "blender-tool"}).root_cause == "launcher.not-found"


@posix
def test_the_program_inside_is_searched_as_well(doctor: Doctor) -> None:
    uvx_file = doctor.script(".local/bin/uvx", MARK)
    for command, args in (("env", ["A=1", "uvx"]), ("/bin/sh", ["-c", "uvx mcp-for-blender"])):
        report = look(doctor, {"command": command, "args": [*args, *([] if "-c" in args else ["mcp-for-blender"])]})
        assert report.root_cause == "launcher.not-found"
        told = report.findings[0]
        assert (told.evidence["command"], told.evidence["found_at"]) == ("uvx", "~/.local/bin/uvx")
        assert str(uvx_file) in copies(told)[0].exact
    assert entry_of(told) == {"command": str(uvx_file), "args": ["mcp-for-blender"]}


@posix
@pytest.mark.parametrize(
    "args", [["-lc", "uvx mcp-for-blender"], ["-c", "PATH=$HOME/x:$PATH uvx mcp-for-blender"], ["-c", "blender-x"]]
)
def test_what_a_shell_may_find_by_itself(doctor: Doctor, args: list[str]) -> None:
    doctor.script(".local/bin/uvx", MARK)
    assert ids(look(doctor, {"command": "/bin/sh", "args": args})) == ASKS


@pytest.mark.parametrize("place", [".nvm/versions/node/v20.1.0/bin", ".volta/bin", "miniforge3/bin"])
def test_more_places_of_programs(doctor: Doctor, place: str) -> None:
    doctor.script(f"{place}/npx", MARK)
    report = look(doctor, {"command": "npx", "args": ["blender"], "env": {"PATH": "/nowhere"}})
    assert found(report, "launcher.not-found").evidence["found_at"] == f"~/{place}/npx"


def test_more_places_of_programs_on_windows(doctor: Doctor) -> None:
    doctor.platform = "win32"
    doctor.script("AppData/Roaming/Python/Python311/Scripts/uvx.exe", MARK)
    report = look(doctor, {"command": "uvx", "args": ["mcp-for-blender"], "env": {"PATH": "/nowhere"}})
    told = found(report, "launcher.not-found")
    assert told.evidence["found_at"] == "~/AppData/Roaming/Python/Python311/Scripts/uvx.exe"


@posix
def test_a_whole_line_as_the_command(doctor: Doctor) -> None:
    tool = doctor.script("my tools/blender-tool", MARK)
    report = look(doctor, {"command": f"{tool} --port 1", "args": ["x"]})
    assert report.root_cause == "launcher.not-found"
    assert entry_of(report.findings[0]) == {"command": str(tool), "args": ["--port", "1", "x"]}
    assert ids(look(doctor, {"command": str(tool), "args": ["--port", "1"]})) == ASKS


# Windows


def windows(doctor: Doctor, *programs: str) -> None:
    doctor.platform = "win32"
    for name in programs:
        folder = doctor.script(f"npm files/{name}", MARK).parent
    doctor.environ["PATH"] = str(folder)


def test_a_file_of_commands_on_windows(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    windows(doctor, "npx.cmd")
    entry: dict[str, object] = {"command": "npx", "args": ["mcp-remote", "http://blender.invalid/mcp"]}
    report = look(doctor, entry)
    told = found(report, "launcher.windows-shim")
    assert told.verdict is Verdict.WARN
    assert "launcher.consent-needed" in ids(report)
    assert entry_of(told) == {"command": "cmd", "args": ["/c", "npx", *entry["args"]]}  # type: ignore[misc]
    monkeypatch.setitem(table("launchers")["windows"], "no_shims", ["claude-desktop"])
    report = look(doctor, entry)
    assert report.root_cause == "launcher.windows-shim"
    assert ids(report) == ["launcher.windows-shim"]


def test_a_program_or_a_shell_on_windows(doctor: Doctor) -> None:
    windows(doctor, "uvx.exe", "npx.cmd", "cmd.exe")
    assert ids(look(doctor, {"command": "uvx", "args": ["mcp-for-blender"]})) == ASKS
    assert ids(look(doctor, {"command": "cmd", "args": ["/c", "npx", "mcp-remote", "http://blender.invalid"]})) == ASKS


def test_a_whole_line_as_the_command_on_windows(doctor: Doctor) -> None:
    windows(doctor, "uvx.exe")
    report = look(doctor, {"command": "uvx mcp-for-blender", "args": ["--port", "1"]})
    assert report.root_cause == "launcher.windows-shim"
    assert entry_of(report.findings[0])["args"] == ["mcp-for-blender", "--port", "1"]
    whole = doctor.home / "npm files/uvx.exe"
    assert ids(look(doctor, {"command": str(whole), "args": ["mcp-for-blender"]})) == ASKS


# The file itself

ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HH", 2, 183) + bytes(100)


@posix
def test_a_program_for_another_processor(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor.platform = sys.platform
    monkeypatch.setattr(program_format.platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(program_format, "_emulated", lambda: False)
    monkeypatch.setattr(program_format.sys, "platform", "linux")
    tool = doctor.script("blender-tool", "")
    tool.write_bytes(ELF)
    report = look(doctor, {"command": str(tool)})
    assert report.root_cause == "launcher.not-executable"
    assert "arm64" in report.findings[0].detail
    tool.write_bytes(ELF.replace(struct.pack("<HH", 2, 183), struct.pack("<HH", 2, 62)))
    assert ids(look(doctor, {"command": str(tool)})) == ASKS
    monkeypatch.setattr(program_format, "_emulated", lambda: True)
    tool.write_bytes(ELF)
    assert ids(look(doctor, {"command": str(tool)})) == ASKS


@posix
@pytest.mark.parametrize(
    ("head", "gone"),
    [
        ("#!/opt/no/such/python3.12\n", "/opt/no/such/python3.12"),
        ("#! /opt/no/such/node --flag\n", "/opt/no/such/node"),
        ("#!/bin/sh\n'''exec' \"/opt/no/such/python\" \"$0\" \"$@\"\n' '''\n", "/opt/no/such/python"),
        ("#!/usr/bin/env no-such-python3\n", "no-such-python3"),
        ("#!/bin/sh\r\n", "/bin/sh\\x0d"),
    ],
)
def test_a_script_whose_interpreter_is_gone(doctor: Doctor, head: str, gone: str) -> None:
    doctor.platform = sys.platform
    tool = doctor.script("blender-tool", "")
    tool.write_text(f"{head}print()\n", encoding="utf-8", newline="")
    report = look(doctor, {"command": str(tool)})
    assert report.root_cause == "launcher.not-executable"
    assert f"to be run by {gone}, and that is not there" in report.findings[0].detail
    assert json.loads(f"{{{report.findings[0].remedies[-1].text}}}")["args"] == ["mcp-for-blender"]
    with pytest.raises((FileNotFoundError, subprocess.CalledProcessError)):  # the system's own judgement
        subprocess.run([tool], check=True, capture_output=True)


@posix
def test_a_tool_whose_python_was_removed_is_installed_anew(doctor: Doctor) -> None:
    doctor.platform = sys.platform
    root = doctor.home / "tools/mcp-for-blender"
    tool = doctor.script("tools/mcp-for-blender/bin/mcp-for-blender", "")
    (root / "pyvenv.cfg").write_text("version = 3.12.1\n", encoding="utf-8")
    (root / "uv-receipt.toml").write_text("", encoding="utf-8")
    (root / "bin/python").symlink_to("/opt/no/such/python3.12")
    tool.write_text(f"#!{root}/bin/python\n", encoding="utf-8")
    told = look(doctor, {"command": str(tool)}).findings[0]
    assert (told.id, told.remedies[0].text) == (
        "launcher.not-executable",
        "uv tool install --force mcp-for-blender",
    )


@posix
@pytest.mark.parametrize("head", ["#!/bin/sh\n", "#! /usr/bin/env sh\n", "#!sh\n", "#!/usr/bin/env -S sh -e\n", ""])
def test_a_script_that_can_run(doctor: Doctor, head: str) -> None:
    doctor.platform = sys.platform
    tool = doctor.script("blender-tool", "")
    tool.write_text(f"{head}true\n", encoding="utf-8")
    assert ids(look(doctor, {"command": str(tool)})) == ASKS


# The folder to start in


def test_a_folder_that_the_app_takes_no_notice_of(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(table("launchers")["cwd"], "not_read_by", ["claude-desktop"])
    entry: dict[str, object] = {"command": "/bin/sh", "args": ["blender"], "cwd": str(doctor.home / "gone")}
    report = look(doctor, entry)
    assert found(report, "launcher.cwd-missing").verdict is Verdict.WARN
    assert "takes no notice" in found(report, "launcher.cwd-missing").detail
    assert report.consents[0].cwd is None
    assert ids(look(doctor, entry | {"cwd": "/"})) == ASKS


def test_nothing_is_started_to_find_this_out(doctor: Doctor) -> None:
    tool = doctor.script("bin/uvx", MARK)
    for args in (["uvx"], ["--python", "3.9", "mcp-for-blender"], ["mcp-for-blender"]):
        doctor.configure({"command": str(tool), "args": args})
        assert doctor.run(only=["client", "launcher", "server"]).did.started == ()
    assert not Path(f"{tool}.started").exists()


def test_the_transcript_tells_what_the_command_is(doctor: Doctor) -> None:
    report = uvx(doctor, "--python", "3.12", "mcp-for-blender==2.2.4")
    check = next(one for one in report.checks if one.id == "launcher.command")
    assert check.transcript == ("“blender” of Claude Desktop: uvx, mcp-for-blender==2.2.4, Python 3.12",)


def test_pipx_knows_nothing_that_would_tell_a_fork_apart(doctor: Doctor) -> None:
    program = str(doctor.script("bin/pipx", MARK))
    assert ids(look(doctor, {"command": program, "args": ["run", "blendr-mcp"]})) == ASKS
    report = look(doctor, {"command": program, "args": ["run", "python-sdk", "blender"]})
    assert report.root_cause == "launcher.package-unknown"


def test_the_running_app_shows_its_path(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor.platform = "darwin"
    on_shell_path(doctor)
    seen = SearchPath(("/usr/bin",), "the PATH of the running app")
    monkeypatch.setattr(launcher, "app_search_path", lambda *_: seen)
    assert look(doctor, {"command": "blender-tool"}).root_cause == "launcher.not-found"

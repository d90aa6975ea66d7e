# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands `fix` and `undo`: what they print, what they ask, and their exit status."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import diagnostics.__main__ as command_line
import diagnostics.command_line.fix as fix_command

from .programs import program
from .runs import Doctor, names_in

ROOT = Path(command_line.__file__).parents[1]
Captured = pytest.CaptureFixture[str]
ONLY = ["--only", "client,launcher"]
FIX = ["fix", "launcher.cwd-missing", *ONLY]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it uses a home folder of Linux")


@pytest.fixture
def file(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The configuration of Cursor on this machine, whose entry names a folder that does not exist."""
    monkeypatch.setenv("HOME", str(doctor.home))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.chdir(doctor.home)
    entry = {"command": str(doctor.script("blender-tool", "")), "cwd": "/nowhere", "env": {"KEY": "s3cr3t-v4lue"}}
    return cursor(doctor, blender=entry)


def cursor(doctor: Doctor, **servers: object) -> Path:
    """Writes the configuration of Cursor, which may be changed while it runs."""
    path = doctor.home / ".cursor/mcp.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"mcpServers": servers}, indent=2))
    return path


def main(*argv: str) -> int:
    return command_line.main([*argv])


def test_shown_made_and_taken_back(file: Path, capsys: Captured) -> None:
    before = file.read_text()
    assert main(*FIX, "--dry-run") == 0
    shown = capsys.readouterr()
    assert '-      "cwd": "/nowhere",\n' in shown.out
    assert f"+++ {file}\n" in shown.out
    assert shown.err == ""
    assert file.read_text() == before
    assert main(*FIX, "--yes") == 0
    said = capsys.readouterr().out
    assert "The file as it was is kept as" in said
    assert "launcher.cwd-missing is gone." in said
    assert "cwd" not in file.read_text()
    assert main("undo", "--dry-run") == 0
    assert '+      "cwd": "/nowhere",\n' in capsys.readouterr().out
    assert main("undo", "--yes") == 0
    assert "is again as it was before" in capsys.readouterr().out
    assert file.read_text() == before
    assert main("undo", "--yes") == 1
    assert capsys.readouterr().err == "mcp-diagnostics: There is nothing to undo.\n"


def test_nobody_is_asked_without_a_terminal(file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    before = file.read_text()
    for stdin in (open(os.devnull), None):  # noqa: SIM115, PTH123
        monkeypatch.setattr(sys, "stdin", stdin)
        assert main(*FIX) == 2
        assert "--yes" in capsys.readouterr().err
    assert file.read_text() == before
    assert names_in(file.parent) == ["mcp.json"]


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("Yes", 0), ("n", 1), ("", 1)])
def test_asked_on_a_terminal(file: Path, answer: str, status: int) -> None:
    import pty

    before, (ours, theirs) = file.read_text(), pty.openpty()
    argv = [sys.executable, "-m", "diagnostics", *FIX]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(argv, env=env, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        os.write(ours, f"{answer}\n".encode())
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == status
    assert b"[y/N]" in out
    assert (file.read_text() != before) == (status == 0)
    assert (b"Nothing was changed." in err) == (status == 1)


def test_interrupted_while_it_asks(file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

        def readline(self, _size: int | None = None) -> str:
            raise KeyboardInterrupt

    before = file.read_text()
    monkeypatch.setattr(sys, "stdin", Terminal())
    assert main(*FIX) == 130
    assert capsys.readouterr().err == "mcp-diagnostics: interrupted\n"
    assert file.read_text() == before


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["fix"], "CAUSE"),
        (["fix", "launcher.nonsense"], "is not known"),
        (["fix", "launcher.not-found", *ONLY], "has not found launcher.not-found; it has found: "),
        ([*FIX, "--choose", "2"], "a number from 1 to 1"),
        ([*FIX, "--choose", "x"], "a number from 1 to 1"),
        ([*FIX, "--port", "x"], "--port"),
        ([*FIX, "--wait", "1"], "--wait"),
        (["undo", "--choose", "1"], "--choose"),
    ],
)
def test_wrong_usage(file: Path, capsys: Captured, argv: list[str], said: str) -> None:
    before = file.read_text()
    assert main(*argv, *(["--yes"] if len(argv) > 1 else [])) == 2
    printed = capsys.readouterr()
    assert said in printed.err
    assert printed.err.startswith("mcp-diagnostics")
    assert file.read_text() == before


@pytest.mark.usefixtures("file")
def test_what_only_the_user_can_do_is_printed(doctor: Doctor, capsys: Captured) -> None:
    cursor(doctor, blender={"command": "$NOBODY_KNOWS/blender-tool"})
    assert main("fix", "launcher.path-unexpanded", *ONLY, "--yes") == 2
    printed = capsys.readouterr()
    assert "has no repair that can be made from here" in printed.err
    assert "$NOBODY_KNOWS/blender-tool" in printed.out


def test_several_repairs(doctor: Doctor, file: Path, capsys: Captured) -> None:
    entry = {"command": str(doctor.home / "blender-tool")}
    cursor(doctor, **{"blender-a": entry, "blender-b": {**entry, "args": ["b"]}})
    fix = ["fix", "client.duplicate-servers", "--only", "client", "--yes"]
    assert main(*fix) == 2
    said = capsys.readouterr().err
    assert "1. Keep “blender-a” in Cursor and switch the other Blender servers off" in said
    assert "2. Keep “blender-b”" in said
    assert main(*fix, "--choose", "2") == 0
    servers = json.loads(file.read_text())["mcpServers"]
    assert [entry.get("disabled") for entry in servers.values()] == [True, None]


@pytest.mark.usefixtures("file")
def test_made_and_still_there(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    reports = []

    def first_report(*args: object, **options: object) -> object:
        reports.append(fix_command.__dict__["real"](*args, **options) if not reports else reports[0])
        return reports[-1]

    monkeypatch.setitem(fix_command.__dict__, "real", fix_command.diagnose)
    monkeypatch.setattr(fix_command, "diagnose", first_report)
    assert main(*FIX, "--yes") == 1
    assert "is still there." in capsys.readouterr().out


def test_what_was_not_tested_is_not_called_gone(doctor: Doctor, file: Path, capsys: Captured) -> None:
    args = ["blender-mcp==1.5.6", "--port", "9877"]
    cursor(doctor, blender={"command": str(doctor.script("uvx", "")), "args": args})
    fix = ["fix", "server.port-ignored", "--only", "client,launcher,server", "--yes", "--choose", "2"]
    status = main(*fix)
    assert status == 3, capsys.readouterr()
    assert "Whether server.port-ignored is gone could not be tested." in capsys.readouterr().out
    assert "mcp-for-blender" in file.read_text()


def test_the_file_cannot_be_changed(file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(file))  # a file, so that nothing can be kept below it
    before = file.read_text()
    assert main(*FIX, "--yes") == 1
    assert "Nothing was changed." in capsys.readouterr().err
    assert file.read_text() == before
    assert names_in(file.parent) == ["mcp.json"]


@pytest.mark.xdist_group("claude-desktop")
@pytest.mark.skipif(sys.platform != "linux", reason="it makes a process of that name")
@pytest.mark.usefixtures("file")
def test_an_app_that_writes_its_file_anew_must_be_quit_first(doctor: Doctor, tmp_path: Path, capsys: Captured) -> None:
    claude = doctor.configure({"command": str(doctor.home / "blender-tool"), "cwd": "/nowhere"})
    before, fix = claude.read_text(), [*FIX, "--app", "claude-desktop", "--yes"]
    with program(tmp_path / "programs", "claude-desktop") as (_port, pid):
        assert main(*fix) == 1
        printed = capsys.readouterr()
        assert "Quit it completely first." in printed.out
        assert f"Claude Desktop runs (process {pid})" in printed.err
        assert claude.read_text() == before
    assert main(*fix) == 0
    with program(tmp_path / "programs", "claude-desktop"):
        assert main("undo", "--yes") == 1
        assert "cwd" not in claude.read_text()
    assert main("undo", "--yes") == 0
    assert claude.read_text() == before


@pytest.mark.skipif(sys.platform != "linux", reason="it makes a process of that name")
@pytest.mark.usefixtures("file")
def test_an_app_that_does_not_may_run(tmp_path: Path, capsys: Captured) -> None:
    with program(tmp_path / "programs", "cursor"):
        assert main(*FIX, "--yes") == 0
    assert "Quit it" not in capsys.readouterr().out


def test_help_names_them(capsys: Captured) -> None:
    assert main("--help") == 0
    said = capsys.readouterr().out
    assert "run | fix | undo | lock | apps | explain" in said
    assert main("fix", "--help") == 0
    assert "--dry-run" in capsys.readouterr().out

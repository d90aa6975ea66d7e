# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: what it prints where, and its exit status. Only a loopback port is ever contacted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import diagnostics.__main__ as command_line
import diagnostics.command_line.run as run_command
from diagnostics import checks
from diagnostics.check import Check, Context, Outcome
from diagnostics.knowledge import catalogue
from diagnostics.knowledge.explanations import explanations
from diagnostics.model import Link

from .peers import addon, listening
from .runs import blender, closed_port

ROOT = Path(command_line.__file__).parents[1]
Captured = pytest.CaptureFixture[str]
NETWORK = ["--host", "127.0.0.1", "--only", "network,addon"]


@pytest.fixture(autouse=True)
def _quiet(alone: None, impatient: None) -> None:
    """Neither the machine's other listeners nor long waits."""


def main(*argv: str) -> int:
    return command_line.main([*argv])


def healthy(*argv: str) -> int:
    with listening(addon()) as peer:
        return main(*NETWORK, "--port", str(peer.port), *argv)


def test_everything_works(capsys: Captured) -> None:
    assert healthy() == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("✔ ")
    assert printed.err == ""


def test_run_may_be_said(capsys: Captured) -> None:
    assert main("run", *NETWORK, "--port", str(closed_port())) == 1
    assert capsys.readouterr().out.startswith("✖ Nothing listens at 127.0.0.1:")


def test_json_and_nothing_else(capsys: Captured) -> None:
    assert healthy("--format", "json", "--verbose") == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)["verdict"] == "pass"
    assert printed.err == ""


@pytest.mark.parametrize(("fail_on", "status"), [("fail", 0), ("warn", 1)])
def test_a_warning(fail_on: str, status: int, capsys: Captured) -> None:
    with listening(addon("1.2")) as peer:
        assert main(*NETWORK, "--port", str(peer.port), "--fail-on", fail_on) == status
    assert capsys.readouterr().out.startswith("! ")


def test_something_could_not_be_tested(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "config.json"
    file.write_text(json.dumps({"mcpServers": {"blender": {"command": sys.executable}}}))
    assert main("--app-config", str(file), "--only", "client,launcher,server") == 3
    assert "needs your permission" in capsys.readouterr().out


def test_the_doctor_itself_fails(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    async def raising(_context: Context) -> Outcome:
        raise ZeroDivisionError

    monkeypatch.setattr(checks, "CHECKS", (Check("network.connect", Link.NETWORK, "", raising),))
    assert main("--only", "network") == 4
    assert "internal.crash" in capsys.readouterr().out


def test_no_traceback_reaches_the_user(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setattr(run_command, "diagnose", lambda *_args, **_options: 1 / 0)
    assert main() == 4
    assert capsys.readouterr().err.count("\n") == 1


def test_interrupted(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    def interrupted(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_command, "diagnose", interrupted)
    assert main() == 130
    assert capsys.readouterr().err == "mcp-diagnostics: interrupted\n"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c(tmp_path: Path) -> None:
    asked = threading.Event()

    def hears(connection: object) -> None:
        while connection.recv(65536):  # type: ignore[attr-defined]
            asked.set()

    with listening(hears) as peer:  # type: ignore[arg-type]
        argv = [sys.executable, "-m", "diagnostics", *NETWORK, "--port", str(peer.port)]
        env = {**os.environ, "HOME": str(tmp_path)}
        with subprocess.Popen(argv, cwd=ROOT, env=env, stdout=-1, stderr=-1, text=True) as process:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (130, "", "mcp-diagnostics: interrupted\n")


@pytest.mark.parametrize(
    ("argv", "argument"),
    [
        (["--port", "0"], "--port"),
        (["--port", "70000"], "--port"),
        (["--port", "9876x"], "--port"),
        (["--host", "http://localhost"], "--host"),
        (["--host", "localhost:1", "--port", "2"], "--host"),
        (["--ca-file", "/nowhere/ca.pem"], "--ca-file"),
        (["--app-config", "/nowhere/x.json"], "--app-config"),
        (["--pin", "mcp<<2"], "--pin"),
        (["--app", "nonsense"], "--app"),
        (["--only", "network,nonsense"], "--only"),
        (["--only", ","], "--only"),
        (["--ignore", "nonsense"], "--ignore"),
        (["--kind", "carrier-pigeon"], "--kind"),
        (["--deadline", "nan"], "--deadline"),
        (["--deadline", "-1"], "--deadline"),
        (["--deadline", "1e9"], "--deadline"),
        (["--expect-protocol", "x"], "--expect-protocol"),
        (["--output", "/nowhere/at/all.txt"], "--output"),
        (["--output", "/"], "--output"),
        (["--pin", "mcp @ file:///somewhere/mcp.whl"], "--pin"),
        (["--format", "xml"], "--format"),
        (["--fail-on", "never"], "--fail-on"),
        (["--nonsense"], "--nonsense"),
        (["--port"], "--port"),
        (["explain", "network.nonsense"], "network.nonsense"),
        (["explain", "network.refused", "--html"], "--html"),
        (["explain", "--html", "/nowhere/at/all.html"], "--html"),
        (["nonsense"], "nonsense"),
        (["--host", "a\nb"], "--host"),
        (["--por", "9876"], "--por"),
        (["--requirements", "/nowhere/requirements.txt"], "--requirements"),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_argument(argv: list[str], argument: str, capsys: Captured) -> None:
    assert main(*argv) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert len(printed.err.splitlines()) == 1
    assert argument in printed.err


def test_the_report_in_a_file(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "report.json"
    assert healthy("--format", "json", "--output", str(file)) == 0
    assert capsys.readouterr().out == ""
    assert json.loads(file.read_text())["did"]["written"] == [str(file)]


def test_a_file_that_cannot_be_written(tmp_path: Path, capsys: Captured) -> None:
    assert healthy("--output", str(tmp_path)) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_explain_lists_all_causes(capsys: Captured) -> None:
    assert main("explain") == 0
    listed = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith(" ")]
    assert [words[0] for words in listed] == list(catalogue.causes())
    assert all(len(words) > 3 for words in listed), "each with its title"


@pytest.mark.parametrize("cause", list(catalogue.causes()))
def test_explain_one(cause: str, capsys: Captured) -> None:
    assert main("explain", cause) == 0
    told, row = " ".join(capsys.readouterr().out.split()), explanations()[cause]
    for text in (cause, row.title, row.means, row.known_by, *row.steps, row.otherwise):
        assert text in told
    assert all(source.url in told for source in row.met)
    assert ("Where users met it" in told) == bool(row.met)


def test_explain_as_a_page(tmp_path: Path, capsys: Captured) -> None:
    file = tmp_path / "causes.html"
    assert main("explain", "--html", str(file)) == 0
    assert capsys.readouterr().out == ""
    assert main("explain", "--html") == 0
    assert capsys.readouterr().out == file.read_text(encoding="utf-8")


def test_a_runbook_is_about_one_endpoint(capsys: Captured) -> None:
    assert main("--format", "runbook", "--endpoint", "127.0.0.1") == 2
    assert "--format" in capsys.readouterr().err


def test_version_and_help(capsys: Captured) -> None:
    assert main("--version") == 0
    assert capsys.readouterr().out.startswith("MCP Diagnostics 0.")
    assert main("run", "--help") == 0
    assert "exit status" in capsys.readouterr().out


def test_a_blender_gives_its_picture(capsys: Captured) -> None:
    argv = [*NETWORK, "--port", str(closed_port()), "--format", "json"]
    assert command_line.main(argv, snapshot=blender()) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["tool"]["blender"], told["root_cause"]) == ("4.3.2", "addon.not-installed")


def test_a_terminal_that_knows_no_unicode(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "diagnostics", *NETWORK, "--port", str(closed_port())]
    env = {**os.environ, "HOME": str(tmp_path), "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stdout.isascii()
    assert ended.stderr == ""


def test_apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    project = tmp_path / "project"
    (tmp_path / ".cursor").mkdir()
    (project / ".vscode").mkdir(parents=True)
    monkeypatch.chdir(project)
    assert main("apps") == 0
    assert capsys.readouterr().out.startswith("No AI app with a configuration was found. Known are Claude Desktop, ")
    entry = {"command": "uvx", "args": ["mcp-for-blender"], "env": {"MY_KEY": "hunter2hunter2", "BLENDER_PORT": "9988"}}
    (tmp_path / ".cursor/mcp.json").write_text(json.dumps({"mcpServers": {"blender": entry}}))
    (project / ".vscode/mcp.json").write_text('{"servers": {"blender": {"url": "http://localhost:8000/mcp", },}}')
    assert main("apps") == 0
    assert capsys.readouterr().out == (
        "Cursor (cursor)\n"
        "  ~/.cursor/mcp.json\n"
        "    • blender: uvx mcp-for-blender\n"
        "      MCP for Blender, looks for Blender at localhost:9988\n"
        "\n"
        "Visual Studio Code (vscode)\n"
        "  ~/project/.vscode/mcp.json\n"
        "    • blender: http://localhost:8000/mcp\n"
        "      only in the project ~/project\n"
    )
    assert main("apps", "--app", "cursor", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert [(app["id"], app["entries"][0]["endpoint"]) for app in told["apps"]] == [("cursor", "localhost:9988")]
    assert (told["schema"], told["known"], told["did"]["read"]) == (1, ["Cursor"], ["~/.cursor/mcp.json"])
    assert "hunter2" not in str(told)
    (tmp_path / ".cursor/mcp.json").write_text('{"mcpServers": {"blender": {"command": 5}, "b2": 1')
    assert main("apps", "--app", "cursor") == 0
    assert "✖ Cursor cannot read its configuration: line 1 has a mistake" in capsys.readouterr().out
    assert main("apps", "--app", "nonsense") == 2
    assert "known are claude-desktop, " in capsys.readouterr().err


def test_help_stays_readable(capsys: Captured) -> None:
    assert main("run", "--help") == 0
    assert "“mcp-diagnostics apps” lists those" in " ".join(capsys.readouterr().out.split())
    assert main("apps", "--help") == 0

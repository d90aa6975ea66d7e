# SPDX-License-Identifier: GPL-3.0-or-later
"""`lock write` and `lock verify`, from the command line to the files. The servers are scripts that play one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import diagnostics.__main__ as command_line
from diagnostics import checks, locking
from diagnostics.check import Check, Context, Outcome
from diagnostics.checks.entries import Entry
from diagnostics.checks.sdk import EnvironmentSeen
from diagnostics.lock import FILE_NAME, parse
from diagnostics.model import Link, Verdict
from diagnostics.probes.environment import Environment, Package
from tests.lab import inventory, real_server

from .peers import INFO, addon, listening
from .probes.children import PRELUDE
from .runs import closed_port, names_in

Captured = pytest.CaptureFixture[str]
Run = Callable[..., int]
PLAYS_UVX = (
    "if '--version' in sys.argv:\n    print('uvx 0.13.9')\n    sys.exit(0)\n"
    "GOOD['serverInfo'] = {'name': 'BlenderMCP', 'version': '1.30.0'}\nserve()"
)
PLAYS_UV = """#!/bin/sh
printf '%s\\n' "$@" >> "$0.asked"
for last; do :; done
while read -r pin; do printf '%s \\\\\\n    --hash=sha256:%064d\\n' "$pin" 0; done < "$last"
"""


@pytest.fixture(autouse=True)
def _quiet(alone: None, impatient: None) -> None:
    """Neither the machine's other listeners nor long waits."""


@pytest.fixture(autouse=True)
def _room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder to work in, a home of its own, and a `uv` that plays one."""
    for name in ("home", "bin", "work"):
        (tmp_path / name).mkdir()
    uv = tmp_path / "bin" / "uv"
    uv.write_text(PLAYS_UV, encoding="utf-8")
    uv.chmod(0o755)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("MCP_DIAGNOSTICS_LAB", str(inventory.cache()))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Runs the command line on a chain that works."""
    program = tmp_path / "uvx"
    program.write_text(f"#!{sys.executable} -S\n{PRELUDE}{PLAYS_UVX}", encoding="utf-8")
    program.chmod(0o755)
    config = tmp_path / "config.json"
    with listening(addon()) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port)}
        entry = {"command": str(program), "args": ["mcp-for-blender==2.2.4"], "env": env}
        config.write_text(json.dumps({"mcpServers": {"blender": entry}}), encoding="utf-8")
        yield lambda *argv, launch=True: command_line.main(
            [*argv, "--app-config", str(config), *(["--launch"] if launch else [])]
        )


def locked() -> dict[str, object]:
    return json.loads(Path(FILE_NAME).read_text(encoding="utf-8"))  # type: ignore[no-any-return]


def test_a_working_chain_is_written_and_compared(run: Run, capsys: Captured, tmp_path: Path) -> None:
    assert run("lock", "write") == 0
    content = locked()
    assert content.pop("day")
    assert content == {
        "mcp_diagnostics_lock": 1,
        "server_package": "mcp-for-blender",
        "server_version": "2.2.4",
        "sdk_package": "mcp",
        "sdk_version": "1.30.0",
        "mcp_version": "2025-11-25",
        "uv_version": "0.13.9",
        "addon_product": "mcp-for-blender",
        "addon_version": "1.8",
        "addon_protocol": "15",
        "host": "127.0.0.1",
        "port": content["port"],
    }
    written = Path("mcp-diagnostics.requirements.txt").read_text(encoding="utf-8")
    assert written.startswith(locking.REQUIREMENTS_MARK)
    assert "mcp==1.30.0 \\\n    --hash=sha256:0000" in written
    assert "mcp-for-blender==2.2.4 \\\n" in written
    assert "resolved, because what is installed was not known" in written
    assert "--no-deps" not in (tmp_path / "bin" / "uv.asked").read_text().split()
    printed = capsys.readouterr().out
    assert "Written: mcp-diagnostics.lock\n" in printed
    assert "Not known, so not in the lock: Python, SHA-256" in printed
    assert "2 packages, by uv" in printed
    assert names_in(Path()) == ["mcp-diagnostics.lock", "mcp-diagnostics.requirements.txt"]
    assert run("lock", "verify") == 0
    assert capsys.readouterr().out.startswith("Everything is as mcp-diagnostics.lock has it, since today: ")
    assert run("run", "--lock", FILE_NAME, "--locked") == 0


def test_the_same_again_leaves_the_day(run: Run, capsys: Captured) -> None:
    assert run("lock", "write") == 0
    file = Path(FILE_NAME)
    file.write_text(file.read_text().replace(str(locked()["day"]), "2025-11-03"))
    before = file.read_bytes()
    capsys.readouterr()
    assert run("lock", "write") == 0
    assert file.read_bytes() == before
    assert "mcp-diagnostics.lock says so already" in capsys.readouterr().out


def test_a_difference(run: Run, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("lock", "write") == 0
    monkeypatch.setitem(INFO, "addon_version", [1, 9])
    capsys.readouterr()
    assert run("lock", "verify") == 1
    assert "  - add-on's version 1.8 → 1.9\n" in capsys.readouterr().out
    assert run("lock", "verify", "--format", "json") == 1
    report = json.loads(capsys.readouterr().out)
    assert [finding["id"] for finding in report["findings"]] == ["server.lock-drift"]
    assert report["findings"][0]["evidence"]["differences"] == ["add-on's version 1.8 → 1.9"]
    assert run("run", "--lock", FILE_NAME) == 0
    assert run("--lock", FILE_NAME, "--locked") == 1


def test_what_was_not_learnt(run: Run, capsys: Captured) -> None:
    assert run("lock", "write") == 0
    capsys.readouterr()
    assert run("lock", "verify", launch=False) == 3
    assert "Not compared, because this run did not find it out: mcp, MCP, uv" in capsys.readouterr().out


def test_without_permission_nothing_is_written(run: Run, capsys: Captured) -> None:
    assert run("lock", "write", launch=False) == 3
    printed = capsys.readouterr().out
    assert "Nothing was written, because not everything could be tested" in printed
    assert "--launch" in printed
    assert names_in(Path()) == []


def test_a_broken_chain_is_not_recorded(run: Run, capsys: Captured) -> None:
    assert run("lock", "write", "--host", "127.0.0.1", "--port", str(closed_port())) == 1
    assert "Nothing was written, because not everything works: " in capsys.readouterr().out
    assert names_in(Path()) == []


def test_some_links_alone(capsys: Captured) -> None:
    with listening(addon()) as peer:
        argv = ["--host", "127.0.0.1", "--port", str(peer.port), "--only", "network,addon"]
        assert command_line.main(["lock", "write", *argv]) == 3
        assert "No requirements with hashes: no version of the server" in capsys.readouterr().out
        assert set(locked()) >= {"addon_version", "host", "port"}
        assert command_line.main(["lock", "verify", *argv]) == 0


FOREIGN = [b"", b"# mine\n", b'{"name": "x"}', b'{"mcp_diagnostics_lock": 2}', b"<<<<<<< HEAD\n"]


@pytest.mark.parametrize("content", FOREIGN)
def test_what_is_no_lock_is_left_alone(run: Run, content: bytes, capsys: Captured) -> None:
    Path("theirs").write_bytes(content)
    assert run("lock", "write", "--lock", "theirs") == 2
    assert run("lock", "verify", "--lock", "theirs") == 2
    assert run("run", "--lock", "theirs") == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert [line.split(": ")[1] for line in printed.err.splitlines()] == ["argument --lock"] * 3
    assert Path("theirs").read_bytes() == content
    assert names_in(Path()) == ["theirs"]


def test_nor_are_requirements_of_somebody_else(run: Run, capsys: Captured) -> None:
    Path("mcp-diagnostics.requirements.txt").write_text("numpy\n")
    assert run("lock", "write") == 2
    assert "mcp-diagnostics.requirements.txt” is left as it is" in capsys.readouterr().err
    assert names_in(Path()) == ["mcp-diagnostics.requirements.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links")
def test_pipes_folders_and_links(run: Run, capsys: Captured, tmp_path: Path) -> None:
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("circle").symlink_to("circle")
    for name in ("pipe", "folder", "circle", "nowhere/at/all"):
        assert run("lock", "write", "--lock", name) == 2
        assert run("lock", "verify", "--lock", name) == 2
    assert len(capsys.readouterr().err.splitlines()) == 8
    real = tmp_path / "real.lock"
    Path("link.lock").symlink_to(real)
    assert run("lock", "write", "--lock", "link.lock") == 0
    assert Path("link.lock").is_symlink()
    assert parse(real.read_bytes(), real).working.sdk_version == "1.30.0"
    assert Path("link.requirements.txt").is_file()


def test_a_folder_that_cannot_be_written(run: Run, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*_arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(locking, "atomic_write", refuses)
    assert run("lock", "write") == 2
    assert capsys.readouterr().err == (
        "mcp-diagnostics: argument --lock: “mcp-diagnostics.lock” cannot be written: Permission denied\n"
    )


def test_a_resolver_that_fails(run: Run, capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "bin" / "uv").write_text("#!/bin/sh\necho 'no such mcp' >&2\nexit 1\n", encoding="utf-8")
    assert run("lock", "write") == 3
    assert "No requirements with hashes: uv: no such mcp" in capsys.readouterr().out
    assert names_in(Path()) == [FILE_NAME]
    earlier = Path("mcp-diagnostics.requirements.txt")
    earlier.write_text(f"{locking.REQUIREMENTS_MARK}, once\n", encoding="utf-8")
    assert run("lock", "write") == 3
    assert "belongs to an earlier lock" in capsys.readouterr().out
    assert earlier.read_text(encoding="utf-8") == f"{locking.REQUIREMENTS_MARK}, once\n"


@pytest.mark.parametrize(
    "argv",
    [
        ["lock"],
        ["lock", "burn"],
        ["lock", "write", "--wait", "1"],
        ["--locked"],
        ["--wait", "1", "--lock", "good.lock"],
        ["--endpoint", "a", "--lock", "good.lock"],
    ],
)
def test_wrong_usage(argv: list[str], capsys: Captured) -> None:
    Path("good.lock").write_text('{"mcp_diagnostics_lock": 1, "day": "2026-11-03"}')
    assert command_line.main(argv) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_the_real_packages(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With the environment of the real server, real uv pins it whole, and installs from that."""
    uv = inventory.tools() / "uv"
    root = inventory.installed_server(inventory.SUITES[0]).parents[1] / "tools" / "mcp-for-blender" / "lib"
    site = next(iter(sorted(root.glob("python3*/site-packages"))), None)
    if site is None or not uv.exists():
        pytest.skip(inventory.why_absent("the installed server"))
    version = site.parent.name.removeprefix("python")
    infos = [path.name.removesuffix(".dist-info").rpartition("-") for path in site.glob("*.dist-info")]
    packages = {name.lower().replace("_", "-").replace(".", "-"): number for name, _dash, number in infos}

    async def look(context: Context) -> Outcome:
        place = Environment("uv tool", root, None, version, {name: Package(name, at) for name, at in packages.items()})
        seen = tuple(EnvironmentSeen(entry, place) for entry in context.all_observed(Entry))
        return Outcome(Verdict.SKIPPED, observations=seen)

    seen = Check("server.environment", Link.SERVER, "", look, after=("client.configuration",))
    monkeypatch.setattr(checks, "CHECKS", (*(one for one in checks.CHECKS if one.id != seen.id), seen))
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    environ = {**real_server.uv_settings(), "UV_OFFLINE": "1"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert run("lock", "write") == 0
    assert locked()["packages"] == dict(sorted(packages.items()))
    argv = [uv, "pip", "install", "--dry-run", "--require-hashes", "--python-version", version, "--target"]
    argv += [tmp_path / "into", "-r", "mcp-diagnostics.requirements.txt"]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert f"Would install {len(packages)} packages" in ended.stderr
    assert run("lock", "verify") == 0


def test_a_server_on_the_real_sdk(tmp_path: Path, capsys: Captured) -> None:
    python = inventory.sdk_python("1.30.0")
    if not python.exists():
        pytest.skip(inventory.why_absent("mcp 1.30.0"))
    server, config = tmp_path / "server.py", tmp_path / "config.json"
    server.write_text("from mcp.server.fastmcp import FastMCP\nFastMCP('BlenderMCP').run()\n", encoding="utf-8")
    with listening(addon()) as peer:
        env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(peer.port)}
        entry = {"command": str(python), "args": [str(server)], "env": env}
        config.write_text(json.dumps({"mcpServers": {"blender": entry}}), encoding="utf-8")
        argv = ["--app-config", str(config), "--launch", "--host", "127.0.0.1", "--port", str(peer.port)]
        assert command_line.main(["lock", "write", *argv]) == 0
        assert (locked()["sdk_version"], locked()["mcp_version"]) == ("1.30.0", "2025-11-25")
        assert command_line.main(["lock", "verify", *argv]) == 0
    assert "mcp" in capsys.readouterr().out


def test_a_lock_is_about_one_server(run: Run, capsys: Captured, tmp_path: Path) -> None:
    config = tmp_path / "config.json"
    servers = json.loads(config.read_text(encoding="utf-8"))["mcpServers"]
    config.write_text(json.dumps({"mcpServers": servers | {"other": servers["blender"]}}), encoding="utf-8")
    assert run("lock", "write") == 2
    told = capsys.readouterr().err
    assert "“blender” of Claude Desktop, “other” of Claude Desktop" in told
    assert not Path(FILE_NAME).exists()


def test_what_was_not_started_is_not_compared_and_how_it_would_be(run: Run, capsys: Captured) -> None:
    assert run("lock", "write") == 0
    capsys.readouterr()
    assert run("lock", "verify", launch=False) == 3
    assert "--launch" in capsys.readouterr().out

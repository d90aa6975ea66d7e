# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger of a real run beside what the system saw of it: nothing is touched that the report does not tell.

A folder on the way to something that is told is not told of its own. Not compared are files outside the user's home
(Python, its modules, libraries, /proc, /etc), which tell nothing about what was looked at, sockets of the system's own
name services, and what a started program does, which is its own affair.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lab.fixtures import OPTIONAL

from .peers import addon, greets, listening
from .probes.children import PRELUDE
from .runs import Doctor
from .system_calls import Seen, watch

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.lab, pytest.mark.skipif(sys.platform != "linux", reason="strace is a program of Linux")]


@pytest.fixture(autouse=True)
def _strace() -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is missing: tests/lab/prepare")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        pytest.skip(f"{OPTIONAL}: this system lets nobody look at system calls")


def run(home: Path, *argv: str) -> tuple[Seen, dict[str, Any]]:
    """What the system saw of a run, and what the run tells of itself, with the home folder written out."""
    output = home / "report.json"
    environ = {"HOME": str(home), "PATH": f"{home}/bin:/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-B", "-P", "-m", "diagnostics", "run", "--format", "json", "--output", str(output), *argv]
    seen, ran = watch(words, home.parent / "calls", environ, home / "project")
    assert ran.stderr == ""
    told = json.loads(output.read_text())
    assert "internal.crash" not in [found["id"] for found in told["findings"]]
    return seen, json.loads(json.dumps(told["did"]).replace('"~', f'"{home}'))


def below(home: Path, paths: set[str]) -> set[str]:
    """The paths in the home folder."""
    return {path for path in paths if path.startswith(f"{home}/")}


def compare(home: Path, seen: Seen, did: dict[str, Any]) -> None:
    told = set(did["read"])
    above = {str(folder) for path in told for folder in Path(path).parents}
    assert below(home, seen.opened) - told - above == set()
    assert seen.connected == set(did["connected"])
    assert sorted(seen.started) == sorted(tuple(argv) for argv in did["started"])
    written = {path for path in below(home, seen.changed) if not _is_passing(path, did["written"])}
    assert written == set(did["written"])


def _is_passing(path: str, written: list[str]) -> bool:
    """Folders above what was written, and files beside it that became it (an atomic write)."""
    return any(
        Path(path) in Path(one).parents or path.startswith(f"{Path(one).parent}/.{Path(one).name}.") for one in written
    )


def furnish(home: Path, server: Path, port: int) -> None:
    """Configurations, logs, extensions, a project and a backup, as several apps leave them."""
    doctor = Doctor(home)
    env = {"BLENDER_HOST": "127.0.0.1", "BLENDER_PORT": str(port)}
    doctor.configure({"command": str(server), "args": ["-m", "blender_mcp"], "env": env})
    line = "2030-01-01T10:00:00.000Z [blender] [info] Initializing server...\n"
    files = {
        ".config/Claude/claude_desktop_config.json.bak": "{}",
        ".config/Claude/config.json": "{}",
        ".config/Claude/logs/mcp-server-blender.log": line,
        ".config/Claude/logs/mcp.log": line,
        ".config/Claude/Claude Extensions/local.dxt.x.blender-mcp/manifest.json": '{"name": "blender-mcp"}',
        ".config/Claude/Claude Extensions Settings/local.dxt.x.blender-mcp.json": '{"isEnabled": true}',
        ".cursor/mcp.json": '{"mcpServers": {}}',
        ".cursor/mcp.json.backup": "{}",
        ".codex/config.toml": "",
        ".claude.json": "{}",
        ".config/Code/User/mcp.json": '{"servers": {}}',
        "project/.mcp.json": "{}",
        "project/.vscode/mcp.json": "{}",
        "project/.cursor/mcp.json": "{}",
        "server.env": f"port={port}\n",
        "requirements.txt": "mcp<2\n",
    }
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    place = tmp_path / "home"
    (place / "project").mkdir(parents=True)
    return place


def test_a_run_that_fails(home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--symlinks", str(home / "venv")], check=True)
    with listening(greets(b"SSH-2.0-x\r\n")) as peer:
        furnish(home, home / "venv" / "bin" / "python", peer.port)
        given = ["--server-config", str(home / "server.env"), "--requirements", str(home / "requirements.txt")]
        seen, did = run(home, "--launch", "--host", "127.0.0.1", "--port", str(peer.port), *given)
    assert did["started"], "the server was started, and its imports were tried"
    compare(home, seen, did)


def test_a_run_that_passes_and_is_remembered(home: Path) -> None:
    server = Doctor(home).script("bin/blender-mcp", f"{PRELUDE}serve()")
    with listening(addon()) as peer:
        furnish(home, server, peer.port)
        seen, did = run(home, "--launch")
    compare(home, seen, did)
    assert f"{home}/.local/state/mcp-diagnostics/last-good.json" in did["written"]


def test_a_run_with_tls_and_nobody_there(home: Path) -> None:
    import trustme

    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(home / "ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(home / "client.pem"))
    with listening(greets(b"x")) as peer:
        furnish(home, Path("/nowhere/blender-mcp"), peer.port)
        given = ["--tls", "--ca-file", str(home / "ca.pem"), "--client-cert", str(home / "client.pem")]
        seen, did = run(home, "--host", "127.0.0.1", "--port", str(peer.port), *given)
    compare(home, seen, did)


def test_a_file_that_nobody_told_of_is_noticed(home: Path) -> None:
    """The comparison itself can fail."""
    (home / "secret.txt").write_text("x")
    seen, _ran = watch(["cat", str(home / "secret.txt")], home.parent / "calls", dict(os.environ), home)
    with pytest.raises(AssertionError):
        compare(home, seen, {"read": [], "connected": [], "started": [], "written": []})

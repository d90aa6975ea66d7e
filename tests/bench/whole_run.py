# SPDX-License-Identifier: GPL-3.0-or-later
"""All links of a healthy machine, nothing started, in process.

The floor is asking the peer on bare sockets, and reading the ends of the logs where there are some.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from diagnostics import diagnose
from diagnostics.model import Machine, Verdict
from diagnostics.target import make_target
from tests.bench import peer
from tests.bench.endpoint import _bare
from tests.bench.figures import beside, cpu_ms, in_turn, shown
from tests.bench.installed import server
from tests.bench.logs import PRINTED, TALK, long_log, tail
from tests.diagnostics import app_logs
from tests.diagnostics.checks.test_client_apps import FILES, put

COUNT = 400
BUDGET = "(budget: p50 below 60 ms, p99 below 250 ms)"
LOG_SIZE = 5 << 20
LOG_OF = {
    "claude-desktop": ".config/Claude/logs/mcp-server-blender.log",
    "claude-code": ".cache/claude-cli-nodejs/-work-0/mcp-logs-blender/2025-05-04.jsonl",
    "cursor": ".config/Cursor/logs/1/window1/exthost/anysphere.cursor-mcp/MCP user-blender.log",
    "vscode": ".config/Code/logs/1/window1/mcpServer.mcp.config.usrlocal.blender.log",
    "vscode-insiders": ".config/Code - Insiders/logs/1/window1/mcpServer.mcp.config.usrlocal.blender.log",
    "vscodium": ".config/VSCodium/logs/1/window1/mcpServer.mcp.config.usrlocal.blender.log",
    "opencode": ".local/share/opencode/log/1.log",
    "codex": ".codex/log/codex-tui.log",
    "zed": ".local/share/zed/logs/Zed.log",
}
"""Of each app that is known to keep logs about its servers on Linux, one."""


def configured(home: Path, port: int, program: str = "sh") -> Machine:
    """A machine on which Claude Desktop starts a program; `sh` is one that a look-up finds."""
    file = home / ".config" / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir(parents=True)
    entry = {"command": program, "args": ["mcp-for-blender"], "env": {"BLENDER_PORT": str(port)}}
    file.write_text(json.dumps({"mcpServers": {"blender": entry}}), encoding="utf-8")
    # The real home makes the look-up ask the running processes for their PATH, as on a user's machine.
    return Machine("linux", Path.home(), {"XDG_CONFIG_HOME": str(home / ".config"), "PATH": "/usr/bin:/bin"})


def configured_everywhere(home: Path, port: int) -> Machine:
    """A machine on which every app that is known starts it, beside files that are as large as people's are."""
    for files, key, entry in FILES.values():
        text = entry if isinstance(entry, str) else json.dumps({key: {"blender": entry}})
        whole = text.replace("9988", str(port)).replace("uvx", "sh")
        put(home / files["linux"], key, whole)
    claude_code = home / ".claude.json"
    projects = {f"/work/{number}": {"history": ["asked for something long " * 4] * 20} for number in range(40)}
    claude_code.write_text(json.dumps({**json.loads(claude_code.read_text(encoding="utf-8")), "projects": projects}))
    return Machine("linux", home, {"PATH": "/usr/bin:/bin"})


def logged_everywhere(home: Path) -> list[Path]:
    """5 MB of what each app writes of a server that is well, later than the configuration; the logs."""
    for folder, _folders, names in os.walk(home):
        for name in names:
            os.utime(Path(folder, name), (0, 0))
    for app, place in LOG_OF.items():
        log = long_log(LOG_SIZE, *((app_logs.STARTED, TALK + PRINTED) if app != "claude-code" else _of_claude_code()))
        file = home / place
        file.parent.mkdir(parents=True)
        file.write_text(log, encoding="utf-8")
    return [home / place for place in LOG_OF.values()]


def _of_claude_code() -> tuple[str, str]:
    line = json.dumps({"debug": "Successfully connected", "timestamp": "2025-05-04T12:50:00.000Z", "cwd": "/work/0"})
    return f"{line.replace('Successfully connected', 'Starting connection with timeout of 30000ms')}\n", f"{line}\n"


def everywhere(*, with_logs: bool = False) -> Iterator[str]:
    """The whole run with every app configured."""
    with peer.running() as port, tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", home)
        machine, target = configured_everywhere(Path(home), port), make_target()
        logs = logged_everywhere(Path(home)) if with_logs else []
        report = diagnose(target, machine=machine)
        assert len(report.consents) >= 1, report.headline
        assert [row.verdict for row in report.chain if row.link != "server"] == [Verdict.PASS] * 5, report.headline
        assert {str(file).replace(home, "~") for file in logs} <= set(report.did.read)

        def least() -> list[bytes]:
            _bare(port)
            return [tail(file) for file in logs]

        yield from _beside_floor(
            f"{len(FILES)} apps configured" + (f", {len(logs)} with 5 MB of logs" if with_logs else ""),
            least,
            lambda: diagnose(target, machine=machine),
        )


def _beside_floor(name: str, floor: Callable[[], object], run: Callable[[], object]) -> Iterator[str]:
    least, ours = in_turn(floor, run, count=COUNT)
    yield f"{name}: {shown(ours)}, of which CPU {cpu_ms(run, COUNT // 4):.1f} ms {BUDGET}"
    yield f"    floor: {shown(least)}; {beside(ours, least)}"


def measure() -> Iterator[str]:
    """The whole run and its floor."""
    with peer.running() as port, tempfile.TemporaryDirectory() as home, server() as program:
        # With the real server its environment is read, of which a run without it knows nothing.
        machine, target = configured(Path(home), port, str(program or "sh")), make_target()
        report = diagnose(target, machine=machine)
        assert [row.verdict for row in report.chain if row.link != "server"] == [Verdict.PASS] * 5, report.headline
        yield from _beside_floor("one app", lambda: _bare(port), lambda: diagnose(target, machine=machine))
    yield from everywhere()
    yield from everywhere(with_logs=True)

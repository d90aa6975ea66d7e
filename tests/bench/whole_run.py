# SPDX-License-Identifier: GPL-3.0-or-later
"""All links of a healthy machine, nothing started, in process; the floor is asking the peer on bare sockets."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

from diagnostics import diagnose
from diagnostics.model import Machine, Verdict
from diagnostics.target import make_target
from tests.bench import peer
from tests.bench.endpoint import _bare
from tests.bench.figures import beside, shown, times_ms
from tests.bench.installed import server

COUNT = 200


def configured(home: Path, port: int, program: str = "sh") -> Machine:
    """A machine on which Claude Desktop starts a program; `sh` is one that a look-up finds."""
    file = home / ".config" / "Claude" / "claude_desktop_config.json"
    file.parent.mkdir(parents=True)
    entry = {"command": program, "args": ["mcp-for-blender"], "env": {"BLENDER_PORT": str(port)}}
    file.write_text(json.dumps({"mcpServers": {"blender": entry}}), encoding="utf-8")
    # The real home makes the look-up ask the running processes for their PATH, as on a user's machine.
    return Machine("linux", Path.home(), {"XDG_CONFIG_HOME": str(home / ".config"), "PATH": "/usr/bin:/bin"})


def measure() -> Iterator[str]:
    """The whole run and its floor."""
    with peer.running() as port, tempfile.TemporaryDirectory() as home, server() as program:
        # With the real server its environment is read, of which a run without it knows nothing.
        machine, target = configured(Path(home), port, str(program or "sh")), make_target()
        report = diagnose(target, machine=machine)
        assert [row.verdict for row in report.chain if row.link != "server"] == [Verdict.PASS] * 5, report.headline
        floor = times_ms(lambda: _bare(port), COUNT)
        ours = times_ms(lambda: diagnose(target, machine=machine), COUNT)
    yield f"floor, bare sockets: {shown(floor)}"
    yield f"whole run:           {shown(ours)} (budget: p50 below 60 ms, p99 below 250 ms)"
    yield beside(ours, floor)

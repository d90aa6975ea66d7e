# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes docs/reports anew: every format of one run that fails and of one that passes.

`python -m tests.lab.write_reports` in a prepared laboratory. The real MCP server is started; what answers it as
Blender's add-on is the stand-in of the tests, so that no window is needed. Times are those of the machine that wrote.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from diagnostics import diagnose
from diagnostics.model import Machine, Report, Verdict
from diagnostics.redaction import Redactor
from diagnostics.reports import FORMATS, SUFFIXES, render
from diagnostics.target import make_target
from tests.diagnostics.peers import addon, listening
from tests.lab import inventory

PLACE = Path(__file__).parents[2] / "docs" / "reports"
PORT = 9876


def main() -> int:
    """Runs both and writes what they found; 1 where one did not end as it should."""
    server = inventory.cache() / "mcp-for-blender-2.2.4" / "bin" / "mcp-for-blender"
    broken = run({"command": "uvx", "args": ["mcp-for-blender"], "env": {"API_TOKEN": "not-to-be-seen-here"}})
    with listening(addon(), port=PORT):
        works = run({"command": str(server), "args": []}, launch=True)
    for name, report, wanted in (("broken", broken, Verdict.FAIL), ("works", works, Verdict.PASS)):
        if report.verdict is not wanted:
            print(render(report, "text", verbose=True))
            return 1
        write(name, report)
    return 0


def run(entry: object, *, launch: bool = False) -> Report:
    """A run on a machine with this entry in Claude Desktop, and nothing else."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        config = home / ".config" / "Claude" / "claude_desktop_config.json"
        config.parent.mkdir(parents=True)
        config.write_text(json.dumps({"mcpServers": {"blender": entry}}, indent=2), encoding="utf-8")
        machine = Machine("linux", home, {"PATH": "/usr/bin:/bin"})
        report = diagnose(make_target(launch=launch, apps=["claude-desktop"]), machine=machine)
    # The laboratory lies in the home folder of whoever runs this.
    return Redactor(Machine.current()).all(report)


def write(name: str, report: Report) -> None:
    """One file a format."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for form in FORMATS:
        (PLACE / f"{name}{SUFFIXES[form]}").write_text(render(report, form), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs of the doctor on a machine that the test has furnished."""

from __future__ import annotations

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from diagnostics import diagnose
from diagnostics.model import BridgeState, Event, Finding, Link, LinkResult, Machine, Remedy, Report, Snapshot
from diagnostics.reports import FORMATS, render
from diagnostics.target import make_target

from .schema import problems

FOLDERS = {
    "linux": ".config/Claude",
    "darwin": "Library/Application Support/Claude",
    "win32": "AppData/Roaming/Claude",
}
"""Where Claude Desktop keeps its configuration, below the home folder."""
CONFIG = "claude_desktop_config.json"


class Doctor:
    """Runs diagnoses for one machine. What is set here counts from the next run on."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.platform = "linux"
        self.environ: dict[str, str] = {}
        self.node = ""
        self.snapshot: Snapshot | None = None
        self.events: list[Event] = []

    @property
    def machine(self) -> Machine:
        return Machine(self.platform, self.home, self.environ, self.node)

    @property
    def config(self) -> Path:
        return self.home / FOLDERS[self.platform] / CONFIG

    def write(self, content: str | bytes) -> Path:
        """Writes the app's configuration, byte by byte as given."""
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_bytes(content.encode() if isinstance(content, str) else content)
        return self.config

    def configure(self, entry: object, name: str = "blender", **others: object) -> Path:
        """Writes a configuration with this entry."""
        return self.write(json.dumps({"mcpServers": {name: entry, **others}}, indent=2))

    def run(self, **target: Any) -> Report:
        """A run. Its report can be shown in every form."""
        report = diagnose(make_target(**target), self.snapshot, machine=self.machine, on_event=self.events.append)
        written = {form: render(report, form, verbose=True) for form in FORMATS}
        assert problems(json.loads(written["json"])) == []
        ET.fromstring(written["junit"])
        assert [row.link for row in report.chain] == list(Link)
        assert ids(report).count("internal.crash") == 0, found(report, "internal.crash").detail
        return report

    def reach(self, port: int, *links: str, **target: Any) -> Report:
        """A run of the links from the network on, at a port of the loopback interface."""
        return self.run(host="127.0.0.1", port=port, only=links or ("network", "addon", "blender"), **target)

    def script(self, name: str, body: str) -> Path:
        """An executable Python program in the home folder."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{sys.executable} -S\n{body}", encoding="utf-8")
        path.chmod(0o755)
        return path


def ids(report: Report) -> list[str]:
    """The ids of the findings, in the order of the report."""
    return [finding.id for finding in report.findings]


def found(report: Report, cause: str) -> Finding:
    """The first finding of this cause."""
    return next(finding for finding in report.findings if finding.id == cause)


def row(report: Report, link: str) -> LinkResult:
    """The row of a link."""
    return next(row for row in report.chain if row.link == link)


def said(finding: Finding) -> str:
    """All words of a finding."""
    return "\n".join([finding.title, finding.detail, *(f"{r.title} {r.text}" for r in finding.remedies)])


def copies(finding: Finding) -> list[Remedy]:
    """What can be copied, and is made by nobody but the user."""
    return [remedy for remedy in finding.remedies if remedy.kind == "copy"]


def names_in(folder: Path) -> list[str]:
    """What lies in the folder."""
    return sorted(path.name for path in folder.iterdir())


def closed_port() -> int:
    """A port of the loopback interface at which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def blender(*bridges: BridgeState, **changes: Any) -> Snapshot:
    """The picture of a Blender with a window that may go online: this very process."""
    usual: dict[str, Any] = {
        "version": (4, 3, 2),
        "version_string": "4.3.2",
        "python": "3.11.9",
        "pid": os.getpid(),
        "background": False,
        "online_access": True,
    }
    return Snapshot(**usual | changes, bridges=bridges)


def bridge(product: str = "mcp-for-blender", **changes: Any) -> BridgeState:
    """An add-on that is enabled and does not run."""
    usual: dict[str, Any] = {"module": "addon", "name": "MCP for Blender", "version": (1, 8), "enabled": True}
    return BridgeState(product=product, **{**usual, "running": False, **changes})

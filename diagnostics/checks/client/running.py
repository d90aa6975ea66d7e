# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI apps that run: do they know the present configuration, and do several of them use the same Blender?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from ...check import Context, Outcome
from ...knowledge import products
from ...knowledge.apps import App, apps
from ...knowledge.catalogue import finding
from ...model import Command, EvidenceValue, Finding, Verdict
from ...probes.app_processes import AppProcess, ancestor, first_process
from ...probes.background import in_thread
from ...probes.files import modified_s
from ...probes.listeners import Client
from ...probes.process_names import ProcessNames
from ...protocols.located_json import Node
from ..entries import Entry
from ..network.endpoint import LocalEndpoint, is_web
from ..processes import process_names
from ..server_processes import connected_servers
from .reading import Refused, read_as

_SEVERAL = 2
_LATER_S = 2.0
"""A file that changed so soon after the app began may have been read after that."""


async def restart(context: Context) -> Outcome:
    """Whether an app that reads its configuration only when it starts was started before the last change."""
    first: dict[str, Entry] = {}
    for entry in context.all_observed(Entry):
        if entry.app.restarts and entry.file.name in entry.app.files and not entry.scope:
            first.setdefault(entry.app.id, entry)
    if not first or not context.machine.is_here or context.target.app_config is not None:
        return Outcome(Verdict.SKIPPED)
    names = await process_names(context)
    looked = await in_thread(lambda: [_stale(entry, names, context) for entry in first.values()])
    findings = tuple(found for found in looked if found is not None)
    failed = next((found for found in findings if found.verdict is Verdict.FAIL), None)
    if failed is not None:
        return Outcome(Verdict.FAIL, failed.title, findings)
    return Outcome(Verdict.WARN if findings else Verdict.SKIPPED, "", findings)


def _stale(entry: Entry, names: ProcessNames, context: Context) -> Finding | None:
    app, platform = entry.app, context.machine.platform
    changed = modified_s(entry.file)
    process = first_process(app.processes.get(platform, []), app.executable.get(platform, ""), names)
    if process is None or changed is None or changed <= process.since_s + _LATER_S:
        return None
    if _has_started(process, entry):
        return None  # it knows the entry
    by_itself = _writes_itself(app, entry.file, context)
    evidence: dict[str, EvidenceValue] = {
        "app": app.name,
        "file": str(entry.file),
        "line": entry.line,
        "process": process.pid,
        "since": _clock(process.since_s),
        "changed": _clock(changed),
        "by_itself": by_itself,
        "_by_user": not by_itself,
        "_restart": app.how_to_restart(context.machine),
    }
    return finding("client.restart-needed", evidence, verdict=Verdict.WARN if by_itself else Verdict.FAIL)


def _has_started(process: AppProcess, entry: Entry) -> bool:
    """Whether the app runs the entry's server now."""
    wanted = set(entry.command.args) | {Path(entry.command.program).name}
    for line in process.started:
        if line and products.of_command(Command(line[0], line[1:])) is not None:
            return True
        if line and {Path(line[0]).name, *line[1:]} >= wanted:
            return True
    return False


def _writes_itself(app: App, file: Path, context: Context) -> bool:
    """Whether the file holds what only the app writes there, so that the last change may be its own."""
    read = read_as(app, file, context) if app.rewrites else None
    if read is None or isinstance(read, Refused):
        return False
    members: dict[str, Node] = read.root.value if isinstance(read.root.value, dict) else {}
    return any(name in members for name in app.rewrites)


def _clock(seconds_s: float) -> str:
    return dt.datetime.fromtimestamp(seconds_s).astimezone().isoformat(" ", timespec="seconds")


async def several(context: Context) -> Outcome:
    """Whether servers that different running apps have started are connected to this Blender."""
    local = context.observed(LocalEndpoint)
    if local is None or is_web(context) or not context.machine.is_here:
        return Outcome(Verdict.SKIPPED)
    port, names = local.endpoint.port, _names_of_processes(context.machine.platform)
    servers = await connected_servers(port, context)
    if len(servers) < _SEVERAL:
        return Outcome(Verdict.SKIPPED)
    used = await in_thread(lambda: _users(servers, names))
    if len({app for _server, app in used}) < _SEVERAL:
        return Outcome(Verdict.SKIPPED)
    seen = tuple(f"{app}: {server}" for server, app in used)
    named = ", ".join(sorted({app for _server, app in used}))
    evidence: dict[str, EvidenceValue] = {"endpoint": str(local.endpoint), "servers": seen, "_apps": named}
    return Outcome(Verdict.WARN, "", (finding("client.several-apps", evidence),))


def _names_of_processes(platform: str) -> dict[str, tuple[str, str]]:
    """The apps by the names of their processes, each with the pattern of its path."""
    return {
        name: (app.name, app.executable.get(platform, "")) for app in apps() for name in app.processes.get(platform, [])
    }


def _users(servers: list[Client], names: dict[str, tuple[str, str]]) -> list[tuple[str, str]]:
    """Each server with the running app that it belongs to."""
    found = ((str(server), ancestor(server.pid, names)) for server in servers)
    return [(server, app) for server, app in found if app is not None]

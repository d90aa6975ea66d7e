# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at one AI app: all its files, and what of them is about Blender."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...check import Context
from ...knowledge.apps import App, apps, of_file
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, FileEdit, Finding
from ..entries import Entry, RemoteEntry
from ..repairs.offer import offered
from .adding import with_new_entry
from .extensions import extensions_of
from .lost import lost
from .mending import mendable
from .misplaced import in_a_wrong_file, in_another_place
from .reading import Configuration, Refused, files_of, read_as
from .servers import SwitchedOff, servers_in


@dataclass(frozen=True, slots=True)
class Looked:
    """What one app's files hold."""

    app: App
    files: tuple[Path, ...] = ()
    entries: tuple[Entry, ...] = ()
    remote: tuple[RemoteEntry, ...] = ()
    off: tuple[SwitchedOff, ...] = ()
    refused: tuple[Finding, ...] = ()
    """Files that the app cannot use."""
    about_blender: bool = False
    """One of those seems to hold a Blender server."""
    findings: tuple[Finding, ...] = ()
    """What the user meant to set up and the app cannot use."""
    unused: tuple[Finding, ...] = ()
    """What is not in use, and need not be where another app is."""
    readable: tuple[Configuration, ...] = ()


def wanted_apps(context: Context) -> tuple[App, ...]:
    """The apps that the user named, else all; for a file that was given the one whose it is."""
    named = tuple(app for app in apps() if app.id in context.target.apps)
    given = context.target.app_config
    if given is None:
        return named or apps()
    return (named[0] if named else of_file(given),)


def look(app: App, context: Context) -> Looked:
    """Reads the app's configuration and its extensions, each file once."""
    given = context.target.app_config
    sources: list[tuple[Path, Path | None]] = [(given, None)] if given is not None else list(files_of(app, context))
    read = [(file, read_as(app, file, context, project)) for file, project in sources]
    refused = [one for _file, one in read if isinstance(one, Refused)]
    readable = [one for _file, one in read if isinstance(one, Configuration)]
    servers = [servers_in(one, context) for one in readable]
    extensions = [] if given is not None else list(extensions_of(app, context))
    installed = [one for one in extensions if isinstance(one, Entry)]
    entries = (*(entry for one in servers for entry in one.entries), *installed)
    remote = tuple(entry for one in servers for entry in one.remote)
    off = (*(one for s in servers for one in s.off), *(one for one in extensions if isinstance(one, SwitchedOff)))
    findings = [found for one in servers for found in one.findings]
    if not (entries or remote):
        findings += (one.elsewhere for one in servers if one.elsewhere is not None)
    findings += in_a_wrong_file(app, context) if given is None else ()
    files = (*(file for file, _one in read), *(entry.file for entry in installed))
    unused: list[Finding] = []
    if not (entries or remote or findings or refused) and (files or off) and given is None:
        findings += in_another_place(app, readable[0], context) if readable else ()
        if not findings:
            unused = _unused(app, readable, off, context)
    return Looked(
        app,
        files,
        entries,
        remote,
        off,
        tuple(_repairable(one, app, context) for one in refused),
        any(one.about_blender for one in refused),
        tuple(findings),
        tuple(unused),
        tuple(readable),
    )


def _repairable(refused: Refused, app: App, context: Context) -> Finding:
    return with_new_entry(refused.finding, app, refused, context) if refused.empty else mendable(refused, app)


def _unused(app: App, readable: list[Configuration], off: tuple[SwitchedOff, ...], context: Context) -> list[Finding]:
    if off:
        first = off[0]
        evidence: dict[str, EvidenceValue] = {"app": app.name, "entry": first.name, "field": first.member}
        evidence |= {"file": str(first.file) if first.file else None, "line": first.line or None}
        evidence |= {"_extension": first.file is None, "_restart": app.how_to_restart(context.machine)}
        found = finding("client.entry-disabled", evidence)
        if first.file is None or first.on is None:
            return [found]
        return [offered(found, "switched-on", FileEdit(first.file, first.sha256, app.id, (first.on,)))]
    gone = lost(app, readable, context)
    return [] if gone is None else [gone]

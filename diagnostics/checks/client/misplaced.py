# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender entry that the app does not see: in a file that it never reads, in the other build's, or in a backup."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...check import Context
from ...knowledge.apps import App, folders
from ...knowledge.catalogue import finding
from ...model import Finding
from ...probes.files import State, read_file
from ...protocols.json_edit import node_at
from ...protocols.located_json import Node
from ...protocols.located_toml import TomlSyntaxError
from .adding import with_copies
from .reading import Configuration, digest_of, parse_as
from .servers import servers_in

_BACKUP = re.compile(r"(?:\.bak|\.backup|\.old|\.orig|~|_backup|-backup)[\w.~-]{0,40}", re.IGNORECASE)
_MANY = 2000
"""Files of a folder that are looked at."""
_BACKUPS = 5
_TOP = 2
"""Keys that lead to an entry that counts for all projects."""


def in_a_wrong_file(app: App, context: Context) -> Iterator[Finding]:
    """Servers in a file beside the configuration that the app keeps for other things, and that they break."""
    for folder in folders(app, context.machine) if app.wrong_files else ():
        for name in app.wrong_files:
            wrong = _configuration(app, folder / name, context)
            members = wrong.root.value if wrong is not None and isinstance(wrong.root.value, dict) else {}
            if wrong is not None and app.key in members:
                evidence = wrong.where(context) | {"right_file": str(folder / app.files[0])}
                found = finding("client.config-wrong-file", evidence | {"key": app.key})
                right, servers = _configuration(app, folder / app.files[0], context), members[app.key].value
                if right is not None and isinstance(servers, dict):
                    found = with_copies(found, "right-file", right, wrong, servers, move=True)
                yield found


def in_another_place(app: App, used: Configuration, context: Context) -> Iterator[Finding]:
    """The entry is in the folder of the other build of this app, and not in `used`, which this one reads."""
    for folder in folders(app, context.machine):
        for name in app.files:
            other = folder / name
            source = _configuration(app, other, context) if folder != used.file.parent and not app.each else None
            servers = _blender_servers(source, context) if source is not None else None
            if source is not None and servers is not None:
                evidence = used.where(context) | {"other_file": str(other), "_key": app.key}
                found = finding("client.config-wrong-location", evidence)
                yield with_copies(found, "right-file", used, source, servers, move=False)


def backup_of(app: App, file: Path, context: Context) -> tuple[Configuration, Mapping[str, Node]] | None:
    """The newest copy beside the file that holds a Blender server, and those servers by their names."""
    for copy in _copies(file, context):
        backup = _configuration(app, copy, context)
        servers = _blender_servers(backup, context) if backup is not None else None
        if backup is not None and servers is not None:
            return backup, servers
    return None


def _copies(file: Path, context: Context) -> list[Path]:
    """The backups of a file in its own folder, the newest first."""
    found: list[tuple[float, Path]] = []
    context.ledger.read(file.parent)
    try:
        with os.scandir(file.parent) as there:
            for _number, item in zip(range(_MANY), there, strict=False):
                name = item.name
                rest = name.removeprefix(file.name) if name.startswith(file.name) else name.removeprefix(file.stem)
                if rest != name and _BACKUP.match(rest) and item.is_file():
                    found.append((item.stat().st_mtime, Path(item.path)))
    except OSError:
        return []
    return [path for _time, path in sorted(found, reverse=True)[:_BACKUPS]]


def _blender_servers(configuration: Configuration, context: Context) -> Mapping[str, Node] | None:
    """The Blender servers that count for all projects, by their names; None where the file has none at all."""
    found = servers_in(configuration, context)
    if not (found.entries or found.remote):
        return None
    keys = [entry.place.keys for entry in found.entries if entry.place is not None]
    names = [at[-1] for at in keys if len(at) == _TOP] + [entry.name for entry in found.remote if not entry.scope]
    servers = node_at(configuration.root, (configuration.app.key,))
    members = servers.value if servers is not None and isinstance(servers.value, dict) else {}
    return {name: members[name] for name in names if name in members}


def _configuration(app: App, file: Path, context: Context) -> Configuration | None:
    """The content of a file that is there and in order."""
    if not os.path.lexists(file):
        return None
    read = read_file(file, context.ledger)
    if read.state is not State.READ:
        return None
    try:
        text = read.data.decode("utf-8-sig")
        return Configuration(app, file, text, parse_as(app.format, text), None, digest_of(read.data))
    except (ValueError, TomlSyntaxError):
        return None

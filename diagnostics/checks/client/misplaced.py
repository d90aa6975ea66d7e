# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender entry that the app does not see: in a file that it never reads, in the other build's, or in a backup."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from ...check import Context
from ...knowledge.apps import App, folders
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, Finding
from ...probes.files import State, read_file
from ...protocols.located_json import Node
from ...protocols.located_toml import TomlSyntaxError
from .reading import Configuration, parse_as
from .servers import servers_in

_BACKUP = re.compile(r"(?:\.bak|\.backup|\.old|\.orig|~|_backup|-backup)[\w.~-]{0,40}", re.IGNORECASE)
_MANY = 2000
"""Files of a folder that are looked at."""
_BACKUPS = 5


def in_a_wrong_file(app: App, context: Context) -> Iterator[Finding]:
    """Servers in a file beside the configuration that the app keeps for other things, and that they break."""
    for folder in folders(app, context.machine) if app.wrong_files else ():
        for name in app.wrong_files:
            root = _root(app, folder / name, context)
            members = root.value if root is not None and isinstance(root.value, dict) else {}
            if app.key in members:
                evidence = _where(app, folder / name, context) | {"right_file": str(folder / app.files[0])}
                yield finding("client.config-wrong-file", evidence | {"key": app.key})


def in_another_place(app: App, used: Path, context: Context) -> Iterator[Finding]:
    """The entry is in the folder of the other build of this app, and not in `used`, which this one reads."""
    for folder in folders(app, context.machine):
        for name in app.files:
            other = folder / name
            if folder != used.parent and not app.each and _has_entry(app, other, context):
                evidence = _where(app, used, context) | {"other_file": str(other), "_key": app.key}
                yield finding("client.config-wrong-location", evidence)


def backup_of(app: App, file: Path, context: Context) -> Path | None:
    """The newest copy beside the file that holds a Blender server."""
    return next((copy for copy in _copies(file, context) if _has_entry(app, copy, context)), None)


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


def _has_entry(app: App, file: Path, context: Context) -> bool:
    root = _root(app, file, context)
    if root is None or not isinstance(root.value, dict):
        return False
    servers = servers_in(Configuration(app, file, "", root), context)
    return bool(servers.entries or servers.remote)


def _root(app: App, file: Path, context: Context) -> Node | None:
    """The content of a file that is there and in order."""
    if not os.path.lexists(file):
        return None
    read = read_file(file, context.ledger)
    if read.state is not State.READ:
        return None
    try:
        return parse_as(app.format, read.data.decode("utf-8-sig"))
    except (ValueError, TomlSyntaxError):
        return None


def _where(app: App, file: Path, context: Context) -> dict[str, EvidenceValue]:
    return {"app": app.name, "file": str(file), "_restart": app.how_to_restart(context.machine)}

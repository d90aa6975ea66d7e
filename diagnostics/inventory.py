# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the AI apps of a machine and their Blender servers, without testing anything."""

from __future__ import annotations

import platform
import sys

from .check import Context
from .checks.client.configuration import keep_secrets
from .checks.client.duplicates import place_of
from .checks.client.looking import Looked, look, wanted_apps
from .checks.entries import Entry, RemoteEntry, command_line
from .model import NAME, VERSION, AppFacts, EntryFacts, Inventory, Tool


def take(context: Context) -> Inventory:
    """What the apps have configured, not redacted yet."""
    wanted = wanted_apps(context)
    looked = [look(app, context) for app in wanted]
    keep_secrets(looked, context)
    found = tuple(_app(one, context) for one in looked if one.files or one.off or one.findings)
    blender = context.snapshot.version_string if context.snapshot else None
    tool = Tool(NAME, VERSION, platform.python_version(), blender, sys.platform)
    return Inventory(tool, found, tuple(app.name for app in wanted), context.ledger.did(), bool(context.target.apps))


def _app(one: Looked, context: Context) -> AppFacts:
    entries = (
        *(_entry(entry, context) for entry in one.entries),
        *(_remote(entry) for entry in one.remote),
        *(
            EntryFacts(off.name, "", "", "", str(one.files[0]) if one.files else "", off.line, enabled=False)
            for off in one.off
        ),
    )
    files = dict.fromkeys(map(str, one.files))
    return AppFacts(one.app.id, one.app.name, tuple(files), entries, (*one.refused, *one.findings, *one.unused))


def _entry(entry: Entry, context: Context) -> EntryFacts:
    place = place_of(entry) if entry.product else ""
    product = entry.product.name if entry.product else ""
    line = command_line(entry, context)
    return EntryFacts(entry.name, line, place, product, str(entry.file), entry.line, entry.scope)


def _remote(entry: RemoteEntry) -> EntryFacts:
    return EntryFacts(entry.name, entry.url, "", "", str(entry.file), entry.line, entry.scope)

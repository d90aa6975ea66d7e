# SPDX-License-Identifier: GPL-3.0-or-later
"""The repairs of what is wrong with an entry, for whichever check has found it: several tell of the same cause."""

from __future__ import annotations

from collections.abc import Callable

from ...check import Context
from ...model import Finding
from ...text import clean
from ..entries import Entry
from . import launcher, pasteable, server

_Repair = Callable[[Finding, Entry, Context], Finding]

_REPAIRS: dict[str, _Repair] = {
    "launcher.not-found": launcher.full_path,
    "launcher.not-on-app-path": launcher.full_path,
    "launcher.uvx-missing": launcher.by_uv,
    "launcher.path-unexpanded": launcher.whole_path,
    "launcher.cwd-missing": launcher.without_cwd,
    "launcher.windows-shim": launcher.windows_shim,
    "server.sdk-incompatible": server.sdk,
    "server.port-ignored": server.port_ignored,
    "network.port-mismatch": server.port_mismatch,
}


def with_repairs(found: Finding, context: Context) -> Finding:
    """The finding with what can be changed in the file of the entry that it is about, first.

    Where the text of another remedy is a piece of an entry, it is written as the app of that entry wants it.
    """
    entries = context.all_observed(Entry)
    entry = next((one for one in entries if _is_about(found, one)), None)
    if entry is None and found.id == "network.port-mismatch":
        entry = server.of_endpoint(found, entries)
    if entry is None:
        return found
    found = pasteable.as_app_wants(found, entry)
    repair = _REPAIRS.get(found.id)
    return found if repair is None or entry.place is None else repair(found, entry, context)


def _is_about(found: Finding, entry: Entry) -> bool:
    shown = (entry.app.name, clean(entry.name, 4000), clean(str(entry.file), 4000), entry.line)
    return tuple(found.evidence.get(name) for name in ("app", "entry", "file", "line")) == shown

# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI apps of a machine as text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..model import AppFacts, EntryFacts, Inventory
from ..text import one_line
from .json_report import SCHEMA, finding_as_object, tool_as_object

_WIDE = 160


def render(inventory: Inventory, form: str) -> str:
    """The inventory as "text" or "json", ending with a newline."""
    if form == "json":
        return json.dumps(_as_object(inventory), indent=2, allow_nan=False) + "\n"
    if not inventory.apps and inventory.named:
        return f"No configuration of {', '.join(inventory.known)} was found. Other AI apps were not looked at.\n"
    if not inventory.apps:
        return f"No AI app with a configuration was found. Known are {', '.join(inventory.known)}.\n"
    return "\n\n".join("\n".join(_lines(app)) for app in inventory.apps) + "\n"


def _lines(app: AppFacts) -> Iterator[str]:
    yield f"{app.name} ({app.id})"
    for file in app.files:
        yield f"  {file}"
    for entry in app.entries:
        yield from _entry_lines(entry)
    if not app.entries and not app.problems:
        yield "    no Blender server"
    for found in app.problems:
        yield f"    ✖ {one_line(found.title, _WIDE)}"


def _entry_lines(entry: EntryFacts) -> Iterator[str]:
    if not entry.enabled:
        yield f"    – {one_line(entry.name, _WIDE)}: switched off"
        return
    yield f"    • {one_line(entry.name, _WIDE)}: {one_line(entry.starts, _WIDE)}"
    product = f"{entry.product}, " if entry.product else ""
    if entry.endpoint:
        yield f"      {product}looks for Blender at {entry.endpoint}"
    elif "://" not in entry.starts[:10]:
        yield "      the command does not say which Blender server it is"
    if entry.project:
        yield f"      only in the project {one_line(entry.project, _WIDE)}"


def _as_object(inventory: Inventory) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "tool": tool_as_object(inventory.tool),
        "apps": [
            {
                "id": app.id,
                "name": app.name,
                "files": list(app.files),
                "entries": [_entry_as_object(entry) for entry in app.entries],
                "problems": [finding_as_object(found) for found in app.problems],
            }
            for app in inventory.apps
        ],
        "known": list(inventory.known),
        "did": {"read": list(inventory.did.read)},
    }


def _entry_as_object(entry: EntryFacts) -> dict[str, object]:
    return {
        "name": entry.name,
        "enabled": entry.enabled,
        "starts": entry.starts,
        "endpoint": entry.endpoint or None,
        "product": entry.product or None,
        "file": entry.file,
        "line": entry.line,
        "project": entry.project or None,
    }

# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry that is proposed to the user, as each app wants it written."""

from __future__ import annotations

import json

from ...check import Context
from ...knowledge import products
from ...knowledge.apps import App
from ..entries import installed


def new_entry(app: App, context: Context) -> str:
    """The entry to add to the app's servers, with the full path of `uvx` where it is known."""
    uvx = installed("uvx", context).path
    program, package = str(uvx) if uvx else "uvx", products.products()[0].server_entry
    if app.format == "toml":
        return f"[{app.key}.blender]\ncommand = {_text(program)}\nargs = [{_text(package)}]"
    if app.command == "list":
        return f'"blender": {{\n  "type": "local",\n  "command": [{_text(program)}, {_text(package)}]\n}}'
    return f'"blender": {{\n  "command": {_text(program)},\n  "args": [{_text(package)}]\n}}'


def new_file(app: App, context: Context) -> str:
    """A whole configuration with nothing but that entry."""
    entry = new_entry(app, context)
    if app.format == "toml":
        return entry
    member = entry.replace("\n", "\n    ")
    return f'{{\n  "{app.key}": {{\n    {member}\n  }}\n}}'


def _text(value: str) -> str:
    """A text in quotes; JSON's escapes are TOML's too."""
    return json.dumps(value, ensure_ascii=False)

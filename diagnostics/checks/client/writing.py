# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry that is proposed to the user, as each app wants it written."""

from __future__ import annotations

import json
import re

from ...check import Context
from ...knowledge import products
from ...knowledge.apps import App
from ...model import Command
from ..entries import installed


def new_entry(app: App, context: Context) -> str:
    """The entry to add to the app's servers, with the full path of `uvx` where it is known."""
    uvx = installed("uvx", context).path
    program, package = str(uvx) if uvx else "uvx", products.products()[0].server_entry
    return entry_for(app, "blender", Command(program, (package,)))


def entry_for(app: App, name: str, command: Command) -> str:
    """An entry of this name that starts this program with these arguments, as the app wants it written."""
    program, args = _text(command.program), ", ".join(map(_text, command.args))
    if app.format == "toml":
        key = name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _text(name)
        return f"[{app.key}.{key}]\ncommand = {program}\nargs = [{args}]"
    if app.command == "list":
        return f'{_text(name)}: {{\n  "type": "local",\n  "command": [{", ".join(map(_text, command.argv))}]\n}}'
    return f'{_text(name)}: {{\n  "command": {program},\n  "args": [{args}]\n}}'


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

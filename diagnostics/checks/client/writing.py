# SPDX-License-Identifier: GPL-3.0-or-later
"""The entry that is proposed to the user, as each app wants it written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...check import Context
from ...knowledge import products
from ...knowledge.apps import App
from ...model import Command, Plain
from ...protocols import toml_edit
from ..entries import installed

NAME = "blender"
"""What a new entry is called."""


def command_members(app: App, argv: Sequence[str]) -> dict[str, Plain]:
    """The members of an entry that say what is started."""
    if app.command == "list":
        return {"command": tuple(argv)}
    return {"command": argv[0], "args": tuple(argv[1:])}


def new_server(app: App, uvx: str) -> dict[str, Plain]:
    """An entry that lets this `uvx` start the newest server."""
    return {**app.fixed, **command_members(app, (uvx, products.products()[0].server_entry))}


def known_uvx(context: Context) -> Path | None:
    """The full path of `uvx`, None where it is not installed."""
    return installed("uvx", context).path


def new_entry(app: App, context: Context) -> str:
    """The entry to add to the app's servers, with the full path of `uvx` where it is known."""
    uvx = str(known_uvx(context) or "uvx")
    return entry_for(app, NAME, Command(uvx, (products.products()[0].server_entry,)))


def entry_for(app: App, name: str, command: Command) -> str:
    """An entry of this name that starts this program with these arguments, as the app wants it written."""
    server: dict[str, Plain] = {**app.fixed, **command_members(app, command.argv)}
    if app.format == "toml":
        return f"[{app.key}.{toml_edit.key_of(name)}]\n{as_written(app, server)}"
    inside = as_written(app, server, ",\n").replace("\n", "\n  ")
    return f"{json.dumps(name, ensure_ascii=False)}: {{\n  {inside}\n}}"


def new_file(app: App, context: Context) -> str:
    """A whole configuration with nothing but that entry."""
    entry = new_entry(app, context)
    if app.format == "toml":
        return entry
    member = entry.replace("\n", "\n    ")
    return f'{{\n  "{app.key}": {{\n    {member}\n  }}\n}}'


def as_written(app: App, members: Mapping[str, Plain], between: str = ", ") -> str:
    """Members of an entry in the format of the app's file, to be pasted into it: lines in TOML, else with commas."""
    if app.format == "toml":
        return "\n".join(f"{name} = {toml_edit.written(value)}" for name, value in members.items())
    return between.join(
        f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in members.items()
    )

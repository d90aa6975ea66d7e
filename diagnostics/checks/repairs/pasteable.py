# SPDX-License-Identifier: GPL-3.0-or-later
"""Pieces of an entry that are to be pasted, in the format of the app's own file.

The catalogue has them as members of a JSON object, `"command": …, "args": …, "env": …`. Where the entry has variables
already, its titles say so (`has_env`), and what is to be pasted is only what belongs among those.
"""

from __future__ import annotations

import dataclasses
import json

from ...model import Finding, Plain, Remedy
from ..client.writing import as_written, command_members
from ..entries import Entry


def as_app_wants(found: Finding, entry: Entry) -> Finding:
    """The finding with such pieces as this app writes them, and as this entry can take them."""
    app = entry.app
    if found.fills.get("has_env"):
        return dataclasses.replace(found, remedies=tuple(_among(remedy, entry) for remedy in found.remedies))
    if app.format != "toml" and app.command != "list" and app.env == "env":
        return found
    return dataclasses.replace(found, remedies=tuple(_written(remedy, entry) for remedy in found.remedies))


def _among(remedy: Remedy, entry: Entry) -> Remedy:
    """The remedy with its variables as they stand among others; anything else as this app writes it."""
    members = _members(remedy.text) if remedy.kind == "copy" else None
    env = members.get("env") if members is not None and members.keys() == {"env"} else None
    if not isinstance(env, dict):
        return _written(remedy, entry)
    variables: dict[str, Plain] = {str(name): str(value) for name, value in env.items()}
    return dataclasses.replace(remedy, text=as_written(entry.app, variables))


def _written(remedy: Remedy, entry: Entry) -> Remedy:
    members = _members(remedy.text) if remedy.kind == "copy" else None
    if not members or not members.keys() <= {"command", "args", "env"}:
        return remedy
    app, written = entry.app, dict[str, Plain]()
    program, args = members.get("command"), members.get("args")
    if app.command == "list" and (program or args is not None):
        argv = [str(program or entry.command.program), *_texts(entry.command.args if args is None else args)]
        written |= command_members(app, argv)
    else:
        written |= {} if program is None else {"command": str(program)}
        written |= {} if args is None else {"args": tuple(_texts(args))}
    env = members.get("env")
    if isinstance(env, dict):
        written[app.env] = {str(name): str(value) for name, value in env.items()}
    return dataclasses.replace(remedy, text=as_written(app, written))


def _members(text: str) -> dict[str, object] | None:
    try:
        value = json.loads(f"{{{text}}}")
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []

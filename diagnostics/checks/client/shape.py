# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of an entry: what an app takes, what it refuses, and which command comes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...knowledge.apps import App
from ...model import Command, Machine
from ...protocols import located_json
from ...protocols.located_json import Node
from ...text import clean

Problem = tuple[Node, str, str]
"""Where, which field, and what the app takes there."""


def address_of(node: Node, app: App) -> Node | None:
    """The address of an entry that is reached over HTTP, where this app takes such."""
    members = node.value if isinstance(node.value, dict) else {}
    if isinstance(members.get("command"), Node):
        return None
    return next((members[name] for name in app.urls if name in members), None)


def is_off(node: Node, app: App) -> str | None:
    """The member that switches an entry off, None where none does."""
    members = node.value if isinstance(node.value, dict) else {}
    return next((name for name, value in app.off.items() if name in members and members[name].value is value), None)


def is_provided(node: Node, app: App) -> bool:
    """Whether an extension of the app says what is started."""
    return app.without and isinstance(node.value, dict) and not {"command", *app.urls} & node.value.keys()


def problems(node: Node, path: str, app: App) -> Iterator[Problem]:
    """What the app will not take in an entry."""
    if not isinstance(node.value, dict):
        yield node, path, "an object { … } with a command"
        return
    members = node.value
    if (address := address_of(node, app)) is not None:
        if not isinstance(address.value, str) or not re.match(r"(?i)https?://\S", address.value):
            yield address, f"{path}.{_name(address, members)}", "an address that begins with http:// or https://"
        return
    yield from _command_problems(node, members, path, app)
    if app.env in members:
        kinds = str | int | float | None if app.loose_env else str
        yield from _no_texts(members[app.env], f"{path}.{app.env}", dict, "an object { … } of texts", kinds)
    cwd = members.get("cwd")
    if cwd is not None and not isinstance(cwd.value, str):
        yield cwd, f"{path}.cwd", "a folder, as a text in quotes"


def _command_problems(node: Node, members: Mapping[str, Node], path: str, app: App) -> Iterator[Problem]:
    command = members.get("command")
    as_list = app.command == "list"
    wanted = (
        "the program to start and its arguments, as a list of texts [ … ]"
        if as_list
        else "the program to start, as a text"
    )
    if command is None:
        alone = "" if app.urls or not {"url", "serverUrl"} & members.keys() else " (this app's file takes no URLs)"
        yield node, f"{path}.command", wanted + alone
    elif as_list:
        yield from _no_texts(command, f"{path}.command", list, wanted)
        if command.value == []:
            yield command, f"{path}.command", wanted
        return
    elif isinstance(command.value, dict) and app.without and "path" in command.value:
        return  # as Zed wrote it before 2025
    elif not isinstance(command.value, str) or not command.value.strip():
        yield command, f"{path}.command", f"{wanted} that is not empty"
    if "args" in members:
        yield from _no_texts(members["args"], f"{path}.args", list, "a list of texts [ … ]")


def _name(node: Node, members: Mapping[str, Node]) -> str:
    return next(name for name, member in members.items() if member is node)


def _no_texts(node: Node, path: str, kind: type, wanted: str, kinds: object = str) -> Iterator[Problem]:
    """The node itself when it is not of this kind, else its members that are no texts."""
    if not isinstance(node.value, kind):
        yield node, path, wanted
    elif isinstance(node.value, dict):
        named = ((item, f"{path}.{clean(name, 60)}") for name, item in node.value.items())
        yield from ((item, name, "a text in quotes") for item, name in named if not isinstance(item.value, kinds))  # type: ignore[arg-type]
    elif isinstance(node.value, list):
        numbered = ((item, f"{path}[{number}]") for number, item in enumerate(node.value))
        yield from ((item, name, "a text in quotes") for item, name in numbered if not isinstance(item.value, str))


def command_of(node: Node, app: App, machine: Machine, project: Path | None = None) -> Command:
    """The command of an entry in which there are no `problems`."""
    plain = located_json.plain(node)
    assert isinstance(plain, dict)  # noqa: S101  # the caller has looked
    command, args, env = plain["command"], plain.get("args") or [], plain.get(app.env) or {}
    if isinstance(command, dict):
        nested = command
        command, args, env = nested["path"], nested.get("args"), nested.get("env")
        args, env = (args if isinstance(args, list) else []), (env if isinstance(env, dict) else {})
    elif isinstance(command, list):
        command, args = command[0], command[1:]

    def text(value: object) -> str:
        return _expanded(str(value), machine, project) if app.expands else str(value)

    cwd = plain.get("cwd")
    variables = {str(name): text(value) for name, value in env.items() if value is not None}
    return Command(text(command), tuple(map(text, args)), variables, None if cwd is None else text(cwd))


def _expanded(text: str, machine: Machine, project: Path | None) -> str:
    """The text with the folders put in that apps know by a name. Other variables may be secrets and stay."""
    home = str(machine.home)
    known = {"userHome": home, "env:HOME": home, "HOME": home, "env:USERPROFILE": home}
    if project is not None:
        known |= {"workspaceFolder": str(project), "CLAUDE_PROJECT_DIR": str(project)}
    return re.sub(r"\$\{([\w:]+)\}", lambda match: known.get(match[1], match[0]), text)

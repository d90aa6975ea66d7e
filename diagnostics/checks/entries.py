# SPDX-License-Identifier: GPL-3.0-or-later
"""What an AI app has configured for Blender: the observations that the checks of the first links pass on."""

from __future__ import annotations

import json
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..check import Context
from ..knowledge import products
from ..knowledge.apps import App, places
from ..knowledge.products import Product
from ..model import Command, EvidenceValue
from ..probes.search_path import Program, find_program
from ..protocols import located_json
from ..protocols.located_json import Node
from ..text import clean

INSTALL_UV = {
    "win32": "winget install --id=astral-sh.uv -e",
    "darwin": "brew install uv",
    "linux": "curl -LsSf https://astral.sh/uv/install.sh | sh",
}
"""How uv is installed, by platform."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One enabled entry or extension that starts a Blender MCP server."""

    app: App
    name: str
    command: Command
    file: Path
    line: int
    product: Product | None
    """None where the command does not say which product it starts."""

    @property
    def endpoint(self) -> tuple[str | None, int | None]:
        """Host and port at which its server looks for Blender, None for what is not configured."""
        return products.configured_endpoint(self.command, self.product) if self.product else (None, None)


def evidence_of(entry: Entry, context: Context) -> dict[str, EvidenceValue]:
    """What every finding about an entry tells: whose it is and where it stands, and how to write a better one."""
    uvx = installed("uvx", context).path
    return {
        "app": entry.app.name,
        "entry": entry.name,
        "file": str(entry.file),
        "line": entry.line,
        "_restart": entry.app.how_to_restart(context.machine),
        "_uvx": json.dumps(str(uvx) if uvx else "uvx", ensure_ascii=False),
        "_server": entry.product.server_entry if entry.product else products.products()[0].server_entry,
        "_start": (entry.product or products.products()[0]).start,
    }


def command_line(entry: Entry, context: Context) -> str:
    """The command as one would type it. It is shown to the user, so the report's redaction masks what is secret."""
    if context.machine.platform == "win32":
        return subprocess.list2cmdline(entry.command.argv)
    return shlex.join(entry.command.argv)


def start_of(context: Context) -> str:
    """Where in Blender the add-on is started that the AI app's server belongs to."""
    wanted = next((entry.product for entry in context.all_observed(Entry) if entry.product), None)
    return (wanted or products.products()[0]).start


def installed(program: str, context: Context) -> Program:
    """Where this user has a program, whether or not the AI app would find it: on the shell's PATH, then elsewhere."""
    machine = context.machine
    return find_program(program, (*machine.folders(machine.environ.get("PATH", "")), *places(machine)), machine)


@dataclass(frozen=True, slots=True)
class Launch:
    """An entry whose program was found: ready to be started, if the user allows it."""

    entry: Entry
    program: Path
    environ: Mapping[str, str]
    allowed: bool


def problems(node: Node, path: str) -> Iterator[tuple[Node, str, str]]:
    """What an app will not take in an entry of the shape {command, args, env}: where, which field, what it takes."""
    if not isinstance(node.value, dict):
        yield node, path, "an object { … } with a command"
        return
    members = node.value
    command = members.get("command")
    if command is None:
        alone = " (this app's file takes no URLs)" if {"url", "serverUrl"} & members.keys() else ""
        yield node, f"{path}.command", f"the program to start, as a text{alone}"
    elif not isinstance(command.value, str) or not command.value.strip():
        yield command, f"{path}.command", "the program to start, as a text that is not empty"
    if "args" in members:
        yield from _no_texts(members["args"], f"{path}.args", list, "a list of texts [ … ]")
    if "env" in members:
        yield from _no_texts(members["env"], f"{path}.env", dict, "an object { … } of texts")
    cwd = members.get("cwd")
    if cwd is not None and not isinstance(cwd.value, str):
        yield cwd, f"{path}.cwd", "a folder, as a text in quotes"


def _no_texts(node: Node, path: str, kind: type, wanted: str) -> Iterator[tuple[Node, str, str]]:
    """The node itself when it is not of this kind, else its members that are no texts."""
    if not isinstance(node.value, kind):
        yield node, path, wanted
    elif isinstance(node.value, dict):
        named = ((item, f"{path}.{clean(name, 60)}") for name, item in node.value.items())
        yield from ((item, name, "a text in quotes") for item, name in named if not isinstance(item.value, str))
    elif isinstance(node.value, list):
        numbered = ((item, f"{path}[{number}]") for number, item in enumerate(node.value))
        yield from ((item, name, "a text in quotes") for item, name in numbered if not isinstance(item.value, str))


def command_of(node: Node) -> Command:
    """The command of an entry in which there are no `problems`."""
    plain = located_json.plain(node)
    assert isinstance(plain, dict)  # noqa: S101  # the caller has looked
    return Command(plain["command"], tuple(plain.get("args") or ()), dict(plain.get("env") or {}), plain.get("cwd"))

# SPDX-License-Identifier: GPL-3.0-or-later
"""What an AI app has configured for Blender: the observations that the checks of the first links pass on."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..check import Context
from ..knowledge import products
from ..knowledge.apps import App, places
from ..knowledge.products import Product
from ..model import Command, EvidenceValue
from ..probes.search_path import Program, find_program
from ..protocols import shell_words

INSTALL_UV = {
    "win32": "winget install --id=astral-sh.uv -e",
    "darwin": "brew install uv",
    "linux": "curl -LsSf https://astral.sh/uv/install.sh | sh",
}
"""How uv is installed, by platform."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands in its file, so that it can be changed."""

    sha256: str
    """Of the bytes of the file, in hexadecimal."""
    keys: tuple[str, ...]
    """The members that lead to it from the top."""


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
    scope: str = ""
    """The folder of the project for which it is configured; empty for one that counts everywhere."""
    place: Place | None = None
    """None where it is not the user's to change, or is written in an old way."""

    @property
    def endpoint(self) -> tuple[str | None, int | None]:
        """Host and port at which its server looks for Blender, None for what is not configured."""
        return products.configured_endpoint(self.command, self.product)


@dataclass(frozen=True, slots=True)
class RemoteEntry:
    """One enabled entry for Blender whose server is reached over HTTP and not started by the app."""

    app: App
    name: str
    url: str
    """As it stands in the file; user, password and query are masked where it is shown."""
    file: Path
    line: int
    scope: str = ""


def evidence_of(entry: Entry, context: Context) -> dict[str, EvidenceValue]:
    """What every finding about an entry tells: whose it is and where it stands, and how to write a better one."""
    uvx = installed("uvx", context).path
    return {
        "app": entry.app.name,
        "entry": entry.name,
        "file": str(entry.file),
        "line": entry.line,
        "_restart": entry.app.how_to_restart(context.machine),
        # A second member of that name would take the place of the one that is there.
        "_has_env": bool(entry.command.env),
        "_env": entry.app.env,
        "_uvx": json.dumps(str(uvx) if uvx else "uvx", ensure_ascii=False),
        "_server": entry.product.server_entry if entry.product else products.products()[0].server_entry,
        # A product whose server is on no index is best replaced by one that uvx can bring.
        "_anew": (entry.product and entry.product.package) or products.products()[0].server_entry,
        "_start": (entry.product or products.products()[0]).start,
    }


def command_line(entry: Entry, context: Context) -> str:
    """The command as one would type it. It is shown to the user, so the report's redaction masks what is secret."""
    return typed(entry.command.argv, context)


def typed(words: Sequence[str], context: Context) -> str:
    """The words as one types them in a terminal of this system."""
    return shell_words.join(words, context.machine.platform)


def start_of(context: Context) -> str:
    """Where in Blender the add-on is started that the AI app's server belongs to."""
    wanted = next((entry.product for entry in context.all_observed(Entry) if entry.product), None)
    return (wanted or products.products()[0]).start


def installed(program: str, context: Context) -> Program:
    """Where this user has a program, whether or not the AI app would find it: on the shell's PATH, then elsewhere."""
    folders = program_folders(context)
    return context.looks.kept((installed, program), lambda: find_program(program, folders, context.machine))


def program_folders(context: Context) -> tuple[str | Path, ...]:
    """Where this user has programs: the folders of the shell's PATH, then those in which installers put them."""
    machine = context.machine
    return context.looks.kept(
        program_folders, lambda: (*machine.folders(machine.environ.get("PATH", "")), *places(machine))
    )


@dataclass(frozen=True, slots=True)
class Launch:
    """An entry whose program was found: ready to be started, if the user allows it."""

    entry: Entry
    program: Path
    environ: Mapping[str, str]
    allowed: bool

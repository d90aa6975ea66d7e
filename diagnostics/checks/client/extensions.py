# SPDX-License-Identifier: GPL-3.0-or-later
"""Extensions that an app has installed (`.mcpb`) and that start a Blender server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...check import Context
from ...knowledge import products
from ...knowledge.apps import App, folders
from ...model import Command
from ...probes.files import read_file
from ...protocols import located_json
from ...text import clean
from ..entries import Entry
from .servers import SwitchedOff

_MANY = 20


def extensions_of(app: App, context: Context) -> Iterator[Entry | SwitchedOff]:
    """The extensions for Blender. Of their settings only `isEnabled` is read, as they may hold secrets."""
    for base in folders(app, context.machine) if app.extensions else ():
        if not (base / app.extensions).is_dir():
            continue
        context.ledger.read(base / app.extensions)
        for folder in sorted((base / app.extensions).glob("*blender*"))[:_MANY]:
            command = _command(folder, context)
            if command is None:
                continue
            name, file = clean(folder.name, 60), folder / "manifest.json"
            settings = _json_object(base / app.extension_settings / f"{folder.name}.json", context)
            if settings.get("isEnabled") is False:
                yield SwitchedOff(name, 0, "isEnabled")
                continue
            product = next((p for p in products.products() if folder.name in p.extension_ids), None)
            yield Entry(app, name, command, file, 1, product or products.of_command(command))


def _command(folder: Path, context: Context) -> Command | None:
    server = _json_object(folder / "manifest.json", context).get("server")
    started = server.get("mcp_config") if isinstance(server, dict) else None
    if not isinstance(started, dict):
        return None
    program, args, env = started.get("command"), started.get("args") or [], started.get("env") or {}
    if not isinstance(program, str) or not isinstance(args, list) or not isinstance(env, dict):
        return None

    def here(value: object) -> str:
        return str(value).replace("${__dirname}", str(folder))

    variables = {str(name): here(value) for name, value in env.items()}
    return Command(here(program), tuple(here(word) for word in args), variables, str(folder))


def _json_object(path: Path, context: Context) -> dict[str, object]:
    read = read_file(path, context.ledger)
    try:
        value = located_json.plain(located_json.parse(read.data.decode("utf-8-sig")))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}

# SPDX-License-Identifier: GPL-3.0-or-later
"""The AI app and its configuration: is it there, can the app read it, does it start a Blender MCP server?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..check import Context, Outcome
from ..knowledge import products, table
from ..knowledge.apps import App, apps, folders
from ..knowledge.catalogue import finding
from ..model import Command, EvidenceValue, Finding, Verdict
from ..probes.files import FileRead, State, read_file
from ..protocols import located_json
from ..protocols.located_json import JsonSyntaxError, Node
from ..redaction import secret_words
from ..text import clean
from .entries import Entry, command_of, installed, problems

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one app's files hold."""

    app: App
    files: tuple[Path, ...]
    entries: tuple[Entry, ...]
    findings: tuple[Finding, ...]


async def configuration(context: Context) -> Outcome:
    """Reads what the AI apps have configured and keeps the entries that are about Blender."""
    wanted = [app for app in apps() if not context.target.apps or app.id in context.target.apps]
    looked = [_look(app, context) for app in wanted]
    entries = tuple(entry for one in looked for entry in one.entries)
    plain = {"PATH"} | {name for product in products.products() for name in product.address_variables}
    for command in (entry.command for entry in entries):
        context.secrets.update(value for name, value in command.env.items() if name not in plain)
        context.secrets.update(secret_words(command.argv))
    findings = tuple(found for one in looked for found in one.findings)
    present = [one for one in looked if one.files]
    if not present and not entries and not findings:
        return Outcome(Verdict.SKIPPED, "no AI app found", (_none_found(wanted, context),))
    if entries or findings:
        names = ", ".join(dict.fromkeys(one.app.name for one in (present or looked)))
        count = f"{len(entries)} Blender server{'' if len(entries) == 1 else 's'}"
        failed = any(found.verdict is Verdict.FAIL for found in findings)
        summary = findings[0].title if failed else f"{names} · {count}"
        return Outcome(Verdict.FAIL if failed else Verdict.PASS, summary, findings, entries)
    missing = tuple(_no_entry(one, context) for one in present)
    return Outcome(Verdict.FAIL, "no Blender server configured", missing)


def _look(app: App, context: Context) -> _Looked:
    bases = folders(app, context.machine)
    given = context.target.app_config
    reads = (
        [read_file(given, context.ledger)] if given else [read_file(base / app.file, context.ledger) for base in bases]
    )
    extensions = () if given else tuple(_extensions(app, bases, context))
    for read in reads:
        if read.state is State.READ:
            entries, findings = _parse(app, read, context)
            return _Looked(app, (read.path,), (*entries, *extensions), findings)
        if read.state is State.UNREADABLE or (given and read.state is State.MISSING):
            reason = read.reason or "it does not exist"
            evidence = {"app": app.name, "file": str(read.path), "reason": reason}
            return _Looked(app, (read.path,), extensions, (finding("client.config-unreadable", evidence),))
    return _Looked(app, tuple(e.file for e in extensions), extensions, ())


def _none_found(wanted: list[App], context: Context) -> Finding:
    looked_at = tuple(str(base / app.file) for app in wanted for base in folders(app, context.machine))
    names = ", ".join(app.name for app in wanted)
    return finding("client.none-found", {"looked_at": looked_at, "_apps": names, "_entry": _new_file(context)})


def _no_entry(one: _Looked, context: Context) -> Finding:
    evidence = {
        "app": one.app.name,
        "file": str(one.files[0]),
        "_entry": _new_member(context),
        "_restart": one.app.how_to_restart(context.machine),
    }
    return finding("client.no-blender-entry", evidence)


def _new_member(context: Context) -> str:
    """The member to add to `mcpServers`, with the full path of `uvx` where it is known."""
    uvx = installed("uvx", context).path
    command = json.dumps(str(uvx) if uvx else "uvx", ensure_ascii=False)
    return f'"blender": {{\n  "command": {command},\n  "args": ["mcp-for-blender"]\n}}'


def _new_file(context: Context) -> str:
    member = _new_member(context).replace("\n", "\n    ")
    return f'{{\n  "mcpServers": {{\n    {member}\n  }}\n}}'


def _parse(app: App, read: FileRead, context: Context) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    def failed(cause: str, **evidence: str | int) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
        where = {"app": app.name, "file": str(read.path)}
        restart = app.how_to_restart(context.machine)
        return (), (finding(cause, {**where, **evidence, "_entry": _new_file(context), "_restart": restart}),)

    if read.data.startswith(_BOM):
        return failed("client.config-bom", line=1, column=1)
    try:
        text = read.data.decode("utf-8")
    except UnicodeDecodeError as error:
        return failed("client.config-unreadable", reason=f"it is not UTF-8 text (byte {error.start} cannot be read)")
    try:
        root = located_json.parse(text)
    except JsonSyntaxError as error:
        words = table("json_problems")[str(error.problem)]
        return failed(
            "client.config-unparsable",
            line=error.line,
            column=error.column,
            problem=words["text"],
            excerpt=_excerpt(text, error.line, error.column),
            _empty=error.problem == "empty",
            _fix=words["fix"],
        )
    return _entries(app, read.path, text, root, context)


def _entries(
    app: App, file: Path, text: str, root: Node, context: Context
) -> tuple[tuple[Entry, ...], tuple[Finding, ...]]:
    found: list[Entry] = []
    findings: list[Finding] = []

    def invalid(node: Node, field: str, wanted: str) -> None:
        line, column = located_json.position(text, node.start)
        evidence: dict[str, EvidenceValue] = {
            "app": app.name,
            "file": str(file),
            "line": line,
            "column": column,
            "field": field,
            "wanted": wanted,
        }
        evidence["_restart"] = app.how_to_restart(context.machine)
        findings.append(finding("client.entry-invalid", evidence))

    if not isinstance(root.value, dict):
        invalid(root, "the whole file", "an object { … }")
        return (), tuple(findings)
    servers = root.value.get(app.key)
    if servers is None:
        return (), ()
    if not isinstance(servers.value, dict):
        invalid(servers, app.key, "an object { … } with one member for each server")
        return (), tuple(findings)
    for name, node in servers.value.items():
        raw = text[node.start : node.end]
        if "blender" not in (name + raw).lower() and "blmcp" not in raw:
            continue
        problem = next(problems(node, f"{app.key}.{clean(name, 60)}"), None)
        if problem is not None:
            invalid(*problem)
            continue
        command = command_of(node)
        if products.mentions_blender(name, command):
            line, _column = located_json.position(text, node.start)
            found.append(Entry(app, clean(name, 60), command, file, line, products.of_command(command)))
    return tuple(found), tuple(findings)


def _extensions(app: App, bases: tuple[Path, ...], context: Context) -> Iterator[Entry]:
    """Enabled extensions that start a Blender server. Of their settings only `isEnabled` is read."""
    for base in bases:
        for folder in sorted((base / app.extensions).glob("*blender*"))[:20]:
            manifest = _json_object(folder / "manifest.json", context)
            server = manifest.get("server")
            started = server.get("mcp_config") if isinstance(server, dict) else None
            settings = _json_object(base / app.extension_settings / f"{folder.name}.json", context)
            if not isinstance(started, dict) or settings.get("isEnabled") is False:
                continue
            program, args, env = started.get("command"), started.get("args") or [], started.get("env") or {}
            if not isinstance(program, str) or not isinstance(args, list) or not isinstance(env, dict):
                continue

            def here(value: object, folder: Path = folder) -> str:
                return str(value).replace("${__dirname}", str(folder))

            variables = {str(name): here(value) for name, value in env.items()}
            command = Command(here(program), tuple(here(word) for word in args), variables, str(folder))
            product = next((p for p in products.products() if folder.name in p.extension_ids), None)
            file = folder / "manifest.json"
            yield Entry(app, clean(folder.name, 60), command, file, 1, product or products.of_command(command))


def _json_object(path: Path, context: Context) -> dict[str, object]:
    read = read_file(path, context.ledger)
    try:
        value = located_json.plain(located_json.parse(read.data.decode("utf-8-sig")))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


_NAME = r"(?:(?<=[{,])|^)\s*\"[\w.-]{1,60}\"\s*:|\b(?:mcpServers|command|args|env|cwd)\b"
_WORD = r"[^\s\[\]{}:,/\"'“”]+"


def _excerpt(text: str, line: int, column: int) -> str:
    """The offending line around the place, with all but names and punctuation blotted out: a value may be a secret.

    In a line with a mistake in it quotes do not tell for sure what is a value, so only what stands like a name is kept.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    whole = lines[line - 1] if line <= len(lines) else ""
    blotted = re.sub(f"({_NAME})|{_WORD}", lambda match: match[1] or "·" * len(match[0]), whole[: column + 4000])
    return clean(blotted[max(0, column - 50) : column + 30], 120).strip()

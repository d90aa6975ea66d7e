# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files an AI app reads, and what it makes of their bytes."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...check import Context
from ...knowledge import table
from ...knowledge.apps import App, folders, keys
from ...knowledge.catalogue import finding
from ...model import EvidenceValue, FileEdit, Finding, Operation
from ...probes.files import FileRead, State, read_file
from ...protocols import app_file, located_json
from ...protocols.located_json import JsonProblem, JsonSyntaxError, Node
from ...protocols.located_toml import TomlSyntaxError
from ...text import clean, one_line
from .writing import new_file

_BOM = b"\xef\xbb\xbf"
_LONG = 1 << 14
"""Characters of a file that holds much else beside servers."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """One file of an app, read as that app reads it."""

    app: App
    file: Path
    text: str
    root: Node
    project: Path | None = None
    """The folder of the project that it belongs to; None for the user's own."""
    sha256: str = ""
    """Of its bytes, in hexadecimal."""

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read: of a long text only what has to do with servers is."""
        return len(self.text) <= _LONG

    def where(self, context: Context) -> dict[str, EvidenceValue]:
        """Which file of which app it is, and how that app is made to read it again: evidence of a finding."""
        app = self.app
        return {"app": app.name, "file": str(self.file), "_restart": app.how_to_restart(context.machine)}

    def edit(self, *steps: Operation) -> FileEdit:
        """These steps, in this file as it was read."""
        return FileEdit(self.file, self.sha256, self.app.id, steps)

    def position(self, node: Node) -> tuple[int, int]:
        """Line and column of a value, both from 1."""
        return located_json.position(self.text, node.start)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that the app cannot use, with the cause. `about_blender`: it seems to hold an entry for Blender."""

    file: Path
    finding: Finding
    about_blender: bool
    read: FileRead
    empty: bool = False
    """There is nothing in it."""


def files_of(app: App, context: Context) -> Iterator[tuple[Path, Path | None]]:
    """The files that the app reads and that are there, each with the folder of its project."""
    seen = set()
    for folder in folders(app, context.machine):
        there = [folder / name for name in app.files if os.path.lexists(folder / name)]
        seen.update(there)
        yield from ((path, None) for path in there)
        if there and not app.each:
            break
    project = context.target.project
    if project is not None:
        inside = [project / name for name in app.project]
        yield from ((path, project) for path in inside if path not in seen and os.path.lexists(path))


def read_as(app: App, file: Path, context: Context, project: Path | None = None) -> Configuration | Refused:
    """The file, parsed as this app parses it."""
    read = read_file(file, context.ledger, app.large_mib << 20)
    if read.state is not State.READ:
        reason = read.reason or "it does not exist"
        return _refused(app, read, context, "client.config-unreadable", reason=reason)
    data, bom = read.data.removeprefix(_BOM), read.data.startswith(_BOM)
    if bom and app.bom_refused:
        return _refused(app, read, context, "client.config-bom", line=1, column=1)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        reason = f"it is not UTF-8 text (byte {error.start + 3 * bom} cannot be read)"
        return _refused(app, read, context, "client.config-unreadable", reason=reason)
    try:
        return Configuration(app, file, text, parse_as(app.format, text), project, digest_of(read.data))
    except JsonSyntaxError as error:
        words = table("json_problems")[str(error.problem)]
        said, fix, empty = words["text"], words["fix"], error.problem is JsonProblem.EMPTY
        line, column = error.line, error.column
    except TomlSyntaxError as error:
        said, fix, empty = f"it is not TOML: {one_line(_without_texts(error.problem), 120)}", "Correct it.", False
        line, column = error.line, error.column
    evidence: dict[str, EvidenceValue] = {"line": line, "column": column, "problem": said, "_fix": fix, "_empty": empty}
    evidence["excerpt"] = _excerpt(text, line, column)
    return _refused(app, read, context, "client.config-unparsable", **evidence)


def digest_of(data: bytes) -> str:
    """SHA-256, in hexadecimal, by which a repair knows the file again."""
    return hashlib.sha256(data).hexdigest()


def parse_as(form: str, text: str) -> Node:
    """The text in one of the formats of `apps.toml`. Raises JsonSyntaxError or TomlSyntaxError."""
    return app_file.parse(form, text, sorted(keys()) if len(text) > _LONG else ())


def _refused(app: App, read: FileRead, context: Context, cause: str, **evidence: EvidenceValue) -> Refused:
    where: dict[str, EvidenceValue] = {"app": app.name, "file": str(read.path)}
    words = {"_entry": new_file(app, context), "_restart": app.how_to_restart(context.machine)}
    found = finding(cause, {**where, **evidence, **words})
    return Refused(read.path, found, _about_blender(read.data), read, bool(evidence.get("_empty")))


def _about_blender(data: bytes) -> bool:
    plain = data.replace(b"\0", b"").lower()
    return b"blender" in plain or b"blmcp" in plain


def _without_texts(problem: str) -> str:
    """What `tomllib` says, without the piece of the file that it quotes, which may be a secret."""
    return re.sub(r"'[^']*'|\"[^\"]*\"", "a text", problem)


_NAME = r"(?:(?<=[{,])|^)\s*\"[\w.-]{1,60}\"\s*:|^\s*[\w.-]{1,60}\s*=|\b(?:mcpServers|command|args|env|cwd)\b"
_WORD = r"[^\s\[\]{}:,/\"'“”]+"


def _excerpt(text: str, line: int, column: int) -> str:
    """The offending line around the place, with all but names and punctuation blotted out: a value may be a secret.

    In a line with a mistake in it quotes do not tell for sure what is a value, so only what stands like a name is kept.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    whole = lines[line - 1] if line <= len(lines) else ""
    blotted = re.sub(f"({_NAME})|{_WORD}", lambda match: match[1] or "·" * len(match[0]), whole[: column + 4000])
    return clean(blotted[max(0, column - 50) : column + 30], 120).strip()

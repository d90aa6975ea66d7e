# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file becomes by an edit: read anew, changed in the places that are named, and read as its app reads it."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..knowledge.apps import App, app_of, keys
from ..ledger import Ledger
from ..model import (
    AsList,
    AsText,
    CopyFrom,
    FileEdit,
    InsertItem,
    Keys,
    Mend,
    Operation,
    Remove,
    Rename,
    SetValue,
    WithoutMark,
)
from ..probes.files import State, read_file
from ..protocols import app_file
from ..protocols.bracketed import EditError
from ..protocols.json_edit import node_at
from ..protocols.located_json import JsonSyntaxError, plain
from ..protocols.located_toml import TomlSyntaxError
from .refusal import refusal

MARK = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""
MAX_BYTES = 16 << 20
_LONG = 1 << 14


def digest_of(data: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def read(file: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a file. Raises ChangeError."""
    found = read_file(file, Ledger(), limit)
    if found.state is State.MISSING:
        raise refusal("missing", file=str(file))
    if found.state is not State.READ:
        raise refusal("unreadable", file=str(file), reason=found.reason)
    return found.data


def read_as_diagnosed(file: Path, sha256: str, app: App) -> bytes:
    """The bytes that the diagnosis has read. Raises ChangeError: they are others now."""
    data = read(file, app.large_mib << 20)
    if digest_of(data) != sha256:
        raise refusal("changed", file=str(file))
    return data


def edited(edit: FileEdit, data: bytes) -> bytes:
    """The file with the edit made. Raises ChangeError: it cannot be made here, or the app could not read what comes."""
    app, file = app_of(edit.app), str(edit.file)
    mark = MARK if data.startswith(MARK) else b""
    try:
        text = data.removeprefix(MARK).decode()
    except UnicodeDecodeError:
        raise refusal("not_text", file=file) from None
    for operation in edit.operations:
        if isinstance(operation, WithoutMark):
            mark = b""
            continue
        try:
            text = _made(operation, app, text)
        except (EditError, JsonSyntaxError, TomlSyntaxError) as error:
            raise refusal("not_placed", file=file, reason=str(error)) from None
    try:
        app_file.parse(app.format, text, _only(text))
    except (JsonSyntaxError, TomlSyntaxError) as error:
        raise refusal("not_usable", file=file, app=app.name, reason=str(error)) from None
    if mark and app.bom_refused:
        raise refusal("not_usable", file=file, app=app.name, reason="it begins with a byte order mark")
    try:
        return mark + text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, or a name that is no text in any encoding
        raise refusal("not_usable", file=file, app=app.name, reason="it would hold what is no text") from None


def _made(operation: Operation, app: App, text: str) -> str:
    """The text with one operation made. Raises EditError and the parsers' errors."""
    form = app.format
    match operation:
        case InsertItem():
            return app_file.insert_item(form, text, operation.at, operation.number, operation.value)
        case Remove():
            return app_file.remove(form, text, operation.at)
        case Rename():
            return app_file.rename(form, text, operation.at, operation.name)
        case Mend():
            mended = app_file.mended(form, text)
            if mended is None:
                raise EditError("it is not certain what was meant")
            return mended
        case WithoutMark():
            return text
    return app_file.set_value(form, text, operation.at, _new_value(operation, app, text))


def _new_value(operation: SetValue | AsText | AsList | CopyFrom, app: App, text: str) -> object:
    """What shall stand at the place of the operation."""
    match operation:
        case SetValue():
            return operation.value
        case AsList():
            return [_value(app.format, text, operation.at)]
        case AsText():
            value = _value(app.format, text, operation.at)
            return str(value).lower() if isinstance(value, bool) else str(value)
        case CopyFrom():
            source = read_as_diagnosed(operation.file, operation.sha256, app).decode("utf-8-sig")
            return _value(app.format, source, operation.source)


def _value(form: str, text: str, at: Keys) -> object:
    node = node_at(app_file.parse(form, text, _only(text)), at)
    if node is None:
        raise EditError("it is not there")
    return plain(node)


def _only(text: str) -> list[str]:
    """What is of interest in a large file."""
    return sorted({*keys(), "projects"}) if len(text) > _LONG else []

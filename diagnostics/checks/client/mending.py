# SPDX-License-Identifier: GPL-3.0-or-later
"""Repairs of a configuration that the app cannot use as it is written, where it is certain what was meant."""

from __future__ import annotations

from collections.abc import Iterator

from ...knowledge.apps import App
from ...model import AsList, AsText, FileEdit, Finding, Keys, Mend, Operation, WithoutMark
from ...probes.files import FileRead
from ...protocols import app_file
from ...protocols.located_json import JsonSyntaxError, Node
from ...protocols.located_toml import TomlSyntaxError
from ..repairs.offer import offered
from .reading import Configuration, Refused, digest_of


def mendable(refused: Refused, app: App) -> Finding:
    """Why the app cannot use a file, with the repair of that where it is certain."""
    found, read = refused.finding, refused.read
    match found.id:
        case "client.config-bom":
            return _without_mark(found, app, read)
        case "client.config-unparsable":
            return _mended(found, app, read)
    return found


def _without_mark(found: Finding, app: App, read: FileRead) -> Finding:
    """Takes the byte order mark away, and with it the mistakes that would keep the app from reading the file still."""
    text = read.data.decode("utf-8-sig", "replace")
    steps: tuple[Operation, ...] = (WithoutMark(),)
    try:
        app_file.parse(app.format, text)
    except (JsonSyntaxError, TomlSyntaxError):
        if app_file.mended(app.format, text) is None:
            return found
        steps = (WithoutMark(), Mend())
    return offered(found, "without-mark", _edit(app, read, *steps))


def _mended(found: Finding, app: App, read: FileRead) -> Finding:
    """Corrects what is written wrong."""
    if app_file.mended(app.format, read.data.decode("utf-8-sig", "replace")) is None:
        return found
    return offered(found, "mended", _edit(app, read, Mend()))


def _edit(app: App, read: FileRead, *steps: Operation) -> FileEdit:
    return FileEdit(read.path, digest_of(read.data), app.id, steps)


def with_right_text(found: Finding, configuration: Configuration, node: Node) -> Finding:
    """A number where a text belongs, or one text where a list does: what is meant is plain."""
    at = _keys_of(configuration.root, node)
    if at is None or not isinstance(node.value, str | int | float):
        return found
    if at[-1] == "args" and isinstance(node.value, str) and node.value and not node.value.isspace():
        if " " in node.value:
            return found  # whether that is one argument is not certain
        return offered(found, "right-text", configuration.edit(AsList(at)))
    inside = isinstance(at[-1], int) or at[-2:-1] == (configuration.app.env,)
    if inside and not isinstance(node.value, str | float):
        return offered(found, "right-text", configuration.edit(AsText(at)))
    return found


def _keys_of(root: Node, wanted: Node) -> Keys | None:
    """The names and numbers that lead to a node."""
    todo: list[tuple[Keys, Node]] = [((), root)]
    while todo:
        at, node = todo.pop()
        if node is wanted:
            return at
        todo += (((*at, key), inner) for key, inner in _inside(node))
    return None


def _inside(node: Node) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node.value, dict):
        yield from node.value.items()
    elif isinstance(node.value, list):
        yield from enumerate(node.value)

# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes a JSON text, with comments or without, at one place; every other character stays as it is.

All raise EditError for a place that is not there, and JsonSyntaxError for a text that is not even JSON with comments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from .bracketed import Box, EditError, insert, line_end_of, unit_of
from .bracketed import remove as take_out
from .located_json import JsonSyntaxError, Node, parse

_GAP = re.compile(r"(?:[ \t\r\n]+|//[^\n\r]*|/\*(?s:.*?)\*/)*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')

Keys = Sequence[str | int]


def node_at(root: Node, at: Keys) -> Node | None:
    """The value to which these names and numbers lead, None where they lead nowhere."""
    node: Node | None = root
    for key in at:
        value = node.value if node is not None else None
        if isinstance(value, dict) and isinstance(key, str):
            node = value.get(key)
        elif isinstance(value, list) and isinstance(key, int):
            node = value[key] if 0 <= key < len(value) else None
        else:
            return None
    return node


def set_value(text: str, at: Keys, value: object) -> str:
    """The value at this place becomes `value`. Members that lead there are made."""
    root = _root(text, at)
    if (node := node_at(root, at)) is not None:
        indent, unit = _line_indent(text, node), unit_of(text)
        return text[: node.start] + _written(value, indent, unit, line_end_of(text)) + text[node.end :]
    there = max(n for n in range(len(at)) if node_at(root, at[:n]) is not None)
    parent, name = node_at(root, at[:there]), at[there]
    for key in reversed(at[there + 1 :]):
        value = {key: value}
    if parent is None or not isinstance(parent.value, dict) or not isinstance(name, str):
        raise EditError("there is no object for it")
    box, unit, newline = _box(text, parent), unit_of(text), line_end_of(text)

    def write(indent: str) -> str:
        shape = (indent, unit, newline) if _is_spread(text) else None
        return f"{json.dumps(name, ensure_ascii=False)}: " + _written(value, *(shape or ("", None, "")))

    return insert(text, box, len(box.items), write)


def insert_item(text: str, at: Keys, number: int, value: object) -> str:
    """The array at this place gets one more item, before the one of this number or at its end."""
    node = node_at(_root(text, at), at)
    if node is None or not isinstance(node.value, list) or number > len(node.value):
        raise EditError("there is no such array")
    return insert(text, _box(text, node), number, lambda _indent: _written(value))


def remove(text: str, at: Keys) -> str:
    """Without the member or the item at this place."""
    root = _root(text, at)
    node, parent = node_at(root, at), node_at(root, at[:-1])
    if node is None or parent is None or not at:
        raise EditError("it is not there")
    box = _box(text, parent)
    start = node.start if node.key_start is None else node.key_start
    return take_out(text, box, box.items.index((start, node.end)))


def rename(text: str, at: Keys, name: str) -> str:
    """The member at this place is called `name`."""
    node = node_at(_root(text, at), at)
    written = _STRING.match(text, node.key_start) if node is not None and node.key_start is not None else None
    if written is None:
        raise EditError("it is not there")
    return text[: written.start()] + json.dumps(name, ensure_ascii=False) + text[written.end() :]


def _root(text: str, at: Keys) -> Node:
    """The text parsed; strictly first, as that lets what is of no interest be passed over in a large one."""
    names = [key for key in at[:1] if isinstance(key, str)]
    try:
        return parse(text, only=names)
    except JsonSyntaxError:
        return parse(text, comments=True, commas=True)


def _box(text: str, node: Node) -> Box:
    if isinstance(node.value, dict):
        found = [*node.value.values(), *(lost for _name, lost in node.duplicates)]
        items = sorted((one.start if one.key_start is None else one.key_start, one.end) for one in found)
    elif isinstance(node.value, list):
        items = [(one.start, one.end) for one in node.value]
    else:
        raise EditError("it is neither an object nor an array")
    spread = isinstance(node.value, dict) and _is_spread(text)
    return Box(node.start, node.end, tuple(items), _GAP, spread)


def _is_spread(text: str) -> bool:
    """Whether the text has a line for each member; one that holds nothing yet may."""
    return "\n" in text or "\r" in text or not text.strip(" \t{}")


def _line_indent(text: str, node: Node) -> str:
    at = node.start if node.key_start is None else node.key_start
    found = re.compile(r"[ \t]*").match(text, max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1)
    return found[0] if found else ""


def _written(value: object, indent: str = "", unit: str | None = None, newline: str = "") -> str:
    """The value as JSON: objects with a line for each member where `unit` says how to indent, arrays on one line."""
    if isinstance(value, Mapping):
        inner = indent + (unit or "")
        members = [
            f"{json.dumps(str(name), ensure_ascii=False)}: {_written(item, inner, unit, newline)}"
            for name, item in value.items()
        ]
        if not members or unit is None:
            return "{" + ", ".join(members) + "}"
        return "{" + newline + inner + f",{newline}{inner}".join(members) + newline + indent + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)

# SPDX-License-Identifier: GPL-3.0-or-later
"""A TOML file with the place of every value, in the same nodes as `located_json`.

`tomllib` says what the values are and whether the file is TOML 1.0; a scanner finds where they stand. The place of a
value is exact for tables, arrays of tables and `key = value` in all their spellings; what stands inside an inline table
or an array has the place of that whole.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

from .located_json import Node

KEY = r"(?:[A-Za-z0-9_-]+|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*')"
_KEYS = rf"{KEY}(?:[ \t]*\.[ \t]*{KEY})*"
_HEADER = re.compile(rf"[ \t]*(\[\[?)[ \t]*({_KEYS})[ \t]*\]\]?")
_MEMBER = re.compile(rf"[ \t]*({_KEYS})[ \t]*=[ \t]*")
TOKEN = re.compile(
    r"\"\"\"(?:[^\\]|\\.)*?\"\"\"\"{0,2}|'''.*?'''\'{0,2}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'|#[^\n]*|[\[\]{}\n]|[^\[\]{}\n\"'#]+|.",
    re.DOTALL,
)
_MAX_DEPTH = 100
"""Tables in tables; nobody nests a configuration deeper."""

Path = tuple[str, ...]


class TomlSyntaxError(ValueError):
    """A text is no TOML. `line` and `column` count from 1; `problem` says what is wrong, in the parser's words."""

    def __init__(self, problem: str, line: int, column: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column


def parse(text: str) -> Node:
    """The file as one object. Raises TomlSyntaxError."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # a ValueError also for a number of too many digits
        raise _syntax_error(text, error) from None
    if _depth(values) > _MAX_DEPTH:
        raise TomlSyntaxError("it is nested far too deep", 1, 1)
    known: dict[Path, tuple[int, int, int]] = {}
    for path, place in places(text):
        for length in range(1, len(path) + 1):  # `[a.b]` is the place of `a` too, where nothing else names it
            known.setdefault(path[:length], place)
        known[path] = place
    return _node(values, (), known, (0, len(text), None))


def _syntax_error(text: str, error: Exception) -> TomlSyntaxError:
    at = re.search(r" \(at line (\d+), column (\d+)\)$", str(error))
    if at is not None:
        return TomlSyntaxError(str(error)[: at.start()], int(at[1]), int(at[2]))
    lines = text.split("\n")
    problem = re.sub(r" \(at end of document\)$", "", str(error))
    if isinstance(error, RecursionError):
        problem = "it is nested far too deep"
    return TomlSyntaxError(problem, len(lines), len(lines[-1]) + 1)


def _depth(value: object) -> int:
    """How deep tables and arrays are nested, without recursion."""
    level, depth = [value], 0
    while level and depth <= _MAX_DEPTH:
        depth += 1
        inside = (v.values() if isinstance(v, dict) else v for v in level if isinstance(v, dict | list))
        level = [item for items in inside for item in items]
    return depth


def _node(
    value: object, path: Path, places: dict[Path, tuple[int, int, int]], around: tuple[int, int, int | None]
) -> Node:
    start, end, key_start = places.get(path, around)
    if isinstance(value, dict):
        members = {key: _node(item, (*path, key), places, (start, end, key_start)) for key, item in value.items()}
        return Node(members, start, end, key_start)
    if isinstance(value, list):
        return Node(
            [_node(v, (*path, str(n)), places, (start, end, key_start)) for n, v in enumerate(value)],
            start,
            end,
            key_start,
        )
    plain = value if value is None or isinstance(value, str | int | float | bool) else str(value)  # a date
    return Node(plain, start, end, key_start)


def places(text: str) -> Iterator[tuple[Path, tuple[int, int, int]]]:
    """Each key that is written out in a text that is TOML: where its value begins and ends, and where the key begins.

    That of a table is the place of its header, which begins where it itself begins.
    """
    table: Path = ()
    counts: dict[Path, int] = {}
    at = 0
    while at < len(text):
        if (header := _HEADER.match(text, at)) is not None:
            table = _keys(header[2])
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, str(counts[table]))
            yield table, (header.start(1), header.end(), header.start(1))
            at = _end_of_line(text, header.end())
        elif (member := _MEMBER.match(text, at)) is not None:
            end = _end_of_value(text, member.end())
            yield (*table, *_keys(member[1])), (member.end(), end, member.start(1))
            at = _end_of_line(text, end)
        else:
            at = _end_of_line(text, at)


def _keys(written: str) -> Path:
    return tuple(unquoted(key) for key in re.findall(KEY, written))


def unquoted(key: str) -> str:
    """The name that is written so, in quotes or without."""
    if key.startswith('"'):
        name, value = tomllib.loads(f"{key} = 0").popitem()
        assert value == 0  # noqa: S101  # the key is one of a file that `tomllib` has read
        return name
    return key.strip("'")


def _end_of_value(text: str, at: int) -> int:
    """Where the value that begins at `at` ends: at a line end outside of brackets and texts, or at a comment."""
    depth, end = 0, at
    for token in TOKEN.finditer(text, at):
        word = token.group()
        if depth == 0 and word[0] in "\n#":
            break
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(word, 0)
        end = token.start() + len(word.rstrip(" \t\r"))
    return end


def _end_of_line(text: str, at: int) -> int:
    newline = text.find("\n", at)
    return len(text) if newline < 0 else newline + 1

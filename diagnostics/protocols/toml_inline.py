# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the items of TOML's arrays and inline tables stand (TOML 1.0, "Array" and "Inline Table")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from . import located_toml
from .bracketed import Box

_GAP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_KEYS = re.compile(rf"{located_toml.KEY}(?:[ \t]*\.[ \t]*{located_toml.KEY})*")


@dataclass(frozen=True, slots=True)
class Inline:
    """An array, or a table in braces: `text[start:end]`, with the place of each item, and of its value."""

    start: int
    end: int
    is_table: bool
    items: tuple[tuple[int, int], ...]
    values: tuple[tuple[int, int], ...]
    names: tuple[str, ...]
    """The keys of a table; one with a dot in it is no name that anything is found by."""

    @property
    def box(self) -> Box:
        """Its brackets and items, to be changed."""
        return Box(self.start, self.end, self.items, _GAP, spread=False)

    def number_of(self, key: str | int) -> int | None:
        """Which of its items this name or number leads to, None for none."""
        if self.is_table:
            return self.names.index(key) if isinstance(key, str) and key in self.names else None
        return key if isinstance(key, int) and 0 <= key < len(self.items) else None

    @classmethod
    def read(cls, text: str, start: int, end: int) -> Inline:
        """What stands at this place of a text that is TOML."""
        is_table = text[start] == "{"
        items = tuple(_items(text, start + 1, end - 1))
        if not is_table:
            return cls(start, end, is_table, items, items, ())
        names, values = [], []
        for begin, stop in items:
            keys = _KEYS.match(text, begin)
            assert keys is not None  # noqa: S101  # a member of an inline table begins with its key
            parts = re.findall(located_toml.KEY, keys[0])
            names.append(located_toml.unquoted(parts[0]) if len(parts) == 1 else "\0")
            value = re.compile(r"[ \t]*=[ \t]*").match(text, keys.end())
            values.append((value.end() if value else begin, stop))
        return cls(start, end, is_table, items, tuple(values), tuple(names))


def find_inline(text: str, start: int, end: int, keys: Sequence[str | int] = ()) -> Inline | None:
    """The array or inline table to which `keys` lead from the value at this place, None where they do not."""
    if start >= end or text[start] not in "[{":
        return None
    inline = Inline.read(text, start, end)
    if not keys:
        return inline
    number = inline.number_of(keys[0])
    return None if number is None else find_inline(text, *inline.values[number], keys[1:])


def _items(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The pieces between the commas, without white space and comments around them."""
    depth, begin, stop = 0, -1, -1
    for token in located_toml.TOKEN.finditer(text, start, end):
        word = token.group()
        if word[0] == "#" or not word.strip():
            continue
        if word[0] in "\"'[]{}":
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(word, 0)
            begin, stop = token.start() if begin < 0 else begin, token.end()
            continue
        for number, character in enumerate(word, token.start()):
            if character == "," and depth == 0:
                if begin >= 0:
                    yield begin, stop
                begin = -1
            elif not character.isspace():
                begin, stop = number if begin < 0 else begin, number + 1
    if begin >= 0:
        yield begin, stop

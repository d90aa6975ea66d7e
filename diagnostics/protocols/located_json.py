# SPDX-License-Identifier: GPL-3.0-or-later
"""A JSON parser that knows where every value stands and what exactly is wrong with a text that is no JSON.

As strict as ECMAScript's `JSON.parse` (ECMA-262 §25.5.1, ECMA-404), with which most AI apps read their configuration,
but for one thing: nesting is bounded by `MAX_DEPTH`. Editors read theirs as "JSON with comments"; for those it is told
to let comments and a comma before a closing bracket pass. It does not recurse and takes linear time. Offsets count
code points of the text; a byte order mark is an error, as it is for `JSON.parse`, so whoever reads a file takes it off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import located_json_errors as errors
from .located_json_errors import JsonProblem, JsonSyntaxError, position

__all__ = ["MAX_DEPTH", "JsonProblem", "JsonSyntaxError", "Node", "parse", "plain", "position"]

MAX_DEPTH = 512
"""Arrays and objects that may be open at the same time."""

_INTEGER_DIGITS = 600
"""Longer integers become floats: they are far beyond what a double holds, and `int` is quadratic and limited."""

_LEVELS = 4
"""How deep containers are looked for that can be passed over."""
_LONG = 2000
"""Characters from which on that is worth it."""


def _refuse(constant: str) -> object:
    raise ValueError(constant)


_QUICK = json.JSONDecoder(parse_constant=_refuse)
_SPACE = re.compile(r"[ \t\n\r]*")
_SPACE_AND_COMMENTS = re.compile(r"(?:[ \t\n\r]+|//[^\n\r]*|/\*(?s:.*?)\*/)*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_AFTER_NUMBER = re.compile(r"[0-9A-Za-z_$.+-]")
_LITERAL = re.compile(r"(?:true|false|null)(?![0-9A-Za-z_$])")
_PLAIN_CHARACTERS = re.compile(r'[^"\\\x00-\x1f]*')
_HEX4 = re.compile(r"[0-9A-Fa-f]{4}")
_LOW_SURROGATE = re.compile(r"\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})")
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One value and its place: `text[start:end]` is how it is written. Two nodes are equal only when they are one."""

    value: dict[str, Node] | list[Node] | str | int | float | bool | None = field(repr=False)
    start: int
    end: int
    key_start: int | None = None
    """For the value of a member: where the opening quote of its key stands."""
    duplicates: tuple[tuple[str, Node], ...] = field(default=(), repr=False)
    """For an object: the members that lost to a later one with the same key, in the order in which they lost."""


class _Open:
    """An array or object whose closing bracket has not come yet."""

    __slots__ = ("duplicates", "key", "key_start", "owner_key_start", "start", "value")

    def __init__(self, value: dict[str, Node] | list[Node], start: int, owner_key_start: int | None) -> None:
        self.value = value
        self.start = start
        self.owner_key_start = owner_key_start
        self.key = ""
        self.key_start: int | None = None
        self.duplicates: list[tuple[str, Node]] = []

    @property
    def closer(self) -> str:
        return "}" if isinstance(self.value, dict) else "]"

    def add(self, node: Node) -> None:
        if isinstance(self.value, list):
            self.value.append(node)
            return
        if (lost := self.value.get(self.key)) is not None:
            self.duplicates.append((self.key, lost))
        self.value[self.key] = node

    def close(self, end: int) -> Node:
        return Node(self.value, self.start, end, self.owner_key_start, tuple(self.duplicates))


def parse(text: str, *, comments: bool = False, commas: bool = False, only: Sequence[str] = ()) -> Node:
    """Parse the one JSON value that `text` consists of.

    The last of several members with the same key wins and the others are kept in `Node.duplicates`; escaped lone
    surrogates are accepted and stay in the strings. `comments` lets `//` and `/* */` pass, `commas` a comma after the
    last element: together they are what editors call JSONC.

    `only` names the members that are of interest in a large text: an array or object that is neither in one of them nor
    holds one, and that is long, is checked and kept without what is in it, which takes a tenth of the time.

    Raises:
        JsonSyntaxError: the text is no JSON, or nested deeper than `MAX_DEPTH`.

    """
    return _Parser(text, comments=comments, commas=commas, only=only).parse()


def plain(node: Node) -> object:
    """The value of a node as `json.loads` would give it: dict, list, str, int, float, bool or None."""
    root = _shell(node)
    todo = [(node, root)]
    while todo:
        source, target = todo.pop()
        if isinstance(source.value, dict) and isinstance(target, dict):
            for key, child in source.value.items():
                target[key] = _shell(child)
                todo.append((child, target[key]))
        elif isinstance(source.value, list) and isinstance(target, list):
            for child in source.value:
                target.append(_shell(child))
                todo.append((child, target[-1]))
    return root


def _shell(node: Node) -> object:
    if isinstance(node.value, dict):
        return {}
    return [] if isinstance(node.value, list) else node.value


class _Parser:
    """The state of one parse: the text, how far it is read, and which containers are open."""

    def __init__(self, text: str, *, comments: bool, commas: bool, only: Sequence[str]) -> None:
        self._text = text
        self._at = 0
        self._commas = commas
        self._wanted = frozenset(only)
        self._only = () if comments or commas else tuple(f'"{name}"' for name in only)
        self._between = _SPACE_AND_COMMENTS if comments else _SPACE
        self._open: list[_Open] = []

    def parse(self) -> Node:
        while True:
            node = self._value()
            while node is not None:
                if not self._open:
                    self._end_of_text()
                    return node
                self._open[-1].add(node)
                node = self._after_element(node.end)

    def _value(self) -> Node | None:
        """Read a scalar or an empty container whole; open any other container and return None."""
        self._space()
        character = self._peek()
        key_start = self._open[-1].key_start if self._open else None
        if character in {"{", "["}:
            return self._container(character, key_start)
        start = self._at
        value: str | float | bool | None
        if character == '"':
            value = self._string()
        elif (match := _LITERAL.match(self._text, start)) is not None:
            self._at = match.end()
            value = _LITERALS[match.group()]
        elif (match := _NUMBER.match(self._text, start)) is not None:
            value = self._number(match)
        else:
            raise errors.no_value(self._text, start)
        return Node(value, start, self._at, key_start)

    def _number(self, match: re.Match[str]) -> float:
        if _AFTER_NUMBER.match(self._text, match.end()):
            raise JsonSyntaxError(JsonProblem.BAD_NUMBER, self._text, match.start())
        self._at = match.end()
        digits = match.group()
        whole = match.group(1) is None and match.group(2) is None
        return int(digits) if whole and len(digits) <= _INTEGER_DIGITS else float(digits)

    def _container(self, bracket: str, key_start: int | None) -> Node | None:
        if len(self._open) >= MAX_DEPTH:
            raise JsonSyntaxError(JsonProblem.TOO_DEEP, self._text, self._at)
        if self._only and 0 < len(self._open) < _LEVELS and not self._is_wanted() and (end := self._passed_over()):
            start, self._at = self._at, end
            return Node({} if bracket == "{" else [], start, end, key_start)
        opened = _Open({} if bracket == "{" else [], self._at, key_start)
        self._at += 1
        self._space()
        if self._peek() == opened.closer:
            self._at += 1
            return opened.close(self._at)
        self._open.append(opened)
        if bracket == "{":
            self._key()
        return None

    def _is_wanted(self) -> bool:
        """Whether this place is in a member of interest."""
        return any(container.key in self._wanted for container in self._open)

    def _passed_over(self) -> int:
        """Where the container ends that begins here, when nothing of interest is in it; 0 when it is to be read."""
        try:
            _value, end = _QUICK.raw_decode(self._text, self._at)
        except (ValueError, RecursionError):
            return 0  # what is wrong is found by reading it
        long = end - self._at > _LONG
        return end if long and not any(self._text.find(name, self._at, end) >= 0 for name in self._only) else 0

    def _after_element(self, end: int) -> Node | None:
        """Read on after an element that ended at `end`: to the next element (None), or the container that closes."""
        self._space()
        container = self._open[-1]
        character = self._peek()
        if character == container.closer:
            self._at += 1
            self._open.pop()
            return container.close(self._at)
        if character != ",":
            raise errors.no_separator(self._text, self._at, end)
        comma = self._at
        self._at += 1
        self._space()
        if self._peek() == container.closer:
            if not self._commas:
                raise JsonSyntaxError(JsonProblem.TRAILING_COMMA, self._text, comma)
            self._at += 1
            self._open.pop()
            return container.close(self._at)
        if isinstance(container.value, dict):
            self._key()
        return None

    def _key(self) -> None:
        """Read `"key":` of the innermost object."""
        container = self._open[-1]
        if self._peek() != '"':
            raise errors.no_key(self._text, self._at)
        container.key_start = self._at
        container.key = self._string()
        self._space()
        if self._peek() != ":":
            raise errors.unexpected(self._text, self._at)
        self._at += 1

    def _string(self) -> str:
        start = self._at
        parts: list[str] = []
        at = start + 1
        while True:
            match = _PLAIN_CHARACTERS.match(self._text, at)
            assert match is not None  # noqa: S101  # it matches the empty string
            parts.append(match.group())
            at = match.end()
            character = self._text[at : at + 1]
            if character == '"':
                self._at = at + 1
                return "".join(parts)
            if character != "\\":
                raise errors.broken_string(self._text, start, at)
            at = self._escape(parts, start, at)

    def _escape(self, parts: list[str], string_start: int, at: int) -> int:
        """Decode the escape at `at` into `parts` and return where it ends."""
        letter = self._text[at + 1 : at + 2]
        if letter in _ESCAPES:
            parts.append(_ESCAPES[letter])
            return at + 2
        if not letter:
            raise JsonSyntaxError(JsonProblem.UNTERMINATED_STRING, self._text, string_start)
        match = _HEX4.match(self._text, at + 2)
        if letter != "u" or match is None:
            raise JsonSyntaxError(JsonProblem.BAD_ESCAPE, self._text, at)
        code = int(match.group(), 16)
        low = _LOW_SURROGATE.match(self._text, match.end()) if 0xD800 <= code <= 0xDBFF else None  # noqa: PLR2004  # high surrogates
        if low is None:
            parts.append(chr(code))
            return match.end()
        parts.append(chr(0x10000 + (code - 0xD800) * 0x400 + int(low.group(1), 16) - 0xDC00))
        return low.end()

    def _end_of_text(self) -> None:
        end = self._at
        self._space()
        if self._at < len(self._text):
            raise errors.text_goes_on(self._text, self._at, end)

    def _space(self) -> None:
        match = self._between.match(self._text, self._at)
        assert match is not None  # noqa: S101  # it matches the empty string
        self._at = match.end()

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

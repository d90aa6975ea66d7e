# SPDX-License-Identifier: GPL-3.0-or-later
"""Changes a TOML file at one place; every other character stays as it is.

All raise EditError for a place that is not there or is written in a way that is not changed here, and TomlSyntaxError
for a text that is no TOML.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import located_toml
from .bracketed import EditError, after_line, indentation, insert, line_end_of, line_start
from .bracketed import remove as take_out
from .toml_inline import Inline, find_inline

Keys = Sequence[str | int]
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_Place = tuple[int, int, int]


@dataclass(slots=True)
class _Section:
    """A header and what stands below it; that of the top has no header."""

    path: tuple[str, ...]
    header: tuple[int, int] | None = None
    members: dict[tuple[str, ...], _Place] = field(default_factory=dict)

    @property
    def end(self) -> int:
        """Where its last line that says something ends."""
        ends = [end for _start, end, _key in self.members.values()]
        return max([*ends, self.header[1] if self.header else 0])


def set_value(text: str, at: Keys, value: object) -> str:
    """The value at this place becomes `value`. Tables that lead there are made."""
    sections, path = _sections(text), tuple(map(str, at))
    if (found := _innermost(text, sections, at)) is not None:
        start, end, rest = found
        return _set_inline(text, Inline.read(text, start, end), rest, value) if rest else _put(text, start, end, value)
    if isinstance(value, Mapping) and not any(section.path == path for section in sections):
        return _append_table(text, path, value)
    dotted = [
        (section, member) for section in sections for member in section.members if member[: len(path) - 1] == path[:-1]
    ]
    exact = [section for section in sections if section.path == path[:-1]]
    if dotted and not exact:
        section = dotted[-1][0]
        return _add_line(text, section, path[len(section.path) :], value)
    homes = [section for section in sections if section.path and path[: len(section.path)] == section.path]
    if not homes:
        raise EditError("there is no table for it")
    home = max(homes, key=lambda section: len(section.path))
    name, *inner = path[len(home.path) :]
    for key in reversed(inner):
        value = {key: value}
    return _add_line(text, home, (name,), value)


def insert_item(text: str, at: Keys, number: int, value: object) -> str:
    """The array at this place gets one more item, before the one of this number or at its end."""
    found = _innermost(text, _sections(text), at)
    if found is None:
        raise EditError("there is no such array")
    inline = find_inline(text, *found)
    if inline is None or inline.is_table or number > len(inline.items):
        raise EditError("there is no such array")
    return insert(text, inline.box, number, lambda _indent: written(value))


def remove(text: str, at: Keys) -> str:
    """Without the member, the item or the table at this place."""
    sections, path = _sections(text), tuple(map(str, at))
    found = _innermost(text, sections, at)
    if found is not None and found[2]:
        inline = find_inline(text, found[0], found[1], found[2][:-1])
        number = inline.number_of(found[2][-1]) if inline else None
        if inline is None or number is None:
            raise EditError("it is not there")
        return take_out(text, inline.box, number)
    pieces = []
    for section in sections:
        if section.header is not None and path and section.path[: len(path)] == path:
            pieces.append((section.header[0], section.end))
        else:
            pieces += [(k, end) for member, (_s, end, k) in section.members.items() if member[: len(path)] == path]
    if not pieces or not path:
        raise EditError("it is not there")
    for start, end in sorted(pieces, reverse=True):
        text = text[: line_start(text, start)] + text[after_line(text, end) :]
    return text


def rename(text: str, at: Keys, name: str) -> str:
    """The member or table at this place is called `name`, wherever the file names it."""
    path, number = tuple(map(str, at)), len(at) - 1
    spans = []
    for section in _sections(text):
        if section.header is not None and section.path[: len(path)] == path:
            spans.append(_key_span(text, *section.header, number))
        elif section.path == path[: len(section.path)]:
            below = number - len(section.path)
            spans += [
                _key_span(text, key, start, below)
                for member, (start, _end, key) in section.members.items()
                if member[: len(path)] == path
            ]
    if not spans:
        raise EditError("it is not there")
    for start, end in sorted(spans, reverse=True):
        text = text[:start] + key_of(name) + text[end:]
    return text


def written(value: object) -> str:
    """The value as TOML, on one line."""
    if isinstance(value, Mapping):
        members = ", ".join(f"{key_of(str(name))} = {written(item)}" for name, item in value.items())
        return f"{{ {members} }}" if members else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(item) for item in value) + "]"
    # JSON's texts, numbers and truth values are TOML's too.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _sections(text: str) -> list[_Section]:
    located_toml.parse(text)
    sections = [_Section(())]
    for path, (start, end, key_start) in located_toml.places(text):
        if start == key_start:
            sections.append(_Section(path, (start, end)))
        else:
            sections[-1].members[path] = (start, end, key_start)
    return sections


def _innermost(text: str, sections: list[_Section], at: Keys) -> tuple[int, int, tuple[str | int, ...]] | None:
    """The value that is written out nearest to this place, with what of `at` leads on inside of it."""
    path = tuple(map(str, at))
    for section in sections:
        for member, (start, end, _key_start) in section.members.items():
            if path[: len(member)] == member:
                rest = tuple(at[len(member) :])
                if rest and text[start] not in "[{":
                    raise EditError("it is neither an array nor a table")
                return start, end, rest
    return None


def _set_inline(text: str, inline: Inline, rest: Keys, value: object) -> str:
    number = inline.number_of(rest[0])
    if number is not None:
        start, end = inline.values[number]
        if len(rest) == 1:
            return _put(text, start, end, value)
        if text[start] in "[{":
            return _set_inline(text, Inline.read(text, start, end), rest[1:], value)
    if number is not None or not inline.is_table:
        raise EditError("there is no table for it")
    for key in reversed(rest[1:]):
        value = {str(key): value}
    line = f"{key_of(str(rest[0]))} = {written(value)}"
    return insert(text, inline.box, len(inline.items), lambda _indent: line)


def _put(text: str, start: int, end: int, value: object) -> str:
    return text[:start] + written(value) + text[end:]


def _add_line(text: str, section: _Section, keys: Sequence[str], value: object) -> str:
    """One more line at the end of a section."""
    newline, end = line_end_of(text), section.end
    last = max(
        (key for _start, _end, key in section.members.values()), default=section.header[0] if section.header else 0
    )
    line = f"{indentation(text, last)}{'.'.join(map(key_of, keys))} = {written(value)}"
    at = after_line(text, end)
    before = text[:at]
    if before and not before.endswith(("\n", "\r")):
        return f"{before}{newline}{line}{text[at:]}"
    return f"{before}{line}{newline}{text[at:]}"


def _append_table(text: str, path: Sequence[str], value: Mapping[str, object]) -> str:
    newline = line_end_of(text)
    lines = [f"[{'.'.join(map(key_of, path))}]", *(f"{key_of(name)} = {written(item)}" for name, item in value.items())]
    gap = "" if not text.strip() else newline if text.endswith(("\n", "\r")) else newline * 2
    return f"{text}{gap}{newline.join(lines)}{newline}"


def _key_span(text: str, start: int, end: int, number: int) -> tuple[int, int]:
    found = [match.span() for match in re.finditer(located_toml.KEY, text[start:end])]
    return start + found[number][0], start + found[number][1]


def key_of(name: str) -> str:
    """A name as a key: bare where it may be, else in quotes."""
    return name if _BARE.fullmatch(name) else json.dumps(name, ensure_ascii=False).replace("\x7f", "\\u007f")

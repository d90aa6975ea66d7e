# SPDX-License-Identifier: GPL-3.0-or-later
"""Adds to what stands in brackets with commas between, and takes out of it, as the one who wrote it would.

For JSON's objects and arrays and for TOML's arrays and inline tables. Line ends, indentation and comments stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

_LINE_END = re.compile(r"\r\n|\n|\r")


class EditError(ValueError):
    """The place is not in the text, or is not written in a way that can be changed."""


@dataclass(frozen=True, slots=True)
class Box:
    """A container as it is written: `text[start:end]` with its brackets, and where each of its items stands."""

    start: int
    end: int
    items: tuple[tuple[int, int], ...]
    gap: re.Pattern[str]
    """White space and comments, as many as there are."""
    spread: bool
    """An empty one gets a line for what comes into it."""


Write = Callable[[str], str]
"""Writes a value, given the indentation of the line on which it begins."""


def line_end_of(text: str) -> str:
    """How the lines of a text end; a line feed where it has only one line."""
    found = _LINE_END.search(text)
    return found[0] if found else "\n"


def line_start(text: str, at: int) -> int:
    """Where the line of this place begins."""
    return max(text.rfind("\n", 0, at), text.rfind("\r", 0, at)) + 1


def after_line(text: str, at: int) -> int:
    """Where the line after this place begins."""
    found = _LINE_END.search(text, at)
    return found.end() if found else len(text)


def indentation(text: str, at: int) -> str:
    """The white space at the beginning of the line of this place."""
    found = re.compile(r"[ \t]*").match(text, line_start(text, at))
    return found[0] if found else ""


def begins_line(text: str, at: int) -> bool:
    """Whether nothing but white space stands before it on its line."""
    return line_start(text, at) > 0 and not text[line_start(text, at) : at].strip()


def unit_of(text: str) -> str:
    """By how much the text indents what is inside."""
    for found in re.finditer(r"[{\[][ \t]*(?:\r\n|\n|\r)([ \t]+)\S", text):
        outer = indentation(text, found.start())
        if found[1].startswith(outer) and found[1] != outer:
            return found[1].removeprefix(outer)
    return "  "


def insert(text: str, box: Box, number: int, write: Write) -> str:
    """The text with one more item before the one of this number, or at the end."""
    if number < len(box.items):
        at = box.items[number][0]
        if begins_line(text, at):
            indent = indentation(text, at)
            return f"{text[:at]}{write(indent)},{line_end_of(text)}{indent}{text[at:]}"
        return f"{text[:at]}{write(indentation(text, at))}, {text[at:]}"
    return _append(text, box, write) if box.items else _fill(text, box, write)


def _append(text: str, box: Box, write: Write) -> str:
    start, end = box.items[-1]
    indent = indentation(text, start)
    comma = _gap_end(text, box, end)
    trailing = text[comma] == ","
    if trailing:
        end = comma + 1
    if not begins_line(text, start):
        return f"{text[:end]}{'' if trailing else ','} {write(indent)}{text[end:]}"
    rest = _rest_of_line(text, box, end)
    added = f"{line_end_of(text)}{indent}{write(indent)}{',' if trailing else ''}"
    return f"{text[:end]}{'' if trailing else ','}{text[end:rest]}{added}{text[rest:]}"


def _fill(text: str, box: Box, write: Write) -> str:
    inner = text[box.start + 1 : box.end - 1]
    before, after = text[: box.start + 1], text[box.end - 1 :]
    if not (box.spread or "\n" in inner or "\r" in inner):
        return f"{before}{write(indentation(text, box.start))}{inner if inner.strip() else ''}{after}"
    base, newline = indentation(text, box.start), line_end_of(text)
    indent = base + unit_of(text)
    rest = inner if inner.strip() else f"{newline}{base}"
    return f"{before}{newline}{indent}{write(indent)}{rest}{after}"


def remove(text: str, box: Box, number: int) -> str:
    """The text without the item of this number, and without the comma that belonged to it."""
    start, end = box.items[number]
    after = _gap_end(text, box, end)
    if text[after] == ",":
        return _cut(text, start, after + 1)
    if number == 0:
        inside = text[box.start + 1 : start] + text[end : box.end - 1]
        return _cut(text, start, end) if inside.strip() else text[: box.start + 1] + text[box.end - 1 :]
    comma = _gap_end(text, box, box.items[number - 1][1])
    if not text[comma + 1 : start].strip():
        return text[:comma] + text[end:]
    shorter = text[:comma] + text[comma + 1 :]
    return _cut(shorter, start - 1, end - 1)


def _cut(text: str, start: int, end: int) -> str:
    """The text without this piece: with its line, where nothing else is on it."""
    following = after_line(text, end)
    if begins_line(text, start) and not text[end:following].strip():
        return text[: line_start(text, start)] + text[following:]
    while text[end : end + 1] in {" ", "\t"}:
        end += 1
    return text[:start] + text[end:]


def _gap_end(text: str, box: Box, at: int) -> int:
    found = box.gap.match(text, at)
    return found.end() if found else at


def _rest_of_line(text: str, box: Box, at: int) -> int:
    """Where the line ends, if only a comment is left of it; else this place itself."""
    found = _LINE_END.search(text, at)
    end = found.start() if found else len(text)
    return end if box.gap.fullmatch(text, at, end) else at

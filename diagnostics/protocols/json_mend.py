# SPDX-License-Identifier: GPL-3.0-or-later
"""Mends a text that should be JSON, where it is certain what was meant.

Certain are: a comma too many before a closing bracket, a comma that is missing at the end of a line, comments where
none may be, typographic or single quotes around a plain text, and the backslashes of a Windows path. All else is left
to whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from .located_json import JsonProblem, JsonSyntaxError, parse

_MOST = 20
"""Mistakes that are mended; a text with more is no slip."""
_LONG = 50_000
"""Characters up to which a text is tried, as each mistake means to read it once more."""

_How = Callable[[re.Match[str]], str | None]
_COMMENT = re.compile(r"//[^\r\n]*|/\*(?s:.*?)\*/|#[^\r\n]*")
_CURLY = re.compile(r"[“”„‟″＂]([^“”„‟″＂\"\\\r\n]*)[“”„‟″＂\"](?=\s*(?:[:,}\]]|$))")
_SINGLE = re.compile(r"'([^'\"\\\r\n]*)'(?=\s*(?:[:,}\]]|$))")
_ENDS_CURLY = re.compile(r"\"([^“”„‟″＂\"\\\r\n]*)[“”„‟″＂](?=\s*(?:[:,}\]]|$))")
_WINDOWS_PATH = re.compile(r"\"([A-Za-z]:\\[^\"\r\n]*)\"(?=\s*(?:[,}\]]|$))")


def mend(text: str, *, comments: bool = False, commas: bool = False) -> str | None:
    """The text as it was meant, which parses; None where that is not certain, or nothing is wrong with it."""
    mended = text if len(text) <= _LONG else None
    for _number in range(_MOST):
        if mended is None:
            return None
        try:
            parse(mended, comments=comments, commas=commas)
        except JsonSyntaxError as error:
            mended = _without(mended, error)
        else:
            return mended if mended != text else None
    return None


def _without(text: str, error: JsonSyntaxError) -> str | None:
    """The text without this mistake, None where it is not certain what was meant."""
    at = error.offset
    match error.problem:
        case JsonProblem.TRAILING_COMMA:
            return text[:at] + text[at + 1 :]
        case JsonProblem.MISSING_COMMA:
            gap = re.compile(r"\s*").match(text, at)
            on_next_line = gap is not None and re.search(r"[\r\n]", gap[0])
            return f"{text[:at]},{text[at:]}" if on_next_line else None
        case JsonProblem.COMMENT:
            return _replaced(text, at, _COMMENT, lambda _found: "")
        case JsonProblem.SMART_QUOTE:
            return _replaced(text, at, _CURLY, lambda found: f'"{found[1]}"')
        case JsonProblem.SINGLE_QUOTE:
            return _replaced(text, at, _SINGLE, lambda found: f'"{found[1]}"')
        case JsonProblem.UNTERMINATED_STRING:
            return _replaced(text, at, _ENDS_CURLY, lambda found: f'"{found[1]}"')
        case JsonProblem.BAD_ESCAPE:
            return _replaced(text, _opening_quote(text, at), _WINDOWS_PATH, _with_backslashes)
    return None


def _replaced(text: str, at: int, pattern: re.Pattern[str], how: _How) -> str | None:
    found = pattern.match(text, at)
    if found is None or (written := how(found)) is None:
        return None
    return text[:at] + written + text[found.end() :]


def _opening_quote(text: str, at: int) -> int:
    """Where the string begins in which this place is. With an escaped quote before it, none is found that fits."""
    return text.rfind('"', 0, at)


def _with_backslashes(found: re.Match[str]) -> str | None:
    path = found[1]
    return None if "\\\\" in path or path.endswith("\\") else '"' + path.replace("\\", "\\\\") + '"'

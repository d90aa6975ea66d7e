# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be wrong with a text that should be JSON, told apart by what people do when they edit by hand."""

from __future__ import annotations

import enum
import re

from ..text import clean

_EXCERPT = 80
_COMMENT = re.compile(r"//|/\*|#|<!--")
_SMART_QUOTE = re.compile("[‘’‚‛“”„‟«»‹›′″`´＂＇]")
_KEY = re.compile(r"[\w$]")
_WORD = re.compile(r"-*[^\W\d]|\$")
_VALUE = re.compile(r"""["'{\[0-9‘’“”„]|-[0-9]|(?:true|false|null)\b""")
_NUMBER_LIKE = re.compile(r"[-+]?\.?[0-9]|[-+]Infinity|[-+](?![-\w])")


class JsonProblem(enum.StrEnum):
    """Why a text is no JSON."""

    TRAILING_COMMA = "trailing-comma"
    """Offset: the comma."""
    MISSING_COMMA = "missing-comma"
    """Offset: the end of the element before, where the comma belongs."""
    COMMENT = "comment"
    SMART_QUOTE = "smart-quote"
    SINGLE_QUOTE = "single-quote"
    UNQUOTED_KEY = "unquoted-key"
    TWO_VALUES = "two-values"
    """The text goes on with another value after its end. Offset: what follows the first one."""
    CONTROL_CHARACTER = "control-character"
    """A raw one inside a string, other than a line end."""
    BAD_ESCAPE = "bad-escape"
    """Offset: the backslash. Most often a Windows path whose backslashes are not doubled."""
    UNTERMINATED_STRING = "unterminated-string"
    """The line or the text ends inside a string. Offset: its opening quote."""
    UNEXPECTED_END = "unexpected-end"
    BAD_NUMBER = "bad-number"
    BAD_LITERAL = "bad-literal"
    """A bare word other than true, false and null: `None`, `True`, `NaN`, `undefined`, a text without quotes."""
    TOO_DEEP = "too-deep"
    EMPTY = "empty"
    """Nothing but white space."""
    UNEXPECTED_CHARACTER = "unexpected-character"


class JsonSyntaxError(ValueError):
    """A text is no JSON. `line` and `column` count from 1, `offset` from 0, all in code points.

    `excerpt` is the line of the offset, cleaned, at most about 80 characters around the column.
    """

    def __init__(self, problem: JsonProblem, text: str, offset: int) -> None:
        self.problem = problem
        self.offset = offset
        self.line, self.column = position(text, offset)
        self.excerpt = _excerpt(text, offset)
        super().__init__(f"{problem} at {self.line}:{self.column}")


def position(text: str, offset: int) -> tuple[int, int]:
    r"""Line and column of an offset, both from 1. Lines end with LF, CRLF or CR; columns count code points."""
    line = 1 + text.count("\n", 0, offset) + text.count("\r", 0, offset) - text.count("\r\n", 0, offset)
    return line, offset - _line_start(text, offset) + 1


def unexpected(text: str, at: int) -> JsonSyntaxError:
    """Any place where nothing else can be said than that this does not belong here."""
    if not text.strip(" \t\r\n"):
        problem = JsonProblem.EMPTY
    elif at >= len(text):
        problem = JsonProblem.UNEXPECTED_END
    elif _COMMENT.match(text, at):
        problem = JsonProblem.COMMENT
    elif _SMART_QUOTE.match(text, at):
        problem = JsonProblem.SMART_QUOTE
    elif text[at] == "'":
        problem = JsonProblem.SINGLE_QUOTE
    else:
        problem = JsonProblem.UNEXPECTED_CHARACTER
    return JsonSyntaxError(problem, text, at)


def no_value(text: str, at: int) -> JsonSyntaxError:
    """A value should begin at `at` and does not."""
    if _NUMBER_LIKE.match(text, at):
        return JsonSyntaxError(JsonProblem.BAD_NUMBER, text, at)
    if _WORD.match(text, at):
        return JsonSyntaxError(JsonProblem.BAD_LITERAL, text, at)
    return unexpected(text, at)


def no_key(text: str, at: int) -> JsonSyntaxError:
    """A quoted key should begin at `at` and does not."""
    if _KEY.match(text, at):
        return JsonSyntaxError(JsonProblem.UNQUOTED_KEY, text, at)
    return unexpected(text, at)


def no_separator(text: str, at: int, end: int) -> JsonSyntaxError:
    """A comma or the closing bracket should stand at `at`, after the element that ends at `end`."""
    if _VALUE.match(text, at):
        return JsonSyntaxError(JsonProblem.MISSING_COMMA, text, end)
    return unexpected(text, at)


def text_goes_on(text: str, at: int, end: int) -> JsonSyntaxError:
    """Something stands at `at`, after the whole value, which ends at `end`."""
    second = at
    if text[at] == ",":
        second = at + 1
        while text[second : second + 1] in {" ", "\t", "\r", "\n"}:
            second += 1
    # A value that touches the first one is no second value but a slip inside of one: `"a"b"`, `"C:"\path"`.
    if _VALUE.match(text, second) and (at > end or text[second] in "{["):
        return JsonSyntaxError(JsonProblem.TWO_VALUES, text, at)
    return unexpected(text, at)


def broken_string(text: str, start: int, at: int) -> JsonSyntaxError:
    """The string that opened at `start` meets the end of the text or a control character at `at`."""
    if at >= len(text) or text[at] in "\r\n":
        return JsonSyntaxError(JsonProblem.UNTERMINATED_STRING, text, start)
    return JsonSyntaxError(JsonProblem.CONTROL_CHARACTER, text, at)


def _line_start(text: str, offset: int) -> int:
    return max(text.rfind("\n", 0, offset), text.rfind("\r", 0, offset)) + 1


def _excerpt(text: str, offset: int) -> str:
    first = max(_line_start(text, offset), offset - _EXCERPT // 2)
    line = re.split(r"[\r\n]", text[first : first + _EXCERPT], maxsplit=1)[0]
    return clean(line.strip(), _EXCERPT)[: _EXCERPT + _EXCERPT // 2]

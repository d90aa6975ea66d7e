# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the settings of a server's network in its own file: JSON, TOML, INI or a list of variables (`.env`).

Keys are found in any section or object, in any case, with `-` or `_`; a variable may have a prefix (`MCP_PORT`).
"""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from . import located_json
from .located_json import JsonSyntaxError, Node

KEYS = ("bind_address", "port", "protocol_version", "allowed_clients")


@dataclass(frozen=True, slots=True)
class Setting:
    """The value as the file has it, which key it stands under, and in which line."""

    key: str
    value: object
    line: int
    style: str = ""
    """How the file writes it: "json", "toml", "ini" or "variables"."""

    def written(self, value: str) -> str:
        """This setting with another value, as a line of its file; a whole number stands without quotes."""
        plain = value.isascii() and value.isdecimal()
        match self.style:
            case "json":
                return f"{json.dumps(self.key)}: {value if plain else json.dumps(value, ensure_ascii=False)}"
            case "toml":
                return f"{self.key} = {value if plain else json.dumps(value, ensure_ascii=False)}"
            case "variables":
                return f"{self.key}={value}"
        return f"{self.key} = {value}"


class SettingsError(ValueError):
    """The file is not of its format. `line` is where, 0 where that is not known."""

    def __init__(self, line: int, problem: str) -> None:
        super().__init__(problem)
        self.line = line
        self.problem = problem


def read(text: str, name: str) -> dict[str, Setting]:
    """The settings by their `KEYS`; the first of each counts. `name` is the file's, whose ending tells the format.

    Raises SettingsError.
    """
    found: dict[str, Setting] = {}
    reader = _format(text, name.lower())
    for setting in reader(text):
        key = _known(setting.key)
        if key:
            found.setdefault(key, replace(setting, style=_STYLES[reader]))
    return found


def _format(text: str, name: str) -> Callable[[str], Iterator[Setting]]:
    if name.endswith((".json", ".jsonc")) or text.lstrip()[:1] == "{":
        return _of_json
    if name.endswith(".toml"):
        return _of_toml
    if name.endswith(".env") or name.startswith(".env"):
        return _of_variables
    if name.endswith((".ini", ".cfg", ".conf")) or re.search(r"^\s*\[", text, re.MULTILINE):
        return _of_ini
    return _of_variables


def _known(key: str) -> str:
    plain = key.rpartition(".")[2].lower().replace("-", "_")
    if plain in KEYS:
        return plain
    return next((known for known in KEYS if key.isupper() and plain.endswith(f"_{known}")), "")


def _of_json(text: str) -> Iterator[Setting]:
    try:
        root = located_json.parse(text)
    except JsonSyntaxError as error:
        raise SettingsError(error.line, f"it is no JSON ({error.problem.replace('-', ' ')})") from None
    pending: list[Node] = [root]
    while pending:
        node = pending.pop(0)
        if isinstance(node.value, dict):
            for key, member in node.value.items():
                line, _column = located_json.position(
                    text, member.start if member.key_start is None else member.key_start
                )
                yield Setting(key, located_json.plain(member), line)
            pending += node.value.values()
        elif isinstance(node.value, list):
            pending += node.value


def _of_toml(text: str) -> Iterator[Setting]:
    try:
        root = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        at = re.search(r"at line (\d+)", str(error))
        line = int(at[1]) if at else len(text.splitlines())  # at the end of the document
        raise SettingsError(line, re.sub(r" \(at .*\)$", "", str(error))) from None
    pending: list[Mapping[str, object]] = [root]
    while pending:
        for key, value in pending.pop(0).items():
            yield Setting(key, value, _line_of(text, key))
            if isinstance(value, dict):
                pending.append(value)


def _of_ini(text: str) -> Iterator[Setting]:
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.MissingSectionHeaderError as error:
        raise SettingsError(error.lineno, "a setting stands before the first [section]") from None
    except configparser.ParsingError as error:
        line = error.errors[0][0] if error.errors else 0
        raise SettingsError(line, "it is neither a [section] nor name = value") from None
    except configparser.Error as error:
        raise SettingsError(0, str(error).splitlines()[0]) from None
    for section in (parser.default_section, *parser.sections()):
        for key, value in parser[section].items():
            yield Setting(key, _unquoted(value), _line_of(text, key))


def _of_variables(text: str) -> Iterator[Setting]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if not plain or plain.startswith("#"):
            continue
        match = re.fullmatch(r"(?:export\s+)?([A-Za-z_][\w.-]*)\s*=\s*(.*)", plain)
        if match is None:
            raise SettingsError(number, "it is no NAME=value")
        yield Setting(match[1], _unquoted(re.sub(r"\s+#.*$", "", match[2])), number)


def _unquoted(text: str) -> str:
    match = re.fullmatch(r"(['\"])(.*)\1", text.strip())
    return match[2] if match else text.strip()


def _line_of(text: str, key: str) -> int:
    """The first line that begins with the key."""
    pattern = re.compile(rf"\s*(?:[\w\"'-]+\.)*[\"']?{re.escape(key)}[\"']?\s*[=:]", re.IGNORECASE)
    return next((number for number, line in enumerate(text.splitlines(), 1) if pattern.match(line)), 0)


_STYLES: dict[Callable[[str], Iterator[Setting]], str] = {
    _of_json: "json",
    _of_toml: "toml",
    _of_ini: "ini",
    _of_variables: "variables",
}

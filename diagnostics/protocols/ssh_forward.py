# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads the port forwards of an `ssh` command line (ssh(1): -L, and -o LocalForward)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ..text import host_port

_WITH_VALUE = frozenset("BbcDEeFIiJLlmOoPpQRSWw")
"""Options of OpenSSH's client that take a value, which may follow in the same word."""
_PART = re.compile(r"\[([^\]]*)\]|([^:]*)")


@dataclass(frozen=True, slots=True)
class Forward:
    """Connections to `port` of this computer go to `host`:`host_port`, as the computer `via` sees it."""

    port: int
    host: str
    host_port: int
    via: str

    def __str__(self) -> str:
        far = host_port(self.host, self.host_port)
        return f"{far} through {self.via}" if self.via else far

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that makes this forward."""
        return ("ssh", "-N", "-L", f"{self.port}:{host_port(self.host, self.host_port)}", *filter(None, [self.via]))


def forwards(argv: Sequence[str]) -> tuple[Forward, ...]:
    """The local forwards to a host and port that this command line of `ssh` makes; none for what is no such thing."""
    values, words = _options(argv[1:])
    via = words[0] if words else ""
    specifications = [value for option, value in values if option == "L"]
    for option, value in values:
        name, _separator, rest = value.replace("=", " ", 1).strip().partition(" ")
        if option == "o" and name.lower() == "localforward":
            specifications.append(re.sub(r"\s+", ":", rest.strip()))
    return tuple(found for spec in specifications if (found := _forward(spec, via)) is not None)


def _options(words: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """The options that have a value, and the words that are no options: the host, then a command."""
    values: list[tuple[str, str]] = []
    plain: list[str] = []
    rest = iter(words)
    for word in rest:
        if not word.startswith("-") or word == "-":
            plain.append(word)
            continue
        for at, letter in enumerate(word[1:], start=1):
            if letter in _WITH_VALUE:
                values.append((letter, word[at + 1 :] or next(rest, "")))
                break
    return values, plain


def _forward(specification: str, via: str) -> Forward | None:
    """[bind_address:]port:host:hostport; a socket's path instead of a port is no forward that concerns us."""
    parts = [bracketed or plain for bracketed, plain in _PART.findall(specification)]
    named = [part for part in parts if part]
    match named[-3:]:
        case [port, host, host_port] if _is_port(port) and _is_port(host_port):
            return Forward(int(port), host, int(host_port), via)
    return None


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) <= 65535  # noqa: PLR2004

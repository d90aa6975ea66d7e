# SPDX-License-Identifier: GPL-3.0-or-later
"""What the words of uv and of other launchers mean, with which they end without having started a server."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from . import table

_LINES, _LINE = 400, 1000
"""Lines from the end, and characters of each, in which words are looked for."""


@dataclass(frozen=True, slots=True)
class Message:
    """A row of `uv_messages.toml` that matches."""

    cause: str
    facts: Mapping[str, str] = field(default_factory=dict)
    """What its named groups found. Text from outside."""
    flags: frozenset[str] = frozenset()
    by: frozenset[str] = frozenset()
    """The launchers that say so; empty for any."""


@dataclass(frozen=True, slots=True)
class _Row:
    cause: str
    words: re.Pattern[str]
    facts: tuple[re.Pattern[str], ...]
    flags: frozenset[str]
    by: frozenset[str]
    last: bool


@functools.cache
def _rows() -> tuple[_Row, ...]:
    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.MULTILINE)

    return tuple(
        _Row(
            row["cause"],
            compiled(row["words"]),
            tuple(map(compiled, row.get("facts", ()))),
            frozenset(row.get("flags", ())),
            frozenset(row.get("by", ())),
            row.get("last", False),
        )
        for row in table("uv_messages")["message"]
    )


def read_message(said: str, through: Sequence[str] = ()) -> Message | None:
    """The cause that these words tell of, None where they are none of uv's, or tell of none.

    `through` are the programs that start the server, whose words count too.
    """
    said = "\n".join(line[:_LINE] for line in said.splitlines()[-_LINES:])
    for row in _rows():
        if row.by and not row.by.intersection(through):
            continue
        found = list(row.words.finditer(said)) if row.last else [row.words.search(said)]
        if found and (match := found[-1]) is not None:
            matches = [match, *filter(None, (pattern.search(said) for pattern in row.facts))]
            facts: dict[str, str] = {}
            for one in matches:
                # One name for what stands in one place or another: "program" and "program_of_zsh".
                facts |= {re.sub("_(?:of|too).*", "", name): text for name, text in one.groupdict().items() if text}
            return Message(row.cause, facts, row.flags, row.by)
    return None

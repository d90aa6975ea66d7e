# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines in the log of an AI app mean."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

from . import table


@dataclass(frozen=True, slots=True)
class Signature:
    """A row of `log_signatures.toml`; its header says what the fields mean."""

    cause: str
    pattern: str
    contains: tuple[str, ...]
    by: str
    stage: str
    what: str
    source: str

    def facts(self, text: str) -> tuple[int, Mapping[str, str]] | None:
        """Where in the text it stands and what its groups found, None where it does not match."""
        if not any(literal in text for literal in self.contains):
            return None
        match = re.search(self.pattern, text)
        if match is None:
            return None
        # One name for what stands in one place or another: "chosen" and "chosen_of_build".
        named = match.groupdict().items()
        return match.start(), {re.sub("_of_.*", "", name): found for name, found in named if found}


@functools.cache
def signatures() -> tuple[Signature, ...]:
    """All that are known, in the order in which they count."""
    rows = table("log_signatures")["signature"]
    return tuple(Signature(**{**row, "contains": tuple(row["contains"])}) for row in rows)


def possible(log: bytes, *, over: bool = False) -> tuple[Signature, ...]:
    """The signatures that may stand in this log: most logs have none, and need no closer look.

    `over` leaves out those that tell of a start which, as is known by now, did not fail.
    """
    rows = (row for row in signatures() if not (over and row.stage == "start"))
    return tuple(row for row in rows if any(literal.encode() in log for literal in row.contains))


@functools.cache
def _named() -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, table("log_signatures")["files"]["named"]))


def server_of(path: str) -> str | None:
    """The name of the server that a log is about, None for one about many. `path` has slashes between its folders."""
    end = "/".join(path.split("/")[-2:])
    for pattern in _named():
        if match := (pattern.fullmatch(end) or pattern.fullmatch(end.rpartition("/")[2])):
            return match["server"]
    return None

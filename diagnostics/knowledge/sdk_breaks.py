# SPDX-License-Identifier: GPL-3.0-or-later
"""The releases of the MCP Python SDK that broke servers which had worked."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.version import Version

from . import table

SDK = "mcp"
"""The SDK's distribution, and its module."""


@dataclass(frozen=True, slots=True)
class Break:
    """A row of `sdk_breaks.toml`; its header says what the fields mean."""

    signature: str
    since: str
    what: str
    pin: str
    modules: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    call: str = ""
    shim: str = ""

    def concerns(self, module: str, name: str) -> bool:
        """Whether it took away what `from module import name` asks for (`import module` without a name)."""
        asked = {module, f"{module}.{name}"} if name else {module}
        gone = any(one == known or one.startswith(f"{known}.") for one in asked for known in self.modules)
        return gone or f"{module}:{name}" in self.names


@functools.cache
def breaks() -> tuple[Break, ...]:
    """All that are known, the most frequent first."""
    return tuple(
        Break(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})  # type: ignore[arg-type]
        for row in table("sdk_breaks")["break"]
    )


def in_words(said: str) -> Break | None:
    """The break of which a dying server's words tell."""
    return next((known for known in breaks() if re.search(known.signature, said)), None)


def of_import(module: str, name: str, installed: Version) -> Break | None:
    """The break by which the installed release lacks what is imported, None where none is known."""
    return next((b for b in breaks() if Version(b.since) <= installed and b.concerns(module, name)), None)


def next_incompatible() -> Break:
    """The break that a server meets which lets any newer release in: the first of the SDK's newest line."""
    return breaks()[0]


def lets_in(requirement: Requirement, known: Break) -> bool:
    """Whether a requirement of the SDK has no ceiling below the release that broke servers."""
    since = Version(known.since)
    # Where a far release of that line is let in, nothing holds it back.
    return requirement.specifier.contains(since) or requirement.specifier.contains(f"{since.major}.999")

# SPDX-License-Identifier: GPL-3.0-or-later
"""A file of requirements (pip's documentation: requirements file format), line by line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..text import one_line, without_user

_OTHERS = re.compile(r"(?:--requirement|--constraint|-r|-c)[ =]*(.+)")
_PLACES = re.compile(
    r"(?:-e|--editable)(?:[ =]|$)|(?:git|hg|svn|bzr)\+|\w+://|[./~]|[A-Za-z]:\\|.*\.(?:whl|zip|tar\.gz)$"
)


@dataclass(frozen=True, slots=True)
class RequirementLine:
    """What a line asks for: a requirement, another file, or why it cannot be used; nothing for any other option."""

    requirement: str = ""
    file: str = ""
    """Of requirements too, beside this one."""
    problem: str = ""


def read_requirement_lines(text: str) -> Iterator[tuple[int, RequirementLine]]:
    """The lines that say something, each with the number at which it begins. Hashes are left out."""
    for number, line in _joined(text):
        said = re.sub(r"(?:^|\s)#.*$", "", line).strip()
        if not said:
            continue
        shown = one_line(without_user(said), 60)
        if (other := _OTHERS.fullmatch(said)) is not None:
            yield number, RequirementLine(file=other[1])
        elif _PLACES.match(said):
            yield number, RequirementLine(problem=f"“{shown}” is a place and no version; write for example mcp==1.30.0")
        elif said.startswith("-"):
            yield number, RequirementLine()
        else:
            # What follows are options for this one, such as its hashes.
            yield number, RequirementLine(re.split(r"\s--?\w", said, maxsplit=1)[0].strip())


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines, with those that a backslash continues made one."""
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        begun = begun if parts else number
        if line.endswith("\\") and not line.lstrip().startswith("#"):
            parts.append(line[:-1])
            continue
        yield begun, " ".join([*parts, line])
        parts = []
    if parts:
        yield begun, " ".join(parts)

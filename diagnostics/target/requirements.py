# SPDX-License-Identifier: GPL-3.0-or-later
"""Pins: requirements as PEP 508 writes them, one by one or in a file for pip."""

from __future__ import annotations

from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from ..protocols.requirements_file import read_requirement_lines
from ..text import one_line, without_user
from .files import TargetError, readable_file, refuse, text_of

_MAX_DEPTH = 8
"""How far one file of requirements may lead to another."""


def pin_of(value: str) -> str:
    """One requirement, written as PEP 508 has it. Raises TargetError for what is none, and for one at an address."""
    try:
        requirement = Requirement(value.strip())
    except InvalidRequirement:
        shown = one_line(without_user(value), 80)
        raise TargetError(
            "pin", f"“{shown}” is no requirement; write for example mcp<2 or mcp-for-blender==2.2.4"
        ) from None
    if requirement.url is not None:
        raise TargetError("pin", f"“{requirement.name}” is pinned to an address; write a version, such as ==2.2.4")
    return str(requirement)


def pins_in(file: str | Path, read: list[Path]) -> tuple[str, ...]:
    """The pins in a file of requirements; each file that was read is put into `read`.

    Options of pip, such as where to get packages, say nothing about versions.
    Raises TargetError that names every line which cannot be used by its number.
    """
    path = readable_file("requirements", file)
    found, wrong = list[str](), list[str]()
    _collect(path, found, wrong, (path,), read)
    refuse(wrong, "requirements")
    if not found:
        raise TargetError("requirements", f"“{one_line(str(path), 200)}” names no requirement")
    return tuple(found)


def _collect(path: Path, found: list[str], wrong: list[str], through: tuple[Path, ...], read: list[Path]) -> None:
    """Reads one file of requirements, and those that it leads to."""
    read.append(path)
    where = f"{one_line(path.name, 60)}, " if len(through) > 1 else ""
    for number, line in read_requirement_lines(text_of(path, "requirements")):
        problem = line.problem
        try:
            if line.requirement:
                found.append(pin_of(line.requirement))
            elif line.file:
                other = readable_file("requirements", path.parent / line.file)
                if other not in through and len(through) < _MAX_DEPTH:
                    _collect(other, found, wrong, (*through, other), read)
        except TargetError as error:
            problem = error.message
        if problem:
            wrong.append(f"{where}line {number}: {problem}")

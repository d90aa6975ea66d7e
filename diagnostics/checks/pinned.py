# SPDX-License-Identifier: GPL-3.0-or-later
"""How an entry, or the environment that it runs in, gets the release of a package that a pin asks for."""

from __future__ import annotations

import json
import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..check import Context
from ..knowledge.launchers import inside, name_of
from ..model import EvidenceValue
from ..protocols.uv_command import read_uv_command
from .entries import Entry
from .sdk import install, seen_for, with_pin

_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)((?:\[[^\]]*\])?)((?:[@=<>!~].*)?)")
"""A word like `mcp-for-blender[x]==2.2.4` or `mcp-for-blender@latest`: name, extras, release."""


def ways(entry: Entry, requirement: Requirement, context: Context) -> dict[str, EvidenceValue]:
    """What to do so that this requirement is met: the entry's arguments as JSON, or else a command for a terminal."""
    args = pinned_args(entry, requirement)
    seen = seen_for(entry, context)
    command = install(seen.environment, requirement, context) if seen is not None and not args else ""
    return {"_pinned": args, "_install": command, "_by_hand": not args and not command}


def pinned_args(entry: Entry, requirement: Requirement) -> str:
    """The entry's arguments with the requirement in them, as JSON; "" where no uv starts it, or in a line for a shell.

    A release that the arguments ask uv for already gives way to it.
    """
    seen, name = inside(entry.command), canonicalize_name(requirement.name)
    uv = read_uv_command(name_of(seen.command.program), seen.command.args)
    if seen.before is None or uv is None:
        return ""
    args = list(entry.command.args)
    tool = len(args) - len(uv.words) if uv.kind == "tool" and not uv.value("--from") else len(args)
    before = range(seen.before, len(args) - len(uv.words))
    asked = [n for n in before if args[n - 1 : n] in (["--from"], ["--with"], ["-w"]) and _names(args[n], name)]
    if tool < len(args) and _names(args[tool], name):
        # As the tool's own word uv takes one release; for a range it is told the program apart.
        pinned = _pinned_word(args[tool], requirement)
        args[tool : tool + 1] = [pinned] if _is_one(requirement) else ["--from", pinned, name]
    elif not asked:
        return with_pin(entry, str(requirement))
    for number in asked:
        args[number] = _pinned_word(args[number], requirement)
    return json.dumps(args, ensure_ascii=False)


def _names(word: str, name: str) -> bool:
    match = _NAMED.fullmatch(word)
    return match is not None and canonicalize_name(match[1]) == name


def _pinned_word(word: str, requirement: Requirement) -> str:
    match = _NAMED.fullmatch(word)
    return f"{match[1]}{match[2]}{requirement.specifier}" if match else word


def _is_one(requirement: Requirement) -> bool:
    return [one.operator for one in requirement.specifier] == ["=="] and "*" not in str(requirement.specifier)

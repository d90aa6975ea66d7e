# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a command as it is written: the name of the package, the Python, the kind of the program."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.version import InvalidVersion, Version

from ..check import Context
from ..knowledge import products, table
from ..knowledge.catalogue import finding
from ..knowledge.launchers import name_of
from ..model import EvidenceValue, Finding, Verdict
from ..probes.known_package import has_met
from ..probes.program_format import foreign_format
from ..probes.python_choice import Shim, python_choice
from ..probes.script_interpreter import missing_interpreter
from ..protocols.uv_command import read_uv_command
from .container_words import without_input
from .entries import Entry
from .launch_line import LaunchLine, is_more_than_a_start, members, with_package, with_python
from .project_python import outside_project
from .sdk import repair

_NEAR = 2
"""So many letters that are wrong, missing, too many or swapped make a name that was meant to be another one."""


def faults(
    line: LaunchLine,
    entry: Entry,
    evidence: dict[str, EvidenceValue],
    *,
    program: Path,
    environ: Mapping[str, str],
    context: Context,
) -> Iterator[Finding]:
    """What can be told before anything is started. `program` is the file that the app starts."""
    if (foreign := _foreign(program, evidence, context)) is not None:
        yield foreign
    if (headless := _without_interpreter(program, environ, evidence, context)) is not None:
        yield headless
    if line.brings and (unknown := _near_miss(line, entry, environ, evidence, context)) is not None:
        yield unknown
    python = outside_project(line, entry, environ, evidence, context) or _python(
        line, entry, evidence, program=program, environ=environ, context=context
    )
    if python is not None:
        yield python
    if (shim := _windows_shim(entry, program, evidence, context)) is not None:
        yield shim
    if (deaf := without_input(entry, evidence, context)) is not None:
        yield deaf


def _foreign(program: Path, evidence: dict[str, EvidenceValue], context: Context) -> Finding | None:
    if context.machine.platform != sys.platform:
        return None
    context.ledger.read(program)
    foreign = foreign_format(program)
    if foreign is None:
        return None
    made_for, here = foreign
    seen: dict[str, EvidenceValue] = {"path": str(program), "made_for": made_for, "here": here}
    return finding("launcher.not-executable", evidence | seen)


def _without_interpreter(
    program: Path, environ: Mapping[str, str], evidence: dict[str, EvidenceValue], context: Context
) -> Finding | None:
    """A script whose first line names a Python, or another program, that is not there any more."""
    if context.machine.platform == "win32" or context.machine.platform != sys.platform:
        return None
    folders = context.machine.folders(environ.get("PATH", ""))
    lost = missing_interpreter(program, folders, context.machine, context.ledger)
    if lost is None:
        return None
    # What the user has put into an environment of his own is not known well enough to make it anew.
    made = lost.environment if lost.environment and lost.environment.kind != "virtual environment" else None
    seen: dict[str, EvidenceValue] = {
        "path": str(program),
        "interpreter": lost.name,
        "_repair": repair(made, made.root.name, context) if made else None,
    }
    return finding("launcher.not-executable", evidence | seen)


def _near_miss(
    line: LaunchLine,
    entry: Entry,
    environ: Mapping[str, str],
    evidence: dict[str, EvidenceValue],
    context: Context,
) -> Finding | None:
    """A package that is none of those that are known, and looks like one; what uv has met is somebody's, and right."""
    package = line.package
    mistaken = package in table("launchers")["mistaken"]
    if package in known_packages() or not (mistaken or (near(package) and line.launcher == "uvx")):
        return None
    uv = read_uv_command(name_of(line.inside.command.program), line.inside.command.args)
    if not mistaken and has_met(package, environ, context.machine, uv.value("--cache-dir") if uv else ""):
        return None
    return unknown_package(line, entry, evidence)


def known_packages() -> frozenset[str]:
    """The packages that bring a Blender server."""
    return frozenset(name for product in products.products() for name in product.packages)


def near(package: str) -> str:
    """The known package that was probably meant, "" where none is near. A longer name may be another's own."""
    scored = [
        (_distance(package, known), known)
        for product in products.products()
        for known in product.packages
        if not package.startswith(f"{known}-")
    ]
    best = min(scored, default=(_NEAR + 1, ""))
    return best[1] if 0 < best[0] <= _NEAR else ""


def _distance(one: str, other: str) -> int:
    """How many letters are wrong, missing, too many or swapped (restricted Damerau-Levenshtein)."""
    if abs(len(one) - len(other)) > _NEAR:
        return _NEAR + 1
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def unknown_package(line: LaunchLine, entry: Entry, evidence: dict[str, EvidenceValue]) -> Finding:
    """That there is no such server, what the name really is, and the entry with the right one."""
    meant = near(line.package) or str(evidence["_server"])
    entry_json = with_package(line, entry.command, meant) if near(line.package) else ""
    anew = f'"command": {evidence["_uvx"]}, "args": {json.dumps([meant])}'
    in_line = is_more_than_a_start(line, entry.command) and bool(near(line.package))
    seen: dict[str, EvidenceValue] = {
        "package": line.package,
        "near": near(line.package),
        "_about": table("launchers")["mistaken"].get(line.package),
        "_known": ", ".join(sorted(known_packages())),
        "_twofold": meant == "blender-mcp",
        "_entry_json": entry_json or anew,
        "_in_line": in_line,
        "_meant": meant,
    }
    return finding("launcher.package-unknown", evidence | seen)


def _python(
    line: LaunchLine,
    entry: Entry,
    evidence: dict[str, EvidenceValue],
    *,
    program: Path,
    environ: Mapping[str, str],
    context: Context,
) -> Finding | None:
    """A Python that is too old for every server, by what the command or its files say."""
    row = table("launchers")
    version, said_by, shim = line.python, line.python_word, ""
    if line.launcher == "python" and line.inside.before == 0:
        shims = _shims()
        choice = python_choice(
            program, shims, context.ledger, cwd=entry.command.cwd, environ=environ, home=context.machine.home
        )
        if choice is not None:
            version, said_by, shim = choice.version, choice.said_by, choice.shim
    if not version or not _older(version, row["oldest_python"]):
        return None
    good = str(row["good_python"])
    seen: dict[str, EvidenceValue] = {
        "chosen": version,
        "said_by": said_by,
        "shim": shim,
        "oldest": row["oldest_python"],
        "_good": good,
        "_with_python": with_python(line, entry.command, good),
    }
    return finding("launcher.python-unsuitable", evidence | seen)


@functools.cache
def _shims() -> tuple[Shim, ...]:
    return tuple(
        Shim(
            row["name"],
            tuple(row["folders"]),
            row["variable"],
            tuple(row["files"]),
            tuple(row.get("own", ())),
            tuple(row.get("home", ())),
        )
        for row in table("launchers")["shim"]
    )


def _older(version: str, than: str) -> bool:
    try:
        return Version(version) < Version(than) and Version(version).release != (3,)
    except InvalidVersion:
        return False


def _windows_shim(entry: Entry, program: Path, evidence: dict[str, EvidenceValue], context: Context) -> Finding | None:
    """A program that is a file of commands, which Windows itself does not start: a shell has to read it."""
    if context.machine.platform != "win32" or program.suffix.lower() not in {".cmd", ".bat"}:
        return None
    refuses = entry.app.id in table("launchers")["windows"]["no_shims"]
    seen: dict[str, EvidenceValue] = {
        "path": str(program),
        "_refuses": refuses,
        "_may": not refuses,
        "_entry_json": members(["cmd", "/c", *entry.command.argv]),
    }
    return finding("launcher.windows-shim", evidence | seen, verdict=Verdict.FAIL if refuses else Verdict.WARN)

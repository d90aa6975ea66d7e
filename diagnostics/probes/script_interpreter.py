# SPDX-License-Identifier: GPL-3.0-or-later
"""A script whose first line names a program that is not there: the system finds the script and cannot start it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger
from ..model import Machine
from ..protocols.python_command import first_line_of, interpreter_of
from .environment import Environment, beginning, is_file, read_virtual_environment
from .launch_environment import kind_of
from .search_path import find_program

_HEAD = 4096


@dataclass(frozen=True, slots=True)
class MissingInterpreter:
    """What the first lines of a script name and what is not there."""

    name: str
    """A path, or the name that `env` looks for."""
    environment: Environment | None = None
    """The Python environment whose interpreter it was, such as one whose Python was removed or updated."""


def missing_interpreter(
    script: Path, folders: Sequence[str], machine: Machine, ledger: Ledger
) -> MissingInterpreter | None:
    """The interpreter of this script that does not exist; None for all others, and for what is no script.

    `folders` are those of the PATH that the script would get, in which `env` looks.
    """
    head = beginning(script, _HEAD) or b""
    program, argument = first_line_of(head)
    if not program.startswith("/"):
        return None  # it would be looked for where the app happens to be
    ledger.read(script)
    if not is_file(Path(program)):
        return _missing(program, ledger)
    if program.endswith("/env") and re.fullmatch(r"[\w.+-]+", argument) and not argument.startswith("-"):
        there = find_program(argument, folders, machine)
        return None if there.path or there.blocked else MissingInterpreter(argument)
    behind = interpreter_of(head, script)
    return _missing(behind, ledger) if behind.startswith("/") and not is_file(Path(behind)) else None


def _missing(program: str, ledger: Ledger) -> MissingInterpreter:
    root = Path(program).parent.parent
    if not is_file(root / "pyvenv.cfg"):
        return MissingInterpreter(program)
    return MissingInterpreter(program, read_virtual_environment(root, kind_of(root), ledger))

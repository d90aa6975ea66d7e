# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command line of Python starts, and which Python a script's first line names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PythonCommand:
    """A module (`-m`) or a script."""

    module: str = ""
    script: str = ""
    safe_path: bool = False
    """It does not look for modules in the script's folder or the current one first (`-P`, `-I`)."""
    isolated: bool = False
    """It does not read PYTHONPATH (`-E`, `-I`)."""


def read_python_command(program: str, args: Sequence[str]) -> PythonCommand | None:
    """What this command starts; None when the program, named without its path, is no Python or starts neither."""
    if re.fullmatch(r"(?i)(?:python[\d.]*w?|pyw?)(?:\.exe)?", re.split(r"[\\/]", program)[-1]) is None:
        return None
    flags, words = "", list(args)
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        match = re.fullmatch(r"-([bBdEhiIOPqRsSuvVx0-9.]*)([mcWX])?(.*)", word)
        if match is None or match[2] == "c":
            return None
        flags += match[1]
        if match[2]:
            value = match[3] or (words.pop(0) if words else "")
            if match[2] == "m":
                safe, isolated = bool({"P", "I"} & set(flags)), bool({"E", "I"} & set(flags))
                return PythonCommand(value, "", safe, isolated) if value else None
        elif match[3]:
            return None
    if not words or words[0] == "-":
        return None
    return PythonCommand("", words[0], bool({"P", "I"} & set(flags)), bool({"E", "I"} & set(flags)))


def first_line_of(head: bytes) -> tuple[str, str]:
    """The program that the first line of a script names, and its one argument; "" where there is no such line.

    As Linux and macOS read it: blanks around both are skipped, a carriage return is a part of the name (execve(2)).
    """
    if not head.startswith(b"#!"):
        return "", ""
    line = head[2:].split(b"\n")[0].decode("utf-8", "replace").strip(" \t")
    program, _blank, argument = re.sub(r"[ \t]+", " ", line).partition(" ")
    return program, argument


def interpreter_of(head: bytes, script: Path) -> str:
    """The Python that the beginning of this script names by its whole path; "" where it names none.

    pip and uv write paths that are too long for a first line, or are to stay right when the folder is moved, behind
    `#!/bin/sh` into a line that is both shell and Python.
    """
    lines = head.decode("utf-8", "replace").splitlines()
    if not lines or not lines[0].startswith("#!"):
        return ""
    words = lines[0][2:].strip()
    if words == "/bin/sh" and len(lines) > 1:
        relative = re.match(r"""'''exec' "\$\(dirname -- "\$\(realpath -- "\$0"\)"\)"/'([^']+)' """, lines[1])
        if relative:
            return str(script.parent / relative[1])
        absolute = re.match(r"""'''exec' (?:"([^"]+)"|'([^']+)'|(\S+)) "\$0" "\$@\"""", lines[1])
        words = next(filter(None, absolute.groups()), "") if absolute else ""
    else:
        # A path with spaces is no valid first line, so what follows a space is an option.
        words = words.split(" ")[0]
    return words if re.search(r"(?i)[\\/](?:python|pypy)[^\\/]*$", words) else ""

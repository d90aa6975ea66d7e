# SPDX-License-Identifier: GPL-3.0-or-later
"""What a command line starts: by which launcher, which package, in which Python, and how to write it anew."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..check import Context
from ..knowledge import table
from ..knowledge.launchers import Inside, inside, name_of
from ..model import Command
from ..probes.search_path import find_program
from ..protocols.python_command import read_python_command
from ..protocols.uv_command import UvCommand, python_request, read_uv_command, tool_request
from .entries import Launch


@dataclass(frozen=True, slots=True)
class LaunchLine:
    """A command, read. Texts are empty where it does not say so."""

    inside: Inside
    launcher: str
    """"uvx", "uv run", "pipx run", "python", "npx", "container", or "program" for all others."""
    package: str = ""
    """Canonical name of the package that the launcher brings, or the module that Python starts."""
    release: str = ""
    """What the command asks for of it, such as "==1.5.6"."""
    python: str = ""
    """The version of Python that is asked for, such as "3.9"."""
    python_word: str = ""
    """How it is asked for."""
    url: str = ""
    """The server at an address that it passes on to."""

    @property
    def brings(self) -> bool:
        """It fetches a package for Python by its name."""
        return self.launcher in {"uvx", "pipx run"} and bool(self.package)

    @property
    def starter(self) -> str:
        """What starts the command inside, as one calls it: a word of a shell's line that only passes on is none."""
        passing = {"exec", "env", "command"}
        through = self.inside.through
        return next((name for name in reversed(through) if name not in passing), (*through, self.launcher)[0])

    def told(self) -> str:
        """What it comes to, in a few words."""
        through = [*self.inside.through, self.launcher if self.launcher != "program" else self.inside.command.program]
        what = [" > ".join(through), f"{self.package}{self.release}", self.python and f"Python {self.python}", self.url]
        return ", ".join(filter(None, what))


def read_launch_line(command: Command) -> LaunchLine:
    """What this command starts, by its words alone."""
    seen = inside(command)
    started = seen.command
    name = name_of(started.program)
    if (uv := read_uv_command(name, started.args)) is not None:
        return _of_uv(seen, uv)
    if name == "pipx" and started.args[:1] == ("run",):
        return _of_pipx(seen, started.args[1:])
    if (python := read_python_command(name, started.args)) is not None:
        version = re.fullmatch(r"python(\d\.\d+)", name)
        word = started.program if version else ""
        return LaunchLine(seen, "python", python.module, python=version[1] if version else "", python_word=word)
    if name in table("launchers")["npm"]["programs"]:
        return _of_npm(seen, started.args)
    return LaunchLine(seen, "container" if seen.image else "program")


def _of_uv(seen: Inside, uv: UvCommand) -> LaunchLine:
    asked = uv.value("--python")
    word = f"--python {asked}" if asked else ""
    if not asked and (asked := seen.command.env.get("UV_PYTHON", "")):
        word = f"UV_PYTHON={asked}"
    version = _version(asked)
    if uv.kind == "run":
        return LaunchLine(seen, "uv run", python=version, python_word=word)
    request = tool_request(uv)
    if request is None:
        return LaunchLine(seen, "uvx", python=version, python_word=word)
    name, release = canonicalize_name(request.tool.name), "@latest" if request.newest else str(request.tool.specifier)
    return LaunchLine(seen, "uvx", name, release, version, word)


def _version(asked: str) -> str:
    """The version in what `--python` asks for: a number, a range that begins with one, or the name of a program."""
    old = re.fullmatch(r"(?:c?python@?|==)?(2(?:\.\d+){0,2}|3\.\d+(?:\.\d+)?)", asked.strip())
    return old[1] if old else python_request(asked)


def _of_pipx(seen: Inside, args: Sequence[str]) -> LaunchLine:
    row, words, values = table("launchers")["pipx"], list(args), dict[str, str]()
    while words and words[0].startswith("-"):
        option, equals, value = words.pop(0).partition("=")
        if option in row["valued"] and not equals and words:
            value = words.pop(0)
        values[option] = value
    asked = values.get("--python", "")
    word = f"--python {asked}" if asked else ""
    with contextlib.suppress(InvalidRequirement):
        tool = Requirement(values.get("--spec") or (words[0] if words else ""))
        if tool.url is None:
            name = canonicalize_name(tool.name)
            return LaunchLine(seen, "pipx run", name, str(tool.specifier), _version(asked), word)
    return LaunchLine(seen, "pipx run", python=_version(asked), python_word=word)


def _of_npm(seen: Inside, args: Sequence[str]) -> LaunchLine:
    row, words = table("launchers")["npm"], list(args)
    while words and words[0].startswith("-"):
        option = words.pop(0)
        if option in row["valued"] and words:
            words.pop(0)
    name, at, release = (words[0] if words else "").rpartition("@")
    package = name or (words[0] if words else "")
    remote = package in row["remote"]
    url = next((word for word in words[1:] if re.match("https?://", word)), "") if remote else ""
    return LaunchLine(seen, "npx", package, f"@{release}" if name and at else "", url=url)


@dataclass(frozen=True, slots=True)
class Started:
    """The program that is started in the end, with what it gets."""

    command: Command
    program: Path
    environ: Mapping[str, str]


def started_program(launch: Launch, context: Context) -> Started | None:
    """What a launch starts in the end, None where that is another system's, or is not found where the app searches."""
    seen, machine = inside(launch.entry.command), context.machine
    if not seen.through:
        return Started(launch.entry.command, launch.program, launch.environ)
    environ = {**launch.environ, **seen.command.env}
    if not seen.same_path:
        return None
    folders = machine.folders(environ.get("PATH", ""))
    found = find_program(seen.command.program, folders, machine, seen.command.cwd).path
    return None if found is None else Started(seen.command, found, environ)


def rewritten(line: LaunchLine, command: Command, words: Sequence[str]) -> str:
    """The members `command` and `args` of the entry, as JSON, that start these words in place of what is inside.

    What starts them stays, unless they are written in a line for a shell, which they replace; "" where that would lose
    a variable or a folder that the line sets.
    """
    return "" if is_more_than_a_start(line, command) else members(rewritten_argv(line, command, words))


def is_more_than_a_start(line: LaunchLine, command: Command) -> bool:
    """Whether the command is a line for a shell that sets a variable or a folder too, which its words alone do not."""
    started = line.inside.command
    return line.inside.before is None and (dict(started.env), started.cwd) != (dict(command.env), command.cwd)


def rewritten_argv(line: LaunchLine, command: Command, words: Sequence[str]) -> list[str]:
    """The whole command that starts these words in place of what is inside; see `rewritten`."""
    before = line.inside.before
    return [*command.argv[:before], *words] if before else list(words)


def members(argv: Sequence[str]) -> str:
    """The members `command` and `args` of an entry that starts this, as JSON."""
    program, args = (json.dumps(part, ensure_ascii=False) for part in (argv[0], list(argv[1:])))
    return f'"command": {program}, "args": {args}'


def with_python(line: LaunchLine, command: Command, version: str) -> str:
    """The members of the entry with this version of Python asked of uv or pipx; "" where neither starts it."""
    started = line.inside.command
    words = [*started.args]
    option, at = "--python", 0
    match line.launcher:
        case "uvx":
            at = words.index("run") + 1 if name_of(started.program) == "uv" and "run" in words else 0
        case "uv run" | "pipx run":
            at = words.index("run") + 1
        case _:
            return ""
    asked = next(
        (n for n, word in enumerate(words) if word in {"--python", "-p"} or word.startswith("--python=")), None
    )
    if asked is None:
        words[at:at] = [option, version]
    elif "=" in words[asked]:
        words[asked] = f"{option}={version}"
    else:
        words[asked : asked + 2] = [option, version]
    return rewritten(line, command, [started.program, *words])


def with_package(line: LaunchLine, command: Command, package: str) -> str:
    """The members of the entry with this package in place of the one that it names; "" where that is not certain."""
    words = package_words(line, package)
    return rewritten(line, command, words) if words else ""


def package_words(line: LaunchLine, package: str) -> list[str]:
    """What is started, with this package in place of the one that it names; none where that is not certain."""
    words = list(line.inside.command.argv)
    named = [n for n, word in enumerate(words) if n and _is_package(word, line.package)]
    for number in named:
        words[number] = package
    return words if named else []


def _is_package(word: str, package: str) -> bool:
    name = re.split(r"[@\[<>=!~; ]", word)[0]
    return bool(name) and canonicalize_name(name) == package

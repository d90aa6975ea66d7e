# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that only start another one, such as `cmd /c` and `bash -c`, and what stands inside of them."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, replace

from ..model import Command
from . import table

_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Inside:
    """The command that is started in the end, as far as the words tell."""

    command: Command
    """With the variables and the folder that it gets."""
    through: tuple[str, ...] = ()
    """The names of the programs that start it, the outermost first."""
    before: int | None = 0
    """How many words of the entry stand before it; None where it is written in a line for a shell."""
    same_path: bool = True
    """Its program is searched where the app searches."""
    image: bool = False
    """Its program is an image of a container, whose name says nothing about what is in it."""


@dataclass(frozen=True, slots=True)
class _Wrapper:
    """A row of `launchers.toml`; its header says what the fields mean."""

    programs: list[str]
    subcommand: tuple[str, ...] = ()
    valued: tuple[str, ...] = ()
    until: str = ""
    line: str = ""
    syntax: str = ""
    operands: int = 0
    assignments: bool = False
    variable: tuple[str, ...] = ()
    apart: bool = False
    own_path: bool = False
    image: bool = False
    flags: tuple[str, ...] = ()


@functools.cache
def _wrappers() -> Mapping[str, _Wrapper]:
    rows = [_Wrapper(**row) for row in table("launchers")["wrapper"]]
    return {name: row for row in rows for name in row.programs}


def name_of(program: str) -> str:
    """The name of a program without its path and the ending of Windows, in small letters."""
    return re.sub(r"\.(?:exe|cmd|bat|com)$", "", re.split(r"[\\/]", program)[-1].lower())


def inside(command: Command) -> Inside:
    """What this command starts in the end. The command itself where it is no wrapper, or none that can be read."""
    seen = Inside(command)
    for _ in range(_DEPTH):
        row = _wrappers().get(name_of(seen.command.program))
        further = _unwrapped(seen, row) if row is not None else None
        if further is None:
            return seen
        seen = further
    return seen


def _unwrapped(seen: Inside, row: _Wrapper) -> Inside | None:
    """One wrapper taken off; None where it starts nothing that can be read."""
    if row.line:
        return _of_line(seen, row)
    words, env = list(seen.command.args), dict(seen.command.env)
    if row.subcommand:
        if not words or words[0] not in row.subcommand:
            return None
        words = words[1:]
    passed = {} if row.apart else env
    if row.until and row.until in words:
        words = words[words.index(row.until) + 1 :]
    words = _own_options(words, row, passed, env)[row.operands :]
    while row.assignments and words and (match := re.fullmatch(r"([A-Za-z_]\w*)=(.*)", words[0], re.DOTALL)):
        passed[match[1]] = match[2]
        words = words[1:]
    if not words:
        return None
    image = row.image
    if image and len(words) > 1 and not words[1].startswith("-"):
        words, image = words[1:], False
    if row.apart:
        passed |= {name: env[name] for name in _shared(env) if name in env}
    inner = Command(words[0], tuple(words[1:]), passed, None if row.apart else seen.command.cwd)
    before = None if seen.before is None else seen.before + 1 + len(seen.command.args) - len(words)
    same = seen.same_path and not (row.apart or row.own_path)
    return Inside(inner, (*seen.through, name_of(seen.command.program)), before, same, image)


def _shared(env: Mapping[str, str]) -> list[str]:
    """The variables that the Windows Subsystem for Linux hands over: those that WSLENV names."""
    return [name.partition("/")[0] for name in env.get("WSLENV", "").split(":") if name]


def _own_options(words: list[str], row: _Wrapper, passed: dict[str, str], env: Mapping[str, str]) -> list[str]:
    """The words after the options. Variables that an option passes on go into `passed`."""
    options, rest = _options(words, row)
    for name, value in options:
        if name in row.variable and value:
            variable, given, text = value.partition("=")
            passed[variable] = text if given else env.get(variable, "")
    return rest


def _options(words: list[str], row: _Wrapper) -> tuple[list[tuple[str, str]], list[str]]:
    """The options with the value of each, "" where it has none, and the words after them."""
    at, options = 0, []
    while at < len(words) and words[at].startswith("-") and words[at] != "-":
        name, equals, value = words[at].partition("=")
        at += 1
        if name == "--":
            break
        if name in {*row.valued, *row.variable} and not equals and at < len(words):
            value, at = words[at], at + 1
        options.append((name, value))
    return options, words[at:]


def container_flags(command: Command) -> tuple[str, ...] | None:
    """The flags that are set of a container which this command runs, one letter or one word each, such as `-i`.

    None where it runs none, or where an option is not known, so that the word behind it may be its value or the image.
    """
    seen = Inside(command)
    for _ in range(_DEPTH):
        row = _wrappers().get(name_of(seen.command.program))
        if row is None:
            return None
        if row.image:
            return _flags(seen.command, row)
        further = _unwrapped(seen, row)
        if further is None:
            return None
        seen = further
    return None


def _flags(command: Command, row: _Wrapper) -> tuple[str, ...] | None:
    if command.args[:1] not in {(name,) for name in row.subcommand}:
        return None
    options, image = _options(list(command.args[1:]), row)
    flags, valued = [], {*row.valued, *row.variable}
    for name, value in options:
        short = not name.startswith("--")
        if name in valued or (short and name[:2] in valued):
            continue
        names = [f"-{letter}" for letter in name[1:]] if short else [name]
        if not set(names) <= set(row.flags):
            return None
        if value.lower() not in {"false", "f", "0"}:
            flags += names
    # A variable in its place may stand for options.
    return tuple(flags) if image and not image[0].startswith(("$", "%")) else None


def _of_line(seen: Inside, row: _Wrapper) -> Inside | None:
    command = seen.command
    at = next((n for n, word in enumerate(command.args) if re.fullmatch(row.line, word)), None)
    rest = command.args[at + 1 :] if at is not None else ()
    if not rest or any(not word.startswith(("-", "/")) for word in command.args[:at]):
        return None
    through = (*seen.through, name_of(command.program))
    if row.syntax == "cmd" and len(rest) > 1:
        before = None if seen.before is None else seen.before + 1 + len(command.args) - len(rest)
        return replace(seen, command=replace(command, program=rest[0], args=rest[1:]), through=through, before=before)
    if row.syntax == "sh":
        login = re.search("[li]", command.args[at or 0]) is not None or len(command.args[: at or 0]) > 0
        return _of_script(replace(seen, through=through, same_path=seen.same_path and not login), rest[0])
    words = _windows_words(" ".join(rest))
    if words[:1] == ["&"]:
        words = words[1:]
    if not words:
        return None
    return replace(
        seen, command=replace(command, program=words[0], args=tuple(words[1:])), through=through, before=None
    )


def _windows_words(line: str) -> list[str]:
    """The words of a line, in which only double quotes keep blanks together and a backslash is one."""
    return [match[1] or match[2] or match[0] for match in re.finditer(r'"([^"]*)"|\'([^\']*)\'|[^\s"]+', line)]


def _of_script(seen: Inside, script: str) -> Inside | None:
    """The last simple command of a line for a POSIX shell; None for one that is more than a row of commands."""
    rows = _rows_of(script)
    if rows is None:
        return None
    *earlier, last = rows
    env, cwd, same = dict(seen.command.env), seen.command.cwd, seen.same_path
    for row in earlier:
        if row[0] == "cd" and len(row) > 1:
            cwd = row[1]
        elif row[0] == "export":
            env |= dict(word.split("=", 1) for word in row[1:] if "=" in word)
        same = same and row[0] in {"cd", "echo", "export", "true", "sleep"}
    while last and (match := re.fullmatch(r"([A-Za-z_]\w*)=(.*)", last[0], re.DOTALL)):
        env[match[1]] = match[2]
        last = last[1:]
    if not last:
        return None
    return replace(seen, command=Command(last[0], tuple(last[1:]), env, cwd), before=None, same_path=same)


def _rows_of(script: str) -> list[list[str]] | None:
    """The simple commands of a line, without what they redirect; None for one that is more than a row of them."""
    lexer = shlex.shlex(script, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        tokens = list(lexer)
    except ValueError:
        return None
    rows: list[list[str]] = [[]]
    redirected = False
    for token in tokens:
        if token in {"&&", ";"}:
            rows.append([])
            redirected = False
        elif set(token) <= set("();<>|&"):
            if not re.fullmatch(r"[<>|]|>>|>&", token):
                return None
            if rows[-1] and rows[-1][-1].isdecimal() and token.startswith(">"):
                rows[-1].pop()  # the number of what is redirected, as in `2>`
            redirected = True
        elif not redirected:
            rows[-1].append(token)
    return [row for row in rows if row] or None

# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python environment a command would use, told by reading alone: nothing is started.

Followed are `uvx` and `uv run`, programs that a package has installed (their first line, or on Windows the program
beside them, names the Python), and Python itself with a module or a script.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from ..ledger import Ledger
from ..model import Command, Machine
from ..protocols.python_command import PythonCommand, interpreter_of, read_python_command
from ..protocols.uv_command import (
    UvCommand,
    python_request,
    read_uv_command,
    tool_request,
    with_requirements,
)
from .environment import Environment, beginning, is_file, is_folder, read_folders, read_virtual_environment, settings_of
from .requirements import allows
from .uv_environments import cache_folder, cached, fits_python, installed_tool, tools_folder

_HEAD = 4096
_TAIL = 128 << 10


@dataclass(frozen=True, slots=True)
class LaunchEnvironment:
    """Where a command's Python code comes from."""

    environment: Environment
    requested: tuple[Requirement, ...] = ()
    """What the command itself asks for, of which all else is a consequence."""
    program: str = ""
    """The console script that is started, by its name; "" for a module or a script."""
    module: str = ""
    """What `python -m` starts."""
    script: Path | None = None
    """The file that Python starts."""
    first: Path | None = None
    """The folder in which Python looks before all others, where that is known."""
    others: tuple[Path, ...] = ()
    """Further folders before the environment's own, from PYTHONPATH."""
    sure: bool = True
    """The command will use exactly this. Otherwise it is what was made last, and uv decides anew at every start."""


@dataclass(frozen=True, slots=True)
class _Question:
    command: Command
    program: Path
    environ: Mapping[str, str]
    machine: Machine
    ledger: Ledger
    closely: tuple[str, ...]


def find_launch_environment(
    command: Command,
    program: Path,
    environ: Mapping[str, str],
    machine: Machine,
    ledger: Ledger,
    *,
    closely: tuple[str, ...] = (),
) -> LaunchEnvironment | None:
    """The environment of this command, None where reading does not tell.

    `program` is the file that the command's program was found to be, `environ` all variables that it would get, and
    `closely` the canonical names of packages whose files are looked at one by one.
    """
    asked = _Question(command, program, environ, machine, ledger, closely)
    name, args = program.name, command.args
    if (uv := read_uv_command(name, args)) is not None:
        return _of_tool(uv, asked) if uv.kind == "tool" else _of_run(uv, asked)
    if (python := read_python_command(name, args)) is not None:
        return _of_python(python, program, asked)
    return _of_program(program, asked)


def _of_tool(uv: UvCommand, asked: _Question) -> LaunchEnvironment | None:
    request = tool_request(uv)
    if request is None or not request.understood:
        return None
    python = _python_of(uv, asked)
    requested = (request.tool, *request.extra)
    closely = tuple(dict.fromkeys([canonicalize_name(request.tool.name), *asked.closely]))
    started = uv.words[0].partition("@")[0].partition("=")[0]
    if "--isolated" not in uv.options:
        tools = tools_folder(asked.environ, asked.machine)
        tool = installed_tool(request, python, tools, asked.ledger, closely)
        if tool is not None:
            return LaunchEnvironment(tool, requested, started)
    if "--no-cache" in uv.options or asked.environ.get("UV_NO_CACHE"):
        return None
    cache = cache_folder(asked.environ, asked.machine, uv.value("--cache-dir"))
    found = cached(requested, cache, asked.machine.platform, asked.ledger, python=python, closely=closely)
    if found is None:
        return None
    return LaunchEnvironment(found.environment, requested, started, sure=request.pinned and found.alike)


def _of_run(uv: UvCommand, asked: _Question) -> LaunchEnvironment | None:
    """`uv run`: the project's own environment, with what `--with` adds."""
    apart = ("--isolated", "--no-project", "--with-editable", "--with-requirements")
    cwd = Path(uv.value("--directory") or asked.command.cwd or "")
    root = _project_of(cwd / (uv.value("--project") or asked.environ.get("UV_PROJECT", "")))
    if root is None or any(option in uv.options for option in apart):
        return None
    place = root / (asked.environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")
    if settings_of(place) is None:
        return None
    kind = "extension" if is_file(root / "manifest.json") else "uv project"
    found = read_virtual_environment(place, kind, asked.ledger, asked.closely)
    described = _with_overlay(uv, found, asked)
    if described is None or not fits_python(found.python_version, _python_of(uv, asked)):
        return None
    sure = described is found and ("--no-sync" in uv.options or _locked(root, found, asked))
    inner = _inner(uv.words)
    if inner is None:
        return LaunchEnvironment(described, (), PurePath(uv.words[0]).name, sure=sure)
    return _started(inner, described, asked, cwd if cwd.is_absolute() else None, sure=sure)


def _inner(words: tuple[str, ...]) -> PythonCommand | None:
    """What `uv run` starts with Python; None for a program."""
    if words[0] in {"-m", "--module"}:
        return PythonCommand(module=words[1]) if len(words) > 1 else None
    return PythonCommand(script=words[0]) if words[0].endswith(".py") else read_python_command(words[0], words[1:])


def _python_of(uv: UvCommand, asked: _Question) -> str:
    return python_request(uv.value("--python") or asked.environ.get("UV_PYTHON", ""))


def _project_of(folder: Path) -> Path | None:
    """The folder with the `pyproject.toml` that counts there, as uv looks for it: upwards."""
    for place in (folder, *list(folder.parents)[:20]) if folder.is_absolute() else ():
        if is_file(place / "pyproject.toml"):
            return place
    return None


def _locked(root: Path, found: Environment, asked: _Question) -> bool:
    """Whether the project's lock file names the releases that are installed: `uv run` installs those that it names."""
    asked.ledger.read(root / "uv.lock")
    with contextlib.suppress(OSError, UnicodeDecodeError):
        text = (beginning(root / "uv.lock", 4 << 20) or b"").decode("utf-8")
        locked = dict(re.findall(r'^\[\[package\]\]\nname = "([^"]+)"\nversion = "([^"]+)"', text, re.MULTILINE))
        named = [name for name in asked.closely if name in locked or name in found.packages]
        installed = {name: found.packages[name].version for name in named if name in found.packages}
        return bool(locked) and all(locked.get(name) == installed.get(name) for name in named)
    return False


def _with_overlay(uv: UvCommand, base: Environment, asked: _Question) -> Environment | None:
    """The project's environment, and over it what `--with` asks for, where it does not have that already."""
    try:
        extra = tuple(with_requirements(uv))
    except InvalidRequirement:
        return None
    met = all((p := base.packages.get(canonicalize_name(one.name))) and allows(one, p.version) for one in extra)
    if met:
        return base
    cache = cache_folder(asked.environ, asked.machine, uv.value("--cache-dir"))
    found = cached(extra, cache, asked.machine.platform, asked.ledger, closely=asked.closely)
    if found is None:
        return None
    over = found.environment
    return replace(base, packages={**base.packages, **over.packages}, folders=(*over.folders, *base.folders))


def _of_python(python: PythonCommand, program: Path, asked: _Question) -> LaunchEnvironment | None:
    described = _environment_of(program, asked)
    cwd = Path(asked.command.cwd) if asked.command.cwd else None
    return None if described is None else _started(python, described, asked, cwd, sure=True)


def _started(
    python: PythonCommand, described: Environment, asked: _Question, cwd: Path | None, *, sure: bool
) -> LaunchEnvironment | None:
    """What Python is told to start, and where it looks first."""
    others: tuple[Path, ...] = ()
    if not python.isolated:
        own = asked.machine.folders(asked.environ.get("PYTHONPATH", ""))
        others = tuple(Path(folder) for folder in own)
    safe = python.safe_path or bool(asked.environ.get("PYTHONSAFEPATH"))
    if python.module:
        first = None if safe else cwd
        return LaunchEnvironment(described, (), "", python.module, None, first, others, sure)
    script = Path(cwd or "", python.script)
    if not python.script or not script.is_absolute():
        return None
    first = None if safe else script.parent
    return LaunchEnvironment(described, (), "", "", script, first, others, sure)


def _of_program(program: Path, asked: _Question) -> LaunchEnvironment | None:
    """A program that a package has installed: its Python stands in its first line, or beside it."""
    real = _real(program)
    asked.ledger.read(real)
    if real.suffix.lower() == ".exe":
        beside = real.with_name("python.exe")
        named = str(beside) if is_file(beside) else _python_in(real)
    else:
        named = interpreter_of(beginning(real, _HEAD) or b"", real)
    if not named:
        return None
    described = _environment_of(Path(named), asked)
    if described is None:
        return None
    bin_folder = real.parent.name in {"bin", "Scripts"}
    if not bin_folder:  # a script of the user's own, started by its first line
        return LaunchEnvironment(described, script=real, first=real.parent)
    return LaunchEnvironment(described, program=real.name.removesuffix(".exe"))


def _python_in(launcher: Path) -> str:
    """The Python that a launcher of pip or uv for Windows names in its last part."""
    with contextlib.suppress(OSError):
        with launcher.open("rb") as file:
            file.seek(max(0, launcher.stat().st_size - _TAIL))
            tail = file.read(_TAIL)
        match = re.search(
            rb'#!"?([^\r\n"]{1,400}?python\w*\.exe)|([A-Za-z]:\\[^\x00\r\n"]{1,400}?python\w*\.exe)', tail
        )
        return (match[1] or match[2]).decode("utf-8", "replace") if match else ""
    return ""


def _environment_of(python: Path, asked: _Question) -> Environment | None:
    """The environment that this interpreter belongs to."""
    root = python.parent.parent
    if is_file(root / "pyvenv.cfg"):
        return read_virtual_environment(root, kind_of(root), asked.ledger, asked.closely)
    real = _real(python)
    if asked.machine.platform == "win32":
        folders, version = [real.parent / "Lib" / "site-packages"], _windows_version(real)
    else:
        match = re.fullmatch(r"python(3\.\d+)", real.name)
        if match is None:
            return None
        version = match[1]
        prefix, name = real.parent.parent, f"python{version}"
        folders = [
            asked.machine.home / ".local/lib" / name / "site-packages",
            Path("/usr/local/lib") / name / "dist-packages",
            prefix / "lib" / name / "site-packages",
            prefix / "lib/python3/dist-packages",
        ]
        if prefix != Path("/usr"):
            folders = [folders[0], folders[2]]
    described = Environment("interpreter", real.parent.parent, real, version, complete=False)
    return read_folders(described, [folder for folder in folders if is_folder(folder)], asked.ledger, asked.closely)


def _windows_version(python: Path) -> str:
    with contextlib.suppress(OSError):
        for library in python.parent.glob("python3??.dll"):
            return f"3.{library.stem[7:]}"
    return ""


def kind_of(root: Path) -> str:
    """How a virtual environment came to be, by what its maker left there."""
    if is_file(root / "uv-receipt.toml"):
        return "uv tool"
    if is_file(root / "pipx_metadata.json"):
        return "pipx"
    return "extension" if is_file(root.parent / "manifest.json") else "virtual environment"


def _real(path: Path) -> Path:
    """The file behind all links; the path itself where they lead in a circle."""
    try:
        return Path(os.path.realpath(path))
    except (OSError, ValueError):
        return path

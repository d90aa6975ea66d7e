# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python a program stands for: a shim of pyenv, mise or asdf, a virtual environment's, or one by its name."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger
from .environment import is_file, settings_of

_MOST = 64 << 10


@dataclass(frozen=True, slots=True)
class Shim:
    """One of the programs that look up which version of a tool counts; see `knowledge/launchers.toml`."""

    name: str
    folders: tuple[str, ...]
    variable: str
    files: tuple[str, ...]
    own: tuple[str, ...] = ()
    home: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PythonChoice:
    """The version of Python, such as "3.9.18", and where that is said: a file or a variable."""

    version: str
    said_by: str
    shim: str = ""


def shim_of(program: Path, shims: Sequence[Shim]) -> Shim | None:
    """The shim that this program is, None for a program that is none."""
    folder = program.parent.as_posix()
    return next((shim for shim in shims if folder.endswith(shim.folders)), None)


def python_choice(
    program: Path,
    shims: Sequence[Shim],
    ledger: Ledger,
    *,
    cwd: str | None,
    environ: Mapping[str, str],
    home: Path,
) -> PythonChoice | None:
    """The Python that this program is or chooses, None where reading does not tell. Nothing is started."""
    if (shim := shim_of(program, shims)) is not None:
        if given := environ.get(shim.variable, ""):
            return PythonChoice(given.split(":")[0], shim.variable, shim.name)
        return _of_files(shim, _files(shim, program, cwd, home), ledger)
    settings = settings_of(program.parent.parent)
    if settings is not None:
        ledger.read(program.parent.parent / "pyvenv.cfg")
        match = re.match(r"\d+\.\d+(?:\.\d+)?", settings.get("version_info") or settings.get("version", ""))
        return PythonChoice(match[0], str(program.parent.parent / "pyvenv.cfg")) if match else None
    with contextlib.suppress(OSError, ValueError):
        real = os.path.realpath(program)
        if match := re.search(r"[\\/]python(\d\.\d+)(?:\.exe)?$", real):
            return PythonChoice(match[1], real)
    return None


def _files(shim: Shim, program: Path, cwd: str | None, home: Path) -> list[Path]:
    """Where the shim looks, in this order: in the folder to start in and above, then in a file of the user's."""
    start = Path(cwd) if cwd else None
    folders = (start, *start.parents) if start is not None and start.is_absolute() else ()
    files = [folder / name for folder in folders[:20] for name in shim.files]
    files += [program.parent.parent / name for name in shim.own]
    return files + [home / name.removeprefix("~/") for name in shim.home]


def _of_files(shim: Shim, files: Sequence[Path], ledger: Ledger) -> PythonChoice | None:
    for file in files:
        with contextlib.suppress(OSError, ValueError):
            if is_file(file):
                ledger.read(file)
                if version := _set_in(file):
                    return PythonChoice(version, str(file), shim.name)
    return None


_ALONE = re.compile(r"^\s*(\d+\.\d+[\w.]*)", re.MULTILINE)
"""pyenv: the first line with a version."""
_NAMED = re.compile(
    r"^\s*[\"']?python[\"']?(?:\s*=\s*(?:\{\s*version\s*=\s*)?\[?\s*[\"']|\s+)(\d+\.\d+[\w.]*)", re.MULTILINE
)
"""asdf: `python 3.9.18`; mise: `python = "3.9"`."""


def _set_in(file: Path) -> str:
    with file.open("rb") as stream:
        text = stream.read(_MOST).decode("utf-8", "replace")
    found = (_ALONE if file.name in {"version", ".python-version"} else _NAMED).search(text)
    return found[1] if found else ""

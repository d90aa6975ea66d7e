# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python `uv run` may use: what the project or the script asks for, and what a file beside it pins.

uv's reference, "uv run", "Python versions" and "Running scripts"; tried with uv 0.13.9: a project that does not get the
Python it asks for is an error, a script that does not is warned about and started; a script's folder pins nothing.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from ..ledger import Ledger
from ..protocols.inline_metadata import script_metadata
from ..protocols.uv_command import UvCommand, python_request
from .files import State, read_file

_FILE = "pyproject.toml"
_PINS = (".python-version", ".python-versions")
"""The one that uv prefers stands first."""
_DEEP = 20
"""Folders above that are looked at."""
_PATCHES = 60
"""Releases of one minor version of Python, more than any has had."""


@dataclass(frozen=True, slots=True)
class PythonDemand:
    """What `requires-python` says, such as ">=3.10", and in which file. `pinned` is what a file of versions says."""

    needs: str
    file: Path
    is_script: bool = False
    pinned: str = ""
    pinned_by: Path | None = None

    def allows(self, version: str) -> bool:
        """Whether some release of this version ("3.9" stands for all of its releases) is one that is asked for."""
        asked = SpecifierSet(self.needs)
        parts = version.split(".")
        every = [version] if len(parts) > 2 else [f"{version}.{patch}" for patch in range(_PATCHES)]  # noqa: PLR2004
        return any(asked.contains(Version(one), prereleases=True) for one in every)


def python_demand(
    command: UvCommand, cwd: str | None, environ: Mapping[str, str], ledger: Ledger
) -> PythonDemand | None:
    """What this `uv run` asks of its Python, None where reading does not tell. Nothing is started."""
    folder = _inside(cwd, command.value("--directory") or environ.get("UV_WORKING_DIR", ""))
    words = [word for word in command.words if word not in {"--script", "-s"}]
    script = _inside(folder, words[0]) if words and words[0].endswith((".py", ".pyw")) else None
    if script is not None and (own := _of_script(script, ledger)) is not None:
        return own if own.needs else None
    if "--no-project" in command.options or environ.get("UV_NO_PROJECT", "") not in {"", "0", "false"}:
        return None
    start = _inside(folder, command.value("--project") or environ.get("UV_PROJECT", ""))
    return _of_project(Path(start), ledger) if start is not None else None


def _inside(folder: str | None, path: str) -> str | None:
    """The path, seen from a folder; None where it is not known which place that is."""
    if not path:
        return folder
    if Path(path).is_absolute():
        return path
    return None if folder is None else str(Path(folder) / path)


def _of_script(script: str, ledger: Ledger) -> PythonDemand | None:
    """What a script asks for, with empty `needs` where it asks for none; None where it has no metadata."""
    block = script_metadata(_text(Path(script), ledger))
    metadata = _toml(block) if block else None
    if metadata is None:
        return None
    return PythonDemand(_specifier(metadata.get("requires-python")), Path(script), is_script=True)


def _of_project(start: Path, ledger: Ledger) -> PythonDemand | None:
    pinned: dict[Path, str] = {}
    for folder in (start, *start.parents)[:_DEEP] if start.is_absolute() else ():
        pinned |= {file: asked for file in map(folder.joinpath, _PINS) if (asked := _pin(file, ledger))}
        metadata = _toml(_text(folder / _FILE, ledger)) if (folder / _FILE).is_file() else None
        if metadata is not None:
            project = metadata.get("project")
            needs = _specifier(project.get("requires-python")) if isinstance(project, dict) else ""
            by, asked = next(iter(pinned.items()), (None, ""))
            return PythonDemand(needs, folder / _FILE, pinned=asked, pinned_by=by) if needs else None
    return None


def _pin(file: Path, ledger: Ledger) -> str:
    """The version in the first line of a file that is no comment, "" where it names none."""
    lines = _text(file, ledger).splitlines() if file.is_file() else []
    first = next((line.strip() for line in lines if line.strip() and not line.strip().startswith("#")), "")
    return first if re.fullmatch(r"\d+\.\d+(?:\.\d+)?", first) else python_request(first)


def _specifier(value: object) -> str:
    """The text of a specifier of versions, "" for what is none."""
    try:
        return str(SpecifierSet(value)) if isinstance(value, str) else ""
    except InvalidSpecifier:
        return ""


def _text(file: Path, ledger: Ledger) -> str:
    read = read_file(file, ledger)
    return read.data.decode("utf-8", "replace") if read.state is State.READ else ""


def _toml(text: str) -> dict[str, object] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None

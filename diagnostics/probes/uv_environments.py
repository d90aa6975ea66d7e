# SPDX-License-Identifier: GPL-3.0-or-later
"""The environments that uv keeps for `uvx`: installed tools, and those in its cache (uv's documentation: storage).

uv names a cached environment by a hash of what it resolved, which cannot be computed here. Which of them belong to a
command is told by what is in them: all that the command's requirements lead to, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from ..ledger import Ledger
from ..model import Machine
from ..protocols.uv_command import ToolRequest
from .environment import Environment, read_virtual_environment, settings_of, site_folders, versions_in
from .requirements import allows, needs

_MAX_LINKS = 400
_MAX_READ = 8


@dataclass(frozen=True, slots=True)
class Cached:
    """The environment in the cache that was made last for what was asked for."""

    environment: Environment
    alike: bool
    """All that fit have the same releases of the packages that were asked about."""


def tools_folder(environ: Mapping[str, str], machine: Machine) -> Path:
    """Where `uv tool install` puts its environments, one folder for each tool."""
    if given := environ.get("UV_TOOL_DIR"):
        return Path(given)
    if machine.platform == "win32":
        return Path(environ.get("APPDATA") or machine.home / "AppData/Roaming") / "uv/tools"
    return Path(environ.get("XDG_DATA_HOME") or machine.home / ".local/share") / "uv/tools"


def cache_folder(environ: Mapping[str, str], machine: Machine, given: str = "") -> Path:
    """Where uv's cache is; `given` is what `--cache-dir` says."""
    if said := given or environ.get("UV_CACHE_DIR"):
        return Path(said)
    if machine.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or machine.home / "AppData/Local") / "uv/cache"
    return Path(environ.get("XDG_CACHE_HOME") or machine.home / ".cache") / "uv"


def installed_tool(
    request: ToolRequest, python: str, tools: Path, ledger: Ledger, closely: tuple[str, ...]
) -> Environment | None:
    """The installed tool that uv uses for this request, because it meets all of it; None where uv makes another one.

    So uv 0.13 does it: a version, `--from` or `--with` that the tool meets changes nothing.
    """
    root = tools / canonicalize_name(request.tool.name)
    if request.newest or settings_of(root) is None:
        return None
    found = read_virtual_environment(root, "uv tool", ledger, closely)
    asked = (request.tool, *request.extra)
    met = all(
        (package := found.packages.get(canonicalize_name(one.name))) is not None and allows(one, package.version)
        for one in asked
    )
    return found if met and fits_python(found.python_version, python) else None


def fits_python(version: str, asked: str) -> bool:
    """Whether a Python of this version is the one that was asked for ("3.11", or "" for any)."""
    return not asked or f"{version}.".startswith(f"{asked}.")


def cached(
    requirements: tuple[Requirement, ...],
    cache: Path,
    system: str,
    ledger: Ledger,
    *,
    python: str = "",
    closely: tuple[str, ...] = (),
) -> Cached | None:
    """The newest cached environment for exactly these requirements, None where there is none."""
    ledger.read(cache / "environments-v2")
    newest: Environment | None = None
    releases: list[str | None] = []
    read = 0
    for root, there in _with_releases(requirements, cache):
        named = [there.get(name) for name in closely]
        if newest is not None and named == releases:
            continue  # whether it fits or not, it says nothing else
        found = read_virtual_environment(root, "uvx", ledger, closely)
        reached = {need.name for need in needs(found, requirements, system)}
        read += 1
        # One whose interpreter is gone, or is another machine's that shares the cache, is made anew.
        usable = found.python is not None
        if usable and fits_python(found.python_version, python) and found.packages.keys() <= reached:
            if newest is not None:
                return Cached(newest, alike=False)
            newest, releases = found, named
        if read == _MAX_READ:
            break
    return None if newest is None else Cached(newest, alike=True)


def _with_releases(requirements: tuple[Requirement, ...], cache: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """The cached environments that have what is asked for, the one made last first, and what else they have.

    Names of folders tell that, which is quick.
    """
    for root in _environments(cache):
        for folder in site_folders(root):
            there = versions_in(folder)
            names = [(one, there.get(canonicalize_name(one.name))) for one in requirements]
            if all(version is not None and allows(one, version) for one, version in names):
                yield root, there


def _environments(cache: Path) -> Iterator[Path]:
    """Behind each link in `environments-v2/<interpreter>/<resolution>`. On Windows a small file stands for the link."""
    links: list[tuple[float, Path]] = []
    for interpreter in _scanned(cache / "environments-v2"):
        for link in _scanned(interpreter.path):
            if not link.name.endswith(".lock"):
                with contextlib.suppress(OSError):
                    links.append((link.stat(follow_symlinks=False).st_mtime, Path(link.path)))
    for _made, path in sorted(links, reverse=True)[:_MAX_LINKS]:
        with contextlib.suppress(OSError, ValueError):
            if path.is_dir():
                yield path.resolve()
            elif path.is_file() and path.stat().st_size < 200:  # noqa: PLR2004  # the path of a folder of the archive
                yield cache / path.read_text(encoding="utf-8").strip()


def _scanned(folder: str | Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry, _number in zip(entries, range(10 * _MAX_LINKS), strict=False)]
    except OSError:
        return []

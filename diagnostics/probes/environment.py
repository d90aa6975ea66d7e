# SPDX-License-Identifier: GPL-3.0-or-later
"""What is installed in a Python environment, read from its files. Nothing is started and nothing imported."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from ..ledger import Ledger
from ..protocols.core_metadata import Metadata, of_folder, read_metadata, read_requires, read_settings

MAX_PACKAGES = 500
"""Distributions that are read of one environment."""
_MAX_BYTES = 256 << 10
_HEADERS = 16 << 10
"""The headers of a METADATA end before that as a rule; a long description follows them."""
_MAX_FILES = 400
_MAX_LISTED = 200_000
_MAX_PTH = 50
_HARMLESS = re.compile(r"import _virtualenv|import os; var = 'SETUPTOOLS_USE_DISTUTILS'")
"""Lines of code in `.pth` files by which no module is found that would not be found without them."""


@dataclass(frozen=True, slots=True)
class Package:
    """One installed distribution, as its metadata describes it (PyPA: core metadata, recording installed projects)."""

    name: str
    """Canonical, such as "mcp-for-blender"."""
    version: str
    requires: tuple[str, ...] = ()
    """Its PEP 508 requirements, as they stand."""
    location: Path = Path()
    """Its `.dist-info` folder."""
    damage: str = ""
    """What is wrong with it where it is only half there, in words; empty for a whole one."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python environment. Texts are empty and mappings too where something could not be read."""

    kind: str
    """How it came to be: "uvx", "uv tool", "uv project", "pipx", "virtual environment", "interpreter", "extension"."""
    root: Path
    python: Path | None = None
    """The interpreter."""
    python_version: str = ""
    """Such as "3.11.9"."""
    packages: Mapping[str, Package] = field(default_factory=dict)
    """By canonical name."""
    folders: tuple[Path, ...] = ()
    """Where it looks for modules that are installed, in this order."""
    complete: bool = True
    """There are no other places where it may find modules, such as a finder that an editable installation adds."""


def site_folders(root: Path) -> tuple[Path, ...]:
    """The `site-packages` of a virtual environment, on any system."""
    windows = root / "Lib" / "site-packages"
    found = [folder for folder in sorted(root.glob("lib/python3*/site-packages"))[:4] if is_folder(folder)]
    return tuple(found) or ((windows,) if is_folder(windows) else ())


def settings_of(root: Path) -> dict[str, str] | None:
    """What `pyvenv.cfg` says, None where this is no virtual environment."""
    data = beginning(root / "pyvenv.cfg")
    return None if data is None else read_settings(data)


def read_virtual_environment(root: Path, kind: str, ledger: Ledger, closely: Collection[str] = ()) -> Environment:
    """Reads the virtual environment in `root`. The files of the packages in `closely` are looked at one by one."""
    ledger.read(root / "pyvenv.cfg")
    settings = settings_of(root) or {}
    names = ("bin/python", "bin/python3", "Scripts/python.exe")
    python = next((root / name for name in names if is_file(root / name)), None)
    version = settings.get("version_info") or settings.get("version", "")
    match = re.match(r"\d+\.\d+(?:\.\d+)?", version)
    shared = settings.get("include-system-site-packages", "").lower() == "true"
    return read_folders(
        Environment(kind, root, python, match[0] if match else "", complete=not shared),
        site_folders(root),
        ledger,
        closely,
    )


def read_folders(
    described: Environment, folders: Collection[Path], ledger: Ledger, closely: Collection[str] = ()
) -> Environment:
    """The environment with what is installed in these folders; of two of the same name the first is the one used."""
    packages: dict[str, Package] = {}
    places: list[Path] = []
    complete = described.complete
    for folder in folders:
        ledger.read(folder)
        names = _listed(folder)
        for package in _packages(folder, names, closely):
            packages.setdefault(package.name, package)
        added, understood = _added(folder, names)
        places += [folder, *added]
        complete = complete and understood
    kind, root = described.kind, described.root
    return Environment(kind, root, described.python, described.python_version, packages, tuple(places), complete)


def versions_in(folder: Path) -> dict[str, str]:
    """Which distributions a `site-packages` has, by the names of its folders alone: quick, and without details."""
    named = (of_folder(name) for name in _listed(folder) if name.endswith("-info") and not name.startswith("~"))
    return {canonicalize_name(found[0]): found[1] for found in named if found}


class Listings:
    """The contents of folders, each of which is listed once: many small questions about files cost more than that."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, bool]] = {}

    def of(self, folder: str) -> Mapping[str, bool]:
        """Names → whether it is a folder itself; nothing for what cannot be listed."""
        if folder not in self._known:
            self._known[folder] = {}
            with contextlib.suppress(OSError, ValueError), os.scandir(folder) as entries:
                self._known[folder] = {entry.name: _is_dir(entry) for entry in itertools.islice(entries, _MAX_LISTED)}
        return self._known[folder]

    def has_file(self, path: str) -> bool:
        """Whether there is something at this path that is no folder."""
        folder, _slash, name = path.rpartition("/")
        return self.of(folder).get(name) is False


def has_module(module: str, folders: Collection[Path], listings: Listings | None = None) -> Path | None:
    """The file or folder of a dotted module in the first of these folders that has it, None where none has.

    Who asks more than once gives the same `listings` with each question.
    """
    listings = listings or Listings()
    *around, last = module.split(".")
    if not all(part.isidentifier() for part in (*around, last)):
        return None
    for folder in folders:
        base = "/".join([folder.as_posix(), *around])
        names = listings.of(base)
        if names.get(last) and "__init__.py" in listings.of(f"{base}/{last}"):
            return Path(base, last, "__init__.py")
        if names.get(f"{last}.py") is False:
            return Path(base, f"{last}.py")
        if names.get(last):
            return Path(base, last)
        compiled = next((n for n in names if n.startswith(f"{last}.") and n.endswith((".so", ".pyd"))), None)
        if compiled is not None:
            return Path(base, compiled)
    return None


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def modules_of(package: Package) -> tuple[str, ...]:
    """The modules at the top that a distribution brings, as its list of files says; none where it has no list."""
    found: dict[str, None] = {}
    for path in _recorded(package.location):
        first = path.split("/", 1)[0]
        if "/" in path and re.fullmatch(r"[A-Za-z_]\w*", first):
            found[first] = None
        elif path.endswith(".py") and "/" not in path:
            found[path.removesuffix(".py")] = None
    if not found:
        text = (beginning(package.location / "top_level.txt") or b"").decode("utf-8", "replace")
        found = dict.fromkeys(text.split())
    return tuple(found)


def entry_points_of(package: Package) -> dict[str, str]:
    """Its programs: name → "module:function"."""
    text = (beginning(package.location / "entry_points.txt") or b"").decode("utf-8", "replace")
    section = re.search(r"^\[console_scripts\]\s*$(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
    lines = read_settings((section[1] if section else "").encode())
    return {name: value.split("[")[0].strip() for name, value in lines.items()}


def _packages(folder: Path, names: Collection[str], closely: Collection[str]) -> Iterator[Package]:
    infos = [name for name in names if name.endswith((".dist-info", ".egg-info"))][:MAX_PACKAGES]
    # What a broken removal left behind comes last: a whole one of the same name counts.
    for name in sorted(infos, key=lambda info: info.startswith("~")):
        location = folder / name
        metadata, damage = _metadata(location)
        by_name = of_folder(name) or (name.rpartition(".")[0], "")
        named = canonicalize_name(metadata.name or by_name[0])
        if name.startswith("~"):
            damage = f"only the remains of a removal are there ({name})"
        elif not damage and named in closely:
            damage = _missing_files(folder, location)
        yield Package(named, metadata.version or by_name[1], metadata.requires, location, damage)


def _metadata(location: Path) -> tuple[Metadata, str]:
    """What its files say, and what is wrong with them."""
    if location.suffix == ".dist-info":
        data = beginning(location / "METADATA", _HEADERS)
        if data is not None and len(data) == _HEADERS and b"\n\n" not in data.replace(b"\r", b""):
            data = beginning(location / "METADATA")
        return (read_metadata(data), "") if data is not None else (Metadata(), f"{location.name} has no METADATA")
    data = beginning(location / "PKG-INFO") if is_folder(location) else beginning(location)
    if data is None:
        return Metadata(), f"{location.name} has no PKG-INFO"
    found = read_metadata(data)
    required = () if found.requires else read_requires(beginning(location / "requires.txt") or b"")
    return Metadata(found.name, found.version, found.requires or required), ""


def _missing_files(folder: Path, location: Path) -> str:
    """Which of the modules that belong to a distribution are gone, in words."""
    if location.suffix != ".dist-info":
        return ""
    recorded = _recorded(location)
    if not recorded:
        return f"{location.name} has no list of its files (RECORD)"
    modules = [path for path in recorded if path.endswith(".py") and not path.startswith(("..", "/"))][:_MAX_FILES]
    listings, base = Listings(), folder.as_posix()
    gone = [path for path in modules if not listings.has_file(f"{base}/{path}")]
    return f"{len(gone)} of its {len(modules)} files are missing, such as {gone[0]}" if gone else ""


def missing_module(package: Package, listings: Listings) -> str:
    """A module at the top of this distribution that its list of files has and its folder has not; "" where none is.

    A package without `__init__.py`, which several distributions may share, is not judged.
    """
    data = beginning(package.location / "RECORD") or b""
    named = {(match[1] or match[2]).decode() for match in _TOP.finditer(data)}
    there = listings.of(package.location.parent.as_posix()) if named else {}
    return next((name for name in sorted(named) if name not in there and f"{name}.py" not in there), "")


_TOP = re.compile(rb"^([A-Za-z_]\w*)/__init__\.py,|^([A-Za-z_]\w*)\.py,", re.MULTILINE)
"""The lines of a RECORD for modules at the top."""


def _recorded(location: Path) -> tuple[str, ...]:
    data = (beginning(location / "RECORD") or b"").decode("utf-8", "replace")
    return tuple(line.rsplit(",", 2)[0].strip('"').replace("\\", "/") for line in data.splitlines() if line.strip())


def _added(folder: Path, names: Collection[str]) -> tuple[list[Path], bool]:
    """The folders that `.pth` files add, and whether that is all that they do."""
    found: list[Path] = []
    understood = True
    for name in [name for name in names if name.endswith(".pth")][:_MAX_PTH]:
        for line in (beginning(folder / name) or b"").decode("utf-8", "replace").splitlines()[:100]:
            text = line.strip()
            if text.startswith(("import ", "import\t")):
                understood = understood and _HARMLESS.match(text) is not None
            elif text and not text.startswith("#") and is_folder(folder / text):
                found.append(folder / text)
    return found, understood


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))[: 20 * MAX_PACKAGES]  # noqa: PTH208  # a Path for each would be slow
    except (OSError, ValueError):
        return []


def is_file(path: Path) -> bool:
    """Whether there is a regular file; no name is too long or too strange to ask."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def is_folder(path: Path) -> bool:
    """Whether there is a folder; no name is too long or too strange to ask."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def beginning(path: Path, most: int = _MAX_BYTES) -> bytes | None:
    """The beginning of a regular file, None where there is none that can be read. It never waits for a pipe."""
    with contextlib.suppress(OSError, ValueError):
        if is_file(path):
            with path.open("rb") as file:
                return file.read(most)
    return None

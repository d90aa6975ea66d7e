# SPDX-License-Identifier: GPL-3.0-or-later
"""Is a file an add-on that this Python can load? It is read and parsed, never run."""

from __future__ import annotations

import ast
import importlib.util
import warnings
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger
from ..text import one_line
from .files import State, read_file

_STANDARD = frozenset({"bpy", "bmesh", "mathutils", "gpu", "blf", "bgl", "aud", "bl_ui", "addon_utils", "__future__"})
"""Modules that Blender brings, which a Python without Blender does not have."""


@dataclass(frozen=True, slots=True)
class AddonFile:
    """What was read. `fault` says in words why no Python can load it; `missing` are modules that it imports in vain."""

    path: Path
    fault: str = ""
    missing: tuple[str, ...] = ()
    is_addon: bool = False
    """It says of itself that it is an add-on of Blender (`bl_info`)."""


def read_addon(path: Path, ledger: Ledger) -> AddonFile:
    """Reads at most 1 MiB of the file, or of the `__init__.py` in a folder. Blocks for some milliseconds."""
    source = path / "__init__.py" if path.is_dir() else path
    found = read_file(source, ledger)
    if found.state is State.MISSING and path.is_dir():
        inner = next((name for name in ("addon.py", "src", "pyproject.toml") if (path / name).exists()), None)
        fault = "it is a folder without an add-on in it" + (", a whole project was unpacked there" if inner else "")
        return AddonFile(path, fault)
    if found.state is not State.READ:
        return AddonFile(source, found.reason or "it does not exist")
    if found.data.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html")):
        return AddonFile(source, "it is a web page (HTML) and not a Python file; the page was saved, not the file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(found.data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"line {line}: " if line else ""
        return AddonFile(source, one_line(f"{where}{getattr(error, 'msg', None) or error}"))
    return AddonFile(source, "", _missing(tree), _declares(tree, "bl_info"))


def _missing(tree: ast.Module) -> tuple[str, ...]:
    """Modules that are imported at the top of the file, outside any `try`, and that this Python cannot find."""
    names: dict[str, None] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            names |= dict.fromkeys(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names[node.module.partition(".")[0]] = None
    return tuple(name for name in names if name not in _STANDARD and not _is_there(name))


def _is_there(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError, AttributeError):
        return False


def _declares(tree: ast.Module, name: str) -> bool:
    assigned = (target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets)
    return any(isinstance(target, ast.Name) and target.id == name for target in assigned)

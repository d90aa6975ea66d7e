# SPDX-License-Identifier: GPL-3.0-or-later
"""Which modules and names a package imports as soon as it is started, and whether another one has them.

Looked at are imports that nothing guards: those at the beginning of a line. What stands inside of `try` or `if` may
fail without harm. Nothing is imported to find out, so a doubt counts as "it is there".
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..ledger import Ledger
from .environment import Listings, has_module, is_file
from .files import State, read_file

_MAX_MODULES = 60
_MAX_BYTES = 1 << 20
_STATEMENT = re.compile(
    rb"^(?:from[ \t]+[\w.]+[ \t]+import[ \t]*(?:\([^)]*\)|[^\n(]*)|import[ \t]+[^\n]*)", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Import:
    """An import: `from module import name`, or `import module` without a name."""

    file: Path
    line: int
    module: str
    """Dotted, with the leading dots of a relative one resolved."""
    name: str = ""

    def __str__(self) -> str:
        return f"from {self.module} import {self.name}" if self.name else f"import {self.module}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call with a named argument, such as `FastMCP(description=…)`, at the beginning of a line."""

    file: Path
    line: int
    function: str
    keyword: str


class Source:
    """The modules that are loaded when a module or a script starts, as far as they are files of the same package."""

    def __init__(self, folders: Collection[Path], ledger: Ledger) -> None:
        self.files: dict[Path, bytes] = {}
        self._folders = folders
        self._ledger = ledger
        self._places: dict[str, Path | None] = {}
        self._listings = Listings()

    def follow(self, module: str, file: Path | None = None) -> tuple[Import, ...]:
        """All unguarded imports of what is not in the package itself. `file` is a script's; a module is looked up."""
        top = module.partition(".")[0]
        pending: list[tuple[str, Path]] = [(module, file)] if file else self._found(module)
        outside: list[Import] = []
        while pending and len(self.files) < _MAX_MODULES:
            name, path = pending.pop()
            if path in self.files:
                continue
            self.files[path] = self._read(path)
            for imported in imports_of(self.files[path], path, name):
                if top and imported.module.partition(".")[0] == top:
                    pending += self._found(imported.module)
                    pending += self._found(f"{imported.module}.{imported.name}") if imported.name else []
                else:
                    outside.append(imported)
        return tuple(outside)

    def calls(self, function: str, keyword: str) -> Iterator[Call]:
        """The calls of this function with this argument, in what was followed."""
        pattern = re.compile(rb"\b%b\s*\([^#]*\b%b\s*=" % (function.encode(), keyword.encode()))
        for path, data in self.files.items():
            for node in _tree(data).body if pattern.search(data) else ():
                called = node.value if isinstance(node, ast.Assign | ast.Expr) else None
                if not isinstance(called, ast.Call) or not isinstance(called.func, ast.Name):
                    continue
                if called.func.id == function and any(argument.arg == keyword for argument in called.keywords):
                    yield Call(path, node.lineno, function, keyword)

    def has(self, module: str) -> bool:
        """Whether the module is there."""
        return self._place(module) is not None

    def lacks(self, found: Import) -> bool:
        """Whether what is imported is not there: no such module, or a module in whose text the name does not occur."""
        path = self._place(found.module)
        if path is None:
            return True
        if not found.name or found.name == "*" or path.suffix != ".py":
            return False
        data = _text(path)
        if data is None or found.name.encode() in data or b"__getattr__" in data or b" import *" in data:
            return False
        return self._place(f"{found.module}.{found.name}") is None

    def _found(self, module: str) -> list[tuple[str, Path]]:
        """The files of a module and of the packages around it, which are loaded with it."""
        parts = module.split(".")
        around = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
        found = ((name, self._place(name)) for name in around)
        return [(name, path) for name, path in found if path is not None and path.suffix == ".py"]

    def _place(self, module: str) -> Path | None:
        if module not in self._places:
            self._places[module] = has_module(module, self._folders, self._listings)
        return self._places[module]

    def _read(self, path: Path) -> bytes:
        self._ledger.read(path.parent)  # once for all modules of a package
        read = read_file(path, Ledger())
        return read.data if read.state is State.READ else b""


def imports_of(data: bytes, file: Path, module: str) -> Iterator[Import]:
    """The unguarded imports in a module's source. `module` is its own dotted name, "" for a script."""
    data = data.replace(b"\r\n", b"\n")
    found = [match for match in _STATEMENT.finditer(data) if b"\n" not in match[0] or b"(" in match[0]]
    for match in found:
        try:
            statement = ast.parse(match[0].rstrip(b"\\ \t")).body[0]
        except (SyntaxError, ValueError, RecursionError, IndexError):
            continue
        line = data.count(b"\n", 0, match.start()) + 1
        if isinstance(statement, ast.Import):
            yield from (Import(file, line, alias.name) for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom):
            base = _absolute(statement, module, is_package=file.name == "__init__.py")
            yield from (Import(file, line, base, alias.name) for alias in statement.names)


def module_of_program(root: Path, program: str) -> str:
    """The module that a program in an environment imports, as pip and uv write such programs; "" for any other."""
    for folder in ("bin", "Scripts"):
        path = root / folder / program
        named = (one.module for one in imports_of(_text(path) or b"", path, ""))
        if module := next((module for module in named if module not in {"sys", "re"}), ""):
            return module
    return ""


def _absolute(statement: ast.ImportFrom, module: str, *, is_package: bool) -> str:
    if not statement.level:
        return statement.module or ""
    around = module.split(".")
    kept = around[: len(around) - statement.level + is_package]
    return ".".join([*kept, *filter(None, [statement.module])])


def is_unguarded(found: Import, data: bytes) -> bool:
    """Whether the import is a statement of the module itself, and no text in a string that looks like one."""
    return any(isinstance(node, ast.Import | ast.ImportFrom) and node.lineno == found.line for node in _tree(data).body)


def _text(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if is_file(path) and path.stat().st_size < _MAX_BYTES else None
    except OSError:
        return None


def _tree(data: bytes) -> ast.Module:
    try:
        return ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module([], [])

# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may know whom: views never ask the world, probes never judge, and the engine never imports Blender."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import diagnostics

PACKAGE = Path(diagnostics.__file__).parent
OTHERS = {"packaging", "psutil"}

MAY = {
    "text": set(),
    "model": set(),
    "ledger": {"model", "text"},
    "looks": set(),
    "check": {"ledger", "looks", "model"},
    "secret_patterns": set(),
    "own_names": {"knowledge", "model", "text"},
    "redaction": {"model", "own_names", "protocols", "secret_patterns", "text"},
    "knowledge": {"model", "protocols", "text"},
    "protocols": {"text"},
    "probes": {"ledger", "model", "protocols", "text"},
    "lock": {"knowledge", "model", "protocols", "text"},
    "atomic_write": set(),
    "last_good": {"atomic_write", "knowledge", "ledger", "lock", "model", "probes", "protocols", "text"},
    "checks": {"check", "knowledge", "lock", "model", "probes", "protocols", "redaction", "secret_patterns", "text"},
    "engine": {"check", "knowledge", "model", "text"},
    "verdict": {"check", "knowledge", "model"},
    "target": {"knowledge", "lock", "model", "protocols", "text"},
    "reports": {"knowledge", "model", "text"},
    "remedies": {"atomic_write", "knowledge", "ledger", "model", "probes", "protocols", "redaction", "text"},
    # The two that put it all together.
    "reporting": {"", "check", "checks", "engine", "knowledge", "model", "redaction", "target", "verdict"},
    "inventory": {"check", "checks", "model"},
    "": {"check", "checks", "engine", "inventory", "last_good", "ledger", "looks", "model", "redaction", "reporting"},
    "waiting": {"", "model"},
    "many": {"", "looks", "model", "waiting"},
    "locking": {"", "atomic_write", "knowledge", "ledger", "lock", "model", "probes", "redaction", "text"},
    "self_test": {"", "knowledge", "looks", "model", "text"},
    "command_line": {
        *(
            "",
            "knowledge",
            "lock",
            "locking",
            "many",
            "model",
            "protocols",
            "remedies",
            "reports",
            "self_test",
            "target",
            "text",
            "waiting",
        ),
    },
    "__main__": {"command_line", "model", "redaction", "target"},
}
"""Part of the package (the door itself is "") → the parts that it may import."""

MODULES = sorted(path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))


def part(relative: str) -> str:
    first = relative.split("/", maxsplit=1)[0].removesuffix(".py")
    return "" if first == "__init__" else first


def imports(relative: str) -> tuple[set[str], set[str]]:
    """The parts of this package and the modules of others that a file imports."""
    own, other = set(), set()
    depth = relative.count("/") + 1
    for node in ast.walk(ast.parse((PACKAGE / relative).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            other |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            other.add(str(node.module).split(".")[0])
        elif isinstance(node, ast.ImportFrom):
            assert node.level <= depth, "an import that leaves the package"
            inside = relative.split("/")[:-1][: depth - node.level]
            path = [*inside, *(node.module or "").split(".")]
            named = [word for word in path if word]
            if named:
                own.add(named[0])
            else:
                own |= {n.name if _is_part(n.name) else "" for n in node.names}
    return own, other


def _is_part(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


@pytest.mark.parametrize("relative", MODULES)
def test_who_knows_whom(relative: str) -> None:
    own, _other = imports(relative)
    assert own - {part(relative)} <= MAY[part(relative)]


@pytest.mark.parametrize("relative", MODULES)
def test_nothing_from_elsewhere(relative: str) -> None:
    _own, other = imports(relative)
    assert other <= sys.stdlib_module_names | OTHERS


def test_views_and_parsers_touch_nothing() -> None:
    world = {
        "socket",
        "ssl",
        "subprocess",
        "asyncio",
        "psutil",
        "threading",
        "os",
        "urllib",
        "http",
        "shutil",
        "tempfile",
    }
    for relative in MODULES:
        if part(relative) in {
            "protocols",
            "reports",
            "knowledge",
            "text",
            "verdict",
            "redaction",
            "secret_patterns",
            "own_names",
            "check",
            "target",
            "lock",
        }:
            assert not imports(relative)[1] & world, relative


def test_the_table_names_all_parts_and_has_no_circle() -> None:
    assert set(MAY) == {part(relative) for relative in MODULES}
    done: set[str] = {""}
    while ready := {name for name, known in MAY.items() if name not in done and known <= done}:
        done |= ready
    assert done == set(MAY)


@pytest.mark.parametrize("name", ["bpy", "operators", "panels"])
def test_blender_is_never_imported(name: str) -> None:
    assert not any(name in imports(relative)[1] for relative in MODULES)


def test_the_door_is_light() -> None:
    code = (
        "import sys, diagnostics\n"
        "print(sorted({'psutil', 'packaging.requirements', 'diagnostics.engine', 'tomllib'} & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PACKAGE.parent, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("relative", MODULES)
def test_every_file_says_its_licence(relative: str) -> None:
    first = (PACKAGE / relative).read_text(encoding="utf-8").partition("\n")[0]
    assert first == "# SPDX-License-Identifier: GPL-3.0-or-later"

# SPDX-License-Identifier: GPL-3.0-or-later
"""Real Python environments: made by the real uv, with the real SDK or with small packages of the test's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from tests.lab import inventory

WORKS = """
import sys
from mcp.server.fastmcp import FastMCP

app = FastMCP("BlenderMCP")

@app.tool()
def look() -> str:
    return "a cube"

def main():
    app.run()
"""
"""The source of a small server for `mcp` 1.x."""


def uv(*words: str | Path, env: Mapping[str, str] | None = None) -> str:
    """Runs the real uv without a network; returns what it prints."""
    program = shutil.which("uv")
    if program is None:
        pytest.skip("there is no uv")
    outside = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    quiet = {**outside, "UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_PYTHON_DOWNLOADS": "never", **(env or {})}
    return subprocess.run(
        [program, *map(str, words)], env=quiet, check=True, capture_output=True, text=True, timeout=60
    ).stdout


def wheel(
    folder: Path, name: str, version: str, *requires: str, files: Mapping[str, str] | None = None, main: str = ""
) -> Path:
    """A wheel with this source; `main` is what its console script of the same name starts ("module:function")."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    source = {f"{module}/__init__.py": ""} if files is None else files
    info = f"{module}-{version}.dist-info"
    path = folder / f"{module}-{version}-py3-none-any.whl"
    wanted = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    described = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{wanted}\nIts description.\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    if main:
        described[f"{info}/entry_points.txt"] = f"[console_scripts]\n{name} = {main}\n"
    with zipfile.ZipFile(path, "w") as archive:
        for member, text in {**source, **described}.items():
            archive.writestr(member, text)
    return path


def server_wheel(folder: Path, *requires: str, version: str = "2.0.0", source: str = WORKS) -> Path:
    """The wheel of a server that calls itself mcp-for-blender."""
    files = {"blender_mcp/__init__.py": "", "blender_mcp/__main__.py": "", "blender_mcp/server.py": source}
    return wheel(folder, "mcp-for-blender", version, *requires, files=files, main="blender_mcp.server:main")


def virtual_environment(root: Path, wheels: Iterable[Path] = (), *, sdk: str = "") -> Path:
    """A virtual environment with these wheels and, as `sdk`, the real `mcp` of this release. Returns its Python."""
    python = inventory.sdk_python(sdk) if sdk else Path(sys.executable)
    if not python.exists():
        pytest.skip(inventory.why_absent(f"mcp {sdk}"))
    uv("venv", "--quiet", "--python", python.resolve(), root)
    site = next(root.glob("lib/python3*/site-packages"))
    if sdk:
        source = next(python.parents[1].glob("lib/python3*/site-packages"))
        shutil.copytree(source, site, dirs_exist_ok=True, copy_function=_linked)
    for one in wheels:
        uv("pip", "install", "--quiet", "--no-deps", "--python", root / "bin" / "python", one)
    return root / "bin" / "python"


def _linked(source: str, target: str) -> None:
    """A hard link where that can be done, which takes no room; what is installed there is not written to again."""
    if os.path.exists(target):  # noqa: PTH110
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def site_packages(root: Path) -> Path:
    """Where its packages are."""
    return next(root.glob("lib/python3*/site-packages"))

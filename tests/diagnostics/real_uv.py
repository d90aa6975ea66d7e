# SPDX-License-Identifier: GPL-3.0-or-later
"""A doctor for a home in which the real uv starts real servers from a cache, without a network."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path

from diagnostics.model import Report
from tests.lab import inventory as lab
from tests.lab.real_server import uv_settings, uvx_on_path

from .probes.children import PRELUDE
from .runs import Doctor, closed_port

LINKS = ("client", "launcher", "server")


def configure(doctor: Doctor, cache: Path, *args: str, command: str = "", **env: str) -> None:
    """An entry that starts `uvx` with these arguments, and the real uv in the home's own folder of programs."""
    programs = doctor.home / ".local/bin"
    if not programs.exists():
        uvx_on_path(programs)
    doctor.environ |= {"PATH": "/usr/bin:/bin"}
    usual = {**uv_settings(), "UV_CACHE_DIR": str(cache), "UV_OFFLINE": "1", "BLENDER_HOST": "127.0.0.1"}
    given = {**usual, "BLENDER_PORT": str(closed_port()), **env}
    doctor.configure({"command": command or str(programs / "uvx"), "args": [*args], "env": given})


def run(doctor: Doctor, **target: object) -> Report:
    """A run of the links up to the server, which may be started. It leaves no folder behind."""
    own = doctor.home / "own"
    report = doctor.run(launch=True, only=LINKS, **{"own_folder": own, "deadline": 120, **target})
    assert not own.exists()
    return report


def wheel(folder: Path, body: str, *, name: str = "blender-fake", requires: str = "") -> Path:
    """A wheel of a FAKE server whose module and console script `name` runs `body`."""
    module, version = name.replace("-", "_"), "1.0"
    info = f"{module}-{version}.dist-info"
    required = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{module}/__init__.py": "",
        f"{module}/server.py": f"{PRELUDE}\ndef main():\n" + "".join(f"    {line}\n" for line in body.splitlines()),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name} = {module}.server:main\n",
    }
    lines = []
    for path, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content.encode()).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content.encode())}\n")
    files[f"{info}/RECORD"] = "".join(lines) + f"{info}/RECORD,,\n"
    folder.mkdir(exist_ok=True)
    path = folder / f"{module}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
    return path


def needs_uv() -> bool:
    """Whether the laboratory's uv is there."""
    return (lab.tools() / "uv").exists()

# SPDX-License-Identifier: GPL-3.0-or-later
"""The real server, installed by uv for a measurement."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SERVER = "mcp-for-blender==2.2.4"


@contextlib.contextmanager
def server() -> Iterator[Path | None]:
    """Its program, in an environment that goes with the block; None where there is no uv."""
    uv = shutil.which("uv")
    if uv is None:
        yield None
        return
    with tempfile.TemporaryDirectory() as folder:
        for words in (["venv", folder], ["pip", "install", "--python", folder, SERVER]):
            subprocess.run([uv, *words, "--quiet"], check=True, timeout=300)
        yield Path(folder, "bin", "mcp-for-blender")

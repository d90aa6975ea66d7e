# SPDX-License-Identifier: GPL-3.0-or-later
"""A copy of the laboratory's cache of uv for one test session, so that no test changes what the others start from."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.lab import inventory as lab
from tests.lab.processes import run
from tests.lab.real_server import uv_settings


def copied(folder: Path) -> Path:
    """The copy. Its files are the same ones where the file system allows that; uv only ever replaces files."""
    if not lab.uv_cache().is_dir():
        pytest.skip(lab.why_absent("uv-cache"))
    copy = folder / "uv-cache"
    shutil.copytree(lab.uv_cache(), copy, symlinks=True, copy_function=_link)
    return copy


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def python() -> Path:
    """A Python of this computer for which the cache has what the real servers need: one of the suites' versions."""
    uv = lab.tools() / "uv"
    others = [str(folder) for folder in sorted(Path.home().glob(".pyenv/versions/3.1[34]*/bin"))]
    path = os.pathsep.join([*others, os.environ.get("PATH", "")])
    for version in ("3.13", "3.14") if uv.exists() else ():
        asked: list[str | Path] = [uv, "python", "find", "--no-project", version]
        found = run(asked, timeout_s=30, env={**os.environ, **uv_settings(), "PATH": path}, check=False)
        if found.returncode == 0:
            return Path(found.stdout.strip())
    pytest.skip("optional: a Python 3.13 or 3.14 outside the rooms, for which the laboratory has the real servers")
